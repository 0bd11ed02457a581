import type { Service, ServicePort, ServiceSpec } from '../../generated/core-v1'
import { type FieldError, invalid, Path } from '../../machinery/field'
import { ipFamily } from '../../machinery/names'
import { needsHealthCheck } from '../service/defaults'
import { needsClusterIP, needsNodePorts, syncClusterIPs } from '../service/strategy'
import { validateAddresses } from '../service/validate-addresses'
import { put } from '../sharing'

/** A value, or why there is none, in the allocator's words. */
export type Allocation<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly detail: string }

/**
 * The API server's pools. Without a request the next free one is given. Refusals:
 * `provided IP is already allocated`, `provided port is already allocated`, `provided port is not in
 * the valid range. The range of valid ports is 30000-32767`.
 */
export interface ServiceAllocator {
  clusterIP(requested: string | undefined): Allocation<string>
  nodePort(requested: number | undefined): Allocation<number>
}

type AllocatedService =
  | { readonly ok: true; readonly service: Service }
  | { readonly ok: false; readonly errors: readonly FieldError[] }

const CLUSTER_IPS = Path.of('spec', 'clusterIPs')
const PORTS = Path.of('spec', 'ports')
const HEALTH_CHECK = Path.of('spec', 'healthCheckNodePort')

/**
 * Gives a service its families, cluster IP, node ports and health-check port, as far as it needs
 * them and `old` does not have them already. Runs before validation, as in the real server.
 * Single stack only: one IPv4 address.
 */
export function allocateService(
  service: Service,
  old: Service | undefined,
  allocator: ServiceAllocator,
): AllocatedService {
  let spec = syncClusterIPs(service.spec, old?.spec)
  if (needsClusterIP(spec)) {
    const problems: FieldError[] = []
    validateAddresses(spec, problems)
    if (problems.length > 0) return { ok: false, errors: problems }
    spec = families(spec)
  }
  const errors: FieldError[] = []
  if (needsClusterIP(spec)) spec = clusterIPs(spec, old?.spec, allocator, errors)
  if (needsNodePorts(spec)) spec = nodePorts(spec, old?.spec, allocator, errors)
  if (needsHealthCheck(spec)) spec = healthCheck(spec, old?.spec, allocator, errors)
  if (errors.length > 0) return { ok: false, errors }
  return { ok: true, service: put(service, 'spec', spec) }
}

function families(given: ServiceSpec): ServiceSpec {
  let spec = given
  const headless = spec.clusterIPs?.[0] === 'None'
  const selectorless = Object.keys(spec.selector ?? {}).length === 0
  if (headless && selectorless && spec.ipFamilyPolicy !== 'SingleStack') {
    if (spec.ipFamilyPolicy === undefined) spec = put(spec, 'ipFamilyPolicy', 'RequireDualStack')
    const first = spec.ipFamilies?.[0] ?? 'IPv4'
    const second = first === 'IPv4' ? 'IPv6' : 'IPv4'
    return (spec.ipFamilies?.length ?? 0) > 1 ? spec : put(spec, 'ipFamilies', [first, second])
  }
  if (spec.ipFamilyPolicy === undefined) spec = put(spec, 'ipFamilyPolicy', 'SingleStack')
  if (!spec.ipFamilies?.length) {
    const ips = headless ? [] : (spec.clusterIPs ?? [])
    const known = ips.map((ip): 'IPv4' | 'IPv6' => (ipFamily(ip) === 6 ? 'IPv6' : 'IPv4'))
    spec = put(spec, 'ipFamilies', known.length > 0 ? known : ['IPv4'])
  }
  return spec
}

function clusterIPs(
  spec: ServiceSpec,
  old: ServiceSpec | undefined,
  allocator: ServiceAllocator,
  errors: FieldError[],
): ServiceSpec {
  const wanted = spec.clusterIPs?.[0]
  if (wanted === 'None') return spec
  if (wanted !== undefined && old?.clusterIPs?.[0] === wanted) return spec
  const got = allocator.clusterIP(wanted)
  if (got.ok) return { ...spec, clusterIP: got.value, clusterIPs: [got.value] }
  const detail =
    wanted === undefined
      ? `failed to allocate a serviceIP: ${got.detail}`
      : `failed to allocate IP ${wanted}: ${got.detail}`
  errors.push(invalid(CLUSTER_IPS, spec.clusterIPs ?? null, detail))
  return spec
}

function nodePorts(
  spec: ServiceSpec,
  old: ServiceSpec | undefined,
  allocator: ServiceAllocator,
  errors: FieldError[],
): ServiceSpec {
  const held = new Set((old?.ports ?? []).map((port) => port.nodePort))
  const byPort = new Map<number, number>()
  let changed = false
  const ports = (spec.ports ?? []).map((port, i): ServicePort => {
    const shared = byPort.get(port.port)
    let nodePort = port.nodePort || shared
    if (!nodePort || (nodePort !== shared && !held.has(nodePort))) {
      const got = allocator.nodePort(nodePort)
      if (!got.ok) {
        const at = PORTS.index(i).child('nodePort')
        errors.push(invalid(at, port.nodePort ?? 0, got.detail))
        return port
      }
      nodePort = got.value
    }
    byPort.set(port.port, nodePort)
    if (nodePort === port.nodePort) return port
    changed = true
    return { ...port, nodePort }
  })
  return changed ? { ...spec, ports } : spec
}

function healthCheck(
  spec: ServiceSpec,
  old: ServiceSpec | undefined,
  allocator: ServiceAllocator,
  errors: FieldError[],
): ServiceSpec {
  const wanted = spec.healthCheckNodePort
  if (wanted && old?.healthCheckNodePort === wanted) return spec
  const got = allocator.nodePort(wanted)
  if (got.ok) return put(spec, 'healthCheckNodePort', got.value)
  const text = wanted
    ? `failed to allocate requested HealthCheck NodePort ${wanted}`
    : 'failed to allocate a HealthCheck NodePort'
  errors.push(invalid(HEALTH_CHECK, wanted ?? 0, `${text}: ${got.detail}`))
  return spec
}
