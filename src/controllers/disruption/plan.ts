import type { Pod } from '../../api/generated/core-v1'
import type { Condition } from '../../api/generated/meta-v1'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/generated/policy-v1'
import { scaledValue } from '../../api/machinery/int-or-string'
import { parseTime } from '../../api/machinery/time'
import { type Micros, minutes } from '../../sim/time'
import { isPodReady } from '../pod-state'

/** An eviction that was allowed must be seen to happen within this time, or it counts no more. */
const deletionTimeout: Micros = minutes(2)

/** How many pods there should be and how many of them healthy. */
export function expectation(
  pdb: PodDisruptionBudget,
  podCount: number,
  scale: number,
): { readonly expected: number; readonly healthy: number } {
  const { maxUnavailable, minAvailable } = pdb.spec
  if (maxUnavailable !== undefined) {
    const unavailable = scaledValue(maxUnavailable, scale, 'up') ?? 0
    return { expected: scale, healthy: Math.max(0, scale - unavailable) }
  }
  if (typeof minAvailable === 'string') {
    return { expected: scale, healthy: scaledValue(minAvailable, scale, 'up') ?? 0 }
  }
  return { expected: podCount, healthy: minAvailable ?? 0 }
}

export interface BudgetView {
  readonly pods: readonly Pod[]
  readonly expected: number
  /** Pods that must stay healthy. */
  readonly healthy: number
  readonly wall: Micros
  readonly now: string
}

/** The budget's status (C10), and when an allowed eviction that did not happen lapses. */
export function budgetStatus(
  pdb: PodDisruptionBudget,
  { pods, expected, healthy, wall, now }: BudgetView,
): { readonly status: PodDisruptionBudgetStatus; readonly recheck: Micros | undefined } {
  const disrupted: { [name: string]: string } = {}
  let recheck: Micros | undefined
  let current = 0
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp) continue
    const { name } = pod.metadata
    const since = pdb.status?.disruptedPods?.[name]
    const left = since === undefined ? 0 : (parseTime(since) ?? 0) + deletionTimeout - wall
    if (since !== undefined && left > 0) {
      disrupted[name] = since
      recheck = Math.min(recheck ?? left, left)
    } else if (isPodReady(pod)) current++
  }
  const allowed = expected <= 0 ? 0 : Math.max(0, current - healthy)
  const { generation } = pdb.metadata
  return {
    recheck,
    status: {
      ...(generation && { observedGeneration: generation }),
      ...(Object.keys(disrupted).length > 0 && { disruptedPods: disrupted }),
      disruptionsAllowed: allowed,
      currentHealthy: current,
      desiredHealthy: healthy,
      expectedPods: expected,
      conditions: [condition(pdb, allowed > 0, now)],
    },
  }
}

function condition(pdb: PodDisruptionBudget, isAllowed: boolean, now: string): Condition {
  const old = pdb.status?.conditions?.find(({ type }) => type === 'DisruptionAllowed')
  const status = isAllowed ? 'True' : 'False'
  return {
    type: 'DisruptionAllowed',
    status,
    observedGeneration: pdb.metadata.generation,
    lastTransitionTime: old?.status === status ? old.lastTransitionTime : now,
    reason: isAllowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
  }
}
