import {
  asV2,
  type ConfChangeSingle,
  type ConfState,
  confChangeOf,
  isConfChangeV2,
} from './conf-change'
import { hex } from './invariant'
import { isLocalTarget } from './message'
import {
  type Entry,
  type EntryType,
  type HardState,
  LOCAL_APPEND_THREAD,
  type Message,
  NONE,
  type Ready,
  type Snapshot,
  type SoftState,
} from './types'

/** Renders an entry's data; the default quotes strings. */
type EntryFormatter = (data: unknown) => string

const ENTRY_TYPE_NAMES: Readonly<Record<EntryType, string>> = {
  normal: 'EntryNormal',
  confChange: 'EntryConfChange',
  confChangeV2: 'EntryConfChangeV2',
}

const CHANGE_LETTERS = {
  ConfChangeAddNode: 'v',
  ConfChangeAddLearnerNode: 'l',
  ConfChangeRemoveNode: 'r',
  ConfChangeUpdateNode: 'u',
} as const

function quoteData(data: unknown): string {
  return JSON.stringify(data === undefined ? '' : data)
}

/** `v1 l2 r3`: voter, learner, remove, update. */
function describeChanges(changes: readonly ConfChangeSingle[]): string {
  return changes.map(({ type, nodeId }) => `${CHANGE_LETTERS[type]}${nodeId}`).join(' ')
}

/** A conf change in protobuf's text form, as etcd logs it. */
export function describeConfChange(entry: Pick<Entry, 'type' | 'data'>): string {
  const change = confChangeOf(entry)
  if (change === undefined) return ''
  if (!isConfChangeV2(change)) return `type:${change.type} node_id:${change.nodeId}`
  const parts: string[] = []
  if (change.transition !== undefined) parts.push(`transition:${change.transition}`)
  for (const { type, nodeId } of change.changes) {
    parts.push(`changes:{type:${type} node_id:${nodeId}}`)
  }
  return parts.join(' ')
}

function describeHardState(hs: HardState): string {
  const vote = hs.vote === NONE ? '' : ` Vote:${hs.vote}`
  return `Term:${hs.term}${vote} Commit:${hs.commit}`
}

function describeSoftState(ss: SoftState): string {
  return `Lead:${ss.lead} State:${ss.raftState}`
}

export function describeConfState(cs: ConfState): string {
  const list = (ids: readonly number[]): string => `[${ids.join(' ')}]`
  return `Voters:${list(cs.voters)} VotersOutgoing:${list(cs.votersOutgoing)} Learners:${list(cs.learners)} LearnersNext:${list(cs.learnersNext)} AutoLeave:${cs.autoLeave}`
}

function describeSnapshot(snapshot: Snapshot): string {
  const { index, term, confState } = snapshot.metadata
  return `Index:${index} Term:${term} ConfState:${describeConfState(confState)}`
}

function describeEntry(entry: Entry, format: EntryFormatter = quoteData): string {
  const change = confChangeOf(entry)
  const text = change === undefined ? format(entry.data) : describeChanges(asV2(change).changes)
  return `${entry.term}/${entry.index} ${ENTRY_TYPE_NAMES[entry.type]}${text === '' ? '' : ` ${text}`}`
}

/** One line per entry, each with its newline. */
export function describeEntries(entries: readonly Entry[], format?: EntryFormatter): string {
  return entries.map((entry) => `${describeEntry(entry, format)}\n`).join('')
}

function describeTarget(id: number): string {
  if (id === NONE) return 'None'
  if (!isLocalTarget(id)) return hex(id)
  return id === LOCAL_APPEND_THREAD ? 'AppendThread' : 'ApplyThread'
}

/** `1->2 MsgApp Term:1 Log:1/11 Commit:11 Entries:[1/12 EntryNormal "x"]` */
export function describeMessage(m: Message, format?: EntryFormatter, indent = ''): string {
  let text = `${indent}${describeTarget(m.from)}->${describeTarget(m.to)} ${m.type} Term:${m.term} Log:${m.logTerm}/${m.index}`
  if (m.reject) text += ` Rejected (Hint: ${m.rejectHint})`
  if (m.commit !== 0) text += ` Commit:${m.commit}`
  if (m.vote !== NONE) text += ` Vote:${m.vote}`
  if (m.entries.length === 1) {
    text += ` Entries:[${describeEntry(m.entries[0]!, format)}]`
  } else if (m.entries.length > 1) {
    const lines = m.entries.map((entry) => `\n${indent}  ${describeEntry(entry, format)}`)
    text += ` Entries:[${lines.join('')}\n${indent}]`
  }
  if (m.snapshot !== undefined && m.snapshot.metadata.index !== 0) {
    text += `\n${indent}  Snapshot: ${describeSnapshot(m.snapshot)}`
  }
  if (m.responses !== undefined && m.responses.length > 0) {
    const lines = m.responses.map((resp) => `\n${describeMessage(resp, format, `${indent}  `)}`)
    text += ` Responses:[${lines.join('')}\n${indent}]`
  }
  return text
}

/** The whole of a Ready, one item per line. */
export function describeReady(rd: Ready, format?: EntryFormatter): string {
  let text = ''
  if (rd.softState !== undefined) text += `${describeSoftState(rd.softState)}\n`
  if (rd.hardState !== undefined) text += `HardState ${describeHardState(rd.hardState)}\n`
  if (rd.readStates.length > 0) {
    const states = rd.readStates.map((rs) => `{${rs.index} ${String(rs.context)}}`)
    text += `ReadStates [${states.join(' ')}]\n`
  }
  if (rd.entries.length > 0) text += `Entries:\n${describeEntries(rd.entries, format)}`
  if (rd.snapshot !== undefined) text += `Snapshot ${describeSnapshot(rd.snapshot)}\n`
  if (rd.committedEntries.length > 0) {
    text += `CommittedEntries:\n${describeEntries(rd.committedEntries, format)}`
  }
  if (rd.messages.length > 0) {
    text += `Messages:\n${rd.messages.map((m) => `${describeMessage(m, format)}\n`).join('')}`
  }
  return text === '' ? '<empty Ready>' : `Ready MustSync=${rd.mustSync}:\n${text}`
}
