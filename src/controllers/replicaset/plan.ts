import type { ReplicaSetCondition, ReplicaSetStatus } from '../../api/generated/apps-v1'
import type { Pod } from '../../api/generated/core-v1'
import type { Labels } from '../../api/machinery/selectors'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import type { ApiError } from '../../client/request'
import type { Micros } from '../../sim/time'
import { isPodAvailable, isPodReady, untilAvailable } from '../pod-state'

/** Pods created or deleted in one sync at most. */
export const burstReplicas = 500

export type ReplicaPlan =
  | { readonly type: 'create'; readonly count: number }
  | { readonly type: 'delete'; readonly count: number }
  | { readonly type: 'keep' }

/** What brings the active pods to the wanted number, at most a burst at a time. */
export function planReplicas(active: number, wanted: number): ReplicaPlan {
  const missing = wanted - active
  if (missing > 0) return { type: 'create', count: Math.min(missing, burstReplicas) }
  if (missing < 0) return { type: 'delete', count: Math.min(-missing, burstReplicas) }
  return { type: 'keep' }
}

/** The parts of a ReplicaSet or ReplicationController that decide. */
export interface ReplicaSpec {
  readonly replicas: number
  readonly minReadySeconds: number
  readonly templateLabels: Labels | undefined
  readonly generation: number | undefined
}

export interface ObservedPods {
  readonly active: readonly Pod[]
  /** How many are being deleted; undefined for kinds that do not count them. */
  readonly terminating: number | undefined
  /** Why creating or deleting pods failed in this sync. */
  readonly failure: ApiError | undefined
  readonly wall: Micros
  /** `wall` as a metav1.Time. */
  readonly now: string
}

/** The status that the observed pods call for; zero counts are left out as the server stores them. */
export function replicaSetStatus(
  spec: ReplicaSpec,
  old: ReplicaSetStatus | undefined,
  observed: ObservedPods,
): ReplicaSetStatus {
  let fullyLabeled = 0
  let ready = 0
  let available = 0
  for (const pod of observed.active) {
    if (hasLabels(pod.metadata.labels, spec.templateLabels)) fullyLabeled++
    if (!isPodReady(pod)) continue
    ready++
    if (isPodAvailable(pod, spec.minReadySeconds, observed.wall)) available++
  }
  const conditions = failureConditions(spec, old?.conditions ?? [], observed)
  return {
    replicas: observed.active.length,
    ...(fullyLabeled > 0 && { fullyLabeledReplicas: fullyLabeled }),
    ...(ready > 0 && { readyReplicas: ready }),
    ...(available > 0 && { availableReplicas: available }),
    ...(observed.terminating !== undefined && { terminatingReplicas: observed.terminating }),
    ...(spec.generation && { observedGeneration: spec.generation }),
    ...(conditions.length > 0 && { conditions }),
  }
}

/** Whether a status need not be written. */
export function sameStatus(a: ReplicaSetStatus | undefined, b: ReplicaSetStatus): boolean {
  return (
    (a?.replicas ?? 0) === b.replicas &&
    (a?.fullyLabeledReplicas ?? 0) === (b.fullyLabeledReplicas ?? 0) &&
    (a?.readyReplicas ?? 0) === (b.readyReplicas ?? 0) &&
    (a?.availableReplicas ?? 0) === (b.availableReplicas ?? 0) &&
    a?.terminatingReplicas === b.terminatingReplicas &&
    (a?.observedGeneration ?? 0) === (b.observedGeneration ?? 0) &&
    semanticEqual(a?.conditions, b.conditions)
  )
}

/** When the next ready pod becomes available by waiting alone. */
export function nextAvailability(
  pods: readonly Pod[],
  minReadySeconds: number,
  wall: Micros,
): Micros | undefined {
  let next: Micros | undefined
  for (const pod of pods) {
    const left = untilAvailable(pod, minReadySeconds, wall)
    if (left !== undefined && (next === undefined || left < next)) next = left
  }
  return next
}

function failureConditions(
  spec: ReplicaSpec,
  conditions: readonly ReplicaSetCondition[],
  observed: ObservedPods,
): readonly ReplicaSetCondition[] {
  const { failure, active, now } = observed
  const failed = conditions.some(({ type }) => type === 'ReplicaFailure')
  if (!failure) return conditions.filter(({ type }) => type !== 'ReplicaFailure')
  if (failed) return conditions
  const missing = spec.replicas - active.length
  const reason = missing > 0 ? 'FailedCreate' : missing < 0 ? 'FailedDelete' : ''
  return [
    ...conditions,
    {
      type: 'ReplicaFailure',
      status: 'True',
      lastTransitionTime: now,
      reason,
      message: failure.message,
    },
  ]
}

function hasLabels(labels: Labels | undefined, wanted: Labels | undefined): boolean {
  for (const key in wanted) if (labels?.[key] !== wanted[key]) return false
  return true
}
