import { describe, expect, it } from 'vitest'
import {
  type ConfChange,
  type ConfChangeSingle,
  type ConfState,
  confChangeOf,
  type Entry,
  type HardState,
  LOCAL_APPEND_THREAD,
  LOCAL_APPLY_THREAD,
  MemoryStorage,
  type Message,
  RawNode,
  type Ready,
  type Snapshot,
} from './index'
import { describeConfig } from './tracker/config'

type Random = (below: number) => number

function randomOf(seed: number): Random {
  let state = seed * 2654435761 + 1
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const FIRST_VOTERS = [1, 2, 3]
const ALL_IDS = [1, 2, 3, 4, 5]
const FIRST_CONF: ConfState = {
  voters: FIRST_VOTERS,
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
}

/** What the state machine remembers: a digest of everything applied. */
interface State {
  readonly index: number
  readonly digest: number
  readonly confState: ConfState
}

interface Read {
  readonly id: number
  readonly atLeast: number
}

function mix(digest: number, entry: Entry): number {
  const value = typeof entry.data === 'number' ? entry.data : entry.type.length
  return (Math.imul(digest, 31) + entry.index * 7 + entry.term * 13 + value) | 0
}

/** Stands outside and knows what must be true, over all members and all restarts. */
class Checker {
  readonly leaders = new Map<number, number>()
  readonly votes = new Map<string, number>()
  readonly committed: Entry[] = []
  readonly digests = new Map<number, number>()
  maxCommit = 1

  leader(term: number, id: number): void {
    const known = this.leaders.get(term)
    if (known !== undefined && known !== id) throw new Error(`R1: ${known} and ${id} lead ${term}`)
    this.leaders.set(term, id)
  }

  vote(id: number, term: number, candidate: number): void {
    const key = `${id}@${term}`
    const known = this.votes.get(key) ?? candidate
    if (known !== candidate) throw new Error(`R10: ${key} voted for ${known} and ${candidate}`)
    this.votes.set(key, candidate)
  }

  apply(id: number, entry: Entry, digest: number): void {
    const known = this.committed[entry.index]
    if (known !== undefined && (known.term !== entry.term || known.data !== entry.data)) {
      throw new Error(`R4, R13: ${id} applied another entry at ${entry.index}`)
    }
    this.committed[entry.index] = entry
    if ((this.digests.get(entry.index) ?? digest) !== digest) {
      throw new Error(`R13: digest of ${id} differs at ${entry.index}`)
    }
    this.digests.set(entry.index, digest)
  }
}

/**
 * Hands out a snapshot of what is applied now: an older one may lack the member that asks for it,
 * which would then refuse it.
 */
class FreshStorage extends MemoryStorage {
  current: State | undefined

  override snapshot(): Snapshot {
    const state = this.current
    if (state !== undefined && state.index <= this.lastIndex()) {
      this.createSnapshot(state.index, state.confState, state)
    }
    return super.snapshot()
  }
}

class Machine {
  readonly id: number
  readonly swarm: Swarm
  readonly storage = new FreshStorage()
  node!: RawNode
  state!: State
  hard: HardState = { term: 0, vote: 0, commit: 0 }
  alive = true
  seen = { term: 0, commit: 0, leaderOf: 0 }
  work: Message[] = []

  constructor(id: number, swarm: Swarm) {
    this.id = id
    this.swarm = swarm
    if (FIRST_VOTERS.includes(id)) this.storage.applySnapshot(swarm.first)
    this.start()
  }

  start(): void {
    this.storage.current = undefined
    const snapshot = this.storage.snapshot()
    this.state = (snapshot.data as State | undefined) ?? {
      index: 0,
      digest: 0,
      confState: FIRST_CONF,
    }
    const { options, random } = this.swarm
    this.work = []
    this.node = new RawNode({
      id: this.id,
      electionTick: 5,
      heartbeatTick: 1,
      storage: this.storage,
      applied: snapshot.metadata.index,
      random,
      stepDownOnRemoval: true,
      ...options,
    })
    this.seen = { term: 0, commit: 0, leaderOf: 0 }
    this.alive = true
  }

  /** What a crash spares: the storage as far as it was written. */
  crash(): void {
    this.alive = false
    this.swarm.reads = this.swarm.reads.filter((read) => read.id !== this.id)
  }

  crashesNow(): boolean {
    if (!this.swarm.faults || this.swarm.random(50) > 0) return false
    this.crash()
    return true
  }

  persist(hard: HardState | undefined, entries: readonly Entry[], snapshot?: Snapshot): void {
    if (snapshot !== undefined) this.storage.applySnapshot(snapshot)
    this.storage.append(entries)
    if (hard === undefined) return
    if (hard.term < this.hard.term || hard.commit < this.hard.commit) {
      throw new Error(`R9: ${this.id} went back from ${this.hard.term} to ${hard.term}`)
    }
    if (hard.vote !== 0) this.swarm.checker.vote(this.id, hard.term, hard.vote)
    this.hard = hard
    this.storage.setHardState(hard)
  }

  install(snapshot: Snapshot): void {
    const state = snapshot.data as State
    if (state.index <= this.state.index) throw new Error('R17: snapshot went back')
    this.state = state
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      // With two storage threads a snapshot may overtake older apply orders.
      if (this.swarm.options.asyncStorageWrites && entry.index <= this.state.index) continue
      if (entry.index !== this.state.index + 1) throw new Error('R9: applied out of order')
      const change = confChangeOf(entry)
      const confState =
        change === undefined ? this.state.confState : this.node.applyConfChange(change)
      const digest = mix(this.state.digest, entry)
      this.swarm.checker.apply(this.id, entry, digest)
      this.state = { index: entry.index, digest, confState }
      this.storage.current = this.state
    }
  }

  takeReady(): void {
    if (!this.node.hasReady()) return
    const rd = this.node.ready()
    if (this.swarm.options.asyncStorageWrites) {
      this.takeAsync(rd)
      return
    }
    if (this.crashesNow()) return
    this.persist(rd.hardState, rd.entries, rd.snapshot)
    if (this.crashesNow()) return
    this.swarm.send(rd.messages)
    if (rd.snapshot !== undefined) this.install(rd.snapshot)
    this.apply(rd.committedEntries)
    this.answer(rd)
    this.node.advance()
  }

  takeAsync(rd: Ready): void {
    for (const m of rd.messages) {
      if (m.to === LOCAL_APPEND_THREAD || m.to === LOCAL_APPLY_THREAD) this.work.push(m)
      else this.swarm.send([m])
    }
    this.answer(rd)
  }

  /** Runs the oldest order of one storage thread. */
  runThread(target: number): void {
    const at = this.work.findIndex((m) => m.to === target)
    if (at < 0) return
    const m = this.work.splice(at, 1)[0]!
    if (target === LOCAL_APPEND_THREAD) {
      const { term, vote, commit } = m
      this.persist(term === 0 ? undefined : { term, vote, commit }, m.entries, m.snapshot)
      if (m.snapshot !== undefined) this.install(m.snapshot)
    } else {
      this.apply(m.entries)
    }
    for (const response of m.responses ?? []) {
      if (response.to === this.id) this.node.step(response)
      else this.swarm.send([response])
    }
  }

  answer(rd: Ready): void {
    for (const { index, context } of rd.readStates) {
      const read = context as Read
      this.swarm.reads = this.swarm.reads.filter((other) => other !== read)
      this.swarm.answeredReads++
      if (index < read.atLeast) throw new Error(`R16: read at ${index} < ${read.atLeast}`)
    }
  }

  /** Entry's term in durable storage; Infinity if a snapshot covers the index. */
  durable(index: number): number | undefined {
    if (index < this.storage.firstIndex()) return Number.POSITIVE_INFINITY
    const term = this.storage.term(index)
    return typeof term === 'number' ? term : undefined
  }
}

interface Options {
  readonly checkQuorum: boolean
  readonly preVote: boolean
  readonly asyncStorageWrites: boolean
  readonly batchAppends: boolean
  readonly maxSizePerMsg: number
  readonly maxInflightMsgs: number
}

class Swarm {
  readonly random: Random
  readonly checker = new Checker()
  readonly first: Snapshot
  readonly options: Options
  readonly machines: readonly Machine[]
  faults = true
  lossPercent: number
  cut = new Set<number>()
  wire: Message[] = []
  reads: Read[] = []
  answeredReads = 0
  proposals = 0

  constructor(seed: number) {
    this.random = randomOf(seed)
    const data: State = { index: 1, digest: 1, confState: FIRST_CONF }
    this.first = { data, metadata: { index: 1, term: 1, confState: FIRST_CONF } }
    const flip = (): boolean => this.random(2) === 0
    this.options = {
      checkQuorum: flip(),
      preVote: flip(),
      asyncStorageWrites: flip(),
      batchAppends: flip(),
      maxSizePerMsg: this.random(3) * 2 || Number.POSITIVE_INFINITY,
      maxInflightMsgs: 1 + this.random(6),
    }
    this.lossPercent = this.random(3) * 10
    this.machines = ALL_IDS.map((id) => new Machine(id, this))
  }

  machine(id: number): Machine {
    return this.machines[id - 1]!
  }

  send(messages: readonly Message[]): void {
    for (const m of messages) {
      if (m.type === 'MsgVoteResp' && !m.reject) this.checker.vote(m.from, m.term, m.to)
      if (this.faults && this.random(100) < this.lossPercent) {
        this.reportSnapshot(m, false)
        continue
      }
      this.wire.push(m)
      if (this.faults && this.random(40) === 0) this.wire.push(m)
    }
  }

  /** Delivers a message, any of the first few: reordering without starvation. */
  deliver(): void {
    if (this.wire.length === 0) return
    const at = this.random(Math.min(this.wire.length, this.faults ? 8 : 1))
    const m = this.wire.splice(at, 1)[0]!
    const target = this.machine(m.to)
    if (!target.alive || this.cut.has(m.from) !== this.cut.has(m.to)) {
      this.reportSnapshot(m, false)
      return
    }
    target.node.step(m)
    this.reportSnapshot(m, true)
    this.check(target)
  }

  /** Part of the owner's contract: a sender is told what became of its snapshots. */
  reportSnapshot(m: Message, ok: boolean): void {
    const sender = this.machine(m.from)
    if (m.type === 'MsgSnap' && sender.alive) sender.node.reportSnapshot(m.to, ok)
  }

  check(machine: Machine): void {
    if (!machine.alive) return
    const status = machine.node.status()
    const { seen } = machine
    if (status.term < seen.term || status.commit < seen.commit) {
      throw new Error(`R9: ${machine.id} fell back to ${status.term}/${status.commit}`)
    }
    if (status.applied > status.commit) throw new Error('R9: applied > commit')
    if (status.raftState === 'StateLeader') this.checkLeader(machine, seen.leaderOf !== status.term)
    machine.seen = {
      term: status.term,
      commit: status.commit,
      leaderOf: status.raftState === 'StateLeader' ? status.term : 0,
    }
    this.checker.maxCommit = Math.max(this.checker.maxCommit, status.commit)
  }

  checkLeader(machine: Machine, isNew: boolean): void {
    const status = machine.node.status()
    this.checker.leader(status.term, machine.id)
    for (const [id, pr] of status.progress) {
      if (pr.match >= pr.next) throw new Error(`R14: ${id} match ${pr.match} next ${pr.next}`)
      if (pr.inflights.count > this.options.maxInflightMsgs) throw new Error('R14: inflights')
    }
    const { voters, learners } = status.config
    for (const id of learners ?? []) {
      if (voters.incoming.has(id) || voters.outgoing?.has(id)) throw new Error('R15: learner votes')
    }
    if (status.commit > machine.seen.commit && machine.seen.leaderOf === status.term) {
      this.checkDurable(status.commit, status.term, voters.incoming)
      if (voters.outgoing) this.checkDurable(status.commit, status.term, voters.outgoing)
    }
    if (!isNew) return
    for (const entry of this.checker.committed) {
      if (entry === undefined || entry.index < machine.storage.firstIndex()) continue
      const term = machine.storage.term(entry.index)
      if (typeof term === 'number' && term === entry.term) continue
      if (this.options.asyncStorageWrites) continue
      throw new Error(`R7: new leader ${machine.id} lacks committed ${entry.index}`)
    }
  }

  /** A commit by counting is an entry of the leader's term that a quorum has on disk (R5, R8, R12). */
  checkDurable(index: number, term: number, voters: ReadonlySet<number>): void {
    let count = 0
    for (const id of voters) {
      const durable = this.machine(id).durable(index)
      if (durable !== undefined && durable >= term) count++
    }
    if (count * 2 <= voters.size) throw new Error(`R5: ${index} is on ${count} of ${voters.size}`)
  }

  step(): void {
    const machine = this.machines[this.random(this.machines.length)]!
    const action = this.random(100)
    if (!machine.alive) {
      if (action < 20 || !this.faults) machine.start()
      return
    }
    if (action < 25) this.deliver()
    else if (action < 50) this.deliver()
    else if (action < 75) machine.takeReady()
    else if (action < 85) machine.runThread(LOCAL_APPEND_THREAD)
    else if (action < 90) machine.runThread(LOCAL_APPLY_THREAD)
    else machine.node.tick()
    this.check(machine)
  }

  disturb(): void {
    const machine = this.machines[this.random(this.machines.length)]!
    const action = this.random(100)
    if (action < 55) this.propose(machine)
    else if (action < 65) this.read(machine)
    else if (action < 75) this.snapshot(machine)
    else if (action < 80) this.cut = new Set(ALL_IDS.filter(() => this.random(3) === 0))
    else if (action < 86) this.cut.clear()
    else if (action < 90) machine.crash()
    else if (action < 92 && machine.alive) machine.node.transferLeader(1 + this.random(5))
    else if (action < 93 && machine.alive) machine.node.campaign()
    else if (action < 94 && machine.alive) machine.node.forgetLeader()
    else this.leader()?.node.proposeConfChange(this.confChange())
    this.check(machine)
  }

  leader(): Machine | undefined {
    return this.machines.find((m) => m.alive && m.node.status().raftState === 'StateLeader')
  }

  propose(machine: Machine): void {
    for (let i = this.random(4); machine.alive && i >= 0; i--)
      machine.node.propose(++this.proposals)
  }

  read(machine: Machine): void {
    if (!machine.alive) return
    const read = { id: machine.id, atLeast: this.checker.maxCommit }
    this.reads.push(read)
    machine.node.readIndex(read)
  }

  snapshot({ alive, state, storage }: Machine): void {
    if (!alive || state.index > storage.lastIndex() || state.index < storage.firstIndex()) return
    storage.createSnapshot(state.index, state.confState, state)
    if (this.random(2) === 0) storage.compact(state.index)
  }

  confChange(): ConfChange {
    const types = ['ConfChangeAddNode', 'ConfChangeRemoveNode', 'ConfChangeAddLearnerNode'] as const
    const change = (): ConfChangeSingle => ({
      type: types[this.random(3)]!,
      nodeId: 3 + this.random(3),
    })
    if (this.random(2) === 0) return change()
    const changes = Array.from({ length: this.random(3) }, change)
    return { transition: 'ConfChangeTransitionAuto', changes }
  }

  /** Faults end; a leader must appear and a proposal must reach every voter (R20). */
  converge(): void {
    this.faults = false
    this.cut.clear()
    for (const machine of this.machines) if (!machine.alive) machine.start()
    const marker = -1
    for (let round = 0; round < 400; round++) {
      for (const machine of this.machines) machine.node.tick()
      for (let i = 0; i < 60; i++) this.settle()
      const leader = this.leader()
      if (leader === undefined) continue
      if (round % 10 === 9) leader.node.propose(marker)
      const { config } = leader.node.status()
      const voters = [...config.voters.incoming].map((id) => this.machine(id))
      const reached = (machine: Machine): boolean =>
        machine.state.index >= leader.state.index && machine.state.digest === leader.state.digest
      if (this.checker.committed.at(-1)?.data === marker && voters.every(reached)) return
    }
    throw new Error(`R20: no progress after the faults ended\n${this.describe()}`)
  }

  describe(): string {
    const lines = this.machines.map(({ node, storage, state }) => {
      const { progress, config, ...rest } = node.status()
      const peers = [...progress].map(([id, pr]) => `    ${id}: ${pr}`)
      const log = `log [${storage.firstIndex()},${storage.lastIndex()}] state ${state.index}/${state.digest}`
      return [`${JSON.stringify(rest)} ${describeConfig(config)} ${log}`, ...peers].join('\n')
    })
    return [JSON.stringify(this.options), ...lines].join('\n')
  }

  settle(): void {
    for (const machine of this.machines) {
      machine.takeReady()
      this.check(machine)
      machine.runThread(LOCAL_APPEND_THREAD)
      this.check(machine)
      machine.runThread(LOCAL_APPLY_THREAD)
      this.check(machine)
    }
    for (let i = this.wire.length; i > 0; i--) this.deliver()
  }

  /** Equal (index, term) means equal logs up to there (R3), compared pairwise on disk. */
  checkLogs(): void {
    for (const a of this.machines) {
      for (const b of this.machines) if (a.id < b.id) checkMatching(a.storage, b.storage)
    }
  }
}

function checkMatching(a: MemoryStorage, b: MemoryStorage): void {
  let matched = false
  const last = Math.min(a.lastIndex(), b.lastIndex())
  for (let i = last; i >= Math.max(a.firstIndex(), b.firstIndex()); i--) {
    const [left] = a.entries(i, i + 1, 1) as Entry[]
    const [right] = b.entries(i, i + 1, 1) as Entry[]
    const equal = left!.term === right!.term
    if (equal && left!.data !== right!.data) throw new Error(`R3: data differ at ${i}`)
    if (matched && !equal) throw new Error(`R3: logs differ at ${i} below a match`)
    matched ||= equal
  }
}

function runSeed(seed: number, steps: number): Swarm {
  const swarm = new Swarm(seed)
  for (let i = 0; i < steps; i++) {
    swarm.step()
    if (i % 25 === 0) swarm.disturb()
    if (i % 500 === 0) swarm.checkLogs()
  }
  swarm.converge()
  swarm.checkLogs()
  return swarm
}

describe('a group with loss, reordering, duplicates, cuts, crashes and membership changes', () => {
  const seeds = Number(process.env.RAFT_SEEDS ?? 250)

  it(`keeps R1, R3–R5, R7–R10, R12–R17 and R20 over ${seeds} seeds`, { timeout: 600_000 }, () => {
    let [committed, reads, terms, changes] = [0, 0, 0, 0]
    for (let seed = 1; seed <= seeds; seed++) {
      try {
        const swarm = runSeed(seed, 2500)
        committed += swarm.checker.committed.length
        reads += swarm.answeredReads
        terms += swarm.checker.leaders.size
        changes += swarm.checker.committed.filter((e) => e?.type !== 'normal').length
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : error}`)
      }
    }
    expect(committed / seeds).toBeGreaterThan(20)
    expect(reads / seeds).toBeGreaterThan(1)
    expect(terms / seeds).toBeGreaterThan(2)
    expect(changes / seeds).toBeGreaterThan(1)
  })

  it('runs the same twice from the same seed', () => {
    const digest = (): unknown => {
      const { checker, answeredReads, wire } = runSeed(7, 1500)
      return [[...checker.leaders], [...checker.digests], answeredReads, wire.length]
    }
    expect(digest()).toEqual(digest())
  })
})
