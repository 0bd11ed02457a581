import { describe, expect, it } from 'vitest'
import type { EtcdClient } from '../../etcd/client'
import { type Task, wait } from '../../sim/task'
import { millis, seconds } from '../../sim/time'
import { EtcdCluster, type EtcdSeat } from '../etcd/cluster'
import { checkHistory } from '../porcupine/check'
import { type RegisterOperation, type RegisterOutput, registers } from '../porcupine/register'

const faultySeconds = 30

/**
 * A member's own client reads, writes and swaps registers, and remembers what it was told. Worker 0
 * only reads: a write would hold it up while its member is cut off, which is when stale reads show.
 */
function* operate(seat: EtcdSeat, history: RegisterOperation[], worker: number): Task<void> {
  const { clock, random } = seat.env
  for (let i = 0; clock.monotonic() < seconds(faultySeconds); i++) {
    const key = `r${random.below(2)}`
    const call = clock.monotonic()
    const dice = worker === 0 ? 0 : random.below(10)
    const value = `${seat.id}.${worker}.${i}`
    if (dice < 6) {
      const read = yield* seat.client.range({ key })
      if (read.ok) {
        const found = (read.value.kvs[0]?.value ?? null) as string | null
        const end = clock.monotonic()
        history.push({ call, end, input: { key, type: 'read' }, output: ok(found) })
      }
    } else if (dice < 9) {
      const put = yield* seat.client.put({ key, value })
      const end = put.ok ? clock.monotonic() : Number.POSITIVE_INFINITY
      const output: RegisterOutput = put.ok ? ok() : { type: 'unknown' }
      history.push({ call, end, input: { key, type: 'write', value }, output })
    } else yield* swap(seat.client, key, value, history, () => clock.monotonic())
    yield* wait(clock.sleep(millis(10 + random.below(40))))
  }
}

function* swap(
  client: EtcdClient,
  key: string,
  value: string,
  history: RegisterOperation[],
  now: () => number,
): Task<void> {
  const read = yield* client.range({ key })
  const expected = read.ok ? (read.value.kvs[0]?.value as string | undefined) : undefined
  if (expected === undefined) return
  const call = now()
  const txn = yield* client.txn({
    compare: [{ key, target: 'value', result: '=', value: expected }],
    success: [{ type: 'put', request: { key, value } }],
    failure: [],
  })
  const unknown: RegisterOutput = { type: 'unknown' }
  const known: RegisterOutput = txn.ok && txn.value.succeeded ? ok() : { type: 'refused' }
  const input = { key, type: 'cas', expected, value } as const
  history.push({
    call,
    end: txn.ok ? now() : Number.POSITIVE_INFINITY,
    input,
    output: txn.ok ? known : unknown,
  })
}

const ok = (value?: string | null): RegisterOutput =>
  value === undefined ? { type: 'ok' } : { type: 'ok', value }

/** Cuts whoever leads from the others, but not from its own clients; then heals the wires. */
function deposeAgainAndAgain(cluster: EtcdCluster): void {
  while (cluster.sim.now < seconds(faultySeconds)) {
    cluster.until(() => cluster.leader !== undefined, seconds(20))
    cluster.advance(millis(1500))
    const leader = cluster.leader
    cut(cluster, leader, true)
    cluster.advance(seconds(3))
    cut(cluster, leader, false)
  }
  cluster.advance(seconds(10))
}

function cut(cluster: EtcdCluster, one: EtcdSeat | undefined, isCut: boolean): void {
  const fault = isCut ? { cut: true } : undefined
  for (const other of cluster.seats) {
    if (!one || other === one) continue
    cluster.sim.wires.setFault(one.machine, other.machine, fault)
    cluster.sim.wires.setFault(other.machine, one.machine, fault)
  }
}

describe('registers in etcd whose leader is cut off again and again', () => {
  it.each([1, 2, 3])('M7 stay linearizable, seed %i', (seed) => {
    const cluster = new EtcdCluster({ seed })
    cluster.until(() => cluster.leader !== undefined, seconds(10))
    const history: RegisterOperation[] = []
    cluster.sim.inject('registers', () => {
      for (const seat of cluster.seats) {
        for (let worker = 0; worker < 3; worker++) seat.env.spawn(operate(seat, history, worker))
      }
    })
    deposeAgainAndAgain(cluster)
    const answered = history.filter(({ end }) => end !== Number.POSITIVE_INFINITY)
    expect(answered.length).toBeGreaterThan(500)
    expect(checkHistory(registers, history, 20_000)).toEqual({ result: 'linearizable' })
  })
})

describe('reads of the past', () => {
  it('M3 see the state at their revision, before and after a compaction', () => {
    const cluster = new EtcdCluster({ seed: 4, members: 1 })
    cluster.until(() => cluster.leader !== undefined, seconds(10))
    const seat = cluster.seat(1)
    const past = new Map<number, ReadonlyMap<string, unknown>>()
    const now = new Map<string, unknown>()
    const random = cluster.sim.random('past')
    for (let i = 0; i < 60; i++) {
      const key = `k${random.below(4)}`
      const removes = now.has(key) && random.chance(300)
      const done = cluster.run(seat, function* (client) {
        if (removes) return yield* client.deleteRange({ key })
        return yield* client.put({ key, value: i })
      })
      if (removes) now.delete(key)
      else now.set(key, i)
      if (done.ok) past.set(done.value.header.revision, new Map(now))
    }
    const look = (revision: number) => {
      const all = { key: 'k', rangeEnd: 'l', revision }
      const read = cluster.run(seat, (client) => client.range(all))
      if (!read.ok) return read.error
      return new Map(read.value.kvs.map(({ key, value }) => [key, value]))
    }
    for (const compacted of [0, 20, 45]) {
      if (compacted > 0) cluster.run(seat, (client) => client.compact(compacted))
      for (const [revision, state] of past) {
        expect(look(revision)).toEqual(revision < compacted ? 'compacted' : state)
      }
    }
  })
})
