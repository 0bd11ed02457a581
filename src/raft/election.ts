import { broken, hex } from './invariant'
import { voteResponseType } from './message'
import type { VoteResult } from './quorum/majority'
import type { Raft } from './raft'
import { appendEntries } from './replication'
import type { Message, MessageType } from './types'

/** pre-election asks first; transfer is exempt from pre-vote and from the receivers' leases. */
type CampaignType = 'CampaignPreElection' | 'CampaignElection' | 'CampaignTransfer'

const EMPTY_ENTRY = [{ type: 'normal', data: undefined }] as const

/** Starts an election unless this member leads, may not lead, or has membership changes to apply. */
export function hup(r: Raft, type: CampaignType): void {
  const self = hex(r.id)
  if (r.state === 'StateLeader') {
    r.logger?.debug(`${self} ignoring MsgHup because already leader`)
    return
  }
  if (!r.promotable()) {
    r.logger?.warning(`${self} is unpromotable and can not campaign`)
    return
  }
  if (hasUnappliedConfChanges(r)) {
    r.logger?.warning(
      `${self} cannot campaign at term ${r.term} since there are still pending configuration changes to apply`,
    )
    return
  }
  r.logger?.info(`${self} is starting a new election at term ${r.term}`)
  campaign(r, type)
}

function hasUnappliedConfChanges(r: Raft): boolean {
  let next = r.log.applied + 1
  while (next <= r.log.committed) {
    const page = r.log.slice(next, r.log.committed + 1, r.log.maxApplyingSize)
    if (typeof page === 'string' || page.length === 0) {
      return broken(`error scanning unapplied entries [${next}, ${r.log.committed + 1}): ${page}`)
    }
    if (page.some((entry) => entry.type !== 'normal')) return true
    next += page.length
  }
  return false
}

/** Asks every voter, itself included (that answer waits until the vote is durable: R10). */
export function campaign(r: Raft, type: CampaignType): void {
  let term: number
  let voteType: MessageType
  if (type === 'CampaignPreElection') {
    r.becomePreCandidate()
    voteType = 'MsgPreVote'
    term = r.term + 1
  } else {
    r.becomeCandidate()
    voteType = 'MsgVote'
    term = r.term
  }
  const index = r.log.lastIndex()
  const logTerm = r.log.lastTerm()
  const context = type === 'CampaignTransfer' ? type : undefined
  for (const to of r.tracker.voterIds()) {
    if (to === r.id) {
      r.send({ type: voteResponseType(voteType), to, term })
      continue
    }
    r.logger?.info(
      `${hex(r.id)} [logterm: ${logTerm}, index: ${index}] sent ${voteType} request to ${hex(to)} at term ${r.term}`,
    )
    r.send({ type: voteType, to, term, index, logTerm, context })
  }
}

/** Counts a vote and tells how the election stands. */
export function poll(r: Raft, m: Message): VoteResult {
  const rejection = m.reject ? ' rejection' : ''
  r.logger?.info(
    `${hex(r.id)} received ${m.type}${rejection} from ${hex(m.from)} at term ${r.term}`,
  )
  r.tracker.recordVote(m.from, !m.reject)
  const { granted, rejected, result } = r.tracker.tallyVotes()
  r.logger?.info(
    `${hex(r.id)} has received ${granted} ${m.type} votes and ${rejected} vote rejections`,
  )
  return result
}

/** Takes office: the empty entry lets entries of earlier terms commit (R12). */
export function lead(r: Raft): void {
  r.becomeLeader()
  if (!appendEntries(r, EMPTY_ENTRY)) broken('empty entry was dropped')
  r.logger?.info(`${hex(r.id)} became leader at term ${r.term}`)
}

/** Handles MsgVote and MsgPreVote of our term, or a pre-vote for a later one (Raft 5.2, 5.4.1). */
export function handleVoteRequest(r: Raft, m: Message): void {
  const canVote =
    r.vote === m.from ||
    (r.vote === 0 && r.lead === 0) ||
    (m.type === 'MsgPreVote' && m.term > r.term)
  const type = voteResponseType(m.type)
  if (canVote && r.log.isUpToDate(m.index, m.logTerm)) {
    r.logger?.info(`${describeBallot(r, 'cast', m, ' for')} at term ${r.term}`)
    r.send({ type, to: m.from, term: m.term })
    if (m.type === 'MsgVote') {
      r.electionElapsed = 0
      r.vote = m.from
    }
    return
  }
  r.logger?.info(`${describeBallot(r, 'rejected', m, ' from')} at term ${r.term}`)
  r.send({ type, to: m.from, term: r.term, reject: true })
}

/** `1 [logterm: 1, index: 11, vote: 0] rejected MsgVote from 2 [logterm: 1, index: 10]` */
export function describeBallot(r: Raft, verb: string, m: Message, preposition: string): string {
  return `${hex(r.id)} [logterm: ${r.log.lastTerm()}, index: ${r.log.lastIndex()}, vote: ${hex(r.vote)}] ${verb} ${m.type}${preposition} ${hex(m.from)} [logterm: ${m.logTerm}, index: ${m.index}]`
}
