import {
  type AckedIndexer,
  describeMajority,
  type MajorityConfig,
  majorityCommittedIndex,
  majorityVoteResult,
  type VoteResult,
} from './majority'

/** Two majorities that must both agree; `outgoing` is undefined outside a transition. */
export interface JointConfig {
  readonly incoming: MajorityConfig
  readonly outgoing: MajorityConfig | undefined
}

/** The largest index committed in both halves. */
export function jointCommittedIndex(config: JointConfig, acked: AckedIndexer): number {
  const incoming = majorityCommittedIndex(config.incoming, acked)
  if (config.outgoing === undefined) return incoming
  return Math.min(incoming, majorityCommittedIndex(config.outgoing, acked))
}

export function jointVoteResult(
  config: JointConfig,
  votes: ReadonlyMap<number, boolean>,
): VoteResult {
  const incoming = majorityVoteResult(config.incoming, votes)
  if (config.outgoing === undefined) return incoming
  const outgoing = majorityVoteResult(config.outgoing, votes)
  if (incoming === outgoing) return incoming
  return incoming === 'VoteLost' || outgoing === 'VoteLost' ? 'VoteLost' : 'VotePending'
}

/** Members of either half. */
export function jointIds(config: JointConfig): Set<number> {
  return new Set([...config.incoming, ...(config.outgoing ?? [])])
}

/** `(1 2)&&(1 2 3)` */
export function describeJoint(config: JointConfig): string {
  const incoming = describeMajority(config.incoming)
  if (config.outgoing === undefined || config.outgoing.size === 0) return incoming
  return `${incoming}&&${describeMajority(config.outgoing)}`
}
