import type { MemberInspection } from '../../etcd/inspection'
import type { Simulation } from '../../sim/simulation'
import { type Micros, seconds } from '../../sim/time'
import type { Ledger } from './ledger'

interface Seen {
  life: number
  term: number
  commit: number
  applied: number
  durableTerm: number
  /** Since when this member leads without reaching a majority. */
  lonelySince: Micros | undefined
}

/** Two election time-outs at 1 s, the longest check interval included. */
const lonelyMax: Micros = seconds(4)

/**
 * Raft's rules as seen from outside: fed with every member's inspection again and again. R1 one
 * leader per term, R4 committed entries agree, R9 nothing goes back, R10 one vote per term, R13
 * equal states at equal indexes, R15 voters, R18 a leader without a majority steps down.
 */
export class RaftRules {
  readonly #ledger: Ledger
  readonly #sim: Simulation
  readonly #leaders = new Map<number, number>()
  readonly #ballots = new Map<string, number>()
  /** Term of each committed entry. */
  readonly #committed = new Map<number, number>()
  /** Digest of the store by applied index. */
  readonly #states = new Map<number, string>()
  readonly #seen = new Map<number, Seen>()
  #highestTerm = 0

  constructor(ledger: Ledger, sim: Simulation) {
    this.#ledger = ledger
    this.#sim = sim
  }

  /** `life` changes when the member's process is started anew. */
  look(member: MemberInspection, life: number): void {
    const { memberId: id } = member
    this.#leader(member.term, member.leaderId, id)
    if (member.role === 'leader') this.#leader(member.term, id, id)
    this.#vote(id, member)
    this.#log(member)
    this.#monotonic(member, life)
    this.#state(member)
    this.#lonely(member)
  }

  #leader(term: number, leader: number, teller: number): void {
    if (leader === 0) return
    const known = this.#leaders.get(term)
    const what = () => `member ${teller} says ${leader} leads term ${term}, but ${known} does`
    this.#ledger.demand(known === undefined || known === leader, 'R1', what)
    if (known !== undefined) return
    if (this.#leaders.size > 0) this.#ledger.sometimes('etcd elected another leader')
    if (term > this.#highestTerm + 1 && this.#highestTerm > 0) {
      this.#ledger.sometimes('an etcd term had no leader')
    }
    this.#highestTerm = Math.max(this.#highestTerm, term)
    this.#leaders.set(term, leader)
  }

  #vote(id: number, { durable }: MemberInspection): void {
    const ballot = `${id} in term ${durable.term}`
    const known = this.#ballots.get(ballot) ?? 0
    const what = () => `${ballot} voted for ${known}, then ${durable.vote}`
    this.#ledger.demand(known === 0 || known === durable.vote, 'R10', what)
    if (durable.vote !== 0) this.#ballots.set(ballot, durable.vote)
  }

  /** What is durable: while it syncs, a member may know of commits beyond what its disk has. */
  #log({ memberId, logTail, durable }: MemberInspection): void {
    for (const { index, term } of logTail) {
      if (index > durable.commit) break
      const known = this.#committed.get(index)
      const what = () => `member ${memberId} has term ${term} at committed ${index}, not ${known}`
      this.#ledger.demand(known === undefined || known === term, 'R4', what)
      this.#committed.set(index, term)
    }
  }

  #monotonic(member: MemberInspection, life: number): void {
    const { memberId: id, term, commitIndex, appliedIndex, lastIndex, durable } = member
    const demand = (holds: boolean, rule: string, what: () => string) =>
      this.#ledger.demand(holds, rule, what)
    demand(
      appliedIndex <= commitIndex,
      'R9',
      () => `${id} applied ${appliedIndex} > ${commitIndex}`,
    )
    demand(member.snapshotIndex <= appliedIndex, 'R17', () => `${id} has a snapshot of the future`)
    demand(member.firstIndex <= lastIndex + 1, 'R9', () => `${id} has a hole in its log`)
    const last = this.#seen.get(id)
    demand(!last || durable.term >= last.durableTerm, 'R9', () => `term of ${id} fell to ${term}`)
    if (last?.life === life) {
      demand(term >= last.term, 'R9', () => `${id} went from term ${last.term} to ${term}`)
      demand(commitIndex >= last.commit, 'R9', () => `commit of ${id} fell to ${commitIndex}`)
      demand(appliedIndex >= last.applied, 'R9', () => `applied of ${id} fell to ${appliedIndex}`)
    } else if (last) this.#ledger.sometimes('an etcd member restarted')
    const { lonelySince } = last ?? {}
    const durableTerm = durable.term
    const now = { life, term, commit: commitIndex, applied: appliedIndex, durableTerm, lonelySince }
    this.#seen.set(id, now)
  }

  #state(member: MemberInspection): void {
    const { appliedIndex, revision, compactRevision, keys, leases } = member
    const state = `revision ${revision}, compacted ${compactRevision}, ${keys} keys, ${leases} leases`
    const known = this.#states.get(appliedIndex)
    const what = () => `at ${appliedIndex} member ${member.memberId} has ${state}, others ${known}`
    this.#ledger.demand(known === undefined || known === state, 'R13', what)
    this.#states.set(appliedIndex, state)
    if (compactRevision > 0 && known === undefined) this.#ledger.sometimes('a store was compacted')
  }

  #lonely(member: MemberInspection): void {
    const seen = this.#seen.get(member.memberId) as Seen
    const self = this.#sim.machine(member.name)
    const reached = member.members.filter(({ host }) => {
      const peer = this.#sim.machine(host)
      if (!peer || !self || peer === self) return true
      return this.#sim.wires.passes(self, peer) && this.#sim.wires.passes(peer, self)
    })
    const lonely = reached.length * 2 <= member.members.length
    if (lonely && seen.lonelySince === undefined) this.#ledger.sometimes('etcd lost its quorum')
    seen.lonelySince = lonely ? (seen.lonelySince ?? this.#ledger.now) : undefined
    const tooLong = lonely && this.#ledger.now - (seen.lonelySince as Micros) > lonelyMax
    const what = () => `${member.name} leads term ${member.term} without a majority since 4 s`
    this.#ledger.demand(!(tooLong && member.role === 'leader'), 'R18', what)
  }
}
