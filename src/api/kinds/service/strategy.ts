import type { Service, ServicePort, ServiceSpec } from '../../generated/core-v1'
import type { FieldError } from '../../machinery/field'
import { semanticEqual } from '../../machinery/semantic-equal'
import { nameIsDNSLabel } from '../checks'
import { put } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'
import { isExternallyAccessible, needsHealthCheck, serviceDefaults } from './defaults'
import { validateLoadBalancerStatus, validateService, validateServiceUpdate } from './validate'

/** Rules of `services`. */
export const serviceStrategy: KindStrategy<Service> = strategyOf<Service>({
  hasStatus: true,
  allowCreateOnUpdate: true,
  metadataAgain: true,
  nameRule: nameIsDNSLabel,
  defaults: serviceDefaults,
  prepareForCreate: (service) => ({ ...service, status: { loadBalancer: {} } }),
  prepareForUpdate: (next, old) => put(next, 'spec', carryOver(next.spec, old.spec)),
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate(next: Service, _old: Service, errors: FieldError[]) {
    const isBalancer = next.spec.type === 'LoadBalancer'
    validateLoadBalancerStatus(next.status?.loadBalancer, isBalancer, errors)
  },
})

/** Gives a service a cluster IP (ExternalName ones have none). */
export function needsClusterIP(spec: ServiceSpec): boolean {
  return spec.type === 'ClusterIP' || spec.type === 'NodePort' || spec.type === 'LoadBalancer'
}

/** Opens a port on every node. */
export function needsNodePorts(spec: ServiceSpec): boolean {
  if (spec.type === 'NodePort') return true
  return spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false
}

/** `clusterIP` and `clusterIPs[0]` are the same thing; the writer may name either. */
export function syncClusterIPs(spec: ServiceSpec, old?: ServiceSpec): ServiceSpec {
  if (!old) {
    return spec.clusterIP && !spec.clusterIPs?.length
      ? put(spec, 'clusterIPs', [spec.clusterIP])
      : spec
  }
  if (semanticEqual(spec.clusterIPs, old.clusterIPs) && spec.clusterIP !== old.clusterIP) {
    if (!spec.clusterIP) return put(spec, 'clusterIPs', undefined)
    const [, ...rest] = spec.clusterIPs ?? []
    return put(spec, 'clusterIPs', [spec.clusterIP, ...rest])
  }
  if (spec.clusterIP === old.clusterIP && !semanticEqual(spec.clusterIPs, old.clusterIPs)) {
    if (!spec.clusterIPs?.length)
      return put(put(spec, 'clusterIP', undefined), 'clusterIPs', undefined)
  }
  return spec
}

/** What the allocator gave to the old version stays unless the writer says otherwise. */
function carryOver(given: ServiceSpec, old: ServiceSpec): ServiceSpec {
  let spec = given
  if (needsClusterIP(old) && needsClusterIP(spec)) {
    if (!spec.clusterIP && !spec.clusterIPs?.length) spec = put(spec, 'clusterIP', old.clusterIP)
    if (!spec.clusterIPs?.length && spec.clusterIP === old.clusterIP) {
      spec = put(spec, 'clusterIPs', old.clusterIPs)
    }
    spec = syncClusterIPs(spec, old)
    if (spec.ipFamilies === undefined) spec = put(spec, 'ipFamilies', old.ipFamilies)
    if (spec.ipFamilyPolicy === undefined) spec = put(spec, 'ipFamilyPolicy', old.ipFamilyPolicy)
  }
  if (needsNodePorts(old) && needsNodePorts(spec)) {
    spec = put(spec, 'ports', carryNodePorts(spec.ports ?? [], old.ports ?? []))
  }
  if (needsHealthCheck(old) && needsHealthCheck(spec) && !spec.healthCheckNodePort) {
    spec = put(spec, 'healthCheckNodePort', old.healthCheckNodePort)
  }
  return dropUnneeded(spec, old)
}

function carryNodePorts(
  next: readonly ServicePort[],
  old: readonly ServicePort[],
): readonly ServicePort[] {
  if (next.every((port) => port.nodePort)) return next
  const used = new Set(next.map((port) => port.nodePort))
  return next.map((port) => {
    if (port.nodePort) return port
    const before = old.find((item) => (item.name ?? '') === (port.name ?? ''))?.nodePort
    return before === undefined || used.has(before) ? port : { ...port, nodePort: before }
  })
}

/** Fields that the old type needed, the new one does not, and nobody changed, go. */
function dropUnneeded(given: ServiceSpec, old: ServiceSpec): ServiceSpec {
  let spec = given
  if (needsClusterIP(old) && !needsClusterIP(spec) && spec.clusterIP === old.clusterIP) {
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
      spec = put(spec, field, undefined)
    }
  }
  if (needsNodePorts(old) && !needsNodePorts(spec)) {
    const same = spec.ports?.every((port, i) => port.nodePort === old.ports?.[i]?.nodePort)
    if (same)
      spec = put(
        spec,
        'ports',
        spec.ports?.map((port) => put(port, 'nodePort', undefined)),
      )
  }
  if (needsHealthCheck(old) && !needsHealthCheck(spec)) {
    if (spec.healthCheckNodePort === old.healthCheckNodePort) {
      spec = put(spec, 'healthCheckNodePort', undefined)
    }
  }
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const) {
      if (spec[field] === old[field]) spec = put(spec, field, undefined)
    }
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec)) {
    if (spec.externalTrafficPolicy === old.externalTrafficPolicy) {
      spec = put(spec, 'externalTrafficPolicy', undefined)
    }
  }
  return spec
}
