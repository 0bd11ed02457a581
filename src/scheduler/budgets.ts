import type { Pod } from '../api/generated/core-v1'
import { matchesLabels, type Requirements, selectorRequirements } from '../api/machinery/selectors'
import type { Cluster } from './framework'
import type { NodeInfo, PodInfo } from './node-info'

/** A PodDisruptionBudget as preemption weighs it. */
export interface Budget {
  readonly namespace: string
  readonly selector: Requirements
  readonly disruptionsAllowed: number
  /** Names of pods whose disruption is counted already. */
  readonly disrupted: { readonly [pod: string]: unknown }
}

/** The budgets of the namespaces that have pods on this node. One without selector says nothing. */
export function budgetsFor({ surroundings }: Cluster, node: NodeInfo): readonly Budget[] {
  const budgets: Budget[] = []
  const namespaces = new Set<string>()
  for (const { pod } of node.pods.values()) namespaces.add(pod.metadata.namespace ?? '')
  for (const namespace of namespaces) {
    for (const { spec, status } of surroundings.budgets.byIndex('namespace', namespace)) {
      const selector = selectorRequirements(spec.selector) ?? []
      if (selector.length === 0) continue
      const { disruptionsAllowed = 0, disruptedPods = {} } = status ?? {}
      budgets.push({ namespace, selector, disruptionsAllowed, disrupted: disruptedPods })
    }
  }
  return budgets
}

function covers(budget: Budget, { metadata }: Pod): boolean {
  return (
    budget.namespace === metadata.namespace &&
    matchesLabels(budget.selector, metadata.labels) &&
    !Object.hasOwn(budget.disrupted, metadata.name)
  )
}

/** Parts the pods, asked in turn, into those whose eviction a budget forbids and the others. */
export function allows(
  budgets: readonly Budget[],
  pods: readonly PodInfo[],
): { readonly protectedPods: readonly PodInfo[]; readonly others: readonly PodInfo[] } {
  const left = budgets.map(({ disruptionsAllowed }) => disruptionsAllowed)
  const protectedPods: PodInfo[] = []
  const others: PodInfo[] = []
  for (const info of pods) {
    let violates = false
    for (const [at, budget] of budgets.entries()) {
      if (!covers(budget, info.pod)) continue
      left[at] = (left[at] as number) - 1
      if ((left[at] as number) < 0) violates = true
    }
    ;(violates ? protectedPods : others).push(info)
  }
  return { protectedPods, others }
}
