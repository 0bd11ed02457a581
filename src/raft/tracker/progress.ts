import { broken } from '../invariant'
import type { Inflights } from './inflights'

/**
 * probe: one MsgApp per heartbeat interval until the follower's position is known; replicate: the
 * fast path, sends optimistically; snapshot: paused until a snapshot is applied.
 */
export type ProgressState = 'StateProbe' | 'StateReplicate' | 'StateSnapshot'

interface ProgressInit {
  readonly match: number
  readonly next: number
  readonly isLearner: boolean
  readonly recentActive: boolean
  readonly inflights: Inflights
}

/** A leader's view of one member (rule R14: match < next at all times). */
export class Progress {
  /** Highest index known to be replicated there. */
  match: number
  /** Next index to send; (match, next) is in flight. */
  next: number
  /** Highest commit index sent so far. */
  sentCommit = 0
  state: ProgressState = 'StateProbe'
  /** Index of the snapshot being sent; 0 = none. */
  pendingSnapshot = 0
  /** Whether anything was heard within the current election timeout. */
  recentActive: boolean
  /** No MsgApp until the next heartbeat response or acknowledgement. */
  msgAppFlowPaused = false
  readonly inflights: Inflights
  isLearner: boolean

  constructor(init: ProgressInit) {
    this.match = init.match
    this.next = init.next
    this.isLearner = init.isLearner
    this.recentActive = init.recentActive
    this.inflights = init.inflights
  }

  /** Copies everything; the in-flight window is shared unless `deep`. */
  clone(deep = false): Progress {
    const copy = new Progress({
      ...this,
      inflights: deep ? this.inflights.clone() : this.inflights,
    })
    copy.sentCommit = this.sentCommit
    copy.state = this.state
    copy.pendingSnapshot = this.pendingSnapshot
    copy.msgAppFlowPaused = this.msgAppFlowPaused
    return copy
  }

  /** Probes from match+1, or after the snapshot that was just sent successfully. */
  becomeProbe(): void {
    const pending = this.state === 'StateSnapshot' ? this.pendingSnapshot : 0
    this.#resetState('StateProbe')
    this.next = Math.max(this.match, pending) + 1
    this.sentCommit = Math.min(this.sentCommit, this.next - 1)
  }

  becomeReplicate(): void {
    this.#resetState('StateReplicate')
    this.next = this.match + 1
    this.sentCommit = Math.min(this.sentCommit, this.next - 1)
  }

  becomeSnapshot(index: number): void {
    this.#resetState('StateSnapshot')
    this.pendingSnapshot = index
    this.next = index + 1
    this.sentCommit = index
  }

  #resetState(state: ProgressState): void {
    this.msgAppFlowPaused = false
    this.pendingSnapshot = 0
    this.state = state
    this.inflights.reset()
  }

  /** Notes that a MsgApp with `count` entries from `next` on was sent. */
  sentEntries(count: number, bytes: number): void {
    switch (this.state) {
      case 'StateReplicate':
        if (count > 0) {
          this.next += count
          this.inflights.add(this.next - 1, bytes)
        }
        this.msgAppFlowPaused = this.inflights.full
        return
      case 'StateProbe':
        if (count > 0) this.msgAppFlowPaused = true
        return
      case 'StateSnapshot':
        broken(`sending append in unhandled state ${this.state}`)
    }
  }

  /** Whether telling this commit index could still move the follower's. */
  canBumpCommit(index: number): boolean {
    return index > this.sentCommit && this.sentCommit < this.next - 1
  }

  /** Takes an acknowledgement of `index`; false if it is stale. */
  maybeUpdate(index: number): boolean {
    if (index <= this.match) return false
    this.match = index
    this.next = Math.max(this.next, index + 1)
    this.msgAppFlowPaused = false
    return true
  }

  /** Takes a rejection of the MsgApp after `rejected`; false if it is stale. */
  maybeDecreaseTo(rejected: number, matchHint: number): boolean {
    if (this.state === 'StateReplicate') {
      if (rejected <= this.match) return false
      this.next = this.match + 1
      this.sentCommit = Math.min(this.sentCommit, this.next - 1)
      return true
    }
    if (this.next - 1 !== rejected) return false
    this.next = Math.max(Math.min(rejected, matchHint + 1), this.match + 1)
    this.sentCommit = Math.min(this.sentCommit, this.next - 1)
    this.msgAppFlowPaused = false
    return true
  }

  get paused(): boolean {
    return this.state === 'StateSnapshot' || this.msgAppFlowPaused
  }

  toString(): string {
    let text = `${this.state} match=${this.match} next=${this.next}`
    if (this.isLearner) text += ' learner'
    if (this.paused) text += ' paused'
    if (this.pendingSnapshot > 0) text += ` pendingSnap=${this.pendingSnapshot}`
    if (!this.recentActive) text += ' inactive'
    if (this.inflights.count > 0) {
      text += ` inflight=${this.inflights.count}`
      if (this.inflights.full) text += '[full]'
    }
    return text
  }
}

export type ProgressMap = Map<number, Progress>
