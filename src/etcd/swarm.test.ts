import { describe, expect, it } from 'vitest'
import type { Random } from '../sim/random'
import { type Task, wait } from '../sim/task'
import { millis, seconds } from '../sim/time'
import { EtcdCluster, type EtcdSeat } from '../testing/etcd/cluster'
import { Witness } from '../testing/etcd/witness'

const faultySeconds = 60

function swarm(seed: number) {
  const members = seed % 5 === 0 ? 5 : 3
  const small = { snapshotCount: 40 + (seed % 7) * 20, catchUpEntries: 5 + (seed % 3) * 20 }
  const cluster = new EtcdCluster({ seed, members, member: small })
  const witness = new Witness(cluster)
  const chance = cluster.sim.random('swarm')
  const places = new Map(cluster.seats.map((seat) => [seat.id, { next: 1 }]))
  const boots = new Map<number, number>()
  const staff = () => {
    for (const seat of cluster.seats) {
      if (seat.machine.power !== 'on' || boots.get(seat.id) === seat.machine.bootCount) continue
      boots.set(seat.id, seat.machine.bootCount)
      cluster.sim.inject('swarm', () => {
        seat.env.spawn(witness.watch(seat, places.get(seat.id) ?? { next: 1 }))
        for (let i = 0; i < 3; i++) seat.env.spawn(work(seat, witness, i))
      })
    }
  }
  for (let step = 0; step < faultySeconds * 10; step++) {
    cluster.advance(millis(100))
    staff()
    witness.inspect()
    if (chance.chance(40)) breakSomething(cluster, chance)
    if (chance.chance(50)) healSomething(cluster, chance)
  }
  for (const seat of cluster.seats) {
    heal(cluster, seat)
    if (memberIsDown(seat)) seat.machine.powerOff('abrupt')
    seat.machine.powerOn()
  }
  cluster.until(() => cluster.leader !== undefined, seconds(20))
  for (let step = 0; step < 300; step++) {
    cluster.advance(millis(100))
    staff()
    witness.inspect()
  }
  return { cluster, witness }
}

/** Operations without end; half a second's pause when one fails. */
function* work(seat: EtcdSeat, witness: Witness, worker: number): Task<void> {
  const { env } = seat
  for (let i = 0; ; i++) {
    const value = `${seat.id}.${worker}.${env.host.bootCount}.${i}`
    const key = `k${env.random.below(6)}`
    if (env.clock.monotonic() > quietAt) return
    yield* witness.operate(seat.client, key, value, env.random.below(10))
    if (env.random.below(200) === 0) {
      const now = yield* seat.client.currentRevision()
      if (now.ok && now.value > 60) yield* seat.client.compact(now.value - 50)
    }
    if (env.random.below(100) === 0) yield* seat.client.leaseGrant(5)
    yield* wait(env.clock.sleep(millis(20 + env.random.below(100))))
  }
}

const quietAt = seconds(faultySeconds + 10)

function breakSomething(cluster: EtcdCluster, chance: Random): void {
  const one = cluster.seat(1 + chance.below(cluster.seats.length))
  const other = cluster.seat(1 + chance.below(cluster.seats.length))
  const { wires } = cluster.sim
  const act = [
    () => one.machine.powerOff('abrupt'),
    () => one.machine.powerOff('graceful'),
    () => one.machine.process('etcd')?.kill(),
    () => {
      one.machine.process('etcd')?.kill()
      if (one.machine.power === 'on') one.restartMember()
    },
    () => {
      for (const seat of cluster.seats) if (seat !== one) cut(cluster, one, seat)
    },
    () => cut(cluster, one, other),
    () => wires.setFault(one.machine, other.machine, { cut: true }),
    () => wires.setFault(one.machine, other.machine, { lossPermille: 300 }),
    () => wires.setFault(one.machine, other.machine, { extraLatencyMicros: millis(400) }),
    () => {
      one.machine.disk.slowness = 100
    },
    () => {
      for (const { machine } of cluster.seats) if (chance.chance(500)) machine.powerOff('abrupt')
    },
  ][chance.below(11)]
  cluster.sim.inject('swarm.break', () => act?.())
}

function healSomething(cluster: EtcdCluster, chance: Random): void {
  const seat = cluster.seat(1 + chance.below(cluster.seats.length))
  cluster.sim.inject('swarm.heal', () => {
    if (seat.machine.power === 'off') seat.machine.powerOn()
    else if (memberIsDown(seat)) seat.restartMember()
    else heal(cluster, seat)
  })
}

function memberIsDown({ machine }: EtcdSeat): boolean {
  return machine.power === 'on' && machine.process('etcd')?.status !== 'running'
}

function heal(cluster: EtcdCluster, seat: EtcdSeat): void {
  seat.machine.disk.slowness = 1
  for (const other of cluster.seats) {
    cluster.sim.wires.setFault(seat.machine, other.machine, undefined)
    cluster.sim.wires.setFault(other.machine, seat.machine, undefined)
  }
}

function cut(cluster: EtcdCluster, a: EtcdSeat, b: EtcdSeat): void {
  cluster.sim.wires.setFault(a.machine, b.machine, { cut: true })
  cluster.sim.wires.setFault(b.machine, a.machine, { cut: true })
}

describe('a swarm of faulty runs', () => {
  const total = { acknowledged: 0, unknown: 0, leaders: 0, compacted: 0 }

  it.each(Array.from({ length: 30 }, (_, i) => i + 1))('M4 M5 M7 M8 M13 seed %i', (seed) => {
    const { cluster, witness } = swarm(seed)
    witness.conclude()
    const hashes = cluster.seats.map((seat) => {
      const result = cluster.run(seat, (client) => client.hashKv())
      return result.ok ? { ...result.value, header: undefined } : result
    })
    for (const hash of hashes) expect(hash).toEqual(hashes[0])
    const applied = new Set(cluster.seats.map((seat) => seat.inspect()?.appliedIndex))
    expect(applied.size).toBe(1)
    total.acknowledged += witness.acknowledged
    total.unknown += witness.unknownOutcomes
    total.leaders += witness.leaderChanges
    total.compacted += witness.compactedWatches
  })

  it('the runs were eventful', () => {
    expect(total.acknowledged).toBeGreaterThan(10_000)
    expect(total.leaders).toBeGreaterThan(60)
    expect(total.unknown).toBeGreaterThan(30)
  })
})
