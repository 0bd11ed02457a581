import type { Node, Pod, Service } from '../../api/generated/core-v1'
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/generated/discovery-v1'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { SERVICES } from '../../api/resources'
import { controllerRef } from '../owners'
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

export const serviceNameLabel = 'kubernetes.io/service-name'
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
export const managerName = 'endpointslice-controller.k8s.io'
const zoneLabel = 'topology.kubernetes.io/zone'
/** --max-endpoints-per-slice */
export const endpointsPerSliceMax = 100

export interface SlicePlan {
  readonly create: readonly object[]
  readonly update: readonly EndpointSlice[]
  readonly delete: readonly EndpointSlice[]
}

/** One pod's part in a service's slices. */
export interface PodEndpoint {
  readonly endpoint: Endpoint
  readonly ports: readonly EndpointPort[]
  /** Equal for equal ports. */
  readonly portsKey: string
}

export interface SliceInput {
  readonly service: Service
  readonly pods: readonly PodEndpoint[]
  readonly existing: readonly EndpointSlice[]
  readonly triggerTime: string | undefined
}

interface Group {
  readonly ports: readonly EndpointPort[]
  readonly endpoints: Map<string, Endpoint>
}

/** One endpoint under way: the slices as they shall be, and which of them are new or changed. */
interface Draft {
  readonly slice: EndpointSlice | undefined
  readonly ports: readonly EndpointPort[]
  readonly endpoints: Endpoint[]
}

/**
 * The fewest writes that make a service's slices say what its pods are (IPv4): changed endpoints in
 * place, room in slices that change anyway used first, then the fullest other slice that has room,
 * then new slices. A service without endpoints keeps one empty slice.
 */
export function planSlices(input: SliceInput): SlicePlan {
  const groups = groupsOf(input.pods)
  const labels = labelsOf(input.service)
  const drafts: Draft[] = []
  const doomed: EndpointSlice[] = []
  const byPorts = new Map<string, EndpointSlice[]>()
  for (const slice of input.existing) {
    const key = portsKey(slice.ports ?? [])
    if (!groups.has(key)) doomed.push(slice)
    else byPorts.set(key, [...(byPorts.get(key) ?? []), slice])
  }
  for (const [key, group] of groups) {
    reconcileGroup(group, byPorts.get(key) ?? [], labels, drafts, doomed)
  }
  return finish(input, labels, drafts, doomed)
}

function reconcileGroup(
  group: Group,
  slices: readonly EndpointSlice[],
  labels: Labels,
  drafts: Draft[],
  doomed: EndpointSlice[],
): void {
  const missing = new Map(group.endpoints)
  const changed: Draft[] = []
  const unchanged: EndpointSlice[] = []
  for (const slice of slices) {
    const endpoints: Endpoint[] = []
    const old = slice.endpoints ?? []
    let same = semanticEqual(slice.metadata.labels, labels)
    for (const endpoint of old) {
      const key = endpointKey(endpoint)
      const wanted = missing.get(key)
      if (!wanted) continue
      missing.delete(key)
      if (!semanticEqual(wanted, endpoint)) same = false
      endpoints.push(wanted)
    }
    if (endpoints.length === 0) doomed.push(slice)
    else if (same && endpoints.length === old.length) unchanged.push(slice)
    else changed.push({ slice, ports: group.ports, endpoints })
  }
  const left = [...missing.values()]
  changed.sort((a, b) => b.endpoints.length - a.endpoints.length)
  for (const draft of changed) fill(draft, left)
  drafts.push(...changed)
  while (left.length > 0) {
    const slice = left.length < endpointsPerSliceMax ? takeRoomy(unchanged, left.length) : undefined
    const draft: Draft = {
      slice,
      ports: group.ports,
      endpoints: [...(slice?.endpoints ?? [])],
    }
    fill(draft, left)
    drafts.push(draft)
  }
}

function fill(draft: Draft, left: Endpoint[]): void {
  const room = endpointsPerSliceMax - draft.endpoints.length
  if (room > 0) draft.endpoints.push(...left.splice(0, room))
}

/** The slice that comes closest to full by taking `count` more; it is removed from the list. */
function takeRoomy(slices: EndpointSlice[], count: number): EndpointSlice | undefined {
  let best = -1
  let most = -1
  for (const [i, { endpoints = [] }] of slices.entries()) {
    const size = endpoints.length + count
    if (size > endpointsPerSliceMax || size <= most) continue
    best = i
    most = size
  }
  return best < 0 ? undefined : slices.splice(best, 1)[0]
}

function finish(
  input: SliceInput,
  labels: Labels,
  drafts: Draft[],
  doomed: readonly EndpointSlice[],
): SlicePlan {
  const { service, existing, triggerTime } = input
  const emptied = [...doomed]
  if (drafts.length === 0 && emptied.length === existing.length) {
    const [only] = emptied
    if (emptied.length === 1 && only && isPlaceholder(only, labels)) emptied.length = 0
    else drafts.push({ slice: undefined, ports: [], endpoints: [] })
  }
  const create: object[] = []
  const update: EndpointSlice[] = []
  for (const draft of drafts) {
    const slice = draft.slice ?? emptied.shift()
    const { name, namespace } = service.metadata
    const body = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      addressType: 'IPv4',
      endpoints: draft.endpoints,
      ports: draft.ports,
    }
    const annotations = {
      ...slice?.metadata.annotations,
      ...(triggerTime && { [triggerTimeAnnotation]: triggerTime }),
    }
    const noted = Object.keys(annotations).length > 0 ? { annotations } : {}
    if (slice) update.push({ ...body, metadata: { ...slice.metadata, labels, ...noted } })
    else {
      create.push({
        ...body,
        metadata: {
          generateName: `${name}-`,
          namespace,
          labels,
          ...noted,
          ownerReferences: [controllerRef(SERVICES, service)],
        },
      })
    }
  }
  return { create, update, delete: emptied }
}

function isPlaceholder(slice: EndpointSlice, labels: Labels): boolean {
  return (
    (slice.endpoints ?? []).length === 0 &&
    (slice.ports ?? []).length === 0 &&
    semanticEqual(slice.metadata.labels, labels)
  )
}

type Labels = { readonly [key: string]: string }

function labelsOf(service: Service): Labels {
  const labels: { [key: string]: string } = { ...service.metadata.labels }
  delete labels[headlessLabel]
  if (!hasClusterIP(service)) labels[headlessLabel] = ''
  labels[serviceNameLabel] = service.metadata.name
  labels[managedByLabel] = managerName
  return labels
}

function groupsOf(pods: readonly PodEndpoint[]): Map<string, Group> {
  const groups = new Map<string, Group>()
  for (const { endpoint, ports, portsKey: key } of pods) {
    let group = groups.get(key)
    if (!group) {
      group = { ports, endpoints: new Map() }
      groups.set(key, group)
    }
    group.endpoints.set(endpointKey(endpoint), endpoint)
  }
  return groups
}

/** Undefined for a pod that does not stand behind the service, or whose node is not known. */
export function podEndpoint(
  pod: Pod,
  service: Service,
  node: Node | undefined,
): PodEndpoint | undefined {
  if (!isEndpoint(pod, true) || isOnUnknownNode(pod, service, node)) return undefined
  const ports = portsOf(service, pod)
  return { endpoint: endpointOf(pod, service, node), ports, portsKey: portsKey(ports) }
}

/** A pod that cannot be placed in a slice yet because its node has not been seen. */
export function isOnUnknownNode(pod: Pod, service: Service, node: Node | undefined): boolean {
  return (
    !node &&
    pod.spec.nodeName !== undefined &&
    service.spec.publishNotReadyAddresses !== true &&
    isEndpoint(pod, true)
  )
}

function portsOf(service: Service, pod: Pod): readonly EndpointPort[] {
  const ports: EndpointPort[] = []
  for (const port of service.spec.ports ?? []) {
    const number = targetPortOf(pod, port)
    if (number === undefined) continue
    const { name = '', protocol = 'TCP', appProtocol } = port
    ports.push({ name, protocol, port: number, ...(appProtocol && { appProtocol }) })
  }
  return ports
}

function portsKey(ports: readonly EndpointPort[]): string {
  return ports
    .map(
      ({ name = '', protocol = 'TCP', port, appProtocol = '' }) =>
        `${name}/${protocol}/${port ?? ''}/${appProtocol}`,
    )
    .sort()
    .join(',')
}

/** Pod names are unique within the service's namespace. */
function endpointKey({ addresses, targetRef }: Endpoint): string {
  return targetRef?.name ?? addresses[0] ?? ''
}

function endpointOf(pod: Pod, service: Service, node: Node | undefined): Endpoint {
  const serving = isPodReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating)
  const { nodeName } = pod.spec
  const zone = node?.metadata.labels?.[zoneLabel]
  const hostname = hostnameOf(pod, service)
  return {
    addresses: [pod.status.podIP as string],
    conditions: { ready, serving, terminating },
    ...(hostname && { hostname }),
    targetRef: podReference(pod),
    ...(nodeName && { nodeName }),
    ...(zone && { zone }),
  }
}
