import type { Pod } from '../../api/generated/core-v1'
import type { Containerd } from '../../runtime/containerd'
import type { PodRuntimeStatus } from '../../runtime/cri'
import type { Machine } from '../../sim/machine'
import type { Simulation } from '../../sim/simulation'
import type { EtcdHistory } from './etcd-history'
import type { Ledger } from './ledger'

function runtimeOf(machine: Machine): Containerd | undefined {
  const process = machine.process('containerd')
  return process?.status === 'running' ? (process.program as Containerd) : undefined
}

/** What each machine's runtime holds: pods by uid. */
export function* runtimePods(sim: Simulation): Generator<[Machine, string, PodRuntimeStatus]> {
  for (const machine of sim.machines) {
    const runtime = runtimeOf(machine)
    if (!runtime) continue
    for (const uid of runtime.podUids()) yield [machine, uid, runtime.pod(uid)]
  }
}

const isRunning = ({ state }: { readonly state: string }): boolean => state === 'running'

/** K1 pods run on their own node only; K2 once at most: one sandbox, one container of a name. */
export function checkRunning(ledger: Ledger, sim: Simulation): void {
  const places = new Map<string, string>()
  for (const [machine, uid, { sandboxes, containers }] of runtimePods(sim)) {
    const ready = sandboxes.filter((sandbox) => sandbox.ready)
    const name = sandboxes[0]?.config.name ?? uid
    const what = () => `${name} (${uid}) has ${ready.length} sandboxes on ${machine.id}`
    ledger.demand(ready.length <= 1, 'K2', what)
    const running = containers.filter(isRunning).map(({ config }) => config.name)
    const twice = running.find((container, at) => running.indexOf(container) !== at)
    const again = () => `container ${twice} of ${name} runs twice on ${machine.id}`
    ledger.demand(twice === undefined, 'K2', again)
    if (running.length === 0) continue
    const other = places.get(uid)
    ledger.demand(other === undefined, 'K1', () => `${name} runs on ${other} and ${machine.id}`)
    places.set(uid, machine.id)
  }
}

/** K5: a pod object goes only after its containers, as long as its node's kubelet could tell. */
export function watchRemovals(ledger: Ledger, sim: Simulation, history: EtcdHistory): void {
  history.onRevision((_, events) => {
    for (const { type, kv, prevKv } of events) {
      if (type !== 'delete' || !kv.key.startsWith('/registry/pods/')) continue
      const pod = prevKv?.value as Pod
      if (pod.metadata.annotations?.['kubernetes.io/config.mirror']) continue
      const machine = sim.machine(pod.spec.nodeName ?? '')
      const left = machine && runtimeOf(machine)?.pod(pod.metadata.uid ?? '').containers
      const alive = left?.filter(isRunning).map(({ config }) => config.name) ?? []
      const what = () => `${kv.key} was removed while ${alive} ran on ${machine?.id}`
      ledger.demand(alive.length === 0, 'K5', what)
    }
  })
}
