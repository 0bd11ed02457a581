import type { Pod } from '../../api/generated/core-v1'
import { resourcePath } from '../../api/object'
import { PODS } from '../../api/resources'
import type { ApiResponse } from '../../client/request'
import { Cluster } from '../../cluster/cluster'
import { defaultSpec } from '../../control/spec'
import { minutes, seconds } from '../../sim/time'
import { fleet } from './fleet'
import { costOf, type Measurement, repeated } from './measurement'

const patience = minutes(10)
const step = seconds(1)

function bootedCluster(workers: number): Cluster {
  const cluster = new Cluster({ ...defaultSpec, workers })
  runUntil(cluster, () => cluster.ready())
  return cluster
}

function runUntil(cluster: Cluster, reached: () => boolean): void {
  const deadline = cluster.sim.now + patience
  while (!reached()) {
    if (cluster.sim.now > deadline) throw new Error('the cluster did not get there in time')
    cluster.sim.runUntil(cluster.sim.now + step)
  }
}

const isReady = (pod: Pod) =>
  pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')

/** From apply until a client's watch has seen every pod Ready, three Raft masters included. */
export function ownFleet(pods: number, workers: number): Promise<Measurement[]> {
  return repeated(`${pods}-pods-${workers}-nodes`, () => {
    const cluster = bootedCluster(workers)
    const ready = watchReadyPods(cluster)
    return costOf(() => {
      cluster.sim.inject('bench.apply', () => {
        for (const body of fleet(pods)) {
          const path = '/apis/apps/v1/namespaces/default/deployments'
          cluster.outside.send({ method: 'POST', path, body })
        }
      })
      runUntil(cluster, () => ready.size >= pods)
    })
  })
}

/** Names of the pods that a client has seen Ready so far. */
function watchReadyPods(cluster: Cluster): ReadonlySet<string> {
  const ready = new Set<string>()
  cluster.sim.inject('bench.watch', () => {
    const path = resourcePath(PODS, { namespace: 'default' })
    const query = { watch: 'true' }
    cluster.outside.watch(
      { method: 'GET', path, query },
      {
        onEvent: ({ object }) => {
          const pod = object as Pod
          if (isReady(pod)) ready.add(pod.metadata.name)
        },
        onClose: (end: ApiResponse) => {
          throw new Error(`the watch ended with ${end.status}`)
        },
      },
    )
  })
  return ready
}

/** How many times faster than real time the default cluster idles. */
export function idleSpeed(): Measurement[] {
  const cluster = bootedCluster(3)
  cluster.sim.runUntil(cluster.sim.now + minutes(2))
  const began = performance.now()
  const virtualSeconds = 1_200
  cluster.sim.runUntil(cluster.sim.now + seconds(virtualSeconds))
  const wallSeconds = (performance.now() - began) / 1_000
  return [{ name: 'idle-speed', value: Math.round(virtualSeconds / wallSeconds), unit: 'x' }]
}

/** Wall time from nothing to 3 + 3 Ready. */
export function bootTime(): Measurement[] {
  const began = performance.now()
  bootedCluster(3)
  return [{ name: 'boot-default', value: Math.round(performance.now() - began), unit: 'ms' }]
}
