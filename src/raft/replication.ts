import { broken, hex } from './invariant'
import { payloadSize } from './log/entry-size'
import { NO_ENTRIES } from './message'
import type { Raft } from './raft'
import type { Progress } from './tracker/progress'
import type { Entry } from './types'

/** What a proposer gives; the leader adds term and index. */
export type Proposal = Pick<Entry, 'type' | 'data'>

/** Appends to the leader's own log; false if the uncommitted tail would grow too large. */
export function appendEntries(r: Raft, proposals: readonly Proposal[]): boolean {
  const last = r.log.lastIndex()
  const entries = proposals.map(({ type, data }, i) => ({
    term: r.term,
    index: last + 1 + i,
    type,
    data,
  }))
  const size = payloadSize(entries, r.entrySize)
  const { maxUncommittedEntriesSize } = r.options
  if (r.uncommittedSize > 0 && size > 0 && r.uncommittedSize + size > maxUncommittedEntriesSize) {
    r.logger?.warning(
      `${hex(r.id)} appending new entries to log would exceed uncommitted entry size limit; dropping proposal`,
    )
    return false
  }
  r.uncommittedSize += size
  const index = r.log.append(entries)
  if (r.options.batchAppends) r.selfAckPending = true
  else r.send({ type: 'MsgAppResp', to: r.id, index })
  return true
}

/** Sends every follower what it lacks: now, or with `batchAppends` at the next `ready()`. */
export function broadcastAppend(r: Raft): void {
  if (r.options.batchAppends) {
    r.broadcastPending = true
    return
  }
  for (const id of r.tracker.ids) if (id !== r.id) maybeSendAppend(r, id, true)
}

/** Does what {@link broadcastAppend} and {@link appendEntries} put off. */
export function flushAppends(r: Raft): void {
  if (r.selfAckPending) {
    r.selfAckPending = false
    r.send({ type: 'MsgAppResp', to: r.id, index: r.log.lastIndex() })
  }
  if (!r.broadcastPending) return
  r.broadcastPending = false
  for (const id of r.tracker.ids) {
    if (id === r.id) continue
    const pr = r.tracker.get(id)!
    maybeSendAppend(r, id, pr.state === 'StateProbe' || pr.canBumpCommit(r.log.committed))
  }
}

/** Sends one MsgApp (or MsgSnap) to `to`; false if nothing was sent. */
export function maybeSendAppend(r: Raft, to: number, sendIfEmpty: boolean): boolean {
  const pr = r.tracker.get(to)
  if (pr === undefined) return broken(`no progress for ${hex(to)}`)
  if (pr.paused) return false
  if (!sendIfEmpty && pr.next === r.log.lastIndex() + 1) return false
  const prevIndex = pr.next - 1
  const prevTerm = r.log.term(prevIndex)
  if (typeof prevTerm === 'string') return maybeSendSnapshot(r, to, pr)
  let entries: readonly Entry[] = NO_ENTRIES
  if (pr.state !== 'StateReplicate' || !pr.inflights.full) {
    const found = r.log.entries(pr.next, r.options.maxSizePerMsg)
    if (typeof found === 'string') return maybeSendSnapshot(r, to, pr)
    entries = found
  }
  if (entries.length === 0 && !sendIfEmpty) return false
  const commit = r.log.committed
  r.send({ type: 'MsgApp', to, index: prevIndex, logTerm: prevTerm, entries, commit })
  const countsBytes = r.tracker.maxInflightBytes !== Number.POSITIVE_INFINITY
  pr.sentEntries(entries.length, countsBytes ? payloadSize(entries, r.entrySize) : 0)
  pr.sentCommit = commit
  return true
}

function maybeSendSnapshot(r: Raft, to: number, pr: Progress): boolean {
  if (!pr.recentActive) {
    r.logger?.debug(`ignore sending snapshot to ${hex(to)} since it is not recently active`)
    return false
  }
  const snapshot = r.log.snapshot()
  if (snapshot === undefined) {
    r.logger?.debug(
      `${hex(r.id)} failed to send snapshot to ${hex(to)} because snapshot is temporarily unavailable`,
    )
    return false
  }
  const { index, term } = snapshot.metadata
  if (index === 0) broken('need non-empty snapshot')
  r.logger?.debug(
    `${hex(r.id)} [firstindex: ${r.log.firstIndex()}, commit: ${r.log.committed}] sent snapshot[index: ${index}, term: ${term}] to ${hex(to)} [${pr}]`,
  )
  pr.becomeSnapshot(index)
  r.logger?.debug(`${hex(r.id)} paused sending replication messages to ${hex(to)} [${pr}]`)
  r.send({ type: 'MsgSnap', to, snapshot })
  return true
}

/** Heartbeats never name a commit index beyond what the follower is known to have. */
export function broadcastHeartbeat(r: Raft): void {
  const context = r.readOnly.position()
  for (const to of r.tracker.ids) {
    if (to === r.id) continue
    const pr = r.tracker.get(to)!
    const commit = Math.min(pr.match, r.log.committed)
    r.send({ type: 'MsgHeartbeat', to, commit, context })
    pr.sentCommit = commit
  }
}

/** Advances the commit index to what a quorum has; true if it moved (R8, R12). */
export function maybeCommit(r: Raft): boolean {
  return r.log.maybeCommit(r.tracker.committed(), r.term)
}
