export {
  asV2,
  type ConfChange,
  type ConfChangeSingle,
  type ConfChangeTransition,
  type ConfChangeType,
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
export type { Progress } from './tracker/progress'
export {
  type Config,
  type Entry,
  type EntrySize,
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
  type SoftState,
  type StepError,
  type Storage,
} from './types'
