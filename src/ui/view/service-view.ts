import type { Service } from '../../api/generated/core-v1'
import type { EndpointSlice } from '../../api/generated/discovery-v1'

export interface ServiceEndpoint {
  /** `namespace/name` of the pod; '' for an address that is no pod's. */
  readonly pod: string
  readonly address: string
  readonly node?: string
  readonly ready: boolean
}

const SERVICE_LABEL = 'kubernetes.io/service-name'

/** Endpoints by service key, from the slices; each pod once, in order of name. */
export function endpointsByService(
  slices: readonly EndpointSlice[],
): ReadonlyMap<string, readonly ServiceEndpoint[]> {
  const byService = new Map<string, Map<string, ServiceEndpoint>>()
  for (const slice of slices) {
    const service = slice.metadata.labels?.[SERVICE_LABEL]
    if (!service) continue
    const key = `${slice.metadata.namespace}/${service}`
    const endpoints = byService.get(key) ?? new Map<string, ServiceEndpoint>()
    byService.set(key, endpoints)
    for (const endpoint of slice.endpoints ?? []) {
      const target = endpoint.targetRef?.kind === 'Pod' ? endpoint.targetRef : undefined
      const pod = target ? `${target.namespace ?? slice.metadata.namespace}/${target.name}` : ''
      const address = endpoint.addresses[0] ?? ''
      endpoints.set(pod || address, {
        pod,
        address,
        node: endpoint.nodeName,
        ready: endpoint.conditions?.ready !== false,
      })
    }
  }
  const result = new Map<string, readonly ServiceEndpoint[]>()
  const order = (endpoint: ServiceEndpoint) => `${endpoint.pod} ${endpoint.address}`
  for (const [key, endpoints] of byService) {
    result.set(
      key,
      [...endpoints.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1)),
    )
  }
  return result
}

/** `:80`, `:80 → 8080`, `80:30080`; several ports by comma. */
export function portsText(service: Service): string {
  return (service.spec?.ports ?? [])
    .map((p) => `:${p.port}${p.nodePort ? ` ⇄ ${p.nodePort}` : ''}`)
    .join(', ')
}

export function endpointsText(endpoints: readonly ServiceEndpoint[]): string {
  const ready = endpoints.filter((e) => e.ready).length
  const rest = endpoints.length - ready
  if (endpoints.length === 0) return 'no endpoints'
  if (ready === 0) return `none ready of ${rest}`
  return rest === 0 ? `${ready} ready` : `${ready} ready, ${rest} not`
}
