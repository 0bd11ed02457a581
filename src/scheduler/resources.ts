import type { Container, Pod, ResourceRequirements } from '../api/generated/core-v1'
import { mustQuantity, quantityMilliValue, quantityValue } from '../api/machinery/quantity'

/** What a pod asks for or a node offers: thousandths of a core, bytes, and counts of the rest. */
export interface Resources {
  milliCpu: number
  memoryBytes: number
  ephemeralBytes: number
  scalars: Map<string, number>
}

type Amounts = { readonly [name: string]: string | number } | undefined

/** Asked for in scoring when a container names none (as kube-scheduler does). */
const milliCpuAssumed = 100
const memoryBytesAssumed = 200 * 1024 * 1024
const parsedMax = 10_000
const parsed = new Map<string, number>()

/** Parsing is the costly part and the same few texts come again and again. */
function amount(name: string, value: string | number): number {
  const key = `${name === 'cpu' ? 'm' : 'v'}${value}`
  let number = parsed.get(key)
  if (number === undefined) {
    const quantity = mustQuantity(value)
    number = name === 'cpu' ? quantityMilliValue(quantity) : quantityValue(quantity)
    if (parsed.size >= parsedMax) parsed.clear()
    parsed.set(key, number)
  }
  return number
}

export function noResources(): Resources {
  return { milliCpu: 0, memoryBytes: 0, ephemeralBytes: 0, scalars: new Map() }
}

export function resourcesOf(amounts: Amounts): Resources {
  const total = noResources()
  for (const [name, value] of Object.entries(amounts ?? {})) {
    const number = amount(name, value)
    if (name === 'cpu') total.milliCpu = number
    else if (name === 'memory') total.memoryBytes = number
    else if (name === 'ephemeral-storage') total.ephemeralBytes = number
    else total.scalars.set(name, number)
  }
  return total
}

/** Adds `sign` times `other` in place. */
export function addResources(total: Resources, other: Resources, sign: 1 | -1 = 1): void {
  total.milliCpu += sign * other.milliCpu
  total.memoryBytes += sign * other.memoryBytes
  total.ephemeralBytes += sign * other.ephemeralBytes
  for (const [name, value] of other.scalars) {
    total.scalars.set(name, (total.scalars.get(name) ?? 0) + sign * value)
  }
}

function raise(total: Resources, other: Resources): void {
  total.milliCpu = Math.max(total.milliCpu, other.milliCpu)
  total.memoryBytes = Math.max(total.memoryBytes, other.memoryBytes)
  total.ephemeralBytes = Math.max(total.ephemeralBytes, other.ephemeralBytes)
  for (const [name, value] of other.scalars) {
    total.scalars.set(name, Math.max(total.scalars.get(name) ?? 0, value))
  }
}

/** What the pod asks for as a whole stands for the sum of its containers. */
function override(total: Resources, whole: Resources): void {
  if (whole.milliCpu > 0) total.milliCpu = whole.milliCpu
  if (whole.memoryBytes > 0) total.memoryBytes = whole.memoryBytes
  for (const [name, value] of whole.scalars) {
    if (name.startsWith('hugepages-')) total.scalars.set(name, value)
  }
}

type RequestsOf = (requirements: ResourceRequirements | undefined) => Resources

const exactly: RequestsOf = (requirements) => resourcesOf(requirements?.requests)

const atLeastAssumed: RequestsOf = (requirements) => {
  const requests = resourcesOf(requirements?.requests)
  if (requirements?.requests?.cpu === undefined) requests.milliCpu = milliCpuAssumed
  if (requirements?.requests?.memory === undefined) requests.memoryBytes = memoryBytesAssumed
  return requests
}

const isSidecar = (container: Container) => container.restartPolicy === 'Always'

/** Containers and sidecars add up; an ordinary init container only raises what is needed at its time. */
function total(pod: Pod, requestsOf: RequestsOf): Resources {
  const sum = noResources()
  for (const container of pod.spec.containers) addResources(sum, requestsOf(container.resources))
  const sidecars = noResources()
  const peak = noResources()
  for (const container of pod.spec.initContainers ?? []) {
    const requests = requestsOf(container.resources)
    if (isSidecar(container)) {
      addResources(sum, requests)
      addResources(sidecars, requests)
      raise(peak, sidecars)
    } else {
      addResources(requests, sidecars)
      raise(peak, requests)
    }
  }
  raise(sum, peak)
  if (pod.spec.resources?.requests) override(sum, resourcesOf(pod.spec.resources.requests))
  if (pod.spec.overhead) addResources(sum, resourcesOf(pod.spec.overhead))
  return sum
}

export function podRequests(pod: Pod): Resources {
  return total(pod, exactly)
}

/** With what scoring assumes for containers that ask for nothing. */
export function podRequestsForScoring(pod: Pod): Resources {
  return total(pod, atLeastAssumed)
}
