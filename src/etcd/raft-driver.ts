import {
  type ConfState,
  confChangeOf,
  type Entry,
  type HardState,
  MemoryStorage,
  type Message,
  makeMessage,
  RawNode,
  type ReadState,
  type Ready,
  type Snapshot,
  type SoftState,
  type Status,
} from '../raft'
import type { ProcessEnv } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { seconds } from '../sim/time'
import { type Recovered, Wal } from './wal'

const entriesPerMessageMax = 1_024
const messagesInFlightMax = 512
const snapshotCallTimeout = seconds(10)

/** What the driver asks of its owner. Entries come in log order, each index once per life. */
export interface StateMachine {
  /** Entries up to `last` are committed. */
  apply(entries: readonly Entry[]): void
  /** All that `apply` has made of the log so far, as immutable data. */
  picture(): unknown
  /** Forget everything; go on from this picture. */
  restore(picture: unknown): void
  onRole(role: SoftState): void
  onReadStates(states: readonly ReadState[]): void
  /** Raft is about to be asked for work: the time to propose what has gathered. */
  proposeNow(): void
}

export interface RaftDriverOptions {
  readonly memberId: number
  /** Members of the first configuration. */
  readonly voters: readonly number[]
  readonly address: (memberId: number) => string | undefined
  readonly directory: string
  readonly electionTicks: number
  readonly snapshotCount: number
  /** Entries that stay in memory behind a snapshot, for followers that are a little late. */
  readonly catchUpEntries: number
  readonly machine: StateMachine
}

/**
 * Does for Raft what Raft itself must not: keeps the log on the disk, sends its messages, feeds the
 * state machine, takes snapshots. While one batch is being synced, what arrives forms the next.
 */
export class RaftDriver {
  readonly #env: ProcessEnv
  readonly #options: RaftDriverOptions
  readonly #wal: Wal
  readonly #storage: MemoryStorage
  readonly #node: RawNode
  readonly #kind = new Map<string, string>()
  #confState: ConfState
  #appliedIndex: number
  #snapshotIndex: number
  #syncing = false
  /** What is being synced. */
  #synced: Ready | undefined
  #working = false
  role: SoftState = { lead: 0, raftState: 'StateFollower' }
  term = 0

  constructor(env: ProcessEnv, options: RaftDriverOptions, emptyPicture: unknown) {
    this.#env = env
    this.#options = options
    this.#wal = new Wal(env.disk, options.directory)
    const recovered = this.#wal.open({
      confState: {
        voters: [...options.voters].sort((a, b) => a - b),
        learners: [],
        votersOutgoing: [],
        learnersNext: [],
        autoLeave: false,
      },
      data: emptyPicture,
    })
    const { index, confState } = recovered.snapshot.metadata
    this.#storage = storageOf(recovered)
    this.#confState = confState
    this.#appliedIndex = index
    this.#snapshotIndex = index
    this.term = recovered.hardState.term
    options.machine.restore(recovered.snapshot.data)
    this.#node = new RawNode({
      id: options.memberId,
      electionTick: options.electionTicks,
      heartbeatTick: 1,
      storage: this.#storage,
      applied: index,
      maxSizePerMsg: entriesPerMessageMax,
      maxInflightMsgs: messagesInFlightMax,
      checkQuorum: true,
      preVote: true,
      random: (below) => env.random.below(below),
    })
  }

  get appliedIndex(): number {
    return this.#appliedIndex
  }

  get isLeader(): boolean {
    return this.role.raftState === 'StateLeader'
  }

  /** What was found on the disk may be unsynced writes of a process that was killed. */
  start(): void {
    this.#syncing = true
    this.#env.whenDone(this.#wal.sync(), this.#afterSync)
  }

  tick(): void {
    this.#node.tick()
    this.work()
  }

  receive(message: Message): void {
    this.#node.step(message)
    this.work()
  }

  /** Appends at the leader or forwards there; false: nobody takes it now. */
  propose(data: readonly unknown[]): boolean {
    const entries = data.map((d) => ({ term: 0, index: 0, type: 'normal' as const, data: d }))
    const from = this.#options.memberId
    return this.#node.step(makeMessage({ type: 'MsgProp', from, entries })) === undefined
  }

  /** Answered by a read state with the same context, or never. */
  readIndex(context: number): void {
    this.#node.readIndex(context)
    this.work()
  }

  transferLeadership(to: number): void {
    this.#node.transferLeader(to)
    this.work()
  }

  /** Handles what Raft has ready, until it has to wait for the disk or has no more. */
  work(): void {
    if (this.#syncing || this.#working) return
    this.#working = true
    for (;;) {
      this.#options.machine.proposeNow()
      if (!this.#node.hasReady()) break
      this.#handle(this.#node.ready())
      if (this.#syncing) break
    }
    this.#working = false
  }

  status(): Status {
    return this.#node.status()
  }

  /** Term, vote and commit index as they are on the disk. */
  durableState(): HardState {
    return this.#storage.initialState().hardState
  }

  /** First and last index in memory, and the last few entries. */
  log(entriesMax: number) {
    const firstIndex = this.#storage.firstIndex()
    const lastIndex = this.#storage.lastIndex()
    const from = Math.max(firstIndex, lastIndex + 1 - entriesMax)
    const tail = from > lastIndex ? [] : this.#storage.entries(from, lastIndex + 1, entriesMax)
    const entries = typeof tail === 'string' ? [] : tail
    return { firstIndex, lastIndex, entries, snapshotIndex: this.#snapshotIndex }
  }

  #handle(ready: Ready): void {
    const { machine } = this.#options
    if (ready.hardState) this.term = ready.hardState.term
    if (ready.softState) {
      this.role = ready.softState
      machine.onRole(ready.softState)
    }
    for (const message of ready.messages) if (!isPromise(message)) this.#send(message)
    if (ready.snapshot) this.#wal.saveSnapshot(ready.snapshot, true)
    this.#wal.save(ready.entries, ready.hardState)
    if (ready.mustSync || ready.snapshot) {
      this.#syncing = true
      this.#synced = ready
      this.#env.whenDone(this.#wal.sync(), this.#afterSync)
    } else this.#finish(ready)
  }

  readonly #afterSync = (): void => {
    const ready = this.#synced
    this.#synced = undefined
    if (ready) this.#finish(ready)
    this.#syncing = false
    this.work()
  }

  /** The Ready is durable: keep promises, apply, let Raft go on. */
  #finish(ready: Ready): void {
    const { machine } = this.#options
    if (ready.snapshot) this.#install(ready.snapshot)
    if (ready.entries.length > 0) this.#storage.append(ready.entries)
    if (ready.hardState) this.#storage.setHardState(ready.hardState)
    for (const message of ready.messages) if (isPromise(message)) this.#send(message)
    const { committedEntries } = ready
    if (committedEntries.length > 0) {
      for (let i = 0; i < committedEntries.length; i++) {
        const entry = committedEntries[i] as Entry
        if (entry.type !== 'normal') this.#applyConfChange(entry)
        this.#appliedIndex = entry.index
      }
      machine.apply(committedEntries)
    }
    this.#node.advance()
    if (ready.readStates.length > 0) machine.onReadStates(ready.readStates)
    if (this.#appliedIndex - this.#snapshotIndex >= this.#options.snapshotCount) this.#snapshot()
  }

  #applyConfChange(entry: Entry): void {
    const change = confChangeOf(entry)
    if (change) this.#confState = this.#node.applyConfChange(change)
  }

  #install(snapshot: Snapshot): void {
    const { index, confState } = snapshot.metadata
    this.#storage.applySnapshot(snapshot)
    this.#confState = confState
    this.#appliedIndex = index
    this.#snapshotIndex = index
    this.#options.machine.restore(snapshot.data)
    this.#env.note('etcd.snapshot', `installed at index ${index}`)
  }

  #snapshot(): void {
    const index = this.#appliedIndex
    const data = this.#options.machine.picture()
    const snapshot = this.#storage.createSnapshot(index, this.#confState, data)
    if (!snapshot) return
    this.#snapshotIndex = index
    this.#wal.saveSnapshot(snapshot, false)
    const upTo = index - this.#options.catchUpEntries
    if (upTo >= this.#storage.firstIndex()) this.#storage.compact(upTo)
    this.#env.note('etcd.snapshot', `saved at index ${index}`)
  }

  #send(message: Message): void {
    const to = this.#options.address(message.to)
    if (to === undefined) return
    if (message.type === 'MsgSnap') this.#env.spawn(this.#sendSnapshot(to, message))
    else this.#env.network.send(to, message, this.#kindOf(message.type))
  }

  /** A snapshot goes by a connection of its own, and Raft is told how that went. */
  *#sendSnapshot(to: string, message: Message): Task<void> {
    const call = this.#env.network.call(to, message, snapshotCallTimeout, 'raft.MsgSnap')
    const { ok } = yield* wait(call)
    this.#node.reportSnapshot(message.to, ok)
    this.work()
  }

  #kindOf(type: string): string {
    let kind = this.#kind.get(type)
    if (kind === undefined) {
      kind = `raft.${type}`
      this.#kind.set(type, kind)
    }
    return kind
  }
}

/** Messages that promise durability; all others may leave before the sync (Raft thesis 10.2.1). */
function isPromise({ type }: Message): boolean {
  return type === 'MsgAppResp' || type === 'MsgVoteResp' || type === 'MsgPreVoteResp'
}

function storageOf({ snapshot, hardState, entries }: Recovered): MemoryStorage {
  const storage = new MemoryStorage()
  storage.applySnapshot(snapshot)
  storage.setHardState(hardState)
  storage.append(entries)
  return storage
}
