import type { Pod, TopologySpreadConstraint } from '../../api/generated/core-v1'
import { nodeFitsPod } from '../../api/machinery/node-selector'
import {
  type LabelRequirement,
  matchesLabels,
  type Requirements,
  requirementsText,
  selectorRequirements,
} from '../../api/machinery/selectors'
import { controllerOf } from '../../api/object'
import { selectorFor } from '../affinity-term'
import type { NodeInfo } from '../node-info'
import type { PodQuery } from '../pod-tally'
import type { Surroundings } from '../surroundings'
import { isChoosy } from './node-affinity'
import { toleratesNode } from './taint-toleration'

/** A spread constraint, made ready for counting. */
export interface Constraint {
  readonly key: string
  readonly maxSkew: number
  readonly minDomains: number
  readonly selector: Requirements
  readonly query: PodQuery
  /** Nodes the pod cannot go to for their labels do not count. */
  readonly honorAffinity: boolean
  /** Nor those it cannot go to for their taints. */
  readonly honorTaints: boolean
}

const nothing: Requirements = [{ key: '', operator: 'in', values: [] }]

/** Pods of the namespace that are not on their way out; an empty selector counts none. */
function queryOf(namespace: string, selector: Requirements): PodQuery {
  return {
    key: `spread|${namespace}|${requirementsText(selector)}`,
    matches: ({ metadata }) =>
      selector.length > 0 &&
      metadata.namespace === namespace &&
      !metadata.deletionTimestamp &&
      matchesLabels(selector, metadata.labels),
  }
}

/** Whether a placed pod is one of those the constraint counts. */
export function counts({ query }: Constraint, pod: Pod): boolean {
  return query.matches(pod)
}

function constraintOf(pod: Pod, given: TopologySpreadConstraint): Constraint {
  const keys = { match: given.matchLabelKeys }
  const selector = selectorFor(pod, given.labelSelector, keys) ?? nothing
  return {
    key: given.topologyKey,
    maxSkew: given.maxSkew,
    minDomains: given.minDomains ?? 1,
    selector,
    query: queryOf(pod.metadata.namespace ?? '', selector),
    honorAffinity: given.nodeAffinityPolicy !== 'Ignore',
    honorTaints: given.nodeTaintsPolicy === 'Honor',
  }
}

export function constraintsOf(
  pod: Pod,
  whenUnsatisfiable: TopologySpreadConstraint['whenUnsatisfiable'],
): readonly Constraint[] {
  const given = pod.spec.topologySpreadConstraints ?? []
  return given
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => constraintOf(pod, constraint))
}

/** The pods this one belongs with: those of its services and of the workload that made it. */
function kinSelector(pod: Pod, surroundings: Surroundings): Requirements {
  const { namespace = '', labels } = pod.metadata
  const equal = new Map<string, string>()
  for (const { spec } of surroundings.services.byIndex('namespace', namespace)) {
    const selector = Object.entries(spec.selector ?? {})
    if (selector.length === 0 || selector.some(([key, value]) => labels?.[key] !== value)) continue
    for (const [key, value] of selector) equal.set(key, value)
  }
  const more: LabelRequirement[] = []
  const owner = controllerOf(pod)
  const name = `${namespace}/${owner?.name ?? ''}`
  switch (owner?.kind) {
    case 'ReplicationController': {
      const { selector } = surroundings.replicationControllers.get(name)?.spec ?? {}
      for (const [key, value] of Object.entries(selector ?? {})) equal.set(key, value)
      break
    }
    case 'ReplicaSet':
      more.push(...(selectorRequirements(surroundings.replicaSets.get(name)?.spec.selector) ?? []))
      break
    case 'StatefulSet':
      more.push(...(selectorRequirements(surroundings.statefulSets.get(name)?.spec.selector) ?? []))
  }
  const equals = [...equal].map(
    ([key, value]): LabelRequirement => ({ key, operator: '=', values: [value] }),
  )
  return [...equals, ...more]
}

const none: readonly Constraint[] = []

/** What the system asks for a pod without constraints of its own: a soft spread over hosts and zones. */
export function defaultConstraints(pod: Pod, surroundings: Surroundings): readonly Constraint[] {
  const selector = kinSelector(pod, surroundings)
  if (selector.length === 0) return none
  const shared = {
    minDomains: 1,
    selector,
    query: queryOf(pod.metadata.namespace ?? '', selector),
    honorAffinity: true,
    honorTaints: false,
  }
  return [
    { ...shared, key: 'kubernetes.io/hostname', maxSkew: 3 },
    { ...shared, key: 'topology.kubernetes.io/zone', maxSkew: 5 },
  ]
}

export function hasEveryKey(node: NodeInfo, constraints: readonly Constraint[]): boolean {
  for (const { key } of constraints) if (node.labels[key] === undefined) return false
  return true
}

/** Whether the node's pods count, by the constraint's inclusion policies. */
export function includes(constraint: Constraint, pod: Pod, { node, taints }: NodeInfo): boolean {
  if (!node) return false
  if (constraint.honorAffinity && isChoosy(pod) && !nodeFitsPod(node, pod.spec)) return false
  return !constraint.honorTaints || toleratesNode(pod, taints)
}
