import type { Job, JobStatus } from '../../api/generated/batch-v1'
import type { Pod } from '../../api/generated/core-v1'
import { selectorMatches } from '../../api/machinery/selectors'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { controllerOf, keyOf, splitKey } from '../../api/object'
import { JOBS, PODS } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { Reflector } from '../../client/reflector'
import type { ApiError } from '../../client/request'
import { isNotFound } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import { type Micros, seconds } from '../../sim/time'
import type { Controller, ControllerContext } from '../context'
import { Expectations } from '../expectations'
import { byController, claim, controllerIndex, orphanIn, planClaims, resolveOwner } from '../owners'
import { isNamespaceTerminating, PodControl } from '../pod-control'
import { podsToDelete } from '../pod-ranking'
import { allAtOnce, slowStartBatch } from '../slow-start'
import { indexesText, isIndexed, pendingIndexes } from './indexes'
import {
  conditionOf,
  type Ending,
  endingOf,
  failureBackoff,
  isFinished,
  isTracked,
  jobPods,
  type Tally,
  tally,
  trackingFinalizer,
  untilDeadline,
  wantedActive,
  withJobCondition,
} from './plan'
import { jobPod } from './pod'

const workers = 5
const podsPerSyncMax = 500
/** Pod changes of this long count as one. */
const batchPeriod: Micros = seconds(1)
const ownManager = 'kubernetes.io/job-controller'

/**
 * Runs Jobs to completion, counting each ended pod once by its finalizer. Not honoured:
 * podFailurePolicy, successPolicy and backoffLimitPerIndex.
 */
export const jobController: Controller = {
  name: 'job-controller',
  wire: (context) => {
    const jobs = new Jobs(context)
    return () => jobs.run()
  },
}

class Jobs {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #podControl: PodControl
  readonly #jobs: Reflector<Job>
  readonly #pods: Reflector<Pod>
  readonly #queue: WorkQueue
  readonly #orphans: WorkQueue
  readonly #expectations: Expectations
  /** Failures since the last success, and when the last one was seen. */
  readonly #failures = new Map<string, { count: number; last: Micros }>()

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('job-controller')
    this.#recorder = context.recorder(this.#client, 'job-controller')
    this.#podControl = new PodControl(this.#client, this.#recorder)
    this.#queue = new WorkQueue(context.env.clock)
    this.#orphans = new WorkQueue(context.env.clock)
    this.#expectations = new Expectations(context.env.clock)
    this.#jobs = context.informer(JOBS).store
    this.#pods = context.informer(PODS).store
    this.#pods.addIndex(byController, controllerIndex)
    const add = (job: Job) => this.#queue.add(keyOf(job))
    this.#jobs.addHandler({ onAdd: add, onUpdate: add, onDelete: (job) => this.#jobGone(job) })
    this.#pods.addHandler({
      onAdd: (pod) => this.#podChanged(pod, true),
      onUpdate: (pod) => this.#podChanged(pod, false),
      onDelete: (pod) => this.#podGone(pod),
    })
  }

  run(): void {
    const { env } = this.#context
    startWorkers(env, this.#queue, workers, (key) => this.#sync(key))
    startWorkers(env, this.#orphans, 1, (key) => this.#release(key))
    for (const pod of this.#pods.values()) {
      if (isTracked(pod) && !this.#ownerOf(pod)) this.#orphans.add(keyOf(pod))
    }
  }

  #ownerOf(pod: Pod): Job | undefined {
    return resolveOwner(JOBS, this.#jobs, pod.metadata.namespace, controllerOf(pod))
  }

  #jobGone(job: Job): void {
    this.#queue.add(keyOf(job))
    for (const pod of this.#pods.byIndex(byController, job.metadata.uid ?? '')) {
      if (isTracked(pod)) this.#orphans.add(keyOf(pod))
    }
  }

  #podChanged(pod: Pod, isNew: boolean): void {
    const owner = this.#ownerOf(pod)
    if (!owner) {
      if (isTracked(pod)) this.#orphans.add(keyOf(pod))
      return
    }
    if (pod.metadata.deletionTimestamp)
      this.#expectations.deletionObserved(keyOf(owner), keyOf(pod))
    else if (isNew) this.#expectations.creationObserved(keyOf(owner))
    this.#queue.addAfter(keyOf(owner), batchPeriod)
  }

  #podGone(pod: Pod): void {
    const owner = this.#ownerOf(pod)
    if (!owner) return
    this.#expectations.deletionObserved(keyOf(owner), keyOf(pod))
    this.#queue.addAfter(keyOf(owner), batchPeriod)
  }

  /** A pod whose Job is gone must not be held by its finalizer. */
  *#release(key: string): Task<SyncResult> {
    const pod = this.#pods.get(key)
    if (!pod || !isTracked(pod) || this.#ownerOf(pod)) return synced
    const controller = controllerOf(pod)
    if (controller?.kind === 'Job') {
      const { namespace } = splitKey(key)
      const job = yield* this.#client.get(JOBS, { namespace, name: controller.name })
      if (job.ok && job.value.metadata.uid === controller.uid) return synced
      if (!job.ok && !isNotFound(job.error)) return job
    }
    const error = yield* this.#untrack(pod)
    return error ? { ok: false, error } : synced
  }

  *#untrack(pod: Pod): Task<ApiError | undefined> {
    const { namespace, name, uid } = pod.metadata
    const body = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } }
    const where = { namespace, name }
    const patched = yield* this.#client.patch(PODS, where, 'strategic-merge', body)
    if (patched.ok || isNotFound(patched.error) || patched.error.reason === 'Conflict') return
    return patched.error
  }

  *#sync(key: string): Task<SyncResult> {
    const job = this.#jobs.get(key)
    if (!job) {
      this.#expectations.forget(key)
      this.#failures.delete(key)
      return synced
    }
    if (job.spec.managedBy !== undefined && job.spec.managedBy !== ownManager) return synced
    const claimed = yield* this.#claim(job)
    if (!claimed.ok) return claimed
    const pods = claimed.value
    if (isFinished(job)) return yield* this.#untrackAll(pods)
    const counts = tally(job, pods, conditionOf(job, 'FailureTarget') !== undefined)
    this.#noteFailures(key, counts)
    const ending = endingOf(job, pods, counts, this.#context.wall())
    const managed = ending
      ? yield* this.#stop(key, job, pods)
      : yield* this.#manage(key, job, pods, counts)
    return yield* this.#report(job, pods, counts, { ending, ...managed })
  }

  #claim(job: Job) {
    const { uid = '', namespace } = job.metadata
    const candidates = this.#pods
      .byIndex(byController, uid)
      .concat(this.#pods.byIndex(byController, orphanIn(namespace)))
    const plan = planClaims(job, candidates, (pod) =>
      selectorMatches(job.spec.selector, pod.metadata.labels),
    )
    return claim({ client: this.#client, ownerRef: JOBS, objectRef: PODS }, job, plan)
  }

  *#untrackAll(pods: readonly Pod[]): Task<SyncResult> {
    for (const pod of pods.filter(isTracked)) {
      const error = yield* this.#untrack(pod)
      if (error) return { ok: false, error }
    }
    return synced
  }

  #noteFailures(key: string, { newlyFailed, newlySucceeded }: Tally): void {
    const before = newlySucceeded > 0 ? undefined : this.#failures.get(key)
    if (newlySucceeded > 0) this.#failures.delete(key)
    if (newlyFailed === 0) return
    const last = this.#context.env.clock.monotonic()
    this.#failures.set(key, { count: (before?.count ?? 0) + newlyFailed, last })
  }

  /** The Job ends: whatever still runs is deleted. */
  *#stop(key: string, job: Job, pods: readonly Pod[]): Task<Managed> {
    const { active } = jobPods(pods)
    return { change: -active.length, error: yield* this.#remove(key, job, active, false) }
  }

  *#manage(key: string, job: Job, pods: readonly Pod[], counts: Tally): Task<Managed> {
    if (job.metadata.deletionTimestamp || !this.#expectations.satisfied(key)) return { change: 0 }
    const { active, terminating } = jobPods(pods)
    const wanted = wantedActive(job, counts.succeeded, active.length)
    const surplus = active.length - wanted
    if (surplus > 0) {
      const chosen = podsToDelete(active, [], surplus, this.#context.wall())
      return { change: -surplus, error: yield* this.#remove(key, job, chosen, true) }
    }
    const waiting = job.spec.podReplacementPolicy === 'Failed' ? terminating : 0
    const missing = Math.min(wanted - active.length - waiting, podsPerSyncMax)
    if (missing <= 0) return { change: 0 }
    const after = this.#backoffLeft(key)
    if (after > 0) return { change: 0, after }
    return yield* this.#create(key, job, active, counts, missing)
  }

  #backoffLeft(key: string): Micros {
    const failures = this.#failures.get(key)
    if (!failures) return 0
    return failures.last + failureBackoff(failures.count) - this.#context.env.clock.monotonic()
  }

  *#create(
    key: string,
    job: Job,
    active: readonly Pod[],
    counts: Tally,
    missing: number,
  ): Task<Managed> {
    const indexes = isIndexed(job)
      ? pendingIndexes(job.spec.completions ?? 0, counts.completed, active, missing)
      : undefined
    const count = indexes?.length ?? missing
    this.#expectations.expect(key, count, [])
    const control = this.#podControl
    let next = 0
    function* createOne(): Task<ApiError | undefined> {
      const error = yield* control.create(jobPod(job, indexes?.[next++]), job)
      return error && isNamespaceTerminating(error) ? undefined : error
    }
    const made = yield* slowStartBatch(this.#context.env, count, createOne)
    for (let i = made.successes; i < count; i++) this.#expectations.creationObserved(key)
    return { change: made.successes, error: made.error }
  }

  /** `uncounted`: these pods neither succeeded nor failed; their finalizer goes first. */
  *#remove(
    key: string,
    job: Job,
    pods: readonly Pod[],
    uncounted: boolean,
  ): Task<ApiError | undefined> {
    if (pods.length === 0) return undefined
    this.#expectations.expect(key, 0, pods.map(keyOf))
    const { env } = this.#context
    const tasks = pods.map((pod) => this.#removeOne(key, job, pod, uncounted))
    return (yield* allAtOnce(env, tasks))[0]
  }

  *#removeOne(key: string, job: Job, pod: Pod, uncounted: boolean): Task<ApiError | undefined> {
    const kept = uncounted && isTracked(pod) ? yield* this.#untrack(pod) : undefined
    const error = kept ?? (yield* this.#podControl.delete(pod, job))
    if (error) this.#expectations.deletionObserved(key, keyOf(pod))
    return error && !isNotFound(error) ? error : undefined
  }

  *#report(job: Job, pods: readonly Pod[], counts: Tally, outcome: Outcome): Task<SyncResult> {
    const { uncountedSucceeded, uncountedFailed } = counts
    const { error, ending } = outcome
    const pending = uncountedSucceeded.length + uncountedFailed.length > 0
    let latest = job
    if (pending) {
      const noted = yield* this.#write(job, this.#status(job, pods, counts, outcome, false))
      if (!noted.ok) return noted
      latest = noted.job
    }
    const done = new Set([...uncountedSucceeded, ...uncountedFailed])
    for (const pod of pods) {
      const isCounted = done.has(pod.metadata.uid ?? '') || pod.status?.phase === 'Succeeded'
      if (!isTracked(pod) || !isCounted) continue
      const failed = yield* this.#untrack(pod)
      if (failed) return { ok: false, error: failed }
    }
    const counted: Tally = {
      ...counts,
      uncountedSucceeded: [],
      uncountedFailed: [],
      counters: { succeeded: counts.succeeded, failed: counts.failed },
    }
    const mayEnd = !pods.some(
      (pod) => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed',
    )
    const status = this.#status(latest, pods, counted, outcome, mayEnd)
    const written = yield* this.#write(latest, status)
    if (!written.ok) return written
    this.#tellChanges(job, status, ending)
    if (error) return { ok: false, error }
    const waits = [outcome.after, untilDeadline(written.job, this.#context.wall())]
    const after = waits.filter((wait): wait is Micros => wait !== undefined && wait > 0)
    return after.length > 0 ? { ok: true, requeueAfter: Math.min(...after) } : synced
  }

  *#write(
    job: Job,
    status: JobStatus,
  ): Task<
    { readonly ok: true; readonly job: Job } | { readonly ok: false; readonly error: ApiError }
  > {
    if (semanticEqual(job.status, status)) return { ok: true, job }
    const written = yield* this.#client.updateStatus(JOBS, { ...job, status })
    return written.ok ? { ok: true, job: written.value } : written
  }

  #status(
    job: Job,
    pods: readonly Pod[],
    counts: Tally,
    { change, ending }: Outcome,
    mayEnd: boolean,
  ): JobStatus {
    const now = this.#context.now()
    const { active, ready, terminating } = jobPods(pods)
    const { suspend = false } = job.spec
    const { succeeded, failed } = counts.counters
    const running = Math.max(0, active.length + change)
    const gone = Math.max(0, -change)
    const completed = isIndexed(job) ? indexesText(counts.completed) : ''
    const { conditions, completionTime, failedIndexes } = job.status ?? {}
    let status: JobStatus = {
      ...(conditions && { conditions }),
      ...(!suspend && { startTime: job.status?.startTime ?? now }),
      ...(completionTime && { completionTime }),
      ...(running > 0 && { active: running }),
      ...(succeeded > 0 && { succeeded }),
      ...(failed > 0 && { failed }),
      terminating: terminating + gone,
      ...(completed && { completedIndexes: completed }),
      ...(failedIndexes && { failedIndexes }),
      uncountedTerminatedPods: {
        ...(counts.uncountedSucceeded.length > 0 && { succeeded: counts.uncountedSucceeded }),
        ...(counts.uncountedFailed.length > 0 && { failed: counts.uncountedFailed }),
      },
      ready: Math.min(ready, running),
    }
    const suspended = job.status?.conditions?.find(({ type }) => type === 'Suspended')
    if (suspend && !ending) {
      status = withJobCondition(status, ['Suspended', 'True', 'JobSuspended', 'Job suspended'], now)
    } else if (suspended?.status === 'True') {
      status = withJobCondition(status, ['Suspended', 'False', 'JobResumed', 'Job resumed'], now)
      status = { ...status, startTime: now }
    }
    return ending ? ended(status, ending, mayEnd, now) : status
  }

  #tellChanges(job: Job, status: JobStatus, ending: Ending | undefined): void {
    const was = conditionOf(job, 'Suspended') !== undefined
    const is =
      status.conditions?.some((c) => c.type === 'Suspended' && c.status === 'True') ?? false
    if (is && !was) this.#recorder.event(job, 'Normal', 'Suspended', 'Job suspended')
    if (was && !is) this.#recorder.event(job, 'Normal', 'Resumed', 'Job resumed')
    if (!ending || !status.conditions?.some((c) => c.type === ending.type)) return
    if (ending.type === 'Complete') {
      this.#recorder.event(job, 'Normal', 'Completed', 'Job completed')
    } else this.#recorder.event(job, 'Warning', ending.reason, ending.message)
  }
}

interface Managed {
  /** Pods created or, below zero, deleted. */
  readonly change: number
  readonly error?: ApiError
  readonly after?: Micros
}

interface Outcome extends Managed {
  readonly ending: Ending | undefined
}

/** The intended end is told at once, the end itself when no pod runs any more. */
function ended(status: JobStatus, ending: Ending, mayEnd: boolean, now: string): JobStatus {
  const { type, reason, message } = ending
  const intent = type === 'Failed' ? 'FailureTarget' : 'SuccessCriteriaMet'
  const intended = withJobCondition(status, [intent, 'True', reason, message], now)
  if (!mayEnd) return intended
  const final = withJobCondition(intended, [type, 'True', reason, message], now)
  return type === 'Complete' ? { ...final, completionTime: now } : final
}
