import type { Node, Pod } from '../api/generated/core-v1'
import { nodeFitsPod } from '../api/machinery/node-selector'
import { mustQuantity, quantityMilliValue, quantityValue } from '../api/machinery/quantity'
import { containersOf, initContainersOf, isSidecar } from './pod-view'

export interface Rejection {
  readonly reason: string
  readonly message: string
}

interface Demand {
  readonly milliCpu: number
  readonly memory: number
  readonly storage: number
}

const zero: Demand = { milliCpu: 0, memory: 0, storage: 0 }

function plus(a: Demand, b: Demand): Demand {
  return {
    milliCpu: a.milliCpu + b.milliCpu,
    memory: a.memory + b.memory,
    storage: a.storage + b.storage,
  }
}

function most(a: Demand, b: Demand): Demand {
  return {
    milliCpu: Math.max(a.milliCpu, b.milliCpu),
    memory: Math.max(a.memory, b.memory),
    storage: Math.max(a.storage, b.storage),
  }
}

function demandOf(requests: { readonly [name: string]: string | number } | undefined): Demand {
  const value = (name: string) => mustQuantity(requests?.[name] ?? '0')
  return {
    milliCpu: quantityMilliValue(value('cpu')),
    memory: quantityValue(value('memory')),
    storage: quantityValue(value('ephemeral-storage')),
  }
}

/** What a pod may use at most at one time: sidecars add up, init containers run alone. */
function podDemand(pod: Pod): Demand {
  let sidecars = zero
  let inits = zero
  for (const container of initContainersOf(pod)) {
    const own = demandOf(container.resources?.requests)
    if (isSidecar(container)) sidecars = plus(sidecars, own)
    inits = most(inits, isSidecar(container) ? sidecars : plus(own, sidecars))
  }
  const mains = containersOf(pod).map((c) => demandOf(c.resources?.requests))
  const total = most(mains.reduce(plus, sidecars), inits)
  return plus(total, demandOf(pod.spec?.overhead))
}

/** What admission has to know of a pod, computed once. */
export interface Footprint {
  readonly demand: Demand
  /** `TCP/8080`. */
  readonly hostPorts: readonly string[]
}

export function footprintOf(pod: Pod): Footprint {
  return { demand: podDemand(pod), hostPorts: hostPortsOf(pod) }
}

/** Why this node cannot run a pod that was bound to it, or undefined: the kubelet's canAdmitPod. */
export function admitPod(
  node: Node,
  pod: Pod,
  own: Footprint,
  others: readonly Footprint[],
): Rejection | undefined {
  if (!nodeFitsPod(node, pod.spec)) {
    const why = "node(s) didn't match Pod's node affinity/selector"
    return { reason: 'NodeAffinity', message: `Predicate NodeAffinity failed: ${why}` }
  }
  const allocatable = node.status?.allocatable ?? {}
  const pods = quantityValue(mustQuantity(allocatable.pods ?? '110'))
  if (others.length + 1 > pods) return shortage('pods', 1, others.length, pods)
  for (const port of own.hostPorts) {
    if (!others.some((other) => other.hostPorts.includes(port))) continue
    const why = "node(s) didn't have free ports for the requested pod ports"
    return { reason: 'NodePorts', message: `Predicate NodePorts failed: ${why}` }
  }
  const wanted = own.demand
  const used = others.reduce((sum, other) => plus(sum, other.demand), zero)
  const room = demandOf(allocatable)
  const checks = [
    ['cpu', wanted.milliCpu, used.milliCpu, room.milliCpu],
    ['memory', wanted.memory, used.memory, room.memory],
    ['ephemeral-storage', wanted.storage, used.storage, room.storage],
  ] as const
  for (const [name, want, use, capacity] of checks) {
    if (want > 0 && want + use > capacity) return shortage(name, want, use, capacity)
  }
  return undefined
}

function shortage(name: string, requested: number, used: number, capacity: number): Rejection {
  const numbers = `requested: ${requested}, used: ${used}, capacity: ${capacity}`
  return {
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, ${numbers}`,
  }
}

function hostPortsOf(pod: Pod): string[] {
  const ports: string[] = []
  for (const { ports: declared } of containersOf(pod)) {
    for (const { hostPort, protocol = 'TCP' } of declared ?? []) {
      if (hostPort) ports.push(`${protocol}/${hostPort}`)
    }
  }
  return ports
}
