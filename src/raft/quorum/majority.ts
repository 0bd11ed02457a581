/** Members that decide by majority. Iteration order is insertion order; results do not depend on it. */
export type MajorityConfig = ReadonlySet<number>

/** Looks up the log index a member has acknowledged; undefined if it has not reported. */
export interface AckedIndexer {
  ackedIndex(id: number): number | undefined
}

export type VoteResult = 'VotePending' | 'VoteLost' | 'VoteWon'

/**
 * The largest index acknowledged by a majority. The empty configuration commits everything
 * (Infinity), so that half a joint configuration may be empty.
 */
export function majorityCommittedIndex(config: MajorityConfig, acked: AckedIndexer): number {
  if (config.size === 0) return Number.POSITIVE_INFINITY
  const quorum = Math.floor(config.size / 2) + 1
  let best = 0
  for (const candidate of config) {
    const index = acked.ackedIndex(candidate) ?? 0
    if (index > best && countAtLeast(config, acked, index) >= quorum) best = index
  }
  return best
}

function countAtLeast(config: MajorityConfig, acked: AckedIndexer, index: number): number {
  let count = 0
  for (const id of config) if ((acked.ackedIndex(id) ?? 0) >= index) count++
  return count
}

/** Outcome of an election. The empty configuration wins, see {@link majorityCommittedIndex}. */
export function majorityVoteResult(
  config: MajorityConfig,
  votes: ReadonlyMap<number, boolean>,
): VoteResult {
  if (config.size === 0) return 'VoteWon'
  let granted = 0
  let missing = 0
  for (const id of config) {
    const vote = votes.get(id)
    if (vote === undefined) missing++
    else if (vote) granted++
  }
  const quorum = Math.floor(config.size / 2) + 1
  if (granted >= quorum) return 'VoteWon'
  return granted + missing >= quorum ? 'VotePending' : 'VoteLost'
}

export function sortedIds(ids: Iterable<number>): number[] {
  return [...ids].sort((a, b) => a - b)
}

/** `(1 2 3)` */
export function describeMajority(config: MajorityConfig): string {
  return `(${sortedIds(config).join(' ')})`
}
