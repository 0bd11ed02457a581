import type { Service, ServicePort } from '../api/generated/core-v1'
import type { Endpoint, EndpointSlice } from '../api/generated/discovery-v1'

export interface Backend {
  readonly ip: string
  readonly port: number
  readonly node: string
}

/** Where connections to one service port go. An empty list with `dropped` is silence, else REJECT. */
export interface Destination {
  readonly service: string
  readonly portName: string
  readonly backends: readonly Backend[]
  /** There are endpoints, but the policy allows none of them on this node. */
  readonly dropped: boolean
  /** Seconds that a client keeps its backend; 0: no affinity. */
  readonly affinitySeconds: number
}

/** One service as a node sees it. */
export interface ServiceRules {
  /** `10.96.0.10:80` → destination for connections from inside. */
  readonly internal: readonly (readonly [address: string, destination: Destination])[]
  /** `203.0.113.7:80` → destination for external addresses and load balancer ingress. */
  readonly external: readonly (readonly [address: string, destination: Destination])[]
  readonly nodePorts: readonly (readonly [port: number, destination: Destination])[]
  readonly name: ServiceName
}

/** What the service's DNS name stands for. */
export interface ServiceName {
  /** Cluster IP, or the addresses of a headless service. */
  readonly addresses: readonly string[]
  readonly externalName?: string
}

/**
 * The rules of one service on one node, as kube-proxy's iptables mode makes them: ready endpoints,
 * or, when there is none, those that still serve while terminating; only local ones under a Local
 * policy.
 */
export function serviceRules(
  service: Service,
  slices: readonly EndpointSlice[],
  node: string,
): ServiceRules {
  const { spec = {}, metadata, status } = service
  const key = `${metadata.namespace}/${metadata.name}`
  const internal: [string, Destination][] = []
  const external: [string, Destination][] = []
  const nodePorts: [number, Destination][] = []
  const clusterIp = spec.clusterIP ?? ''
  const headless = clusterIp === 'None' || clusterIp === ''
  const ingress = (status?.loadBalancer?.ingress ?? []).map((entry) => entry.ip ?? '')
  const outside = [...(spec.externalIPs ?? []), ...ingress.filter((ip) => ip !== '')]
  for (const port of headless ? [] : (spec.ports ?? [])) {
    if ((port.protocol ?? 'TCP') !== 'TCP') continue
    const backends = backendsOf(port, slices)
    const inside = destination(key, service, port, backends, spec.internalTrafficPolicy, node)
    const fromOutside = destination(key, service, port, backends, spec.externalTrafficPolicy, node)
    internal.push([`${clusterIp}:${port.port}`, inside])
    for (const ip of outside) external.push([`${ip}:${port.port}`, fromOutside])
    if (port.nodePort) nodePorts.push([port.nodePort, fromOutside])
  }
  const addresses = headless ? headlessAddresses(slices) : [clusterIp]
  const name: ServiceName = spec.externalName
    ? { addresses: [], externalName: spec.externalName }
    : { addresses }
  return { internal, external, nodePorts, name }
}

function destination(
  key: string,
  service: Service,
  port: ServicePort,
  backends: readonly Backend[],
  policy: string | undefined,
  node: string,
): Destination {
  const { sessionAffinity, sessionAffinityConfig } = service.spec ?? {}
  const usable = policy === 'Local' ? backends.filter((b) => b.node === node) : backends
  return {
    service: key,
    portName: port.name ?? '',
    backends: usable,
    dropped: usable.length === 0 && backends.length > 0,
    affinitySeconds:
      sessionAffinity === 'ClientIP'
        ? (sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800)
        : 0,
  }
}

function backendsOf(port: ServicePort, slices: readonly EndpointSlice[]): Backend[] {
  const ready = collect(port, slices, (e) => e.conditions?.ready !== false)
  if (ready.length > 0) return ready
  return collect(port, slices, ({ conditions }) => {
    return conditions?.terminating === true && conditions.serving !== false
  })
}

function collect(
  port: ServicePort,
  slices: readonly EndpointSlice[],
  accepts: (endpoint: Endpoint) => boolean,
): Backend[] {
  const found: Backend[] = []
  const seen = new Set<string>()
  for (const slice of slices) {
    const target = slice.ports?.find((p) => (p.name ?? '') === (port.name ?? ''))
    if (target?.port === undefined) continue
    for (const endpoint of slice.endpoints ?? []) {
      const ip = endpoint.addresses[0]
      if (ip === undefined || !accepts(endpoint) || seen.has(`${ip}:${target.port}`)) continue
      seen.add(`${ip}:${target.port}`)
      found.push({ ip, port: target.port, node: endpoint.nodeName ?? '' })
    }
  }
  return found.sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : a.port - b.port))
}

function headlessAddresses(slices: readonly EndpointSlice[]): string[] {
  const addresses = new Set<string>()
  for (const slice of slices) {
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.conditions?.ready !== false) addresses.add(endpoint.addresses[0] ?? '')
    }
  }
  return [...addresses].sort()
}
