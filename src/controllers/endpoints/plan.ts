import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Endpoints,
  Pod,
  Service,
} from '../../api/generated/core-v1'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import {
  hasClusterIP,
  headlessLabel,
  hostnameOf,
  isEndpoint,
  podReference,
  targetPortOf,
  triggerTimeAnnotation,
} from '../pod-endpoints'
import { isPodReady } from '../pod-state'

const managedByLabel = 'endpoints.kubernetes.io/managed-by'
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity'
/** Addresses that one Endpoints object holds at most. */
const capacity = 1000

/** One pod's part in a service's Endpoints. */
export interface PodAddress {
  readonly address: EndpointAddress
  readonly isReady: boolean
  readonly ports: readonly EndpointPort[]
  /** Equal for equal ports. */
  readonly portsKey: string
}

/** Undefined for a pod that does not stand behind the service. */
export function podAddress(pod: Pod, service: Service): PodAddress | undefined {
  const { publishNotReadyAddresses = false, ports = [] } = service.spec
  if (!isEndpoint(pod, publishNotReadyAddresses)) return undefined
  const found: EndpointPort[] = []
  for (const port of ports) {
    const number = targetPortOf(pod, port)
    if (number !== undefined) found.push(endpointPort(port, number))
  }
  if (found.length === 0 && (ports.length > 0 || hasClusterIP(service))) return undefined
  return {
    address: addressOf(pod, service),
    isReady: publishNotReadyAddresses || isPodReady(pod),
    ports: found,
    portsKey: JSON.stringify(found),
  }
}

/** The subsets that a service's pods make: addresses with the same ports together, sorted. */
export function subsetsOf(pods: readonly PodAddress[]): readonly EndpointSubset[] {
  const groups = new Map<string, Group>()
  for (const { address, isReady, ports, portsKey } of pods) {
    let group = groups.get(portsKey)
    if (!group) {
      group = { ports, ready: [], notReady: [] }
      groups.set(portsKey, group)
    }
    if (isReady) group.ready.push(address)
    else group.notReady.push(address)
  }
  return [...groups.keys()].sort().map((key) => subsetOf(groups.get(key) as Group))
}

interface Group {
  readonly ports: readonly EndpointPort[]
  readonly ready: EndpointAddress[]
  readonly notReady: EndpointAddress[]
}

function subsetOf({ ports, ready, notReady }: Group): EndpointSubset {
  return {
    ...(ready.length > 0 && { addresses: ready.sort(byAddress) }),
    ...(notReady.length > 0 && { notReadyAddresses: notReady.sort(byAddress) }),
    ...(ports.length > 0 && { ports }),
  }
}

function byAddress(a: EndpointAddress, b: EndpointAddress): number {
  if (a.ip !== b.ip) return a.ip < b.ip ? -1 : 1
  const [x, y] = [a.targetRef?.uid ?? '', b.targetRef?.uid ?? '']
  return x < y ? -1 : x > y ? 1 : 0
}

function endpointPort(
  { name, protocol = 'TCP', appProtocol }: Omit<EndpointPort, 'port'>,
  port: number,
): EndpointPort {
  return { ...(name && { name }), port, protocol, ...(appProtocol && { appProtocol }) }
}

function addressOf(pod: Pod, service: Service): EndpointAddress {
  const hostname = hostnameOf(pod, service)
  return {
    ip: pod.status.podIP as string,
    ...(hostname && { hostname }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: podReference(pod),
  }
}

/** The Endpoints object to write; undefined when the present one says the same already. */
export function planEndpoints(
  service: Service,
  pods: readonly PodAddress[],
  current: Endpoints | undefined,
  triggerTime: string | undefined,
): Endpoints | undefined {
  const all = subsetsOf(pods)
  const { subsets, truncated } = truncate(all)
  const labels: { [key: string]: string } = { ...service.metadata.labels }
  delete labels[headlessLabel]
  if (!hasClusterIP(service)) labels[headlessLabel] = ''
  labels[managedByLabel] = 'endpoint-controller'
  const isMarked = current?.metadata.annotations?.[overCapacityAnnotation] === 'truncated'
  if (
    current &&
    isMarked === truncated &&
    semanticEqual(current.subsets, subsets) &&
    semanticEqual(current.metadata.labels, labels)
  ) {
    return undefined
  }
  const annotations: { [key: string]: string } = { ...current?.metadata.annotations }
  delete annotations[triggerTimeAnnotation]
  delete annotations[overCapacityAnnotation]
  if (triggerTime) annotations[triggerTimeAnnotation] = triggerTime
  if (truncated) annotations[overCapacityAnnotation] = 'truncated'
  const { name, namespace } = service.metadata
  const { annotations: _old, ...kept } = current?.metadata ?? { name, namespace }
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...kept, labels, ...(Object.keys(annotations).length > 0 && { annotations }) },
    ...(subsets.length > 0 && { subsets }),
  }
}

/** Keeps ready addresses before others when there are more than one object may hold. */
function truncate(subsets: readonly EndpointSubset[]): {
  readonly subsets: readonly EndpointSubset[]
  readonly truncated: boolean
} {
  let ready = 0
  let notReady = 0
  for (const subset of subsets) {
    ready += subset.addresses?.length ?? 0
    notReady += subset.notReadyAddresses?.length ?? 0
  }
  if (ready + notReady <= capacity) return { subsets, truncated: false }
  let readyLeft = Math.min(ready, capacity)
  let notReadyLeft = capacity - readyLeft
  const kept: EndpointSubset[] = []
  for (const { addresses = [], notReadyAddresses = [], ports } of subsets) {
    const first = addresses.slice(0, readyLeft)
    const second = notReadyAddresses.slice(0, notReadyLeft)
    readyLeft -= first.length
    notReadyLeft -= second.length
    if (first.length + second.length === 0) continue
    kept.push(subsetOf({ ports: ports ?? [], ready: first, notReady: second }))
  }
  return { subsets: kept, truncated: true }
}
