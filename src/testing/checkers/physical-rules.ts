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

/**
 * K1 pods run on their own node only; K2 once at most: one sandbox, one container of a name, and its
 * restarts are counted up. (In the API the count may go back for a moment: a status that an API
 * server held while etcd had no leader is written late, and the kubelet then corrects it.)
 */
export class RunningRules {
  readonly #ledger: Ledger
  readonly #sim: Simulation
  /** Highest attempt seen running, by pod uid and container. */
  readonly #attempts = new Map<string, number>()

  constructor(ledger: Ledger, sim: Simulation) {
    this.#ledger = ledger
    this.#sim = sim
  }

  look(): void {
    const places = new Map<string, string>()
    for (const [machine, uid, pod] of runtimePods(this.#sim)) {
      const name = pod.sandboxes[0]?.config.name ?? uid
      this.#once(`${name} on ${machine.id}`, pod)
      const running = pod.containers.filter(isRunning)
      for (const { config } of running) this.#count(`${uid} ${config.name}`, config.attempt, name)
      if (running.length === 0) continue
      const other = places.get(uid)
      const what = () => `${name} runs on ${other} and ${machine.id}`
      this.#ledger.demand(other === undefined, 'K1', what)
      places.set(uid, machine.id)
    }
  }

  #once(name: string, { sandboxes, containers }: PodRuntimeStatus): void {
    const ready = sandboxes.filter((sandbox) => sandbox.ready)
    this.#ledger.demand(ready.length <= 1, 'K2', () => `${name} has ${ready.length} sandboxes`)
    const running = containers.filter(isRunning).map(({ config }) => config.name)
    const twice = running.find((container, at) => running.indexOf(container) !== at)
    this.#ledger.demand(twice === undefined, 'K2', () => `container ${twice} of ${name} runs twice`)
  }

  #count(container: string, attempt: number, name: string): void {
    const known = this.#attempts.get(container) ?? 0
    const what = () => `${name}: attempt ${attempt} of ${container} runs after ${known}`
    // A power cut may take the record of a static pod's last run; its kubelet has no other.
    const isStatic = !container.includes('-')
    this.#ledger.demand(attempt >= known || isStatic, 'K2', what)
    this.#attempts.set(container, Math.max(known, attempt))
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
