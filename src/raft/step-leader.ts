import { asV2, confChangeOf } from './conf-change'
import { describeConfChange } from './describe'
import { broken, hex } from './invariant'
import type { Raft } from './raft'
import { answerRead, receiveReadRequest, releasePendingReads } from './reads'
import {
  appendEntries,
  broadcastAppend,
  broadcastHeartbeat,
  maybeCommit,
  maybeSendAppend,
  type Proposal,
} from './replication'
import { describeConfig } from './tracker/config'
import type { Progress } from './tracker/progress'
import { type Message, NONE, type StepError } from './types'

/** A leader replicates its log, counts acknowledgements and answers reads. */
export function stepLeader(r: Raft, m: Message): StepError | undefined {
  switch (m.type) {
    case 'MsgBeat':
      broadcastHeartbeat(r)
      return undefined
    case 'MsgCheckQuorum':
      checkQuorum(r)
      return undefined
    case 'MsgProp':
      return propose(r, m.entries)
    case 'MsgReadIndex':
      receiveReadRequest(r, m)
      return undefined
    case 'MsgForgetLeader':
      return undefined
    default:
  }
  const pr = r.tracker.get(m.from)
  if (pr === undefined) {
    r.logger?.debug(`${hex(r.id)} no progress available for ${hex(m.from)}`)
    return undefined
  }
  switch (m.type) {
    case 'MsgAppResp':
      if (m.reject) handleRejection(r, m, pr)
      else handleAcknowledgement(r, m, pr)
      return undefined
    case 'MsgHeartbeatResp':
      handleHeartbeatResponse(r, m, pr)
      return undefined
    case 'MsgSnapStatus':
      handleSnapshotStatus(r, m, pr)
      return undefined
    case 'MsgUnreachable':
      if (pr.state === 'StateReplicate') pr.becomeProbe()
      r.logger?.debug(
        `${hex(r.id)} failed to send message to ${hex(m.from)} because it is unreachable [${pr}]`,
      )
      return undefined
    case 'MsgTransferLeader':
      handleTransfer(r, m.from, pr)
      return undefined
    default:
      return undefined
  }
}

/** Steps down if no quorum was heard within an election timeout, then starts a new count (R18). */
function checkQuorum(r: Raft): void {
  if (!r.tracker.quorumActive()) {
    r.logger?.warning(`${hex(r.id)} stepped down to follower since quorum is not active`)
    r.becomeFollower(r.term, NONE)
  }
  for (const [id, pr] of r.tracker.progress) if (id !== r.id) pr.recentActive = false
}

/** Appends proposals to the log and sends them out; refuses while it cannot lead (R11, R15). */
export function propose(r: Raft, proposals: readonly Proposal[]): StepError | undefined {
  if (proposals.length === 0) broken(`${hex(r.id)} stepped empty MsgProp`)
  if (r.tracker.get(r.id) === undefined) return 'raft proposal dropped'
  if (r.leadTransferee !== NONE) {
    r.logger?.debug(
      `${hex(r.id)} [term ${r.term}] transfer leadership to ${hex(r.leadTransferee)} is in progress; dropping proposal`,
    )
    return 'raft proposal dropped'
  }
  if (!appendEntries(r, admitConfChanges(r, proposals))) return 'raft proposal dropped'
  broadcastAppend(r)
  return undefined
}

const REFUSED: Proposal = { type: 'normal', data: undefined }

/** A conf change that may not be proposed now becomes an empty entry. */
function admitConfChanges(r: Raft, proposals: readonly Proposal[]): readonly Proposal[] {
  let admitted: Proposal[] | undefined
  for (const [i, proposal] of proposals.entries()) {
    if (proposal.type === 'normal') continue
    const refusal = confChangeRefusal(r, proposal)
    if (refusal === undefined || r.options.disableConfChangeValidation) {
      r.pendingConfIndex = r.log.lastIndex() + i + 1
      continue
    }
    const change = describeConfChange(proposal)
    r.logger?.info(
      `${hex(r.id)} ignoring conf change ${change} at config ${describeConfig(r.tracker.config)}: ${refusal}`,
    )
    admitted ??= [...proposals]
    admitted[i] = REFUSED
  }
  return admitted ?? proposals
}

function confChangeRefusal(r: Raft, proposal: Proposal): string | undefined {
  const change = confChangeOf(proposal)
  if (change === undefined) return undefined
  if (r.pendingConfIndex > r.log.applied) {
    return `possible unapplied conf change at index ${r.pendingConfIndex} (applied to ${r.log.applied})`
  }
  const leaves = asV2(change).changes.length === 0
  if (r.tracker.isJoint() && !leaves) return 'must transition out of joint config first'
  if (!r.tracker.isJoint() && leaves) return 'not in joint state; refusing empty conf change'
  return undefined
}

/** Moves a follower's probe position back to where the logs may match. */
function handleRejection(r: Raft, m: Message, pr: Progress): void {
  pr.recentActive = true
  r.logger?.debug(
    `${hex(r.id)} received MsgAppResp(rejected, hint: (index ${m.rejectHint}, term ${m.logTerm})) from ${hex(m.from)} for index ${m.index}`,
  )
  const hint =
    m.logTerm > 0 ? r.log.findConflictByTerm(m.rejectHint, m.logTerm).index : m.rejectHint
  if (!pr.maybeDecreaseTo(m.index, hint)) return
  r.logger?.debug(`${hex(r.id)} decreased progress of ${hex(m.from)} to [${pr}]`)
  if (pr.state === 'StateReplicate') pr.becomeProbe()
  maybeSendAppend(r, m.from, true)
}

function handleAcknowledgement(r: Raft, m: Message, pr: Progress): void {
  pr.recentActive = true
  const recoversProbe = pr.match === m.index && pr.state === 'StateProbe'
  if (!pr.maybeUpdate(m.index) && !recoversProbe) return
  if (pr.state === 'StateProbe') {
    pr.becomeReplicate()
  } else if (pr.state === 'StateReplicate') {
    pr.inflights.freeUpTo(m.index)
  } else if (pr.match + 1 >= r.log.firstIndex()) {
    r.logger?.debug(
      `${hex(r.id)} recovered from needing snapshot, resumed sending replication messages to ${hex(m.from)} [${pr}]`,
    )
    pr.becomeProbe()
    pr.becomeReplicate()
  }
  if (maybeCommit(r)) {
    releasePendingReads(r)
    broadcastAppend(r)
  } else if (m.from !== r.id && pr.canBumpCommit(r.log.committed)) {
    maybeSendAppend(r, m.from, true)
  }
  if (m.from !== r.id) {
    while (maybeSendAppend(r, m.from, false)) {
      // One message per size limit, until the follower's window is full.
    }
  }
  if (m.from === r.leadTransferee && pr.match === r.log.lastIndex()) {
    r.logger?.info(`${hex(r.id)} sent MsgTimeoutNow to ${hex(m.from)} after received MsgAppResp`)
    r.send({ type: 'MsgTimeoutNow', to: m.from })
  }
}

function handleHeartbeatResponse(r: Raft, m: Message, pr: Progress): void {
  pr.recentActive = true
  pr.msgAppFlowPaused = false
  if (pr.match < r.log.lastIndex() || pr.state === 'StateProbe') maybeSendAppend(r, m.from, true)
  if (r.options.readOnlyOption !== 'safe' || typeof m.context !== 'number') return
  r.readOnly.receiveAck(m.from, m.context)
  for (const read of r.readOnly.takeConfirmed(r.tracker.config.voters)) {
    answerRead(r, read.request, read.index)
  }
}

function handleSnapshotStatus(r: Raft, m: Message, pr: Progress): void {
  if (pr.state !== 'StateSnapshot') return
  if (m.reject) pr.pendingSnapshot = 0
  pr.becomeProbe()
  r.logger?.debug(
    `${hex(r.id)} snapshot ${m.reject ? 'failed' : 'succeeded'}, resumed sending replication messages to ${hex(m.from)} [${pr}]`,
  )
  pr.msgAppFlowPaused = true
}

function handleTransfer(r: Raft, transferee: number, pr: Progress): void {
  const self = hex(r.id)
  const target = hex(transferee)
  if (pr.isLearner) {
    r.logger?.debug(`${self} is learner. Ignored transferring leadership`)
    return
  }
  if (r.leadTransferee === transferee) {
    r.logger?.info(
      `${self} [term ${r.term}] transfer leadership to ${target} is in progress, ignores request to same node ${target}`,
    )
    return
  }
  if (r.leadTransferee !== NONE) {
    const previous = hex(r.leadTransferee)
    r.leadTransferee = NONE
    r.logger?.info(`${self} [term ${r.term}] abort previous transferring leadership to ${previous}`)
  }
  if (transferee === r.id) {
    r.logger?.debug(`${self} is already leader. Ignored transferring leadership to self`)
    return
  }
  r.logger?.info(`${self} [term ${r.term}] starts to transfer leadership to ${target}`)
  r.electionElapsed = 0
  r.leadTransferee = transferee
  if (pr.match === r.log.lastIndex()) {
    r.send({ type: 'MsgTimeoutNow', to: transferee })
    r.logger?.info(
      `${self} sends MsgTimeoutNow to ${target} immediately as ${target} already has up-to-date log`,
    )
  } else {
    maybeSendAppend(r, transferee, true)
  }
}
