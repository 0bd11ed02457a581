import type { Service, ServicePort, ServiceSpec } from '../../generated/core-v1'
import { each, fill, put, within } from '../sharing'

const PORT: Partial<ServicePort> = { protocol: 'TCP' }
const SPEC: Partial<ServiceSpec> = { sessionAffinity: 'None', type: 'ClusterIP' }
const clientIPTimeoutSeconds = 10_800

/** Reachable from outside the cluster. */
export function isExternallyAccessible(spec: ServiceSpec): boolean {
  if (spec.type === 'LoadBalancer' || spec.type === 'NodePort') return true
  return spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0
}

/** Load balancers that must find out which nodes have an endpoint. */
export function needsHealthCheck(spec: ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
}

/** No cluster IP: DNS gives the pods' own addresses. */
export function isHeadless(spec: ServiceSpec): boolean {
  return spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None'
}

/** Defaults of a Service; addresses come later. */
export function serviceDefaults(service: Service): Service {
  const given = service.spec ?? ({} as ServiceSpec)
  let spec = fill(given, SPEC)
  spec = sessionDefaults(spec)
  if (spec.ports) spec = within(spec, 'ports', (ports) => each(ports, portDefaults))
  if (isExternallyAccessible(spec) && !spec.externalTrafficPolicy) {
    spec = put(spec, 'externalTrafficPolicy', 'Cluster')
  }
  const routed =
    spec.type === 'ClusterIP' || spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  if (spec.internalTrafficPolicy === undefined && routed) {
    spec = put(spec, 'internalTrafficPolicy', 'Cluster')
  }
  if (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === undefined) {
    spec = put(spec, 'allocateLoadBalancerNodePorts', true)
  }
  const next = spec === service.spec ? service : { ...service, spec }
  return spec.type === 'LoadBalancer' ? ingressDefaults(next) : next
}

function sessionDefaults(spec: ServiceSpec): ServiceSpec {
  if (spec.sessionAffinity === 'None') return put(spec, 'sessionAffinityConfig', undefined)
  if (spec.sessionAffinity !== 'ClientIP') return spec
  if (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds !== undefined) return spec
  return put(spec, 'sessionAffinityConfig', {
    clientIP: { timeoutSeconds: clientIPTimeoutSeconds },
  })
}

function portDefaults(port: ServicePort): ServicePort {
  const next = fill(port, PORT)
  return next.targetPort ? next : put(next, 'targetPort', next.port ?? 0)
}

function ingressDefaults(service: Service): Service {
  const balancer = service.status?.loadBalancer
  if (!balancer?.ingress) return service
  const ingress = each(balancer.ingress, (item) =>
    item.ip && item.ipMode === undefined ? { ...item, ipMode: 'VIP' } : item,
  )
  if (ingress === balancer.ingress) return service
  return { ...service, status: { ...service.status, loadBalancer: { ...balancer, ingress } } }
}
