import type { ConfState } from './conf-change'
import type { Logger } from './logger'

/** Placeholder id: no leader, no vote, no member. Member ids are integers from 1. */
export const NONE = 0

/** Target of MsgStorageAppend when `asyncStorageWrites` is on. */
export const LOCAL_APPEND_THREAD = -1
/** Target of MsgStorageApply when `asyncStorageWrites` is on. */
export const LOCAL_APPLY_THREAD = -2

export type EntryType = 'normal' | 'confChange' | 'confChangeV2'

/** One log record. `data` is handed through by reference; undefined is an empty entry. */
export interface Entry {
  readonly term: number
  readonly index: number
  readonly type: EntryType
  readonly data: unknown
}

/** What must be durable before any message that depends on it leaves the machine. */
export interface HardState {
  readonly term: number
  /** Member voted for in `term`; 0 = none. */
  readonly vote: number
  readonly commit: number
}

export interface SnapshotMetadata {
  readonly confState: ConfState
  readonly index: number
  readonly term: number
}

export interface Snapshot {
  readonly data: unknown
  readonly metadata: SnapshotMetadata
}

export type RaftState = 'StateFollower' | 'StateCandidate' | 'StateLeader' | 'StatePreCandidate'

/** Volatile state, useful for logs and pictures; never needs to be persisted. */
export interface SoftState {
  readonly lead: number
  readonly raftState: RaftState
}

export type MessageType =
  | 'MsgHup'
  | 'MsgBeat'
  | 'MsgProp'
  | 'MsgApp'
  | 'MsgAppResp'
  | 'MsgVote'
  | 'MsgVoteResp'
  | 'MsgSnap'
  | 'MsgHeartbeat'
  | 'MsgHeartbeatResp'
  | 'MsgUnreachable'
  | 'MsgSnapStatus'
  | 'MsgCheckQuorum'
  | 'MsgTransferLeader'
  | 'MsgTimeoutNow'
  | 'MsgReadIndex'
  | 'MsgReadIndexResp'
  | 'MsgPreVote'
  | 'MsgPreVoteResp'
  | 'MsgStorageAppend'
  | 'MsgStorageAppendResp'
  | 'MsgStorageApply'
  | 'MsgStorageApplyResp'
  | 'MsgForgetLeader'

/** One message between members (or to a local storage thread). Immutable once made. */
export interface Message {
  readonly type: MessageType
  readonly to: number
  readonly from: number
  readonly term: number
  readonly logTerm: number
  readonly index: number
  readonly entries: readonly Entry[]
  readonly commit: number
  readonly vote: number
  readonly snapshot?: Snapshot
  readonly reject: boolean
  readonly rejectHint: number
  /** Opaque: a campaign kind (votes) or a read position (heartbeats). */
  readonly context: unknown
  readonly responses?: readonly Message[]
}

/** Answer to `readIndex(context)`: reads are linearizable once `index` is applied. */
export interface ReadState {
  readonly index: number
  readonly context: unknown
}

/**
 * Work the owner must do, in this order: persist `snapshot`, `entries` and `hardState` (synced if
 * `mustSync`), then send `messages`, then apply `snapshot` and `committedEntries`, then `advance()`.
 */
export interface Ready {
  readonly softState?: SoftState
  readonly hardState?: HardState
  readonly readStates: readonly ReadState[]
  readonly entries: readonly Entry[]
  readonly snapshot?: Snapshot
  readonly committedEntries: readonly Entry[]
  readonly messages: readonly Message[]
  readonly mustSync: boolean
}

export type StorageError = 'compacted' | 'unavailable'

/** What raft reads back of the stable log. Implementations must not change entries they returned. */
export interface Storage {
  initialState(): { readonly hardState: HardState; readonly confState: ConfState }
  /** Entries in [lo, hi), cut so that their size stays within `maxSize`, but at least one. */
  entries(lo: number, hi: number, maxSize: number): readonly Entry[] | StorageError
  /** Term of entry `i`, for `i` in [firstIndex()-1, lastIndex()]. */
  term(i: number): number | StorageError
  firstIndex(): number
  lastIndex(): number
  /** The latest snapshot; undefined while one cannot be had yet (raft asks again later). */
  snapshot(): Snapshot | undefined
}

/** Size of an entry in the unit of all size limits (bytes, if the owner counts bytes). */
export type EntrySize = (entry: Entry) => number

export interface Config {
  readonly id: number
  /** Ticks without a leader's message before an election starts (randomised up to twice that). */
  readonly electionTick: number
  /** Ticks between a leader's heartbeats; less than `electionTick`. */
  readonly heartbeatTick: number
  readonly storage: Storage
  /** Last applied index, set when restarting. */
  readonly applied?: number
  /** Size limit of one MsgApp's entries; 0 = one entry per message; default unlimited. */
  readonly maxSizePerMsg?: number
  /** Size limit of committed entries being applied; default `maxSizePerMsg`. */
  readonly maxCommittedSizePerReady?: number
  /** Size limit of the leader's uncommitted tail; above it proposals are dropped. */
  readonly maxUncommittedEntriesSize?: number
  /** MsgApps in flight per follower; default 256. */
  readonly maxInflightMsgs?: number
  readonly maxInflightBytes?: number
  readonly checkQuorum: boolean
  readonly preVote: boolean
  readonly readOnlyOption?: 'safe' | 'leaseBased'
  readonly disableProposalForwarding?: boolean
  readonly stepDownOnRemoval?: boolean
  readonly asyncStorageWrites?: boolean
  readonly disableConfChangeValidation?: boolean
  /**
   * Hold a leader's appends back until `ready()`, so that all proposals between two `ready()` calls
   * travel in one MsgApp per follower. Default true; false sends one MsgApp per proposal at once,
   * as etcd-io/raft does and its transcripts expect.
   */
  readonly batchAppends?: boolean
  /** A uniform integer in [0, below); the only source of chance. */
  readonly random: (below: number) => number
  /** Default: every entry counts 1, so that limits count entries. */
  readonly entrySize?: EntrySize
  readonly logger?: Logger
}

/** The proposal was ignored; the proposer may try again, here or elsewhere. */
export type ProposeError = 'raft proposal dropped'

export type StepError =
  | ProposeError
  | 'raft: cannot step raft local message'
  | 'raft: cannot step as peer not found'
