import { makeMessage } from './message'
import type { Raft } from './raft'
import {
  type Entry,
  type HardState,
  LOCAL_APPEND_THREAD,
  LOCAL_APPLY_THREAD,
  type Message,
  type Snapshot,
} from './types'

/** The write order to the local append thread; undefined if nothing has to be written. */
export function appendMessage(
  r: Raft,
  entries: readonly Entry[],
  hardState: HardState | undefined,
  snapshot: Snapshot | undefined,
): Message | undefined {
  // Never the live array: it goes on being filled if it is empty now.
  const responses = [...r.messagesAfterAppend]
  if (
    entries.length === 0 &&
    hardState === undefined &&
    snapshot === undefined &&
    responses.length === 0
  ) {
    return undefined
  }
  const appended = appendResponse(r, snapshot)
  if (appended !== undefined) responses.push(appended)
  return makeMessage({
    type: 'MsgStorageAppend',
    to: LOCAL_APPEND_THREAD,
    from: r.id,
    entries,
    term: hardState?.term,
    vote: hardState?.vote,
    commit: hardState?.commit,
    snapshot,
    responses,
  })
}

/**
 * Says that everything unstable is durable. It names the log's end and the current term, not only
 * what this Ready carries: if the term has changed when it comes back, a newer write may be under
 * way to the same indexes, and it is ignored (the ABA race of asynchronous appends).
 */
export function appendResponse(r: Raft, snapshot: Snapshot | undefined): Message | undefined {
  const hasEntries = r.log.unstable.length > 0
  if (!hasEntries && snapshot === undefined) return undefined
  return makeMessage({
    type: 'MsgStorageAppendResp',
    to: r.id,
    from: LOCAL_APPEND_THREAD,
    term: r.term,
    index: hasEntries ? r.log.lastIndex() : 0,
    logTerm: hasEntries ? r.log.lastTerm() : 0,
    snapshot,
  })
}

/** The order to apply committed entries, for the local apply thread. */
export function applyMessage(r: Raft, entries: readonly Entry[]): Message {
  return makeMessage({
    type: 'MsgStorageApply',
    to: LOCAL_APPLY_THREAD,
    from: r.id,
    entries,
    responses: [applyResponse(r, entries)],
  })
}

export function applyResponse(r: Raft, entries: readonly Entry[]): Message {
  return makeMessage({
    type: 'MsgStorageApplyResp',
    to: r.id,
    from: LOCAL_APPLY_THREAD,
    entries,
  })
}
