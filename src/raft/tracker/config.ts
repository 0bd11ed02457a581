import type { ConfState } from '../conf-change'
import { describeJoint, type JointConfig } from '../quorum/joint'
import { describeMajority, sortedIds } from '../quorum/majority'

/**
 * The active membership. Voters and learners are disjoint; `learnersNext` holds outgoing voters
 * that become learners when the joint configuration is left. Empty optional sets are undefined.
 */
export interface TrackerConfig {
  readonly voters: JointConfig
  readonly autoLeave: boolean
  readonly learners: ReadonlySet<number> | undefined
  readonly learnersNext: ReadonlySet<number> | undefined
}

export const EMPTY_CONFIG: TrackerConfig = Object.freeze({
  voters: { incoming: new Set<number>(), outgoing: undefined },
  autoLeave: false,
  learners: undefined,
  learnersNext: undefined,
})

export function describeConfig(config: TrackerConfig): string {
  let text = `voters=${describeJoint(config.voters)}`
  if (config.learners !== undefined) text += ` learners=${describeMajority(config.learners)}`
  if (config.learnersNext !== undefined) {
    text += ` learners_next=${describeMajority(config.learnersNext)}`
  }
  if (config.autoLeave) text += ' autoleave'
  return text
}

export function confStateOf(config: TrackerConfig): ConfState {
  return {
    voters: sortedIds(config.voters.incoming),
    votersOutgoing: sortedIds(config.voters.outgoing ?? []),
    learners: sortedIds(config.learners ?? []),
    learnersNext: sortedIds(config.learnersNext ?? []),
    autoLeave: config.autoLeave,
  }
}
