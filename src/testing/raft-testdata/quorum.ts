import {
  type JointConfig,
  jointCommittedIndex,
  jointIds,
  jointVoteResult,
} from '../../raft/quorum/joint'
import {
  type AckedIndexer,
  type MajorityConfig,
  majorityCommittedIndex,
  majorityVoteResult,
} from '../../raft/quorum/majority'
import type { Directive } from './datadriven'

class AckedMap extends Map<number, number> implements AckedIndexer {
  ackedIndex(id: number): number | undefined {
    return this.get(id)
  }
}

interface QuorumInput {
  readonly ids: readonly number[]
  readonly otherIds: readonly number[]
  readonly joint: boolean
  /** Commit indexes, or votes as 1 (no) and 2 (yes); 0 is a placeholder. */
  readonly values: readonly number[]
}

/** Answers the `committed` and `vote` commands of the quorum files, with their self-checks. */
export function handleQuorum(d: Directive): string {
  const input = readInput(d)
  const incoming = new Set(input.ids)
  const outgoing = new Set(input.otherIds)
  const voters = jointIds({ incoming, outgoing })
  if (voters.size !== input.values.length) {
    const ids = [...voters].map((id) => `${id}:{}`).join(' ')
    return `error: mismatched input (explicit or _) for voters map[${ids}]: [${input.values.join(' ')}]`
  }
  const acked = ackedOf(input)
  if (d.name === 'vote') return voteOutput(input.joint, { incoming, outgoing }, acked)
  if (d.name !== 'committed') throw new Error(`unknown command: ${d.name}`)
  return input.joint ? jointOutput({ incoming, outgoing }, acked) : majorityOutput(incoming, acked)
}

function readInput(d: Directive): QuorumInput {
  const ids: number[] = []
  const otherIds: number[] = []
  const values: number[] = []
  let joint = false
  for (const { key, values: texts } of d.args) {
    for (const text of texts) {
      if (key === 'cfg') ids.push(Number(text))
      else if (key === 'cfgj') {
        joint = true
        if (text !== 'zero') otherIds.push(Number(text))
      } else if (key === 'idx') values.push(text === '_' ? 0 : Number(text))
      else if (key === 'votes') values.push(['_', 'n', 'y'].indexOf(text))
      else throw new Error(`unknown arg ${key}`)
    }
  }
  if (values.some((value) => !Number.isInteger(value) || value < 0)) {
    throw new Error(`bad value in ${d.name}`)
  }
  return { ids, otherIds, joint, values }
}

/** Values belong to the ids in order of first mention. */
function ackedOf(input: QuorumInput): AckedMap {
  const acked = new AckedMap()
  const order = [...new Set([...input.ids, ...input.otherIds])]
  for (const [i, id] of order.entries()) {
    const value = input.values[i] ?? 0
    if (value !== 0) acked.set(id, value)
  }
  return acked
}

function majorityOutput(config: MajorityConfig, acked: AckedMap): string {
  const index = majorityCommittedIndex(config, acked)
  let text = describeAcked(config, acked)
  const check = (got: number, how: string): void => {
    if (got !== index) text += `${formatIndex(got)} <-- ${how}\n`
  }
  check(committedBySorting(config, acked), 'via alternative computation')
  check(
    jointCommittedIndex({ incoming: config, outgoing: undefined }, acked),
    'via zero-joint quorum',
  )
  check(jointCommittedIndex({ incoming: config, outgoing: config }, acked), 'via self-joint quorum')
  for (const id of config) {
    const own = acked.get(id) ?? 0
    if (index <= own || own === 0) continue
    for (const lower of [own - 1, 0]) {
      const overlaid = new AckedMap(acked)
      overlaid.set(id, lower)
      check(majorityCommittedIndex(config, overlaid), `overlaying ${id}->${lower}`)
    }
  }
  return `${text}${formatIndex(index)}\n`
}

function jointOutput(config: JointConfig, acked: AckedMap): string {
  let text = describeAcked(jointIds(config), acked)
  const index = jointCommittedIndex(config, acked)
  const swapped = jointCommittedIndex(swap(config), acked)
  if (swapped !== index) text += `${formatIndex(swapped)} <-- via symmetry\n`
  return `${text}${formatIndex(index)}\n`
}

function voteOutput(joint: boolean, config: JointConfig, acked: AckedMap): string {
  const votes = new Map([...acked].map(([id, value]) => [id, value === 2] as const))
  if (!joint) return `${majorityVoteResult(config.incoming, votes)}\n`
  const result = jointVoteResult(config, votes)
  const swapped = jointVoteResult(swap(config), votes)
  return `${swapped === result ? '' : `${swapped} <-- via symmetry\n`}${result}\n`
}

function swap({ incoming, outgoing }: JointConfig): JointConfig {
  return { incoming: outgoing ?? new Set(), outgoing: incoming }
}

function committedBySorting(config: MajorityConfig, acked: AckedMap): number {
  if (config.size === 0) return Number.POSITIVE_INFINITY
  const sorted = [...config].map((id) => acked.get(id) ?? 0).sort((a, b) => a - b)
  return sorted[sorted.length - (Math.floor(sorted.length / 2) + 1)]!
}

function formatIndex(index: number): string {
  return index === Number.POSITIVE_INFINITY ? '∞' : String(index)
}

/** A bar per member: as long as there are members behind it. */
function describeAcked(config: MajorityConfig, acked: AckedMap): string {
  if (config.size === 0) return '<empty majority quorum>'
  const rows = [...config].map((id) => ({ id, index: acked.get(id) }))
  const ranked = [...rows].sort((a, b) => (a.index ?? 0) - (b.index ?? 0) || a.id - b.id)
  const bars = new Map<number, number>()
  let bar = 0
  for (const [i, row] of ranked.entries()) {
    if (i > 0 && (ranked[i - 1]!.index ?? 0) < (row.index ?? 0)) bar = i
    bars.set(row.id, bar)
  }
  const width = rows.length
  let text = `${' '.repeat(width)}    idx\n`
  for (const { id, index } of rows.sort((a, b) => a.id - b.id)) {
    const length = bars.get(id)!
    const bar =
      index === undefined
        ? `?${' '.repeat(width)}`
        : `${'x'.repeat(length)}>${' '.repeat(width - length)}`
    text += `${bar} ${String(index ?? 0).padStart(5)}    (id=${id})\n`
  }
  return text
}
