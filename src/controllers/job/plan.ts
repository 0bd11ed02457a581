import type { Job, JobCondition, JobStatus } from '../../api/generated/batch-v1'
import type { Pod } from '../../api/generated/core-v1'
import { parseTime } from '../../api/machinery/time'
import { type Micros, minutes, seconds } from '../../sim/time'
import { isPodActive, isPodReady, isPodTerminating } from '../pod-state'
import { completedIndexes, indexOf, isIndexed } from './indexes'

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
const backoffFirst: Micros = seconds(10)
const backoffMax: Micros = minutes(10)

export const isTracked = (pod: Pod): boolean =>
  pod.metadata.finalizers?.includes(trackingFinalizer) === true

export function conditionOf(job: Job, type: string): JobCondition | undefined {
  return job.status?.conditions?.find((c) => c.type === type && c.status === 'True')
}

export const isFinished = (job: Job): boolean =>
  conditionOf(job, 'Complete') !== undefined || conditionOf(job, 'Failed') !== undefined

/**
 * Whether a pod counts as failed: a deleted one does too unless the Job waits for the real end
 * (podReplacementPolicy Failed).
 */
function hasFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true
  if (job.spec.podReplacementPolicy === 'Failed' || pod.status?.phase === 'Succeeded') return false
  return pod.metadata.deletionTimestamp !== undefined
}

export interface Tally {
  /** Succeeded and failed pods so far, those not yet in the counters included. */
  readonly succeeded: number
  readonly failed: number
  /** Uids by outcome that are in `uncountedTerminatedPods` after this sync. */
  readonly uncountedSucceeded: readonly string[]
  readonly uncountedFailed: readonly string[]
  readonly counters: { readonly succeeded: number; readonly failed: number }
  readonly completed: ReadonlySet<number>
  readonly newlySucceeded: number
  readonly newlyFailed: number
}

/**
 * Counts every ended pod once (C6): first its uid is written down as uncounted, then its finalizer
 * is removed, then the counter grows and the uid goes.
 */
export function tally(job: Job, pods: readonly Pod[], finishing: boolean): Tally {
  const status = job.status ?? {}
  const tracked = new Map(pods.filter(isTracked).map((pod) => [pod.metadata.uid ?? '', pod]))
  const before = {
    succeeded: status.uncountedTerminatedPods?.succeeded ?? [],
    failed: status.uncountedTerminatedPods?.failed ?? [],
  }
  const uncountedSucceeded = before.succeeded.filter((uid) => tracked.has(uid))
  const uncountedFailed = before.failed.filter((uid) => tracked.has(uid))
  const completed = new Set(completedIndexes(job))
  let counted = isIndexed(job) ? completed.size : (status.succeeded ?? 0)
  counted += isIndexed(job) ? 0 : before.succeeded.length - uncountedSucceeded.length
  const failedCounter = (status.failed ?? 0) + before.failed.length - uncountedFailed.length
  let newlySucceeded = 0
  let newlyFailed = 0
  for (const [uid, pod] of tracked) {
    if (before.succeeded.includes(uid) || before.failed.includes(uid)) continue
    if (pod.status?.phase === 'Succeeded') {
      newlySucceeded++
      const index = indexOf(pod)
      if (!isIndexed(job)) uncountedSucceeded.push(uid)
      else if (index !== undefined && index < (job.spec.completions ?? 0)) completed.add(index)
    } else if (hasFailed(pod, job) || finishing) {
      newlyFailed++
      uncountedFailed.push(uid)
    }
  }
  if (isIndexed(job)) counted = completed.size
  return {
    succeeded: counted + uncountedSucceeded.length,
    failed: failedCounter + uncountedFailed.length,
    uncountedSucceeded,
    uncountedFailed,
    counters: { succeeded: counted, failed: failedCounter },
    completed,
    newlySucceeded,
    newlyFailed,
  }
}

/** How the Job ends, if it does: a reason and a message as in its conditions. */
export type Ending =
  | { readonly type: 'Failed'; readonly reason: string; readonly message: string }
  | { readonly type: 'Complete'; readonly reason: string; readonly message: string }

export function endingOf(
  job: Job,
  pods: readonly Pod[],
  counts: Tally,
  wall: Micros,
): Ending | undefined {
  const target = conditionOf(job, 'FailureTarget')
  if (target) return { type: 'Failed', reason: target.reason ?? '', message: target.message ?? '' }
  if (counts.failed > (job.spec.backoffLimit ?? 6) || restartsExceed(job, pods)) {
    const message = 'Job has reached the specified backoff limit'
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message }
  }
  const left = untilDeadline(job, wall)
  if (left !== undefined && left <= 0) {
    const message = 'Job was active longer than specified deadline'
    return { type: 'Failed', reason: 'DeadlineExceeded', message }
  }
  const { completions } = job.spec
  const active = pods.some(isPodActive)
  const isComplete =
    completions === undefined ? counts.succeeded > 0 && !active : counts.succeeded >= completions
  if (!isComplete) return undefined
  const message = 'Reached expected number of succeeded pods'
  return { type: 'Complete', reason: 'CompletionsReached', message }
}

/** With restartPolicy OnFailure the containers' restarts count against the limit. */
function restartsExceed(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec.template.spec?.restartPolicy !== 'OnFailure') return false
  let restarts = 0
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue
    const containers = [
      ...(status.initContainerStatuses ?? []),
      ...(status.containerStatuses ?? []),
    ]
    for (const { restartCount } of containers) restarts += restartCount
  }
  const limit = job.spec.backoffLimit ?? 6
  return limit === 0 ? restarts > 0 : restarts >= limit
}

/** Time left of activeDeadlineSeconds; undefined without one or while suspended. */
export function untilDeadline(job: Job, wall: Micros): Micros | undefined {
  const { activeDeadlineSeconds, suspend } = job.spec
  const started = parseTime(job.status?.startTime ?? '')
  if (activeDeadlineSeconds === undefined || suspend || started === undefined) return undefined
  return started + seconds(activeDeadlineSeconds) - wall
}

/** How many pods shall run at once now. */
export function wantedActive(job: Job, succeeded: number, active: number): number {
  if (job.spec.suspend) return 0
  const { parallelism = 1, completions } = job.spec
  if (completions === undefined) return succeeded > 0 ? Math.min(active, parallelism) : parallelism
  return Math.max(0, Math.min(parallelism, completions - succeeded))
}

export function jobPods(pods: readonly Pod[]) {
  const active = pods.filter(isPodActive)
  return {
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
  }
}

/** The wait before another try, doubling with every failure since the last success. */
export function failureBackoff(failures: number): Micros {
  return failures === 0 ? 0 : Math.min(backoffFirst * 2 ** Math.min(failures - 1, 20), backoffMax)
}

/** Conditions with one added or replaced. */
export function withJobCondition(
  status: JobStatus,
  [type, value, reason, message]: readonly [string, string, string, string],
  now: string,
): JobStatus {
  const next = {
    type,
    status: value,
    lastProbeTime: now,
    lastTransitionTime: now,
    reason,
    message,
  }
  const conditions = status.conditions ?? []
  const at = conditions.findIndex((c) => c.type === type)
  if (at < 0) return { ...status, conditions: [...conditions, next] }
  const old = conditions[at]
  if (old?.status === value && old.reason === reason && old.message === message) return status
  return { ...status, conditions: conditions.map((c, i) => (i === at ? next : c)) }
}
