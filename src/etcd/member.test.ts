import { describe, expect, it } from 'vitest'
import { seconds } from '../sim/time'
import { EtcdCluster } from '../testing/etcd/cluster'

describe('a cluster of three', () => {
  it('elects, writes, reads and watches', () => {
    const c = new EtcdCluster()
    c.until(() => c.leader !== undefined, seconds(5))
    const seen: unknown[] = []
    c.sim.inject('test', () => {
      c.seat(2).client.watch(
        { key: 'a', rangeEnd: 'b', startRevision: 1 },
        {
          onCreated: (r) => seen.push(['created', r]),
          onEvents: (events, revision) => seen.push([events.map((e) => e.kv.value), revision]),
          onProgress: (r) => seen.push(['progress', r]),
          onClosed: (r) => seen.push(r),
        },
      )
    })
    for (const seat of c.seats) {
      const put = c.run(seat, (client) => client.put({ key: 'a', value: seat.id }))
      expect(put.ok && put.value.header.revision).toBe(seat.id + 1)
    }
    const read = c.run(c.seat(1), (client) => client.range({ key: 'a' }))
    expect(read.ok && read.value.kvs[0]?.value).toBe(3)
    expect(c.run(c.seat(3), (client) => client.currentRevision())).toEqual({ ok: true, value: 4 })
    expect(seen).toEqual([
      ['created', 1],
      [[1], 2],
      [[2], 3],
      [[3], 4],
    ])
  })
})
