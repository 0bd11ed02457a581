import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '../../api/generated/apps-v1'
import { parseTime } from '../../api/machinery/time'
import { type Micros, seconds } from '../../sim/time'
import {
  actualReplicas,
  availableReplicas,
  maxUnavailable,
  readyReplicas,
  totalReplicas,
  wantedReplicas,
} from './plan'

const noLimit = 2 ** 31 - 1

export interface Instant {
  readonly wall: Micros
  /** `wall` as a metav1.Time. */
  readonly now: string
}

export function hasProgressDeadline(d: Deployment): boolean {
  const deadline = d.spec.progressDeadlineSeconds
  return deadline !== undefined && deadline !== noLimit
}

export function conditionOf(
  status: DeploymentStatus | undefined,
  type: string,
): DeploymentCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type)
}

/** Type, status, reason, message. */
type Verdict = readonly [type: string, status: string, reason: string, message: string]

export function condition(
  [type, status, reason, message]: Verdict,
  now: string,
): DeploymentCondition {
  return { type, status, lastUpdateTime: now, lastTransitionTime: now, reason, message }
}

/** Sets a condition unless its status and reason stand already; the new one goes last. */
export function withCondition(
  status: DeploymentStatus,
  next: DeploymentCondition,
): DeploymentStatus {
  const old = conditionOf(status, next.type)
  if (old?.status === next.status && old.reason === next.reason) return status
  const kept = old?.status === next.status ? old.lastTransitionTime : next.lastTransitionTime
  return {
    ...status,
    conditions: [...without(status, next.type), { ...next, lastTransitionTime: kept }],
  }
}

function without(status: DeploymentStatus, type: string): readonly DeploymentCondition[] {
  return (status.conditions ?? []).filter((c) => c.type !== type)
}

function withoutCondition(status: DeploymentStatus, type: string): DeploymentStatus {
  if (!conditionOf(status, type)) return status
  return { ...status, conditions: without(status, type) }
}

/** Counts and availability, as after a mere change of size; zero counts are left out. */
export function countedStatus(
  d: Deployment,
  all: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
  { now }: Instant,
): DeploymentStatus {
  const available = availableReplicas(all)
  const counts = {
    observedGeneration: d.metadata.generation ?? 0,
    replicas: actualReplicas(all),
    updatedReplicas: current ? actualReplicas([current]) : 0,
    readyReplicas: readyReplicas(all),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalReplicas(all) - available),
  }
  const terminating = terminatingReplicas(all)
  const status: DeploymentStatus = {
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(terminating !== undefined && { terminatingReplicas: terminating }),
    ...(d.status?.conditions && { conditions: d.status.conditions }),
    ...(d.status?.collisionCount !== undefined && { collisionCount: d.status.collisionCount }),
  }
  const enough = available >= wantedReplicas(d) - maxUnavailable(d)
  const verdict: Verdict = enough
    ? ['Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.']
    : [
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
      ]
  return withCondition(status, condition(verdict, now))
}

function terminatingReplicas(all: readonly ReplicaSet[]): number | undefined {
  let total = 0
  for (const { status } of all) {
    if (status?.terminatingReplicas === undefined) return undefined
    total += status.terminatingReplicas
  }
  return total
}

/** The status of a rollout under way or done: counts, progress and failures of its ReplicaSets. */
export function rolloutStatus(
  d: Deployment,
  all: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
  instant: Instant,
): DeploymentStatus {
  let status = countedStatus(d, all, current, instant)
  if (!hasProgressDeadline(d)) status = withoutCondition(status, 'Progressing')
  else status = withProgress(d, status, current, instant)
  const failure = replicaFailure(all, current)
  if (!failure) return withoutCondition(status, 'ReplicaFailure')
  return withCondition(status, failure)
}

function withProgress(
  d: Deployment,
  status: DeploymentStatus,
  current: ReplicaSet | undefined,
  instant: Instant,
): DeploymentStatus {
  const progressing = conditionOf(d.status, 'Progressing')
  const idle =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) &&
    progressing?.reason === 'NewReplicaSetAvailable'
  if (idle) return status
  const who = current ? `ReplicaSet "${current.metadata.name}"` : `Deployment "${d.metadata.name}"`
  const { now } = instant
  if (isComplete(d, status)) {
    const text = `${who} has successfully progressed.`
    return withCondition(
      status,
      condition(['Progressing', 'True', 'NewReplicaSetAvailable', text], now),
    )
  }
  if (hasProgressed(d.status ?? {}, status)) {
    const text = `${who} is progressing.`
    const next = condition(['Progressing', 'True', 'ReplicaSetUpdated', text], now)
    const since = progressing?.status === 'True' ? progressing.lastTransitionTime : now
    return withCondition(withoutCondition(status, 'Progressing'), {
      ...next,
      lastTransitionTime: since,
    })
  }
  if (isTimedOut(d, status, instant.wall)) {
    const text = `${who} has timed out progressing.`
    return withCondition(
      status,
      condition(['Progressing', 'False', 'ProgressDeadlineExceeded', text], now),
    )
  }
  return status
}

/** All pods are of the new ReplicaSet and available, and the latest spec was seen. */
export function isComplete(d: Deployment, status: DeploymentStatus): boolean {
  const wanted = wantedReplicas(d)
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (d.metadata.generation ?? 0)
  )
}

function hasProgressed(old: DeploymentStatus, next: DeploymentStatus): boolean {
  const [oldUpdated, nextUpdated] = [old.updatedReplicas ?? 0, next.updatedReplicas ?? 0]
  return (
    nextUpdated > oldUpdated ||
    (next.replicas ?? 0) - nextUpdated < (old.replicas ?? 0) - oldUpdated ||
    (next.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  )
}

function isTimedOut(d: Deployment, status: DeploymentStatus, wall: Micros): boolean {
  const progressing = conditionOf(status, 'Progressing')
  if (!progressing || progressing.reason === 'NewReplicaSetAvailable') return false
  if (progressing.reason === 'ProgressDeadlineExceeded') return true
  return deadlineOf(d, progressing) < wall
}

function deadlineOf(d: Deployment, progressing: DeploymentCondition): Micros {
  const from = parseTime(progressing.lastUpdateTime ?? '') ?? 0
  return from + seconds(d.spec.progressDeadlineSeconds ?? noLimit)
}

/** How long until a stuck rollout must be looked at again; undefined when it need not. */
export function untilDeadline(
  d: Deployment,
  status: DeploymentStatus,
  wall: Micros,
): Micros | undefined {
  const progressing = conditionOf(d.status, 'Progressing')
  if (!hasProgressDeadline(d) || !progressing) return undefined
  if (isComplete(d, status) || progressing.reason === 'ProgressDeadlineExceeded') return undefined
  return Math.max(0, deadlineOf(d, progressing) - wall) + seconds(1)
}

function replicaFailure(
  all: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
): DeploymentCondition | undefined {
  for (const rs of current ? [current, ...all] : all) {
    const failed = rs.status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
    if (failed) return { ...failed, lastUpdateTime: failed.lastTransitionTime }
  }
  return undefined
}
