import { Cluster } from '../../cluster/cluster'
import type { LabCommand } from '../../control/commands'
import { defaultSpec } from '../../control/spec'
import { minutes, seconds } from '../../sim/time'

const workload = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'nginx:1.27' }] },
    },
  },
}

const faults: readonly LabCommand[] = [
  { type: 'powerOff', machine: 'worker-1', how: 'abrupt' },
  { type: 'isolate', machine: 'master-2', from: 'peers' },
  { type: 'powerOff', machine: 'master-3', how: 'graceful' },
  { type: 'reconnect', machine: 'master-2' },
  { type: 'powerOn', machine: 'master-3' },
  { type: 'powerOn', machine: 'worker-1' },
]

/** One run with work and faults: the trace hash after each step. Equal on every host. */
export function replay(seed: number): string[] {
  const cluster = new Cluster({ ...defaultSpec, seed })
  const { sim } = cluster
  const hashes: string[] = []
  const advance = (by: number) => {
    sim.runUntil(sim.now + by)
    hashes.push(sim.traceHash())
  }
  advance(seconds(20))
  sim.inject('test.apply', () => {
    const path = '/apis/apps/v1/namespaces/default/deployments'
    cluster.outside.send({ method: 'POST', path, body: workload })
  })
  advance(seconds(30))
  for (const fault of faults) {
    sim.inject('test.fault', () => cluster.perform(fault))
    advance(minutes(2))
  }
  return hashes
}
