import type { Node, Pod } from '../../api/generated/core-v1'
import { parseQuantity, quantityMilliValue, quantityValue } from '../../api/machinery/quantity'

/** Parts requested of what a node can give, and the figures behind them. */
export interface Capacity {
  readonly cpuMilli: number
  readonly cpuMilliTotal: number
  readonly memoryBytes: number
  readonly memoryBytesTotal: number
}

function milli(value: string | number | undefined): number {
  if (value === undefined) return 0
  const parsed = parseQuantity(value)
  return parsed.ok ? quantityMilliValue(parsed.quantity) : 0
}

function units(value: string | number | undefined): number {
  if (value === undefined) return 0
  const parsed = parseQuantity(value)
  return parsed.ok ? quantityValue(parsed.quantity) : 0
}

interface Requests {
  readonly cpuMilli: number
  readonly memoryBytes: number
}

/** Objects are never changed in place, so what was read from one stays true of it. */
const requestsOf = new WeakMap<Pod, Requests>()

function requests(pod: Pod): Requests {
  let found = requestsOf.get(pod)
  if (!found) {
    let cpuMilli = 0
    let memoryBytes = 0
    for (const container of pod.spec?.containers ?? []) {
      cpuMilli += milli(container.resources?.requests?.cpu)
      memoryBytes += units(container.resources?.requests?.memory)
    }
    found = { cpuMilli, memoryBytes }
    requestsOf.set(pod, found)
  }
  return found
}

/** Sums the requests of the pods bound to a node that have not ended. */
export function capacityOf(node: Node | undefined, pods: readonly Pod[]): Capacity {
  let cpuMilli = 0
  let memoryBytes = 0
  for (const pod of pods) {
    const phase = pod.status?.phase
    if (phase === 'Succeeded' || phase === 'Failed') continue
    const wanted = requests(pod)
    cpuMilli += wanted.cpuMilli
    memoryBytes += wanted.memoryBytes
  }
  const allocatable = node?.status?.allocatable
  return {
    cpuMilli,
    memoryBytes,
    cpuMilliTotal: milli(allocatable?.cpu),
    memoryBytesTotal: units(allocatable?.memory),
  }
}

export function cpuText(milliValue: number): string {
  return milliValue % 1000 === 0 ? `${milliValue / 1000}` : `${milliValue}m`
}

export function memoryText(bytes: number): string {
  const gib = bytes / 1024 ** 3
  if (gib >= 1) return `${Math.round(gib * 10) / 10} GiB`
  return `${Math.round(bytes / 1024 ** 2)} MiB`
}
