import { describeEntries } from '../../raft/describe'
import {
  type ConfChange,
  describeMessage,
  describeReady,
  LOCAL_APPEND_THREAD,
  LOCAL_APPLY_THREAD,
  type Message,
  type Snapshot,
} from '../../raft/index'
import { Member, type MemberOptions } from './interaction-member'
import { Output } from './output'
import { describeProgress } from './progress-map'

export interface Recipient {
  readonly id: number
  readonly drop: boolean
}

/** A group of members and the messages between them, driven by commands; errors are strings. */
export class InteractionEnv {
  readonly output = new Output()
  readonly members: Member[] = []
  #messages: Message[] = []

  member(id: number): Member {
    const member = this.members[id - 1]
    if (member === undefined) throw new Error(`there is no node ${id}`)
    return member
  }

  addNodes(count: number, options: MemberOptions, snapshot: Snapshot | undefined) {
    if (snapshot !== undefined && snapshot.metadata.index <= 1) {
      return 'index must be specified as > 1 due to bootstrap'
    }
    for (let i = 0; i < count; i++) {
      this.members.push(new Member(this.members.length + 1, options, snapshot, this.output))
    }
    return undefined
  }

  compact(id: number, index: number): string | undefined {
    if (this.member(id).storage.compact(index) === 'compacted') {
      return 'requested index is unavailable due to compaction'
    }
    this.raftLog(id)
    return undefined
  }

  raftLog(id: number): void {
    const { storage } = this.member(id)
    const [first, last] = [storage.firstIndex(), storage.lastIndex()]
    if (last < first) {
      this.output.write(`log is empty: first index=${first}, last index=${last}`)
      return
    }
    const entries = storage.entries(first, last + 1, Number.POSITIVE_INFINITY)
    if (typeof entries === 'string') throw new Error(`log is ${entries}`)
    this.output.write(describeEntries(entries))
  }

  raftState(): void {
    for (const { node } of this.members) {
      const { id, raftState, term, lead, config } = node.status()
      const { incoming, outgoing } = config.voters
      const voter = incoming.has(id) || outgoing?.has(id) === true
      this.output.write(
        `${id}: ${raftState} ${voter ? '(Voter)' : '(Non-Voter)'} Term:${term} Lead:${lead}\n`,
      )
    }
  }

  status(id: number): void {
    this.output.write(describeProgress(this.member(id).node.status().progress))
  }

  proposeConfChange(id: number, change: ConfChange): string | undefined {
    return this.member(id).node.proposeConfChange(change)
  }

  sendSnapshot(from: number, to: number): void {
    const { node, storage } = this.member(from)
    const message: Message = {
      type: 'MsgSnap',
      to,
      from,
      term: node.status().term,
      logTerm: 0,
      index: 0,
      entries: [],
      commit: 0,
      vote: 0,
      snapshot: storage.snapshot(),
      reject: false,
      rejectHint: 0,
      context: undefined,
    }
    this.#messages.push(message)
    this.output.write(describeMessage(message))
  }

  processReady(id: number): string | undefined {
    const member = this.member(id)
    const rd = member.node.ready()
    this.output.write(describeReady(rd))
    if (!member.async) {
      const failed = member.append(rd.hardState, rd.entries, rd.snapshot)
      if (failed !== undefined) return failed
      member.apply(rd.committedEntries)
    }
    for (const m of rd.messages) {
      if (m.to === LOCAL_APPEND_THREAD) member.appendWork.push(m)
      else if (m.to === LOCAL_APPLY_THREAD) member.applyWork.push(m)
      else this.#messages.push(m)
    }
    if (!member.async) member.node.advance()
    return undefined
  }

  processAppendThread(id: number): string | undefined {
    const member = this.member(id)
    const m = member.appendWork.shift()
    if (m === undefined) {
      this.output.write('no append work to perform')
      return undefined
    }
    this.output.write(`Processing:\n${describeMessage({ ...m, responses: undefined })}\n`)
    const { term, vote, commit } = m
    const hardState = term + vote + commit === 0 ? undefined : { term, vote, commit }
    const failed = member.append(hardState, m.entries, m.snapshot)
    if (failed !== undefined) return failed
    this.#respond(m)
    return undefined
  }

  processApplyThread(id: number): string | undefined {
    const member = this.member(id)
    const m = member.applyWork.shift()
    if (m === undefined) {
      this.output.write('no apply work to perform')
      return undefined
    }
    this.output.write(`Processing:\n${describeMessage({ ...m, responses: undefined })}\n`)
    member.apply(m.entries)
    this.#respond(m)
    return undefined
  }

  #respond(m: Message): void {
    const responses = m.responses ?? []
    this.output.write('Responses:\n')
    for (const response of responses) this.output.write(`${describeMessage(response)}\n`)
    this.#messages.push(...responses)
  }

  /** Delivers or drops messages of `type` (undefined: all); returns how many. */
  deliver(type: string | undefined, recipients: readonly Recipient[]): number {
    let count = 0
    for (const { id, drop } of recipients) {
      const taken = this.#messages.filter((m) => isFor(m, id, type, drop))
      this.#messages = this.#messages.filter((m) => !isFor(m, id, type, drop))
      count += taken.length
      for (const m of taken) {
        this.output.write(`${drop ? 'dropped: ' : ''}${describeMessage(m)}\n`)
        const refused = drop ? undefined : this.member(id).node.step(m)
        if (refused !== undefined) this.output.write(`${refused}\n`)
      }
    }
    return count
  }

  /** Handles readies, messages and storage threads of the members until nothing is left to do. */
  stabilize(ids: readonly number[]): string | undefined {
    const members = ids.length === 0 ? [...this.members] : ids.map((id) => this.member(id))
    for (;;) {
      let busy = false
      for (const { id, node } of members) {
        if (!node.hasReady()) continue
        busy = true
        this.output.write(`> ${id} handling Ready\n`)
        const failed = this.output.indented(() => this.processReady(id))
        if (failed !== undefined) return failed
      }
      for (const { id } of members) {
        if (!this.#messages.some((m) => isFor(m, id, undefined, false))) continue
        busy = true
        this.output.write(`> ${id} receiving messages\n`)
        this.output.indented(() => this.deliver(undefined, [{ id, drop: false }]))
      }
      for (const member of members) {
        if (member.appendWork.length > 0) busy = true
        const failed = this.#drain(member, 'append')
        if (failed !== undefined) return failed
      }
      for (const member of members) {
        if (member.applyWork.length > 0) busy = true
        const failed = this.#drain(member, 'apply')
        if (failed !== undefined) return failed
      }
      if (!busy) return undefined
    }
  }

  #drain(member: Member, thread: 'append' | 'apply'): string | undefined {
    const waiting = (): number =>
      thread === 'append' ? member.appendWork.length : member.applyWork.length
    if (waiting() > 0) this.output.write(`> ${member.id} processing ${thread} thread\n`)
    while (waiting() > 0) {
      const failed = this.output.indented(() =>
        thread === 'append'
          ? this.processAppendThread(member.id)
          : this.processApplyThread(member.id),
      )
      if (failed !== undefined) return failed
    }
    return undefined
  }
}

/** Messages to oneself and from storage threads are never dropped. */
function isFor(m: Message, id: number, type: string | undefined, drop: boolean): boolean {
  if (m.to !== id || (type !== undefined && m.type !== type)) return false
  const local = m.from === m.to || m.from === LOCAL_APPEND_THREAD || m.from === LOCAL_APPLY_THREAD
  return !drop || !local
}
