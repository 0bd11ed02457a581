import type { Lease } from '../generated/coordination-v1'
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  PodTemplate,
  ResourceQuota,
  Secret,
  Service,
} from '../generated/core-v1'
import type { EndpointSlice } from '../generated/discovery-v1'
import type { KubeObject } from '../object'
import { compareText } from './go-text'
import {
  AGE,
  age,
  containerImages,
  containerNames,
  cut,
  labelsText,
  NAME,
  NONE,
  type Printer,
  printer,
  SELECTOR,
  since,
  text,
  wide,
} from './table-column'

const NAMESPACE = printer<Namespace>(
  [NAME, text('Status', 'The phase of the namespace.'), AGE],
  (namespace, now) => [namespace.metadata.name, namespace.status?.phase ?? '', age(namespace, now)],
)

const CONFIG_MAP = printer<ConfigMap>(
  [NAME, text('Data', 'How many entries there are.'), AGE],
  (map, now) => {
    const count = Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length
    return [map.metadata.name, count, age(map, now)]
  },
)

const SECRET = printer<Secret>(
  [NAME, text('Type', 'What the secret is for.'), text('Data', 'How many entries there are.'), AGE],
  (secret, now) => [
    secret.metadata.name,
    secret.type ?? '',
    Object.keys(secret.data ?? {}).length,
    age(secret, now),
  ],
)

const SERVICE_ACCOUNT = printer<KubeObject>([NAME, AGE], (account, now) => [
  account.metadata.name,
  age(account, now),
])

const SERVICE = printer<Service>(
  [
    NAME,
    text('Type', 'How the service is exposed.'),
    text('Cluster-IP', 'The address of the service inside the cluster.'),
    text('External-IP', 'Addresses of the service outside the cluster.'),
    text('Port(s)', 'The ports of the service.'),
    AGE,
    SELECTOR,
  ],
  (service, now) => [
    service.metadata.name,
    service.spec?.type ?? '',
    service.spec?.clusterIPs?.[0] ?? service.spec?.clusterIP ?? NONE,
    externalIp(service),
    servicePorts(service),
    age(service, now),
    labelsText(service.spec?.selector),
  ],
)

function externalIp(service: Service): string {
  const external = service.spec?.externalIPs ?? []
  switch (service.spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return external.length > 0 ? external.join(',') : NONE
    case 'LoadBalancer': {
      const ingress = (service.status?.loadBalancer?.ingress ?? []).map(
        ({ ip, hostname }) => ip || hostname || '',
      )
      const all = [...[...new Set(ingress)].filter((part) => part !== '').sort(), ...external]
      return all.length > 0 ? all.join(',') : '<pending>'
    }
    case 'ExternalName':
      return service.spec.externalName ?? ''
    default:
      return '<unknown>'
  }
}

function servicePorts(service: Service): string {
  const ports = (service.spec?.ports ?? []).map(({ port, nodePort, protocol }) => {
    const number = nodePort ? `${port}:${nodePort}` : `${port}`
    return `${number}/${protocol ?? 'TCP'}`
  })
  return ports.length === 0 ? NONE : ports.join(',')
}

const ENDPOINTS = printer<Endpoints>(
  [NAME, text('Endpoints', 'Addresses and ports of the ready endpoints.'), AGE],
  (endpoints, now) => [endpoints.metadata.name, endpointsText(endpoints), age(endpoints, now)],
)

function endpointsText(endpoints: Endpoints): string {
  const subsets = endpoints.subsets ?? []
  if (subsets.length === 0) return NONE
  const list: string[] = []
  for (const { addresses = [], ports = [] } of subsets) {
    if (ports.length === 0) for (const { ip } of addresses) list.push(ip)
    for (const { port } of ports) {
      for (const { ip } of addresses)
        list.push(ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
    }
  }
  return cut(list)
}

const ENDPOINT_SLICE = printer<EndpointSlice>(
  [
    NAME,
    text('AddressType', 'IPv4, IPv6 or FQDN.'),
    text('Ports', 'The ports of the endpoints.'),
    text('Endpoints', 'The addresses of the endpoints.'),
    AGE,
  ],
  (slice, now) => {
    const ports = (slice.ports ?? []).map(({ port, name }) => String(port ?? name ?? '*'))
    const addresses = (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses)
    return [
      slice.metadata.name,
      slice.addressType,
      ports.length === 0 ? '<unset>' : cut(ports),
      (slice.endpoints ?? []).length === 0 ? '<unset>' : cut(addresses),
      age(slice, now),
    ]
  },
)

const NODE = printer<Node>(
  [
    NAME,
    text('Status', 'Whether the node is ready and takes new pods.'),
    text('Roles', "The node's roles, from its labels."),
    AGE,
    text('Version', "The kubelet's version."),
    wide(text('Internal-IP', 'The address inside the cluster.')),
    wide(text('External-IP', 'The address outside the cluster.')),
    wide(text('OS-Image', 'The operating system.')),
    wide(text('Kernel-Version', "The kernel's version.")),
    wide(text('Container-Runtime', 'The container runtime and its version.')),
  ],
  (node, now) => {
    const info = node.status?.nodeInfo
    return [
      node.metadata.name,
      nodeStatus(node),
      nodeRoles(node),
      age(node, now),
      info?.kubeletVersion ?? '',
      nodeAddress(node, 'InternalIP'),
      nodeAddress(node, 'ExternalIP'),
      info?.osImage || '<unknown>',
      info?.kernelVersion || '<unknown>',
      info?.containerRuntimeVersion || '<unknown>',
    ]
  },
)

function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.findLast(({ type }) => type === 'Ready')
  const words = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return node.spec?.unschedulable === true ? `${words},SchedulingDisabled` : words
}

function nodeRoles(node: Node): string {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith('node-role.kubernetes.io/')) roles.add(key.slice(24))
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value)
  }
  roles.delete('')
  return roles.size === 0 ? NONE : [...roles].sort(compareText).join(',')
}

function nodeAddress(node: Node, type: string): string {
  return node.status?.addresses?.find((address) => address.type === type)?.address ?? NONE
}

const EVENT = printer<Event>(
  [
    text('Last Seen', 'Time since the event was last seen.'),
    text('Type', 'Normal or Warning.'),
    text('Reason', 'Why it happened, in one word.'),
    text('Object', 'What the event is about.'),
    wide(text('Subobject', 'The part of the object that the event is about.')),
    wide(text('Source', 'Who reported the event.')),
    text('Message', 'What happened.'),
    wide(text('First Seen', 'Time since the event was first seen.')),
    wide(text('Count', 'How often the event was seen.')),
    wide(NAME),
  ],
  (event, now) => {
    const first = since(event.firstTimestamp || event.eventTime, now)
    const last = event.lastTimestamp ? since(event.lastTimestamp, now) : first
    const { involvedObject: target, series } = event
    const kind = (target.kind ?? '').toLowerCase()
    return [
      series ? since(series.lastObservedTime, now) : last,
      event.type ?? '',
      event.reason ?? '',
      target.name ? `${kind}/${target.name}` : kind,
      target.fieldPath ?? '',
      eventSource(event),
      (event.message ?? '').trim(),
      first,
      series ? (series.count ?? 0) : event.count || 1,
      event.metadata.name,
    ]
  },
)

function eventSource(event: Event): string {
  const component = event.source?.component || event.reportingComponent || ''
  const instance = event.source?.host || event.reportingInstance || ''
  return instance === '' ? component : `${component}, ${instance}`
}

const LEASE = printer<Lease>([NAME, text('Holder', 'Who holds the lease.'), AGE], (lease, now) => [
  lease.metadata.name,
  lease.spec?.holderIdentity ?? '',
  age(lease, now),
])

const RESOURCE_QUOTA = printer<ResourceQuota>(
  [
    NAME,
    text('Request', 'Used and allowed amounts of what can be requested.'),
    text('Limit', 'Used and allowed amounts of limits.'),
    AGE,
  ],
  (quota, now) => {
    const requests: string[] = []
    const limits: string[] = []
    for (const resource of Object.keys(quota.status?.hard ?? {}).sort(compareText)) {
      const entry = `${resource}: ${quota.status?.used?.[resource] ?? '0'}/${quota.status?.hard?.[resource]}`
      ;(resource.startsWith('limits') ? limits : requests).push(entry)
    }
    return [quota.metadata.name, requests.join(', '), limits.join(', '), age(quota, now)]
  },
)

const POD_TEMPLATE = printer<PodTemplate>(
  [
    NAME,
    text('Containers', "Names of the template's containers."),
    text('Images', "Images of the template's containers."),
    text('Pod Labels', "The template's labels."),
  ],
  ({ metadata, template }) => [
    metadata.name,
    containerNames(template),
    containerImages(template),
    labelsText(template?.metadata?.labels),
  ],
)

export const CORE_PRINTERS: { readonly [kind: string]: Printer } = {
  '/Namespace': NAMESPACE,
  '/ConfigMap': CONFIG_MAP,
  '/Secret': SECRET,
  '/ServiceAccount': SERVICE_ACCOUNT,
  '/Service': SERVICE,
  '/Endpoints': ENDPOINTS,
  'discovery.k8s.io/EndpointSlice': ENDPOINT_SLICE,
  '/Node': NODE,
  '/Event': EVENT,
  'events.k8s.io/Event': EVENT,
  'coordination.k8s.io/Lease': LEASE,
  '/ResourceQuota': RESOURCE_QUOTA,
  '/PodTemplate': POD_TEMPLATE,
}
