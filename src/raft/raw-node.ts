import { type ConfChange, type ConfChangeV1, type ConfState, isConfChangeV2 } from './conf-change'
import { applyConfChange, restoreConfState } from './configuration'
import { broken, hex } from './invariant'
import { totalSize } from './log/entry-size'
import {
  isLocalMessage,
  isLocalTarget,
  isResponseMessage,
  makeMessage,
  NO_MESSAGES,
} from './message'
import { Raft } from './raft'
import { flushAppends } from './replication'
import { step, tick } from './step'
import { propose } from './step-leader'
import { appendMessage, appendResponse, applyMessage, applyResponse } from './storage-messages'
import type { TrackerConfig } from './tracker/config'
import type { Progress } from './tracker/progress'
import {
  type Config,
  type Entry,
  type HardState,
  type Message,
  NONE,
  type ProposeError,
  type RaftState,
  type ReadState,
  type Ready,
  type Snapshot,
  type SoftState,
  type StepError,
} from './types'

const NO_READ_STATES: readonly ReadState[] = Object.freeze([])

/** A member of the first configuration of a new cluster. */
export interface Peer {
  readonly id: number
  readonly context?: unknown
}

export interface Status {
  readonly id: number
  readonly term: number
  readonly vote: number
  readonly commit: number
  readonly applied: number
  readonly lead: number
  readonly raftState: RaftState
  readonly leadTransferee: number
  readonly config: TrackerConfig
  /** Copies; filled on the leader only. */
  readonly progress: ReadonlyMap<number, Progress>
}

/**
 * A member of a Raft group. The owner feeds it ticks, proposals and messages, and does the work
 * that `ready()` names. It never performs I/O, waits, or asks for the time.
 */
export class RawNode {
  readonly #raft: Raft
  readonly #async: boolean
  #lead: number
  #raftState: RaftState
  #hardState: HardState
  #stepsOnAdvance: Message[] = []
  #readyTaken = false

  /** Restores the member from `config.storage`. Throws on a configuration that cannot work. */
  constructor(config: Config) {
    const r = new Raft(config)
    const { hardState, confState } = config.storage.initialState()
    restoreConfState(r, confState)
    loadHardState(r, hardState)
    if (config.applied !== undefined && config.applied > 0) {
      r.log.commitTo(config.applied)
      r.log.appliedTo(config.applied, 0)
    }
    r.becomeFollower(r.term, NONE)
    r.logger?.info(
      `newRaft ${hex(r.id)} [peers: [${r.tracker.voterIds().map(hex).join(',')}], term: ${r.term}, commit: ${r.log.committed}, applied: ${r.log.applied}, lastindex: ${r.log.lastIndex()}, lastterm: ${r.log.lastTerm()}]`,
    )
    this.#raft = r
    this.#async = config.asyncStorageWrites ?? false
    this.#lead = r.lead
    this.#raftState = r.state
    this.#hardState = r.hardState()
  }

  /**
   * Starts a new cluster on empty storage: appends and applies one AddNode entry per peer, all
   * committed at term 1. Every first member must do the same with the same peers.
   */
  bootstrap(peers: readonly Peer[]): void {
    const r = this.#raft
    if (peers.length === 0) throw new Error('must provide at least one peer to Bootstrap')
    if (r.log.lastIndex() !== 0) throw new Error("can't bootstrap a nonempty Storage")
    this.#hardState = { term: 0, vote: NONE, commit: 0 }
    r.becomeFollower(1, NONE)
    const changes = peers.map(
      ({ id, context }): ConfChangeV1 => ({ type: 'ConfChangeAddNode', nodeId: id, context }),
    )
    r.log.append(
      changes.map((data, i) => ({ term: 1, index: i + 1, type: 'confChange' as const, data })),
    )
    r.log.committed = changes.length
    for (const change of changes) applyConfChange(r, change)
  }

  /** Advances the logical clock by one tick. */
  tick(): void {
    tick(this.#raft)
  }

  /** Starts an election now. */
  campaign(): void {
    step(this.#raft, makeMessage({ type: 'MsgHup' }))
  }

  /** Proposes a log entry; a follower forwards it. No error does not mean it will commit. */
  propose(data: unknown): ProposeError | undefined {
    return this.#propose({ type: 'normal', data })
  }

  proposeConfChange(change: ConfChange): ProposeError | undefined {
    const type = isConfChangeV2(change) ? 'confChangeV2' : 'confChange'
    return this.#propose({ type, data: change })
  }

  #propose(proposal: { type: 'normal' | 'confChange' | 'confChangeV2'; data: unknown }) {
    const r = this.#raft
    if (r.state === 'StateLeader') return propose(r, [proposal]) as ProposeError | undefined
    const entries = [{ term: 0, index: 0, ...proposal }]
    const error = step(r, makeMessage({ type: 'MsgProp', from: r.id, entries }))
    return error as ProposeError | undefined
  }

  /** To be called for every committed conf change entry, in log order. */
  applyConfChange(change: ConfChange): ConfState {
    return applyConfChange(this.#raft, change)
  }

  /** Takes a message from another member or a local storage thread. */
  step(m: Message): StepError | undefined {
    if (isLocalMessage(m.type) && !isLocalTarget(m.from)) {
      return 'raft: cannot step raft local message'
    }
    if (
      isResponseMessage(m.type) &&
      !isLocalTarget(m.from) &&
      this.#raft.tracker.get(m.from) === undefined
    ) {
      return 'raft: cannot step as peer not found'
    }
    return step(this.#raft, m)
  }

  hasReady(): boolean {
    const r = this.#raft
    return (
      r.messages.length > 0 ||
      r.messagesAfterAppend.length > 0 ||
      r.selfAckPending ||
      r.broadcastPending ||
      r.lead !== this.#lead ||
      r.state !== this.#raftState ||
      this.#hardStateChanged() ||
      r.log.unstable.hasNextEntries() ||
      r.log.hasNextCommitted(!this.#async) ||
      r.readStates.length > 0 ||
      r.log.unstable.nextSnapshot() !== undefined
    )
  }

  #hardStateChanged(): boolean {
    const { term, vote, commit } = this.#hardState
    const r = this.#raft
    return r.log.committed !== commit || r.term !== term || r.vote !== vote
  }

  /**
   * Hands out the outstanding work. The owner must do it and then call `advance()`, or, with
   * `asyncStorageWrites`, have the storage threads deliver the responses.
   */
  ready(): Ready {
    const r = this.#raft
    if (this.#readyTaken) broken('two accepted Ready structs without call to Advance')
    flushAppends(r)
    const ready = this.#collect()
    this.#accept(ready)
    return ready
  }

  #collect(): Ready {
    const r = this.#raft
    const { term, vote } = this.#hardState
    const hardState = this.#hardStateChanged() ? r.hardState() : undefined
    const entries = r.log.unstable.nextEntries()
    const snapshot = r.log.unstable.nextSnapshot()
    const committedEntries = r.log.nextCommitted(!this.#async)
    return {
      softState: this.#softState(),
      hardState,
      readStates: r.readStates.length > 0 ? r.readStates : NO_READ_STATES,
      entries,
      snapshot,
      committedEntries,
      messages: this.#outgoing(entries, hardState, snapshot, committedEntries),
      mustSync: entries.length > 0 || r.vote !== vote || r.term !== term,
    }
  }

  #softState(): SoftState | undefined {
    const { lead, state } = this.#raft
    if (lead === this.#lead && state === this.#raftState) return undefined
    return { lead, raftState: state }
  }

  #outgoing(
    entries: readonly Entry[],
    hardState: HardState | undefined,
    snapshot: Snapshot | undefined,
    committedEntries: readonly Entry[],
  ): readonly Message[] {
    const r = this.#raft
    const messages = r.messages
    if (this.#async) {
      const append = appendMessage(r, entries, hardState, snapshot)
      if (append !== undefined) messages.push(append)
      if (committedEntries.length > 0) messages.push(applyMessage(r, committedEntries))
    } else {
      for (const m of r.messagesAfterAppend) if (m.to !== r.id) messages.push(m)
    }
    return messages.length === 0 ? NO_MESSAGES : messages
  }

  #accept(ready: Ready): void {
    const r = this.#raft
    this.#lead = r.lead
    this.#raftState = r.state
    if (ready.hardState !== undefined) this.#hardState = ready.hardState
    if (r.readStates.length > 0) r.readStates = []
    if (!this.#async) {
      this.#readyTaken = true
      for (const m of r.messagesAfterAppend) if (m.to === r.id) this.#stepsOnAdvance.push(m)
      const appended = appendResponse(r, ready.snapshot)
      if (appended !== undefined) this.#stepsOnAdvance.push(appended)
      if (ready.committedEntries.length > 0) {
        this.#stepsOnAdvance.push(applyResponse(r, ready.committedEntries))
      }
    }
    if (r.messages.length > 0) r.messages = []
    if (r.messagesAfterAppend.length > 0) r.messagesAfterAppend = []
    r.log.unstable.acceptInProgress()
    const last = ready.committedEntries.at(-1)
    if (last !== undefined) {
      const size = totalSize(ready.committedEntries, r.entrySize)
      r.log.acceptApplying(last.index, size, !this.#async)
    }
  }

  /** The last Ready is persisted, sent and applied. Not for `asyncStorageWrites`. */
  advance(): void {
    if (this.#async) broken('Advance must not be called when using AsyncStorageWrites')
    this.#readyTaken = false
    const steps = this.#stepsOnAdvance
    if (steps.length === 0) return
    this.#stepsOnAdvance = []
    for (const m of steps) step(this.#raft, m)
  }

  /** Asks for a read index; the answer comes as a read state with the same context. */
  readIndex(context: unknown): void {
    const entries = [{ term: 0, index: 0, type: 'normal' as const, data: context }]
    step(this.#raft, makeMessage({ type: 'MsgReadIndex', entries }))
  }

  transferLeader(transferee: number): void {
    step(this.#raft, makeMessage({ type: 'MsgTransferLeader', from: transferee }))
  }

  /** A follower forgets its leader, so that it may vote before its election timeout. */
  forgetLeader(): void {
    step(this.#raft, makeMessage({ type: 'MsgForgetLeader' }))
  }

  reportUnreachable(id: number): void {
    step(this.#raft, makeMessage({ type: 'MsgUnreachable', from: id }))
  }

  /** Tells the leader whether the MsgSnap to `id` arrived. */
  reportSnapshot(id: number, ok: boolean): void {
    step(this.#raft, makeMessage({ type: 'MsgSnapStatus', from: id, reject: !ok }))
  }

  /** Overrides the randomised election timeout until the next change of role (scripted elections). */
  setRandomizedElectionTimeout(ticks: number): void {
    this.#raft.randomizedElectionTimeout = ticks
  }

  status(): Status {
    const r = this.#raft
    const progress = new Map<number, Progress>()
    if (r.state === 'StateLeader') {
      for (const id of r.tracker.ids) progress.set(id, r.tracker.get(id)!.clone(true))
    }
    return {
      id: r.id,
      term: r.term,
      vote: r.vote,
      commit: r.log.committed,
      applied: r.log.applied,
      lead: r.lead,
      raftState: r.state,
      leadTransferee: r.leadTransferee,
      config: r.tracker.config,
      progress,
    }
  }
}

/** What a snapshot holds was committed, even if the hard state that says so was not written. */
function loadHardState(r: Raft, { term, vote, commit }: HardState): void {
  const last = r.log.lastIndex()
  if (commit > last) {
    broken(`${hex(r.id)} state.commit ${commit} is out of range [${r.log.committed}, ${last}]`)
  }
  r.log.committed = Math.max(commit, r.log.committed)
  r.term = term
  r.vote = vote
}
