import { EtcdClient } from '../../etcd/client'
import type { MemberInspection } from '../../etcd/inspection'
import { type EtcdMemberOptions, etcdMember } from '../../etcd/member'
import type { Machine } from '../../sim/machine'
import type { Process, ProcessEnv } from '../../sim/process'
import { Simulation } from '../../sim/simulation'
import type { Future, Task } from '../../sim/task'
import { type Micros, micros, millis } from '../../sim/time'

export interface EtcdClusterOptions {
  readonly seed?: number
  readonly members?: number
  readonly member?: Partial<EtcdMemberOptions>
}

/** One machine of the cluster with the client process beside its member. */
export interface EtcdSeat {
  readonly id: number
  readonly machine: Machine
  /** Of the machine's present life. */
  readonly env: ProcessEnv
  readonly client: EtcdClient
  inspect(): MemberInspection | undefined
  /** Starts the member's process again after it was killed; the machine stayed on. */
  restartMember(): void
}

/** A cluster of etcd members in a simulation of its own, for tests and benchmarks. */
export class EtcdCluster {
  readonly sim: Simulation
  readonly seats: readonly EtcdSeat[]

  constructor(options: EtcdClusterOptions = {}) {
    const { seed = 1, members = 3 } = options
    this.sim = new Simulation({ seed, epochMs: 0, latencyMicros: micros(500) })
    const peers = Array.from({ length: members }, (_, i) => ({
      id: i + 1,
      name: `etcd-${i + 1}`,
      host: `m${i + 1}`,
    }))
    this.seats = peers.map((peer) => {
      let env: ProcessEnv | undefined
      let client: EtcdClient | undefined
      const factory = etcdMember({ ...options.member, name: peer.name, memberId: peer.id, peers })
      const machine = this.sim.addMachine({
        id: peer.host,
        ip: `10.0.0.${peer.id}`,
        bootMicros: millis(100),
        boot: (host) => {
          host.start('etcd', factory)
          host.start('client', (e): Process => {
            env = e
            client = new EtcdClient(e, ['localhost'])
            return { start: () => undefined }
          })
        },
      })
      return {
        id: peer.id,
        machine,
        get env() {
          return env as ProcessEnv
        },
        get client() {
          return client as EtcdClient
        },
        restartMember: () => void machine.start('etcd', factory),
        inspect: () => machine.process('etcd')?.program.inspect?.() as MemberInspection | undefined,
      }
    })
    for (const { machine } of this.seats) machine.powerOn()
  }

  seat(id: number): EtcdSeat {
    return this.seats[id - 1] as EtcdSeat
  }

  /** The member that leads in the highest term, if it is powered. */
  get leader(): EtcdSeat | undefined {
    let best: EtcdSeat | undefined
    for (const seat of this.seats) {
      const inside = seat.inspect()
      if (inside?.role !== 'leader') continue
      if (!best || inside.term > (best.inspect()?.term ?? 0)) best = seat
    }
    return best
  }

  advance(duration: Micros): void {
    this.sim.runUntil(this.sim.now + duration)
  }

  /** Runs until `condition` holds; throws when it does not within `limit`. */
  until(condition: () => boolean, limit: Micros): void {
    const end = this.sim.now + limit
    while (!condition()) {
      if (this.sim.now >= end) throw new Error(`not within ${limit} µs (seed ${this.sim.seed})`)
      this.sim.runUntil(Math.min(end, this.sim.now + millis(10)))
    }
  }

  /** Runs a task beside a member and waits for its end. */
  run<T>(seat: EtcdSeat, task: (client: EtcdClient) => Task<T>, limit: Micros = millis(20_000)): T {
    let future: Future<T> | undefined
    this.sim.inject('test', () => {
      future = seat.env.spawn(task(seat.client))
    })
    this.until(() => future?.done === true, limit)
    return future?.value as T
  }
}
