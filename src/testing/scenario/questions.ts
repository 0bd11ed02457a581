import type { Deployment } from '../../api/generated/apps-v1'
import type { Node, Pod } from '../../api/generated/core-v1'
import { ENDPOINTSLICES, NODES, PODS } from '../../api/resources'
import type { Scenario } from './scenario'

export function isReady({ status }: Pod | Node): boolean {
  const conditions: readonly { type: string; status: string }[] = status.conditions ?? []
  return conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True')
}

/** Counts for a Service: ready and not on its way out. */
export const isAvailable = (pod: Pod): boolean => isReady(pod) && !pod.metadata.deletionTimestamp

export function podsOf(c: Scenario, app: string): readonly Pod[] {
  return c.view(PODS).all.filter(({ metadata }) => metadata.labels?.app === app)
}

export const availablePods = (c: Scenario, app: string): readonly Pod[] =>
  podsOf(c, app).filter(isAvailable)

export function nodeIsReady(c: Scenario, name: string): boolean {
  const node = c.view(NODES).get(name)
  return node !== undefined && isReady(node)
}

/** Names of the pods that a Service leads to. */
export function endpointsOf(c: Scenario, service: string): readonly string[] {
  return c
    .view(ENDPOINTSLICES)
    .all.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .map(({ targetRef }) => targetRef?.name ?? '')
}

/** As `kubectl rollout status` judges. */
export function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  const wanted = spec.replicas ?? 1
  return (
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted
  )
}

export const imageOf = (pod: Pod): string | undefined => pod.spec.containers[0]?.image

export const nodeOf = (pod: Pod): string => pod.spec.nodeName ?? ''
