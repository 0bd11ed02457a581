import { describeBallot, handleVoteRequest, hup } from './election'
import { hex } from './invariant'
import { payloadSize, totalSize } from './log/entry-size'
import { makeMessage } from './message'
import type { Raft } from './raft'
import { stepCandidate } from './step-candidate'
import { stepFollower } from './step-follower'
import { propose, stepLeader } from './step-leader'
import { describeConfig } from './tracker/config'
import { type Message, NONE, type Snapshot, type StepError } from './types'

/** Feeds one message to the state machine: first the term rules (Raft 5.1), then the role. */
export function step(r: Raft, m: Message): StepError | undefined {
  if (m.term > r.term) {
    if (!receiveHigherTerm(r, m)) return undefined
  } else if (m.term !== 0 && m.term < r.term) {
    receiveLowerTerm(r, m)
    return undefined
  }
  switch (m.type) {
    case 'MsgHup':
      hup(r, r.options.preVote ? 'CampaignPreElection' : 'CampaignElection')
      return undefined
    case 'MsgStorageAppendResp':
      if (m.index !== 0) r.log.unstable.stableTo(m.index, m.logTerm)
      if (m.snapshot !== undefined) appliedSnapshot(r, m.snapshot)
      return undefined
    case 'MsgStorageApplyResp':
      receiveApplied(r, m)
      return undefined
    case 'MsgVote':
    case 'MsgPreVote':
      handleVoteRequest(r, m)
      return undefined
    default:
      return stepRole(r, m)
  }
}

function stepRole(r: Raft, m: Message): StepError | undefined {
  switch (r.state) {
    case 'StateLeader':
      return stepLeader(r, m)
    case 'StateFollower':
      return stepFollower(r, m)
    case 'StateCandidate':
    case 'StatePreCandidate':
      return stepCandidate(r, m)
  }
}

/** False if the message is to be ignored because the current leader's lease holds (R18). */
function receiveHigherTerm(r: Raft, m: Message): boolean {
  if (m.type === 'MsgVote' || m.type === 'MsgPreVote') {
    const force = m.context === 'CampaignTransfer'
    const { checkQuorum, electionTick } = r.options
    if (!force && checkQuorum && r.lead !== NONE && r.electionElapsed < electionTick) {
      r.logger?.info(
        `${describeBallot(r, 'ignored', m, ' from')} at term ${r.term}: lease is not expired (remaining ticks: ${electionTick - r.electionElapsed})`,
      )
      return false
    }
  }
  // A pre-vote, asked or granted, is about a term nobody has entered yet.
  if (m.type === 'MsgPreVote' || (m.type === 'MsgPreVoteResp' && !m.reject)) return true
  r.logger?.info(
    `${hex(r.id)} [term: ${r.term}] received a ${m.type} message with higher term from ${hex(m.from)} [term: ${m.term}]`,
  )
  const fromLeader = m.type === 'MsgApp' || m.type === 'MsgHeartbeat' || m.type === 'MsgSnap'
  r.becomeFollower(m.term, fromLeader ? m.from : NONE)
  return true
}

function receiveLowerTerm(r: Raft, m: Message): void {
  const { checkQuorum, preVote } = r.options
  if ((checkQuorum || preVote) && (m.type === 'MsgHeartbeat' || m.type === 'MsgApp')) {
    // Lets a deposed leader learn our term, which no vote request of ours may raise (R18).
    r.send({ type: 'MsgAppResp', to: m.from })
  } else if (m.type === 'MsgPreVote') {
    r.logger?.info(`${describeBallot(r, 'rejected', m, ' from')} at term ${r.term}`)
    r.send({ type: 'MsgPreVoteResp', to: m.from, term: r.term, reject: true })
  } else if (m.type === 'MsgStorageAppendResp') {
    if (m.index !== 0) {
      r.logger?.info(
        `${hex(r.id)} [term: ${r.term}] ignored entry appends from a ${m.type} message with lower term [term: ${m.term}]`,
      )
    }
    if (m.snapshot !== undefined) appliedSnapshot(r, m.snapshot)
  } else {
    r.logger?.info(
      `${hex(r.id)} [term: ${r.term}] ignored a ${m.type} message with lower term from ${hex(m.from)} [term: ${m.term}]`,
    )
  }
}

function receiveApplied(r: Raft, m: Message): void {
  const last = m.entries.at(-1)
  if (last === undefined) return
  appliedTo(r, last.index, totalSize(m.entries, r.entrySize))
  r.uncommittedSize = Math.max(0, r.uncommittedSize - payloadSize(m.entries, r.entrySize))
}

function appliedSnapshot(r: Raft, snapshot: Snapshot): void {
  const { index } = snapshot.metadata
  r.log.unstable.stableSnapshotTo(index)
  appliedTo(r, index, 0)
}

/** Applied indexes never fall (R9); leaves a joint configuration that is to be left by itself. */
function appliedTo(r: Raft, index: number, size: number): void {
  const applied = Math.max(index, r.log.applied)
  r.log.appliedTo(applied, size)
  const { config } = r.tracker
  if (!config.autoLeave || applied < r.pendingConfIndex || r.state !== 'StateLeader') return
  const refused = propose(r, [{ type: 'confChangeV2', data: undefined }])
  if (refused !== undefined) {
    r.logger?.debug(
      `not initiating automatic transition out of joint configuration ${describeConfig(config)}: ${refused}`,
    )
  } else {
    r.logger?.info(
      `initiating automatic transition out of joint configuration ${describeConfig(config)}`,
    )
  }
}

/** One tick of the logical clock. Allocates nothing unless a timer fires. */
export function tick(r: Raft): void {
  if (r.state === 'StateLeader') tickLeader(r)
  else tickElection(r)
}

function tickElection(r: Raft): void {
  r.electionElapsed++
  if (r.electionElapsed < r.randomizedElectionTimeout || !r.promotable()) return
  r.electionElapsed = 0
  step(r, makeMessage({ type: 'MsgHup', from: r.id }))
}

function tickLeader(r: Raft): void {
  r.heartbeatElapsed++
  r.electionElapsed++
  if (r.electionElapsed >= r.options.electionTick) {
    r.electionElapsed = 0
    if (r.options.checkQuorum) step(r, makeMessage({ type: 'MsgCheckQuorum', from: r.id }))
    // A transfer that did not finish within an election timeout has failed.
    r.leadTransferee = NONE
  }
  if (r.state !== 'StateLeader' || r.heartbeatElapsed < r.options.heartbeatTick) return
  r.heartbeatElapsed = 0
  step(r, makeMessage({ type: 'MsgBeat', from: r.id }))
}
