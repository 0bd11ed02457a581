import type { LoadBalancerStatus, Service, ServicePort, ServiceSpec } from '../../generated/core-v1'
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  Path,
  required,
} from '../../machinery/field'
import { ipFamily } from '../../machinery/names'
import { semanticEqual } from '../../machinery/semantic-equal'
import {
  checkCIDR,
  checkDNSLabel,
  checkDNSSubdomain,
  checkIP,
  checkLabels,
  checkOneOf,
  checkPort,
  checkPortNumberOrName,
  checkQualifiedName,
} from '../checks'
import { checkNonSpecialIP } from '../core/ip'
import { isExternallyAccessible, isHeadless, needsHealthCheck } from './defaults'
import { validateAddresses } from './validate-addresses'

const SPEC = Path.of('spec')
const PORTS = SPEC.child('ports')
const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const AFFINITIES = ['ClientIP', 'None']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const POLICIES = ['Cluster', 'Local']
const DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone']
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges'
const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"
const affinitySecondsMax = 86_400

/** Everything but the metadata of a Service. */
export function validateService(service: Service, errors: FieldError[]): void {
  const { spec } = service
  const headless = isHeadless(spec)
  if (!spec.ports?.length && !headless && spec.type !== 'ExternalName') errors.push(required(PORTS))
  validateType(spec, headless, errors)
  const ports = spec.ports ?? []
  const names = new Set<string>()
  ports.forEach((port, i) => {
    validatePort(port, ports.length > 1, names, PORTS.index(i), errors)
  })
  checkLabels(spec.selector, SPEC.child('selector'), errors)
  validateAffinity(spec, errors)
  validateAddresses(spec, errors)
  spec.externalIPs?.forEach((ip, i) => {
    const at = SPEC.child('externalIPs').index(i)
    if (checkIP(ip, at, errors)) checkNonSpecialIP(ip, at, errors)
  })
  checkOneOf(spec.type, TYPES, SPEC.child('type'), errors)
  checkPortNumbers(spec, ports, errors)
  validateSourceRanges(service, errors)
  validateLoadBalancer(spec, errors)
  validateTraffic(spec, errors)
}

function validateType(spec: ServiceSpec, headless: boolean, errors: FieldError[]): void {
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && headless) {
    const detail = `may not be set to 'None' for ${spec.type} services`
    errors.push(invalid(SPEC.child('clusterIPs').index(0), 'None', detail))
  }
  if (spec.type !== 'ExternalName') return
  const detail = 'may not be set for ExternalName services'
  if (spec.clusterIPs?.length) errors.push(forbidden(SPEC.child('clusterIPs'), detail))
  if (spec.ipFamilies?.length) errors.push(forbidden(SPEC.child('ipFamilies'), detail))
  if (spec.ipFamilyPolicy !== undefined) {
    errors.push(forbidden(SPEC.child('ipFamilyPolicy'), detail))
  }
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  const at = SPEC.child('externalName')
  if (name === '') errors.push(required(at))
  else checkDNSSubdomain(name, at, errors)
}

function validatePort(
  port: ServicePort,
  needsName: boolean,
  names: Set<string>,
  path: Path,
  errors: FieldError[],
): void {
  if (port.name) {
    checkDNSLabel(port.name, path.child('name'), errors)
    if (names.has(port.name)) errors.push(duplicate(path.child('name'), port.name))
    names.add(port.name)
  } else if (needsName) errors.push(required(path.child('name')))
  checkPort(port.port, path.child('port'), errors)
  checkOneOf(port.protocol, PROTOCOLS, path.child('protocol'), errors)
  checkPortNumberOrName(port.targetPort, path.child('targetPort'), errors)
  if (port.appProtocol !== undefined) {
    checkQualifiedName(port.appProtocol, path.child('appProtocol'), errors)
  }
}

function validateAffinity(spec: ServiceSpec, errors: FieldError[]): void {
  checkOneOf(spec.sessionAffinity, AFFINITIES, SPEC.child('sessionAffinity'), errors)
  const at = SPEC.child('sessionAffinityConfig')
  if (spec.sessionAffinity === 'None' && spec.sessionAffinityConfig !== undefined) {
    errors.push(forbidden(at, 'must not be set when session affinity is None'))
  }
  if (spec.sessionAffinity !== 'ClientIP') return
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (seconds === undefined) {
    errors.push(required(at, 'when session affinity type is ClientIP'))
  } else if (seconds <= 0 || seconds > affinitySecondsMax) {
    const detail = `must be greater than 0 and less than ${affinitySecondsMax}`
    errors.push(invalid(at.child('clientIP', 'timeoutSeconds'), seconds, detail))
  }
}

function checkPortNumbers(
  spec: ServiceSpec,
  ports: readonly ServicePort[],
  errors: FieldError[],
): void {
  if (spec.type === 'ClusterIP') {
    ports.forEach((port, i) => {
      if (!port.nodePort) return
      const detail = "may not be used when `type` is 'ClusterIP'"
      errors.push(forbidden(PORTS.index(i).child('nodePort'), detail))
    })
  }
  const nodePorts = new Set<string>()
  ports.forEach((port, i) => {
    if (!port.nodePort) return
    const key = `${port.protocol}/${port.nodePort}`
    if (nodePorts.has(key)) {
      errors.push(duplicate(PORTS.index(i).child('nodePort'), port.nodePort))
    }
    nodePorts.add(key)
  })
  const seen = new Set<string>()
  ports.forEach((port, i) => {
    const key = `${port.protocol}/${port.port ?? 0}`
    if (seen.has(key)) errors.push(duplicate(PORTS.index(i), goPort(port)))
    seen.add(key)
  })
}

/** The key of the server's duplicate check, printed as its internal type. */
function goPort(port: ServicePort): object {
  return {
    Name: '',
    Protocol: port.protocol ?? '',
    AppProtocol: null,
    Port: port.port ?? 0,
    TargetPort: 0,
    NodePort: 0,
  }
}

function validateSourceRanges(service: Service, errors: FieldError[]): void {
  const { spec, metadata } = service
  const ranges = spec.loadBalancerSourceRanges ?? []
  if (ranges.length > 0) {
    const at = SPEC.child('LoadBalancerSourceRanges')
    if (spec.type !== 'LoadBalancer') errors.push(forbidden(at, ONLY_LOAD_BALANCER))
    ranges.forEach((range, i) => {
      checkCIDR(range.trim(), at.index(i), errors)
    })
    return
  }
  const annotation = metadata.annotations?.[SOURCE_RANGES]
  if (annotation === undefined) return
  const at = Path.of('metadata', 'annotations').key(SOURCE_RANGES)
  if (spec.type !== 'LoadBalancer') errors.push(forbidden(at, ONLY_LOAD_BALANCER))
  if (annotation.trim() === '') return
  for (const range of annotation.split(',')) checkCIDR(range.trim(), at, errors)
}

function validateLoadBalancer(spec: ServiceSpec, errors: FieldError[]): void {
  const isBalancer = spec.type === 'LoadBalancer'
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalancer) {
    errors.push(forbidden(SPEC.child('allocateLoadBalancerNodePorts'), ONLY_LOAD_BALANCER))
  }
  if (spec.allocateLoadBalancerNodePorts === undefined && isBalancer) {
    errors.push(required(Path.of('allocateLoadBalancerNodePorts')))
  }
  if (spec.loadBalancerClass === undefined) return
  const at = SPEC.child('loadBalancerClass')
  if (isBalancer) checkQualifiedName(spec.loadBalancerClass, at, errors)
  else errors.push(forbidden(at, ONLY_LOAD_BALANCER))
}

function validateTraffic(spec: ServiceSpec, errors: FieldError[]): void {
  const external = spec.externalTrafficPolicy
  const at = SPEC.child('externalTrafficPolicy')
  if (isExternallyAccessible(spec)) checkOneOf(external, POLICIES, at, errors)
  else if (external) {
    errors.push(invalid(at, external, 'may only be set for externally-accessible services'))
  }
  const health = SPEC.child('healthCheckNodePort')
  if (needsHealthCheck(spec)) {
    if (!spec.healthCheckNodePort) errors.push(required(health))
    else checkPort(spec.healthCheckNodePort, health, errors)
  } else if (spec.healthCheckNodePort) {
    const detail =
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    errors.push(invalid(health, spec.healthCheckNodePort, detail))
  }
  const internal = spec.internalTrafficPolicy
  const internalAt = SPEC.child('internalTrafficPolicy')
  if (internal === undefined) {
    if (TYPES.includes(spec.type ?? '') && spec.type !== 'ExternalName') {
      errors.push(required(internalAt))
    }
  } else if (!POLICIES.includes(internal)) {
    errors.push(notSupported(internalAt, internal, POLICIES))
  }
  const distribution = spec.trafficDistribution
  if (distribution !== undefined && !DISTRIBUTIONS.includes(distribution)) {
    errors.push(notSupported(SPEC.child('trafficDistribution'), distribution, DISTRIBUTIONS))
  }
}

/** What an update may not change: addresses, families, class and health-check port. */
export function validateServiceUpdate(next: Service, old: Service, errors: FieldError[]): void {
  validateChanges(next.spec, old.spec, errors)
  validateService(next, errors)
}

function validateChanges(next: ServiceSpec, old: ServiceSpec, errors: FieldError[]): void {
  if (next.type !== 'ExternalName' && old.type !== 'ExternalName') {
    const headless = isHeadless(next)
    if (!(headless && isHeadless(old))) {
      checkPrimary(next.clusterIPs, old.clusterIPs, 'clusterIPs', 'clusterIP', next, errors)
    }
    if (!headless && !isHeadless(old)) {
      checkPrimary(next.ipFamilies, old.ipFamilies, 'ipFamilies', 'ipFamily', next, errors)
    }
  }
  if (next.type === 'LoadBalancer' && old.type === 'LoadBalancer') {
    if (next.loadBalancerClass !== old.loadBalancerClass) {
      const at = SPEC.child('loadBalancerClass')
      errors.push(invalid(at, next.loadBalancerClass ?? null, 'may not change once set'))
    }
  }
  if (needsHealthCheck(next) && needsHealthCheck(old)) {
    if (next.healthCheckNodePort !== old.healthCheckNodePort) {
      errors.push(forbidden(SPEC.child('healthCheckNodePort'), 'field is immutable'))
    }
  }
}

function checkPrimary(
  next: readonly string[] | undefined,
  old: readonly string[] | undefined,
  field: string,
  what: string,
  spec: ServiceSpec,
  errors: FieldError[],
): void {
  const now = next ?? []
  const before = old ?? []
  if (semanticEqual(now, before)) return
  const at = SPEC.child(field).index(0)
  if (before.length > 0 && now.length === 0) {
    errors.push(invalid(at, now, `primary ${what} can not be unset`))
  } else if (before.length > 0 && now[0] !== before[0]) {
    errors.push(invalid(at, now, 'may not change once set'))
  }
  if (before.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const detail = `must be set to 'SingleStack' when releasing the secondary ${what}`
    errors.push(invalid(SPEC.child('ipFamilyPolicy'), spec.ipFamilyPolicy ?? null, detail))
  }
}

/** What a balancer reports, for Services and Ingresses alike. */
export function validateLoadBalancerStatus(
  status: LoadBalancerStatus | undefined,
  isBalancer: boolean,
  errors: FieldError[],
): void {
  const path = Path.of('status', 'loadBalancer', 'ingress')
  if (!isBalancer && status?.ingress?.length) {
    errors.push(forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'"))
    return
  }
  const modes = ['Proxy', 'VIP']
  status?.ingress?.forEach((ingress, i) => {
    const at = path.index(i)
    const mode = at.child('ipMode')
    if (ingress.ip) checkIP(ingress.ip, at.child('ip'), errors)
    if (ingress.ipMode === undefined) {
      if (ingress.ip) errors.push(required(mode, 'must be specified when `ip` is set'))
    } else if (!ingress.ip) {
      errors.push(forbidden(mode, 'may not be specified when `ip` is not set'))
    } else if (!modes.includes(ingress.ipMode)) {
      errors.push(notSupported(mode, ingress.ipMode, modes))
    }
    if (!ingress.hostname) return
    checkDNSSubdomain(ingress.hostname, at.child('hostname'), errors)
    if (ipFamily(ingress.hostname) !== undefined) {
      const detail = 'must be a DNS name, not an IP address'
      errors.push(invalid(at.child('hostname'), ingress.hostname, detail))
    }
  })
}
