import {
  type ConfChange,
  type Config,
  confChangeOf,
  type Entry,
  type HardState,
  MemoryStorage,
  type Message,
  RawNode,
  type Snapshot,
} from '../../raft/index'
import { encodedSize } from './encoded-size'
import type { Output } from './output'

/** The latest applied state is the snapshot one gets, however the log was compacted. */
class HistoryStorage extends MemoryStorage {
  readonly history: Snapshot[]

  constructor(initial: Snapshot) {
    super(encodedSize)
    this.history = [initial]
  }

  override snapshot(): Snapshot {
    return this.history.at(-1)!
  }
}

export type MemberOptions = Partial<Omit<Config, 'id' | 'storage' | 'random' | 'logger'>>

/** A raft member with its storage and a state machine that appends commands to a string. */
export class Member {
  readonly id: number
  readonly config: Config
  readonly storage: HistoryStorage
  readonly node: RawNode
  readonly async: boolean
  appendWork: Message[] = []
  applyWork: Message[] = []

  constructor(id: number, options: MemberOptions, snapshot: Snapshot | undefined, output: Output) {
    this.id = id
    this.storage = new HistoryStorage(snapshot ?? new MemoryStorage().snapshot())
    if (snapshot !== undefined) this.storage.applySnapshot(snapshot)
    this.config = {
      electionTick: 3,
      heartbeatTick: 1,
      maxInflightMsgs: 2 ** 31 - 1,
      checkQuorum: false,
      preVote: false,
      ...options,
      id,
      storage: this.storage,
      batchAppends: false,
      random: () => 0,
      entrySize: encodedSize,
      logger: output,
    }
    this.async = options.asyncStorageWrites ?? false
    this.node = new RawNode(this.config)
  }

  /** Writes to storage in the order etcd's harness does; returns a complaint if it cannot. */
  append(
    hardState: HardState | undefined,
    entries: readonly Entry[],
    snapshot: Snapshot | undefined,
  ): string | undefined {
    if (hardState !== undefined) this.storage.setHardState(hardState)
    if (snapshot !== undefined && snapshot.metadata.index !== 0) {
      if (entries.length > 0) return "can't apply snapshot and entries at the same time"
      return this.storage.applySnapshot(snapshot)
        ? undefined
        : 'requested index is older than the existing snapshot'
    }
    this.storage.append(entries)
    return undefined
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const last = this.storage.snapshot()
      const change: ConfChange | undefined = confChangeOf(entry)
      const confState =
        change === undefined ? last.metadata.confState : this.node.applyConfChange(change)
      const update = change === undefined ? entry.data : change.context
      this.storage.history.push({
        data: `${last.data ?? ''}${update ?? ''}`,
        metadata: { confState, index: entry.index, term: entry.term },
      })
    }
  }
}
