import type { EtcdClient } from '../../etcd/client'
import type { Task } from '../../sim/task'
import { millis, seconds } from '../../sim/time'
import { EtcdCluster } from '../etcd/cluster'
import type { Measurement } from './measurement'

const writersPerMember = 100
const keysPerWriter = 20

/**
 * Committed writes per second of wall time through three members, each with a write-ahead log, its
 * store and one watcher of all keys. `now` tells the wall time in milliseconds.
 */
export function etcdWritesPerSecond(now: () => number, writes = 60_000): Measurement {
  const cluster = new EtcdCluster({ seed: 1 })
  cluster.until(() => cluster.leader !== undefined, seconds(5))
  let seen = 0
  let done = 0
  const perWriter = Math.ceil(writes / (writersPerMember * cluster.seats.length))
  const total = perWriter * writersPerMember * cluster.seats.length
  cluster.sim.inject('bench', () => {
    for (const seat of cluster.seats) {
      seat.client.watch(
        { key: '/registry/', rangeEnd: '/registry0', startRevision: 1, prevKv: true },
        {
          onEvents: (events) => {
            seen += events.length
          },
          onProgress: () => undefined,
          onClosed: () => undefined,
        },
      )
      for (let writer = 0; writer < writersPerMember; writer++) {
        const keys = Array.from(
          { length: keysPerWriter },
          (_, i) => `/registry/pods/default/pod-${seat.id}-${writer}-${i}`,
        )
        seat.env.spawn(write(seat.client, keys, perWriter)).onDone((written) => {
          done += written
        })
      }
    }
  })
  const start = now()
  while (done < total || seen < total * cluster.seats.length) cluster.advance(millis(10))
  const elapsed = (now() - start) / 1_000
  return { name: 'etcd-writes-per-second', value: Math.round(total / elapsed), unit: 'writes/s' }
}

/** Guarded updates, as an API server writes: the version read last must still be there. */
function* write(client: EtcdClient, keys: readonly string[], count: number): Task<number> {
  const versions = keys.map(() => 0)
  for (let i = 0; i < count; i++) {
    const at = i % keys.length
    const key = keys[at] as string
    const result = yield* client.txn({
      compare: [{ key, target: 'mod', result: '=', value: versions[at] }],
      success: [{ type: 'put', request: { key, value: { spec: i } } }],
      failure: [{ type: 'range', request: { key } }],
    })
    if (!result.ok || !result.value.succeeded) throw new Error(`write ${i} of ${key} failed`)
    versions[at] = result.value.header.revision
  }
  return count
}

/** Milliseconds of wall time that one virtual second of an idle three-member cluster costs. */
export function etcdIdleCost(now: () => number, virtualSeconds = 600): Measurement {
  const cluster = new EtcdCluster({ seed: 1 })
  cluster.until(() => cluster.leader !== undefined, seconds(5))
  cluster.advance(seconds(60))
  const start = now()
  cluster.advance(seconds(virtualSeconds))
  const value = Math.round(((now() - start) / virtualSeconds) * 1_000) / 1_000
  return { name: 'etcd-idle-cost', value, unit: 'ms per virtual second' }
}
