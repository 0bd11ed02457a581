import { restoreConfState } from './configuration'
import { describeConfState } from './describe'
import { hup } from './election'
import { hex } from './invariant'
import type { Raft } from './raft'
import { type Message, NONE, type Snapshot, type StepError } from './types'

/** A follower obeys its leader and forwards what only a leader can do. */
export function stepFollower(r: Raft, m: Message): StepError | undefined {
  const self = hex(r.id)
  switch (m.type) {
    case 'MsgProp':
      return forwardProposal(r, m)
    case 'MsgApp':
      hearLeader(r, m.from)
      handleAppendEntries(r, m)
      return undefined
    case 'MsgHeartbeat':
      hearLeader(r, m.from)
      handleHeartbeat(r, m)
      return undefined
    case 'MsgSnap':
      hearLeader(r, m.from)
      handleSnapshot(r, m)
      return undefined
    case 'MsgTransferLeader':
      if (r.lead === NONE) {
        r.logger?.info(`${self} no leader at term ${r.term}; dropping leader transfer msg`)
      } else {
        r.send({ ...m, term: 0, to: r.lead })
      }
      return undefined
    case 'MsgForgetLeader':
      forgetLeader(r)
      return undefined
    case 'MsgTimeoutNow':
      r.logger?.info(
        `${self} [term ${r.term}] received MsgTimeoutNow from ${hex(m.from)} and starts an election to get leadership.`,
      )
      hup(r, 'CampaignTransfer')
      return undefined
    case 'MsgReadIndex':
      if (r.lead === NONE) {
        r.logger?.info(`${self} no leader at term ${r.term}; dropping index reading msg`)
      } else {
        r.send({ ...m, to: r.lead })
      }
      return undefined
    case 'MsgReadIndexResp':
      receiveReadIndex(r, m)
      return undefined
    default:
      return undefined
  }
}

function hearLeader(r: Raft, leader: number): void {
  r.electionElapsed = 0
  r.lead = leader
}

function forwardProposal(r: Raft, m: Message): StepError | undefined {
  const self = hex(r.id)
  if (r.lead === NONE) {
    r.logger?.info(`${self} no leader at term ${r.term}; dropping proposal`)
    return 'raft proposal dropped'
  }
  if (r.options.disableProposalForwarding) {
    r.logger?.info(
      `${self} not forwarding to leader ${hex(r.lead)} at term ${r.term}; dropping proposal`,
    )
    return 'raft proposal dropped'
  }
  r.send({ ...m, to: r.lead })
  return undefined
}

function forgetLeader(r: Raft): void {
  if (r.options.readOnlyOption === 'leaseBased') {
    r.logger?.error('ignoring MsgForgetLeader due to ReadOnlyLeaseBased')
    return
  }
  if (r.lead === NONE) return
  r.logger?.info(`${hex(r.id)} forgetting leader ${hex(r.lead)} at term ${r.term}`)
  r.lead = NONE
}

function receiveReadIndex(r: Raft, m: Message): void {
  const request = m.entries[0]
  if (m.entries.length !== 1 || request === undefined) {
    r.logger?.error(
      `${hex(r.id)} invalid format of MsgReadIndexResp from ${hex(m.from)}, entries count: ${m.entries.length}`,
    )
    return
  }
  r.readStates.push({ index: m.index, context: request.data })
}

/** Log matching (R3): accept entries that connect to our log, else hint where they might. */
export function handleAppendEntries(r: Raft, m: Message): void {
  if (m.index < r.log.committed) {
    r.send({ type: 'MsgAppResp', to: m.from, index: r.log.committed })
    return
  }
  const last = r.log.maybeAppend(m.index, m.logTerm, m.entries, m.commit)
  if (last !== undefined) {
    r.send({ type: 'MsgAppResp', to: m.from, index: last })
    return
  }
  r.logger?.debug(
    `${hex(r.id)} [logterm: ${r.log.termOrZero(m.index)}, index: ${m.index}] rejected MsgApp [logterm: ${m.logTerm}, index: ${m.index}] from ${hex(m.from)}`,
  )
  const hint = r.log.findConflictByTerm(Math.min(m.index, r.log.lastIndex()), m.logTerm)
  r.send({
    type: 'MsgAppResp',
    to: m.from,
    index: m.index,
    reject: true,
    rejectHint: hint.index,
    logTerm: hint.term,
  })
}

export function handleHeartbeat(r: Raft, m: Message): void {
  r.log.commitTo(m.commit)
  r.send({ type: 'MsgHeartbeatResp', to: m.from, context: m.context })
}

/** Installs a snapshot whole or not at all (R17), and reports how far our log goes now. */
export function handleSnapshot(r: Raft, m: Message): void {
  const snapshot = m.snapshot
  const index = snapshot?.metadata.index ?? 0
  const term = snapshot?.metadata.term ?? 0
  const restored = snapshot !== undefined && restore(r, snapshot)
  r.logger?.info(
    `${hex(r.id)} [commit: ${r.log.committed}] ${restored ? 'restored' : 'ignored'} snapshot [index: ${index}, term: ${term}]`,
  )
  const acknowledged = restored ? r.log.lastIndex() : r.log.committed
  r.send({ type: 'MsgAppResp', to: m.from, index: acknowledged })
}

function restore(r: Raft, snapshot: Snapshot): boolean {
  const { index, term, confState } = snapshot.metadata
  if (index <= r.log.committed) return false
  if (r.state !== 'StateFollower') {
    r.logger?.warning(`${hex(r.id)} attempted to restore snapshot as leader; should never happen`)
    r.becomeFollower(r.term + 1, NONE)
    return false
  }
  const members = [confState.voters, confState.learners, confState.votersOutgoing]
  if (!members.some((ids) => ids.includes(r.id))) {
    r.logger?.warning(
      `${hex(r.id)} attempted to restore snapshot but it is not in the ConfState ${describeConfState(confState)}; should never happen`,
    )
    return false
  }
  if (r.log.matchTerm(index, term)) {
    r.logger?.info(
      `${describeLog(r)} fast-forwarded commit to snapshot [index: ${index}, term: ${term}]`,
    )
    r.log.commitTo(index)
    return false
  }
  r.log.restore(snapshot)
  restoreConfState(r, confState)
  r.logger?.info(`${describeLog(r)} restored snapshot [index: ${index}, term: ${term}]`)
  return true
}

function describeLog(r: Raft): string {
  return `${hex(r.id)} [commit: ${r.log.committed}, lastindex: ${r.log.lastIndex()}, lastterm: ${r.log.lastTerm()}]`
}
