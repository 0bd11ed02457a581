import { broken } from './invariant'
import {
  type Entry,
  LOCAL_APPEND_THREAD,
  LOCAL_APPLY_THREAD,
  type Message,
  type MessageType,
  type Snapshot,
} from './types'

export const NO_ENTRIES: readonly Entry[] = Object.freeze([])
export const NO_MESSAGES: readonly Message[] = Object.freeze([])

/** Fields a caller sets; everything else is zero. */
export interface MessageFields {
  readonly type: MessageType
  readonly to?: number
  readonly from?: number
  readonly term?: number
  readonly logTerm?: number
  readonly index?: number
  readonly entries?: readonly Entry[]
  readonly commit?: number
  readonly vote?: number
  readonly snapshot?: Snapshot
  readonly reject?: boolean
  readonly rejectHint?: number
  readonly context?: unknown
  readonly responses?: readonly Message[]
}

/** Builds a message with every field in one fixed order, so that all share one hidden class. */
export function makeMessage(f: MessageFields, from = f.from ?? 0, term = f.term ?? 0): Message {
  return {
    type: f.type,
    to: f.to ?? 0,
    from,
    term,
    logTerm: f.logTerm ?? 0,
    index: f.index ?? 0,
    entries: f.entries ?? NO_ENTRIES,
    commit: f.commit ?? 0,
    vote: f.vote ?? 0,
    snapshot: f.snapshot,
    reject: f.reject ?? false,
    rejectHint: f.rejectHint ?? 0,
    context: f.context,
    responses: f.responses,
  }
}

/** Types that never travel between machines. */
export function isLocalMessage(type: MessageType): boolean {
  switch (type) {
    case 'MsgHup':
    case 'MsgBeat':
    case 'MsgUnreachable':
    case 'MsgSnapStatus':
    case 'MsgCheckQuorum':
    case 'MsgStorageAppend':
    case 'MsgStorageAppendResp':
    case 'MsgStorageApply':
    case 'MsgStorageApplyResp':
      return true
    default:
      return false
  }
}

export function isResponseMessage(type: MessageType): boolean {
  switch (type) {
    case 'MsgAppResp':
    case 'MsgVoteResp':
    case 'MsgHeartbeatResp':
    case 'MsgUnreachable':
    case 'MsgReadIndexResp':
    case 'MsgPreVoteResp':
    case 'MsgStorageAppendResp':
    case 'MsgStorageApplyResp':
      return true
    default:
      return false
  }
}

export function isLocalTarget(id: number): boolean {
  return id === LOCAL_APPEND_THREAD || id === LOCAL_APPLY_THREAD
}

export function voteResponseType(type: MessageType): MessageType {
  if (type === 'MsgVote') return 'MsgVoteResp'
  if (type === 'MsgPreVote') return 'MsgPreVoteResp'
  return broken(`not a vote message: ${type}`)
}
