import { describe, expect, it } from 'vitest'
import { type Task, wait } from '../sim/task'
import { millis, seconds } from '../sim/time'
import { EtcdCluster, type EtcdClusterOptions, type EtcdSeat } from '../testing/etcd/cluster'
import { EtcdClient } from './client'

function started(options: EtcdClusterOptions = {}) {
  const c = new EtcdCluster(options)
  c.until(() => c.leader !== undefined, seconds(5))
  c.advance(seconds(1))
  return { c, leader: c.leader as EtcdSeat }
}

function followersOf(c: EtcdCluster, leader: EtcdSeat) {
  return c.seats.filter((seat) => seat !== leader) as [EtcdSeat, EtcdSeat]
}

function isolate(c: EtcdCluster, seat: EtcdSeat, cut: boolean) {
  for (const other of c.seats) {
    if (other === seat) continue
    c.sim.wires.setFault(seat.machine, other.machine, cut ? { cut } : undefined)
    c.sim.wires.setFault(other.machine, seat.machine, cut ? { cut } : undefined)
  }
}

function* putMany(client: EtcdClient, prefix: string, count: number): Task<number> {
  let revision = 0
  for (let i = 0; i < count; i++) {
    const result = yield* client.put({ key: `${prefix}${i}`, value: i })
    if (!result.ok) return -1
    revision = result.value.header.revision
  }
  return revision
}

function put(c: EtcdCluster, seat: EtcdSeat, key: string, value: unknown = 1) {
  const result = c.run(seat, (client) => client.put({ key, value }))
  return result.ok ? result.value.header.revision : result.error
}

function value(c: EtcdCluster, seat: EtcdSeat, key: string) {
  const result = c.run(seat, (client) => client.range({ key }))
  return result.ok ? result.value.kvs[0]?.value : result.error
}

function hashes(c: EtcdCluster) {
  return c.seats.map((seat) => {
    const result = c.run(seat, (client) => client.hashKv())
    return result.ok ? result.value.hash : result.error
  })
}

/** Everything a watch of all keys says, as short lines. */
function record(c: EtcdCluster, seat: EtcdSeat, startRevision: number, progressNotify = false) {
  const lines: string[] = []
  let handle = { close: () => {}, requestProgress: () => {} }
  c.sim.inject('test', () => {
    handle = seat.client.watch(
      { key: '\0', rangeEnd: '\0', startRevision, progressNotify },
      {
        onCreated: (revision) => lines.push(`created ${revision}`),
        onEvents: (events) => {
          for (const { type, kv } of events) lines.push(`${type} ${kv.key} ${kv.modRevision}`)
        },
        onProgress: (revision) => lines.push(`progress ${revision}`),
        onClosed: (closed) => lines.push(closed.reason),
      },
    )
  })
  return { lines, handle }
}

describe.each([1, 3, 5, 7])('a cluster of %i', (members) => {
  it('M1 M5 M7 M8 elects, writes, reads and watches through every member', () => {
    const { c } = started({ members })
    const watches = c.seats.map((seat) => record(c, seat, 1).lines)
    c.seats.forEach((seat, i) => {
      expect(put(c, seat, 'a', seat.id)).toBe(i + 2)
    })
    for (const seat of c.seats) expect(value(c, seat, 'a')).toBe(members)
    c.advance(millis(200))
    const all = ['created 1', ...c.seats.map((_, i) => `put a ${i + 2}`)]
    for (const lines of watches) expect(lines).toEqual(all)
    expect(new Set(hashes(c)).size).toBe(1)
  })
})

describe('a cluster of three', () => {
  it('M7 C3 goes on when its leader loses power, and the old one catches up', () => {
    const { c, leader } = started()
    put(c, leader, 'a')
    leader.machine.powerOff('abrupt')
    c.until(() => c.leader !== undefined && c.leader !== leader, seconds(5))
    const [follower] = followersOf(c, leader)
    expect(put(c, follower, 'b')).toBe(3)
    leader.machine.powerOn()
    c.advance(seconds(3))
    expect(value(c, leader, 'b')).toBe(1)
    expect(new Set(hashes(c)).size).toBe(1)
  })

  it('C3 M14 without a quorum refuses writes and reads, but serves its own state', () => {
    const { c, leader } = started()
    put(c, leader, 'a')
    for (const seat of followersOf(c, leader)) seat.machine.powerOff('abrupt')
    const { lines } = record(c, leader, 0)
    const before = c.sim.now
    const refused = c.run(leader, (client) => client.put({ key: 'a', value: 2 }))
    expect(refused).toEqual({
      ok: false,
      error: 'timeout',
      message: 'etcdserver: request timed out',
    })
    expect(c.sim.now - before).toBeGreaterThanOrEqual(seconds(7))
    expect(c.run(leader, (client) => client.range({ key: 'a' }))).toMatchObject({ ok: false })
    const stale = c.run(leader, (client) => client.range({ key: 'a', serializable: true }))
    expect(stale).toMatchObject({ ok: true, value: { kvs: [{ value: 1 }] } })
    expect(leader.inspect()).toMatchObject({ leaderId: 0 })
    expect(lines).toEqual(['created 2', 'no leader'])
    for (const seat of c.seats) seat.machine.powerOn()
    c.advance(seconds(5))
    expect(put(c, leader, 'c')).toBeGreaterThan(2)
  })

  it('M7 an isolated leader commits nothing and steps down; its tail is overwritten', () => {
    const { c, leader } = started()
    put(c, leader, 'a', 'old')
    isolate(c, leader, true)
    let lost: unknown
    c.sim.inject('test', () => {
      const task = leader.client.put({ key: 'a', value: 'lost' })
      leader.env.spawn(task).onDone((result) => {
        lost = result
      })
    })
    c.until(() => c.leader !== undefined && c.leader !== leader, seconds(6))
    const [follower] = followersOf(c, leader)
    expect(put(c, follower, 'a', 'new')).toBe(3)
    c.advance(seconds(10))
    expect(leader.inspect()).toMatchObject({ leaderId: 0, revision: 2 })
    expect(lost).toMatchObject({ ok: false })
    const { term } = follower.inspect() ?? { term: -1 }
    isolate(c, leader, false)
    c.advance(seconds(3))
    expect(value(c, leader, 'a')).toBe('new')
    expect(new Set(hashes(c)).size).toBe(1)
    // preVote: its return disturbs nobody.
    expect(c.seats.map((seat) => seat.inspect()?.term)).toEqual([term, term, term])
  })

  it('D1 D2 M4 M13 a blackout loses nothing that was acknowledged, at whatever moment', () => {
    for (let at = 0; at < 40; at++) {
      const { c, leader } = started({ seed: 100 + at, member: { snapshotCount: 30 } })
      let acknowledged = 0
      c.sim.inject('test', () => {
        for (let w = 0; w < 4; w++) {
          leader.env.spawn(
            (function* () {
              for (let i = 0; ; i++) {
                const result = yield* leader.client.put({ key: `w${w}`, value: i })
                if (result.ok) acknowledged = Math.max(acknowledged, result.value.header.revision)
              }
            })(),
          )
        }
      })
      c.advance(millis(60) + at * 37)
      for (const { machine } of c.seats) machine.powerOff('abrupt')
      for (const { machine } of c.seats) machine.powerOn()
      c.until(() => c.leader !== undefined, seconds(10))
      const revision = c.run(c.seat(1), (client) => client.currentRevision())
      expect(acknowledged).toBeGreaterThan(20)
      expect(revision.ok && revision.value).toBeGreaterThanOrEqual(acknowledged)
      c.advance(seconds(1))
      expect(new Set(hashes(c)).size).toBe(1)
    }
  })

  it('D5 D7 M5 M8 a member far behind installs a snapshot, and its watchers miss nothing', () => {
    const { c, leader } = started({ member: { snapshotCount: 50, catchUpEntries: 10 } })
    const [late] = followersOf(c, leader)
    const { lines } = record(c, late, 1)
    isolate(c, late, true)
    const last = c.run(leader, (client) => putMany(client, 'k', 300))
    isolate(c, late, false)
    c.until(() => late.inspect()?.revision === last, seconds(5))
    c.advance(millis(100))
    expect(late.inspect()?.snapshotIndex).toBeGreaterThan(250)
    expect(c.sim.trace(0, 1e6).some(({ detail }) => detail.startsWith('installed'))).toBe(true)
    expect(lines.slice(1)).toEqual(Array.from({ length: 300 }, (_, i) => `put k${i} ${i + 2}`))
    expect(new Set(hashes(c)).size).toBe(1)
    late.machine.powerOff('abrupt')
    late.machine.powerOn()
    c.advance(seconds(2))
    expect(new Set(hashes(c)).size).toBe(1)
  })

  it('M8 M9 M10 watches resume, wait for the future, tell progress and know what is gone', () => {
    const { c, leader } = started()
    const [seat] = followersOf(c, leader)
    c.run(leader, (client) => putMany(client, 'k', 5))
    const future = record(c, seat, 8)
    put(c, leader, 'x')
    put(c, leader, 'y')
    const { lines, handle } = record(c, seat, 6)
    c.advance(millis(100))
    handle.requestProgress()
    c.advance(millis(100))
    expect(future.lines).toEqual(['created 6', 'put y 8'])
    expect(lines).toEqual(['created 8', 'put k4 6', 'put x 7', 'put y 8', 'progress 8'])
    handle.close()
    expect(c.run(seat, (client) => client.compact(7))).toMatchObject({ ok: true })
    expect(c.run(seat, (client) => client.compact(7))).toMatchObject({ error: 'compacted' })
    const gone = record(c, seat, 6)
    c.advance(millis(100))
    expect(gone.lines).toEqual(['compacted'])
    seat.machine.process('etcd')?.kill()
    c.advance(millis(100))
    expect(future.lines.at(-1)).toBe('reset')
    expect(lines.at(-1)).toBe('progress 8')
  })

  it('M11 leases delete their keys at one revision, and survive a change of leaders', () => {
    const { c, leader } = started()
    const [seat, other] = followersOf(c, leader)
    const lease = c.run(seat, function* (client) {
      const granted = yield* client.leaseGrant(10)
      const id = granted.ok ? granted.value.id : 0
      for (const key of ['a', 'b']) yield* client.put({ key, value: 1, lease: id })
      return id
    })
    const { lines } = record(c, other, 4)
    c.advance(seconds(8))
    expect(c.run(seat, (client) => client.leaseKeepAlive(lease))).toMatchObject({
      value: { ttlSeconds: 10 },
    })
    c.advance(seconds(8))
    leader.machine.powerOff('abrupt')
    c.until(() => c.leader !== undefined && c.leader !== leader, seconds(5))
    c.advance(seconds(8))
    const left = c.run(seat, (client) => client.leaseTimeToLive(lease))
    expect(left).toMatchObject({ value: { grantedTtlSeconds: 10, keys: ['a', 'b'] } })
    expect(lines).toEqual(['created 3'])
    c.advance(seconds(6))
    expect(lines.slice(1)).toEqual(['delete a 4', 'delete b 4'])
    expect(c.run(seat, (client) => client.leaseKeepAlive(lease))).toMatchObject({
      error: 'lease not found',
    })
    expect(c.run(seat, (client) => client.put({ key: 'c', lease }))).toMatchObject({
      error: 'lease not found',
    })
  })

  it('C1 a client goes on to the next endpoint, and writes only what was surely not written', () => {
    const { c, leader } = started()
    const [dead, alive] = followersOf(c, leader)
    dead.machine.process('etcd')?.kill()
    const client = new EtcdClient(leader.env, [dead.machine.id, alive.machine.id])
    expect(c.run(leader, () => client.put({ key: 'a', value: 1 }))).toMatchObject({ ok: true })
    const cut = new EtcdClient(leader.env, [alive.machine.id, leader.machine.id])
    isolate(c, alive, true)
    const before = c.sim.now
    expect(c.run(leader, () => cut.put({ key: 'a', value: 2 }))).toMatchObject({
      error: 'timeout',
      message: 'context deadline exceeded',
    })
    expect(c.sim.now - before).toBeGreaterThanOrEqual(seconds(8))
    isolate(c, alive, false)
    expect(c.run(leader, () => cut.range({ key: 'a' }))).toMatchObject({
      value: { kvs: [{ value: 1 }] },
    })
  })

  it('C4 hands its leadership over when told to stop', () => {
    const { c, leader } = started()
    const before = c.sim.now
    leader.machine.powerOff('graceful')
    c.until(() => c.leader !== undefined && c.leader !== leader, millis(300))
    c.until(() => leader.machine.power === 'off', seconds(2))
    expect(c.sim.now - before).toBeLessThan(seconds(1))
    expect(put(c, c.leader as EtcdSeat, 'a')).toBe(2)
  })

  it('C1 C2 D6 batches: many writes share syncs, many barriers share rounds', () => {
    const { c, leader } = started()
    const before = c.sim.eventsHandled
    const revisions = c.run(leader, function* (client) {
      const all = Array.from({ length: 200 }, (_, i) =>
        leader.env.spawn(client.put({ key: `k${i}`, value: i })),
      )
      for (const write of all) yield* wait(write)
      const barriers = Array.from({ length: 200 }, () => leader.env.spawn(client.currentRevision()))
      const seen = new Set<number>()
      for (const barrier of barriers) {
        const result = yield* wait(barrier)
        if (result.ok) seen.add(result.value)
      }
      return [...seen]
    })
    expect(revisions).toEqual([201])
    expect(c.sim.eventsHandled - before).toBeLessThan(600)
  })
})
