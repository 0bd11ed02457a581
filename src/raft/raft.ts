import { broken, hex } from './invariant'
import { countEntries } from './log/entry-size'
import { RaftLog } from './log/raft-log'
import type { Logger } from './logger'
import { type MessageFields, makeMessage } from './message'
import { ReadOnly } from './read-only'
import { Progress } from './tracker/progress'
import { ProgressTracker } from './tracker/tracker'
import {
  type Config,
  type EntrySize,
  type HardState,
  type Message,
  NONE,
  type RaftState,
  type ReadState,
} from './types'

const DEFAULT_MAX_INFLIGHT_MSGS = 256

/**
 * One member's protocol state. It is changed only by the step functions and by the `becomeX`
 * transitions; nothing here performs I/O.
 */
export class Raft {
  readonly id: number
  readonly log: RaftLog
  readonly tracker: ProgressTracker
  readonly readOnly = new ReadOnly()
  readonly logger: Logger | undefined
  readonly options: Required<
    Pick<
      Config,
      | 'electionTick'
      | 'heartbeatTick'
      | 'checkQuorum'
      | 'preVote'
      | 'readOnlyOption'
      | 'disableProposalForwarding'
      | 'stepDownOnRemoval'
      | 'disableConfChangeValidation'
      | 'batchAppends'
      | 'maxSizePerMsg'
      | 'maxUncommittedEntriesSize'
      | 'random'
    >
  >
  readonly entrySize: EntrySize

  term = 0
  vote = NONE
  state: RaftState = 'StateFollower'
  lead = NONE
  isLearner = false
  /** Target of a running leadership transfer (Raft thesis 3.10). */
  leadTransferee = NONE
  /** No conf change is proposed until the log is applied up to here (R15). */
  pendingConfIndex = 0
  uncommittedSize = 0
  readStates: ReadState[] = []
  /** Messages that may leave at once. */
  messages: Message[] = []
  /** Messages that may leave only when everything unstable is durable (R8, R10). */
  messagesAfterAppend: Message[] = []
  /** Reads that came before the first commit of this leader's term. */
  pendingReadIndexMessages: Message[] = []
  /** batchAppends: followers may need a MsgApp, and the leader's own append an acknowledgement. */
  broadcastPending = false
  selfAckPending = false
  electionElapsed = 0
  heartbeatElapsed = 0
  randomizedElectionTimeout = 0

  constructor(config: Config) {
    validate(config)
    const unlimited = Number.POSITIVE_INFINITY
    const maxSizePerMsg = config.maxSizePerMsg ?? unlimited
    this.id = config.id
    this.logger = config.logger
    this.entrySize = config.entrySize ?? countEntries
    this.options = {
      electionTick: config.electionTick,
      heartbeatTick: config.heartbeatTick,
      checkQuorum: config.checkQuorum,
      preVote: config.preVote,
      readOnlyOption: config.readOnlyOption ?? 'safe',
      disableProposalForwarding: config.disableProposalForwarding ?? false,
      stepDownOnRemoval: config.stepDownOnRemoval ?? false,
      disableConfChangeValidation: config.disableConfChangeValidation ?? false,
      batchAppends: config.batchAppends ?? true,
      maxSizePerMsg,
      maxUncommittedEntriesSize: config.maxUncommittedEntriesSize || unlimited,
      random: config.random,
    }
    this.log = new RaftLog({
      storage: config.storage,
      logger: config.logger,
      sizeOf: this.entrySize,
      maxApplyingSize: config.maxCommittedSizePerReady || maxSizePerMsg || unlimited,
    })
    this.tracker = new ProgressTracker(
      config.maxInflightMsgs ?? DEFAULT_MAX_INFLIGHT_MSGS,
      config.maxInflightBytes || unlimited,
    )
  }

  hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed }
  }

  /** Queues a message; responses that promise durability wait for it. */
  send(fields: MessageFields): void {
    const message = this.#stamp(fields)
    switch (message.type) {
      case 'MsgAppResp':
      case 'MsgVoteResp':
      case 'MsgPreVoteResp':
        this.messagesAfterAppend.push(message)
        return
      default:
        if (message.to === this.id) {
          broken(`message should not be self-addressed when sending ${message.type}`)
        }
        this.messages.push(message)
    }
  }

  /** Votes name their own term; proposals and reads travel without one; the rest carry ours. */
  #stamp(fields: MessageFields): Message {
    const from = fields.from || this.id
    const term = fields.term ?? 0
    switch (fields.type) {
      case 'MsgVote':
      case 'MsgVoteResp':
      case 'MsgPreVote':
      case 'MsgPreVoteResp':
        if (term === 0) broken(`term should be set when sending ${fields.type}`)
        return makeMessage(fields, from, term)
      case 'MsgProp':
      case 'MsgReadIndex':
        if (term !== 0) broken(`term should not be set when sending ${fields.type} (was ${term})`)
        return makeMessage(fields, from, term)
      default:
        if (term !== 0) broken(`term should not be set when sending ${fields.type} (was ${term})`)
        return makeMessage(fields, from, this.term)
    }
  }

  becomeFollower(term: number, lead: number): void {
    this.#reset(term)
    this.lead = lead
    this.state = 'StateFollower'
    this.logger?.info(`${hex(this.id)} became follower at term ${this.term}`)
  }

  becomeCandidate(): void {
    if (this.state === 'StateLeader') broken('invalid transition [leader -> candidate]')
    this.#reset(this.term + 1)
    this.vote = this.id
    this.state = 'StateCandidate'
    this.logger?.info(`${hex(this.id)} became candidate at term ${this.term}`)
  }

  /** Neither the term nor the vote changes: a pre-vote only asks (Raft thesis 9.6). */
  becomePreCandidate(): void {
    if (this.state === 'StateLeader') broken('invalid transition [leader -> pre-candidate]')
    this.tracker.resetVotes()
    this.lead = NONE
    this.state = 'StatePreCandidate'
    this.logger?.info(`${hex(this.id)} became pre-candidate at term ${this.term}`)
  }

  /** The caller appends the new term's empty entry right after (R12 needs one). */
  becomeLeader(): void {
    if (this.state === 'StateFollower') broken('invalid transition [follower -> leader]')
    this.#reset(this.term)
    this.lead = this.id
    this.state = 'StateLeader'
    const own = this.tracker.get(this.id) ?? broken(`leader ${hex(this.id)} has no progress`)
    own.becomeReplicate()
    own.recentActive = true
    this.pendingConfIndex = this.log.lastIndex()
  }

  #reset(term: number): void {
    if (this.term !== term) {
      this.term = term
      this.vote = NONE
    }
    this.lead = NONE
    this.electionElapsed = 0
    this.heartbeatElapsed = 0
    const { electionTick, random } = this.options
    this.randomizedElectionTimeout = electionTick + random(electionTick)
    this.leadTransferee = NONE
    this.broadcastPending = false
    this.selfAckPending = false
    this.tracker.resetVotes()
    const last = this.log.lastIndex()
    for (const id of this.tracker.ids) {
      this.tracker.set(
        id,
        new Progress({
          match: id === this.id ? last : 0,
          next: last + 1,
          isLearner: this.tracker.get(id)!.isLearner,
          recentActive: false,
          inflights: this.tracker.newInflights(),
        }),
      )
    }
    this.pendingConfIndex = 0
    this.uncommittedSize = 0
    this.readOnly.reset()
    this.pendingReadIndexMessages = []
  }

  /** Whether this member may lead: a voter that is not installing a snapshot. */
  promotable(): boolean {
    const own = this.tracker.get(this.id)
    return own !== undefined && !own.isLearner && this.log.unstable.snapshot === undefined
  }

  committedEntryInCurrentTerm(): boolean {
    return this.log.term(this.log.committed) === this.term
  }
}

function validate(config: Config): void {
  if (!Number.isInteger(config.id) || config.id <= NONE) throw new Error('cannot use none as id')
  if (config.heartbeatTick <= 0) throw new Error('heartbeat tick must be greater than 0')
  if (config.electionTick <= config.heartbeatTick) {
    throw new Error('election tick must be greater than heartbeat tick')
  }
  if ((config.maxInflightMsgs ?? DEFAULT_MAX_INFLIGHT_MSGS) <= 0) {
    throw new Error('max inflight messages must be greater than 0')
  }
  if (config.maxInflightBytes && config.maxInflightBytes < (config.maxSizePerMsg ?? 0)) {
    throw new Error('max inflight bytes must be >= max message size')
  }
  if (config.readOnlyOption === 'leaseBased' && !config.checkQuorum) {
    throw new Error('CheckQuorum must be enabled when ReadOnlyOption is ReadOnlyLeaseBased')
  }
}
