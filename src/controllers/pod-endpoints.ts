import type { ObjectReference, Pod, Service, ServicePort } from '../api/generated/core-v1'
import type { Labels } from '../api/machinery/selectors'
import { isPodTerminal, podCondition } from './pod-state'

/** `endpoints.kubernetes.io/last-change-trigger-time` */
export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time'
export const headlessLabel = 'service.kubernetes.io/headless'

/** Whether a pod may stand behind a service: it has an address and its containers may run. */
export function isEndpoint(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodTerminal(pod) || !pod.status?.podIP) return false
  return includeTerminating || !pod.metadata.deletionTimestamp
}

export function selectsPod(service: Service, labels: Labels | undefined): boolean {
  const { selector } = service.spec
  if (!selector) return false
  for (const key in selector) if (labels?.[key] !== selector[key]) return false
  return true
}

/** Whether the service has an address of its own; without one it is headless. */
export function hasClusterIP(service: Service): boolean {
  const { clusterIP } = service.spec
  return clusterIP !== undefined && clusterIP !== '' && clusterIP !== 'None'
}

/** The number that a service port stands for in this pod: by name among its containers' ports. */
export function targetPortOf(pod: Pod, port: ServicePort): number | undefined {
  const { targetPort = port.port } = port
  if (typeof targetPort === 'number') return targetPort === 0 ? port.port : targetPort
  const protocol = port.protocol ?? 'TCP'
  const { initContainers = [], containers } = pod.spec
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')
  for (const container of [...containers, ...sidecars]) {
    for (const candidate of container.ports ?? []) {
      if (candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol) {
        return candidate.containerPort
      }
    }
  }
  return undefined
}

/** The host name by which a headless service's DNS knows this pod. */
export function hostnameOf(pod: Pod, service: Service): string | undefined {
  const { hostname, subdomain } = pod.spec
  return hostname && subdomain === service.metadata.name ? hostname : undefined
}

export function podReference(pod: Pod): ObjectReference {
  const { namespace, name, uid } = pod.metadata
  return { kind: 'Pod', namespace, name, uid }
}

/** A pod change that can alter a service's endpoints. */
export function endpointChanged(pod: Pod, old: Pod): boolean {
  return (
    pod.metadata.labels !== old.metadata.labels ||
    pod.metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
    pod.status?.podIP !== old.status?.podIP ||
    pod.status?.podIPs !== old.status?.podIPs ||
    pod.spec.nodeName !== old.spec.nodeName ||
    pod.status?.phase !== old.status?.phase ||
    podCondition(pod, 'Ready')?.status !== podCondition(old, 'Ready')?.status
  )
}

/** Remembers, per service, which changes of it and its pods have led to a write already. */
export class TriggerTimes {
  readonly #seen = new Map<string, { service: string; readonly pods: Map<string, string> }>()

  /**
   * The oldest change not yet told of, a metav1.Time; undefined when there is none. `fresh` are the
   * pods that changed since the last call, `count` is how many the service has.
   */
  next(key: string, service: Service, fresh: readonly Pod[], count: number): string | undefined {
    let seen = this.#seen.get(key)
    if (!seen || seen.pods.size > 2 * count + 100) {
      seen = { service: seen?.service ?? '', pods: new Map() }
      this.#seen.set(key, seen)
    }
    let oldest: string | undefined
    const created = service.metadata.creationTimestamp ?? ''
    if (created > seen.service) oldest = created
    seen.service = created
    for (const pod of fresh) {
      const changed = podCondition(pod, 'Ready')?.lastTransitionTime
      if (!changed) continue
      const { name } = pod.metadata
      const isNews = changed > (seen.pods.get(name) ?? '')
      if (isNews && (oldest === undefined || changed < oldest)) oldest = changed
      seen.pods.set(name, changed)
    }
    return oldest
  }

  forget(key: string): void {
    this.#seen.delete(key)
  }
}
