import {
  CONFIGMAPS,
  DEPLOYMENTS,
  ENDPOINTSLICES,
  NODES,
  PODS,
  REPLICASETS,
  SERVICES,
} from '../../api/resources'
import { masterNames } from '../../cluster/addresses'
import { EtcdClient } from '../../etcd/client'
import type { MemberInspection } from '../../etcd/inspection'
import { type Random, randomStream } from '../../sim/random'
import { type Micros, millis, minutes, seconds } from '../../sim/time'
import { prefixOf } from '../checkers/api-history'
import { EtcdHistory } from '../checkers/etcd-history'
import { checkHolders } from '../checkers/lease-rules'
import { Ledger } from '../checkers/ledger'
import { ObjectRules } from '../checkers/object-rules'
import { addObserver, Observer } from '../checkers/observer'
import { RunningRules, watchRemovals } from '../checkers/physical-rules'
import { nameOf, QuietObjects } from '../checkers/quiet-objects'
import { disagreements } from '../checkers/quiet-rules'
import { RaftRules } from '../checkers/raft-rules'
import { type Scenario, scenario } from '../scenario/scenario'
import { faults, healAll } from './faults'
import { Registers } from './registers'
import { createSomething, wishes } from './workload'

const watchable = [PODS, CONFIGMAPS, DEPLOYMENTS, REPLICASETS, SERVICES, ENDPOINTSLICES, NODES]
const lookEvery: Micros = millis(200)
const faultyTime: Micros = seconds(90)
const convergeMax: Micros = minutes(15)
const idleTime: Micros = seconds(40)
/** A client that found no API server comes back within 30 s, doubled at most by its jitter. */
const backOffMax: Micros = seconds(65)

/** Writes that go on for ever in a cluster at rest: heartbeats, and what expires. */
const heartbeats = [
  '/registry/coordination.k8s.io/leases/',
  '/registry/masterleases/',
  '/registry/compact_rev_key',
  '/registry/events/',
  '/registry/nodes/',
]

export interface SeedReport {
  readonly seed: number
  readonly counts: ReadonlyMap<string, number>
  readonly revisions: number
  readonly virtualTime: Micros
  readonly traceHash: string
}

/** One run of the swarm. Throws when an invariant is broken or the cluster does not converge. */
export function runSeed(seed: number): SeedReport {
  return new SwarmRun(seed).run()
}

class SwarmRun {
  readonly #chance: Random
  readonly #c: Scenario
  readonly #ledger: Ledger
  readonly #history: EtcdHistory
  readonly #raft: RaftRules
  readonly #running: RunningRules
  readonly #faults: readonly string[]
  readonly #wishes: readonly string[]
  readonly #lives = new Map<string, { program: unknown; life: number }>()
  #observer: Observer | undefined
  #registers: Registers | undefined
  #heals: { at: Micros; what: () => void }[] = []

  constructor(seed: number) {
    const chance = randomStream(seed, 'swarm')
    this.#chance = chance
    const half = (names: readonly string[]) => names.filter(() => chance.chance(500))
    this.#c = scenario({
      seed,
      masters: [1, 3, 3, 3, 5][chance.below(5)] as number,
      workers: chance.between(2, 6),
      latencyMicros: [100, 500, 2_000, 10_000][chance.below(4)] as number,
    })
    this.#ledger = new Ledger(this.#c.sim)
    const watched = watchable.filter(() => chance.chance(300))
    this.#history = new EtcdHistory(this.#ledger, watched.map(prefixOf))
    this.#raft = new RaftRules(this.#ledger, this.#c.sim)
    this.#running = new RunningRules(this.#ledger, this.#c.sim)
    this.#faults = half(Object.keys(faults))
    this.#wishes = half(Object.keys(wishes))
    new ObjectRules(this.#ledger, this.#history, minutes(1))
    watchRemovals(this.#ledger, this.#c.sim, this.#history)
    addObserver(this.#c.sim, (env) => {
      const masters = masterNames(this.#c.spec)
      const [ledger, history] = [this.#ledger, this.#history]
      this.#registers = new Registers(env, masters, ledger)
      this.#observer = new Observer(env, { masters, watched, ledger, history })
      return this.#observer
    })
  }

  run(): SeedReport {
    const c = this.#c
    this.#look(() => this.#c.cluster.ready(), minutes(5), 'R20', 'the cluster does not boot')
    c.inject('swarm.registers', () => this.#registers?.start())
    const quietAt = c.now + faultyTime
    while (c.now < quietAt) this.#disturb()
    this.#registers?.end()
    this.#heals = []
    c.inject('swarm.heal', () => healAll(c))
    this.#converge()
    this.#conclude()
    return {
      seed: c.spec.seed,
      counts: this.#ledger.counts(),
      revisions: this.#history.revision,
      virtualTime: c.now,
      traceHash: c.sim.traceHash(),
    }
  }

  /** Lets time pass while the rules for every moment are looked after. */
  #advance(duration: Micros): void {
    const end = this.#c.now + duration
    while (this.#c.now < end) {
      this.#c.advance(Math.min(lookEvery, end - this.#c.now))
      for (const machine of this.#c.sim.machines) {
        const process = machine.process('etcd')
        if (process?.status !== 'running') continue
        let known = this.#lives.get(machine.id)
        if (known?.program !== process.program) {
          known = { program: process.program, life: (known?.life ?? 0) + 1 }
          this.#lives.set(machine.id, known)
        }
        this.#raft.look(process.program.inspect?.() as MemberInspection, known.life)
      }
      checkHolders(this.#ledger, this.#c.sim)
    }
  }

  #disturb(): void {
    const c = this.#c
    this.#advance(lookEvery)
    if (c.now % seconds(1) < lookEvery) this.#running.look()
    const due = this.#heals.filter(({ at }) => at <= c.now)
    this.#heals = this.#heals.filter(({ at }) => at > c.now)
    for (const { what } of due) c.inject('swarm.heal', what)
    if (this.#chance.chance(60)) this.#break()
    if (this.#chance.chance(150)) this.#wish()
  }

  #break(): void {
    const name = this.#faults[this.#chance.below(Math.max(1, this.#faults.length))]
    const fault = name === undefined ? undefined : faults[name]
    if (!fault) return
    this.#c.inject('swarm.break', () =>
      fault(this.#c, this.#chance, (after, what) => {
        this.#heals.push({ at: this.#c.now + after, what })
      }),
    )
  }

  #wish(): void {
    const chance = this.#chance
    const name = this.#wishes[chance.below(Math.max(1, this.#wishes.length))]
    const wish = name === undefined ? undefined : wishes[name]
    const world = { history: this.#history, ledger: this.#ledger }
    const request = chance.chance(300) ? createSomething(world, chance) : wish?.(world, chance)
    if (request) this.#c.inject('swarm.wish', () => this.#c.cluster.outside.send(request))
  }

  /** Runs until a condition holds. */
  #look(done: () => boolean, within: Micros, rule: string, otherwise: string): void {
    const end = this.#c.now + within
    while (!done()) {
      this.#ledger.demand(this.#c.now < end, rule, otherwise)
      this.#advance(seconds(1))
    }
  }

  #converge(): void {
    const c = this.#c
    const end = c.now + convergeMax
    for (;;) {
      this.#advance(seconds(2))
      this.#running.look()
      const open = disagreements(new QuietObjects(this.#history.state), c.sim)
      if (open.length === 0 && c.cluster.settled()) break
      if (c.now < end) continue
      const [first = 'R20: settled() stays false'] = open
      const [rule = ''] = first.split(':')
      this.#ledger.demand(false, rule, `does not converge: ${open.slice(0, 5).join('; ')}`)
    }
    this.#advance(backOffMax)
    // Long enough for the API servers to compact etcd's history twice.
    if (this.#chance.chance(80)) this.#advance(minutes(11))
  }

  #conclude(): void {
    const c = this.#c
    this.#advance(seconds(5))
    this.#membersAgree()
    this.#servicesAnswer()
    this.#staysQuiet()
    for (const stream of this.#observer?.streams ?? []) stream.conclude()
    this.#registers?.conclude()
    const open = disagreements(new QuietObjects(this.#history.state), c.sim)
    const [first] = open
    this.#ledger.demand(first === undefined, first?.split(':')[0] ?? '', open.join('; '))
  }

  /**
   * M5: every member's whole history has the same digest, and is the one we were told. Asked again
   * when a compaction came between two members' answers.
   */
  #membersAgree(): void {
    const env = this.#observer?.env
    if (!env) return
    const { revision } = this.#history
    const ask = (master: string) => {
      const client = new EtcdClient(env, [master])
      const future = this.#c.inject('swarm.hash', () => env.spawn(client.hashKv(revision)))
      this.#look(() => future.done, seconds(20), 'R20', `${master} gives no digest`)
      return future.value?.ok ? future.value.value : undefined
    }
    const masters = masterNames(this.#c.spec)
    let answers = masters.map(ask)
    const compactions = () => new Set(answers.map((answer) => answer?.compactRevision))
    if (compactions().size > 1) answers = masters.map(ask)
    const texts = answers.map((a) => (a ? `${a.hash} after ${a.compactRevision}` : 'none'))
    const what = () => `digests at ${revision} differ: ${texts.join(', ')}`
    this.#ledger.demand(new Set(texts).size === 1 && texts[0] !== 'none', 'M5', what)
  }

  /** N1: a Service with ready pods is answered, and by them only. */
  #servicesAnswer(): void {
    const objects = new QuietObjects(this.#history.state)
    for (const service of objects.services) {
      const behind = objects.behind(service).map(nameOf)
      if (!service.spec.selector || behind.length === 0) continue
      const { name, namespace } = service.metadata
      for (let i = 0; i < 4; i++) {
        const from = i % 2 === 0 ? 'outside' : `pod/${behind[0]}`
        const { status, pod = '', error } = this.#c.request(from, `http://${name}.${namespace}`)
        const what = () => `${from} asked ${nameOf(service)}: ${status} ${error ?? ''} by ${pod}`
        this.#ledger.demand(status === 200 && behind.includes(pod), 'N1', what)
      }
    }
  }

  /** C15: at rest nothing is written but heartbeats. */
  #staysQuiet(): void {
    const from = this.#history.revision + 1
    this.#advance(idleTime)
    for (let revision = from; revision <= this.#history.revision; revision++) {
      for (const { type, kv } of this.#history.at(revision)) {
        const expected = heartbeats.some((prefix) => kv.key.startsWith(prefix))
        this.#ledger.demand(expected, 'C15', () => `${type} of ${kv.key} in a cluster at rest`)
      }
    }
  }
}
