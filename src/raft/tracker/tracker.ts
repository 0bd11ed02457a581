import { jointCommittedIndex, jointIds, jointVoteResult } from '../quorum/joint'
import { type AckedIndexer, sortedIds, type VoteResult } from '../quorum/majority'
import { EMPTY_CONFIG, type TrackerConfig } from './config'
import { Inflights } from './inflights'
import type { Progress, ProgressMap } from './progress'

/** The active configuration, each member's progress, and the votes of the current election. */
export class ProgressTracker implements AckedIndexer {
  readonly maxInflightMsgs: number
  readonly maxInflightBytes: number
  #config: TrackerConfig = EMPTY_CONFIG
  #progress: ProgressMap = new Map()
  #ids: readonly number[] = []
  readonly #votes = new Map<number, boolean>()

  constructor(maxInflightMsgs: number, maxInflightBytes: number) {
    this.maxInflightMsgs = maxInflightMsgs
    this.maxInflightBytes = maxInflightBytes
  }

  get config(): TrackerConfig {
    return this.#config
  }

  get progress(): ReadonlyMap<number, Progress> {
    return this.#progress
  }

  /** Tracked members, ascending. */
  get ids(): readonly number[] {
    return this.#ids
  }

  switchTo(config: TrackerConfig, progress: ProgressMap): void {
    this.#config = config
    this.#progress = progress
    this.#ids = sortedIds(progress.keys())
  }

  get(id: number): Progress | undefined {
    return this.#progress.get(id)
  }

  /** Replaces the progress of a tracked member. */
  set(id: number, progress: Progress): void {
    this.#progress.set(id, progress)
  }

  newInflights(): Inflights {
    return new Inflights(this.maxInflightMsgs, this.maxInflightBytes)
  }

  voterIds(): number[] {
    return sortedIds(jointIds(this.#config.voters))
  }

  isVoter(id: number): boolean {
    const { incoming, outgoing } = this.#config.voters
    return incoming.has(id) || outgoing?.has(id) === true
  }

  isJoint(): boolean {
    return (this.#config.voters.outgoing?.size ?? 0) > 0
  }

  /** Whether one voter decides alone. */
  isSingleton(): boolean {
    return this.#config.voters.incoming.size === 1 && !this.isJoint()
  }

  ackedIndex(id: number): number | undefined {
    return this.#progress.get(id)?.match
  }

  /** The largest index the voters have made durable by quorum. */
  committed(): number {
    return jointCommittedIndex(this.#config.voters, this)
  }

  /** Whether a quorum was heard from since activity was last reset. */
  quorumActive(): boolean {
    const active = new Map<number, boolean>()
    for (const [id, pr] of this.#progress) if (!pr.isLearner) active.set(id, pr.recentActive)
    return jointVoteResult(this.#config.voters, active) === 'VoteWon'
  }

  resetVotes(): void {
    this.#votes.clear()
  }

  /** The first vote of a member counts; later ones are ignored (rule R10). */
  recordVote(id: number, granted: boolean): void {
    if (!this.#votes.has(id)) this.#votes.set(id, granted)
  }

  tallyVotes(): { granted: number; rejected: number; result: VoteResult } {
    let granted = 0
    let rejected = 0
    for (const [id, pr] of this.#progress) {
      const vote = pr.isLearner ? undefined : this.#votes.get(id)
      if (vote === true) granted++
      else if (vote === false) rejected++
    }
    return { granted, rejected, result: jointVoteResult(this.#config.voters, this.#votes) }
  }
}
