export {
  asV2,
  type ConfChange,
  type ConfChangeSingle,
  type ConfChangeTransition,
  type ConfChangeType,
  type ConfChangeV1,
  type ConfChangeV2,
  type ConfState,
  confChangeOf,
  EMPTY_CONF_STATE,
} from './conf-change'
export { describeMessage, describeReady } from './describe'
export { RaftInvariantError } from './invariant'
export { MemoryStorage } from './log/memory-storage'
export type { Logger } from './logger'
export { makeMessage } from './message'
export { type Peer, RawNode, type Status } from './raw-node'
export type { TrackerConfig } from './tracker/config'
export type { Progress, ProgressState } from './tracker/progress'
export {
  type Config,
  type Entry,
  type EntrySize,
  type EntryType,
  type HardState,
  LOCAL_APPEND_THREAD,
  LOCAL_APPLY_THREAD,
  type Message,
  type MessageType,
  NONE,
  type ProposeError,
  type RaftState,
  type ReadState,
  type Ready,
  type Snapshot,
  type SnapshotMetadata,
  type SoftState,
  type StepError,
  type Storage,
  type StorageError,
} from './types'
