import { campaign, lead, poll } from './election'
import { hex } from './invariant'
import type { Raft } from './raft'
import { broadcastAppend } from './replication'
import { handleAppendEntries, handleHeartbeat, handleSnapshot } from './step-follower'
import { type Message, NONE, type StepError } from './types'

/** Candidates and pre-candidates differ only in the answers they count. */
export function stepCandidate(r: Raft, m: Message): StepError | undefined {
  switch (m.type) {
    case 'MsgProp':
      r.logger?.info(`${hex(r.id)} no leader at term ${r.term}; dropping proposal`)
      return 'raft proposal dropped'
    case 'MsgApp':
      r.becomeFollower(m.term, m.from)
      handleAppendEntries(r, m)
      return undefined
    case 'MsgHeartbeat':
      r.becomeFollower(m.term, m.from)
      handleHeartbeat(r, m)
      return undefined
    case 'MsgSnap':
      r.becomeFollower(m.term, m.from)
      handleSnapshot(r, m)
      return undefined
    case 'MsgVoteResp':
      if (r.state === 'StateCandidate') countVote(r, m)
      return undefined
    case 'MsgPreVoteResp':
      if (r.state === 'StatePreCandidate') countVote(r, m)
      return undefined
    case 'MsgTimeoutNow':
      r.logger?.debug(
        `${hex(r.id)} [term ${r.term} state ${r.state}] ignored MsgTimeoutNow from ${hex(m.from)}`,
      )
      return undefined
    default:
      return undefined
  }
}

function countVote(r: Raft, m: Message): void {
  const result = poll(r, m)
  if (result === 'VoteLost') {
    r.becomeFollower(r.term, NONE)
  } else if (result === 'VoteWon') {
    if (r.state === 'StatePreCandidate') {
      campaign(r, 'CampaignElection')
    } else {
      lead(r)
      broadcastAppend(r)
    }
  }
}
