import type { CronJob, CronJobStatus, Job } from '../../api/generated/batch-v1'
import type { ObjectReference } from '../../api/generated/core-v1'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { formatTime } from '../../api/machinery/time'
import { controllerOf, keyOf } from '../../api/object'
import { CRONJOBS, JOBS } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { Reflector } from '../../client/reflector'
import type { ApiError } from '../../client/request'
import { isAlreadyExists, isNotFound } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import { type Micros, millis } from '../../sim/time'
import type { Controller, ControllerContext } from '../context'
import { byController, controllerIndex, resolveOwner } from '../owners'
import { isNamespaceTerminating } from '../pod-control'
import { dueStart, endOf, excessHistory, jobFor, jobName } from './plan'
import { parseSchedule, type Schedule } from './schedule'

const workers = 5
/** A start is looked for a moment after it is due. */
const afterDue: Micros = millis(100)

/** Starts Jobs by the clock, in UTC; a timeZone other than UTC is told of as unknown. */
export const cronJobController: Controller = {
  name: 'cronjob-controller',
  wire: (context) => {
    const crons = new CronJobs(context)
    return () => crons.run()
  },
}

class CronJobs {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #crons: Reflector<CronJob>
  readonly #jobs: Reflector<Job>
  readonly #queue: WorkQueue

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('cronjob-controller')
    this.#recorder = context.recorder(this.#client, 'cronjob-controller')
    this.#queue = new WorkQueue(context.env.clock)
    this.#crons = context.informer(CRONJOBS).store
    this.#jobs = context.informer(JOBS).store
    this.#jobs.addIndex(byController, controllerIndex)
    const add = (cron: CronJob) => this.#queue.add(keyOf(cron))
    this.#crons.addHandler({ onAdd: add, onUpdate: add })
    const changed = (job: Job) => {
      const { namespace } = job.metadata
      const owner = resolveOwner(CRONJOBS, this.#crons, namespace, controllerOf(job))
      if (owner) this.#queue.add(keyOf(owner))
    }
    this.#jobs.addHandler({ onAdd: changed, onUpdate: changed, onDelete: changed })
  }

  run(): void {
    startWorkers(this.#context.env, this.#queue, workers, (key) => this.#sync(key))
  }

  *#sync(key: string): Task<SyncResult> {
    const cron = this.#crons.get(key)
    if (!cron) return synced
    const jobs = this.#jobs.byIndex(byController, cron.metadata.uid ?? '')
    for (const job of excessHistory(cron, jobs)) yield* this.#deleteJob(cron, job)
    const status = this.#followJobs(cron, jobs)
    const { outcome, started } = yield* this.#start(cron, status)
    const next = started ?? status
    if (!semanticEqual(cron.status, next)) {
      const written = yield* this.#client.updateStatus(CRONJOBS, { ...cron, status: next })
      if (!written.ok && !isNotFound(written.error)) return written
    }
    return outcome
  }

  /** The status with ended Jobs taken off the active list. */
  #followJobs(cron: CronJob, jobs: readonly Job[]): CronJobStatus {
    const byUid = new Map(jobs.map((job) => [job.metadata.uid, job]))
    const active: ObjectReference[] = []
    let lastSuccessfulTime = cron.status?.lastSuccessfulTime
    for (const reference of cron.status?.active ?? []) {
      const job = byUid.get(reference.uid)
      const end = job && endOf(job)
      if (job && !end) active.push(reference)
      else if (end) {
        const text = `Saw completed job: ${reference.name}, condition: ${end}`
        this.#recorder.event(cron, 'Normal', 'SawCompletedJob', text)
      } else {
        const text = `Active job went missing: ${reference.name}`
        this.#recorder.event(cron, 'Normal', 'MissingJob', text)
      }
    }
    for (const job of jobs) {
      const { completionTime } = job.status ?? {}
      if (endOf(job) !== 'Complete' || !completionTime) continue
      if (!lastSuccessfulTime || completionTime > lastSuccessfulTime) {
        lastSuccessfulTime = completionTime
      }
    }
    const { lastScheduleTime } = cron.status ?? {}
    return {
      ...(active.length > 0 && { active }),
      ...(lastScheduleTime && { lastScheduleTime }),
      ...(lastSuccessfulTime && { lastSuccessfulTime }),
    }
  }

  *#start(cron: CronJob, status: CronJobStatus): Task<Started> {
    const { spec, metadata } = cron
    if (metadata.deletionTimestamp || spec.suspend) return { outcome: synced }
    const schedule = this.#schedule(cron)
    if (!schedule) return { outcome: synced }
    const wall = this.#context.wall()
    const { at, isTooMany } = dueStart(cron, schedule, wall)
    if (isTooMany) {
      const text =
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'
      this.#recorder.event(cron, 'Warning', 'TooManyMissedTimes', text)
    }
    const outcome = waitForNext(schedule, wall)
    if (at === undefined) return { outcome }
    const name = jobName(cron, at)
    let active = status.active ?? []
    if (active.some((reference) => reference.name === name)) return { outcome }
    if (spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
      const text =
        'Not starting job because prior execution is running and concurrency policy is Forbid'
      this.#recorder.event(cron, 'Normal', 'JobAlreadyActive', text)
      return { outcome }
    }
    if (spec.concurrencyPolicy === 'Replace') {
      for (const reference of active) {
        const job = this.#jobs.get(`${metadata.namespace}/${reference.name}`)
        const error = job && (yield* this.#deleteJob(cron, job))
        if (error) return { outcome: { ok: false, error } }
      }
      active = []
    }
    const created = yield* this.#client.create(JOBS, jobFor(cron, at))
    if (!created.ok) return yield* this.#refused(cron, created.error, name, outcome)
    this.#recorder.event(cron, 'Normal', 'SuccessfulCreate', `Created job ${name}`)
    const started = { ...status, lastScheduleTime: formatTime(at) }
    return { outcome, started: { ...started, active: [...active, referenceTo(created.value)] } }
  }

  /** A Job of that name is one that an earlier attempt made without noting it. */
  *#refused(cron: CronJob, error: ApiError, name: string, outcome: SyncResult): Task<Started> {
    if (isNamespaceTerminating(error)) return { outcome: synced }
    if (!isAlreadyExists(error)) {
      const text = `Error creating job: ${error.message}`
      this.#recorder.event(cron, 'Warning', 'FailedCreate', text)
      return { outcome: { ok: false, error } }
    }
    const { namespace, uid } = cron.metadata
    const found = yield* this.#client.get(JOBS, { namespace, name })
    if (!found.ok) return { outcome: found }
    const { value: job } = found
    if (controllerOf(job)?.uid !== uid) return { outcome }
    const at = job.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp']
    const active = [...(cron.status?.active ?? []), ...(endOf(job) ? [] : [referenceTo(job)])]
    return { outcome, started: { ...cron.status, lastScheduleTime: at, active } }
  }

  #schedule(cron: CronJob): Schedule | undefined {
    const { schedule: text, timeZone } = cron.spec
    if (timeZone !== undefined && timeZone !== 'UTC' && timeZone !== 'Etc/UTC') {
      const message = `invalid timeZone: "${timeZone}": unknown time zone ${timeZone}`
      this.#recorder.event(cron, 'Warning', 'UnknownTimeZone', message)
      return undefined
    }
    const schedule = parseSchedule(text)
    if (!schedule) {
      const message = `unparseable schedule: "${text}"`
      this.#recorder.event(cron, 'Warning', 'UnparseableSchedule', message)
    }
    return schedule
  }

  *#deleteJob(cron: CronJob, job: Job): Task<ApiError | undefined> {
    const { namespace, name } = job.metadata
    const options = { propagationPolicy: 'Background' } as const
    const deleted = yield* this.#client.delete(JOBS, { namespace, name }, options)
    if (deleted.ok) {
      this.#recorder.event(cron, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`)
      return undefined
    }
    if (isNotFound(deleted.error)) return undefined
    const text = `Deleted job: ${deleted.error.message}`
    this.#recorder.event(cron, 'Warning', 'FailedDelete', text)
    return deleted.error
  }
}

interface Started {
  readonly outcome: SyncResult
  readonly started?: CronJobStatus
}

function waitForNext(schedule: Schedule, wall: Micros): SyncResult {
  const next = schedule.next(wall)
  return next === undefined ? synced : { ok: true, requeueAfter: next - wall + afterDue }
}

function referenceTo({ metadata }: Job): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata
  return { apiVersion: 'batch/v1', kind: 'Job', namespace, name, uid, resourceVersion }
}
