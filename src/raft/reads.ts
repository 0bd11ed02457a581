import { broken } from './invariant'
import type { Raft } from './raft'
import { broadcastHeartbeat } from './replication'
import { type Message, NONE } from './types'

/** A read request at the leader; it waits until this term has committed something (R16). */
export function receiveReadRequest(r: Raft, request: Message): void {
  if (r.committedEntryInCurrentTerm()) startRead(r, request)
  else r.pendingReadIndexMessages.push(request)
}

/** Starts the reads that waited for the term's first commit. */
export function releasePendingReads(r: Raft): void {
  if (r.pendingReadIndexMessages.length === 0 || !r.committedEntryInCurrentTerm()) return
  const requests = r.pendingReadIndexMessages
  r.pendingReadIndexMessages = []
  for (const request of requests) startRead(r, request)
}

function startRead(r: Raft, request: Message): void {
  const index = r.log.committed
  if (r.tracker.isSingleton() || r.options.readOnlyOption === 'leaseBased') {
    answerRead(r, request, index)
    return
  }
  r.readOnly.add(request, index)
  r.readOnly.receiveAck(r.id, r.readOnly.position() ?? broken('read was not recorded'))
  broadcastHeartbeat(r)
}

/** Hands a confirmed read index to whoever asked: this member's owner or another member. */
export function answerRead(r: Raft, request: Message, index: number): void {
  if (request.from === NONE || request.from === r.id) {
    r.readStates.push({ index, context: request.entries[0]?.data })
    return
  }
  r.send({ type: 'MsgReadIndexResp', to: request.from, index, entries: request.entries })
}
