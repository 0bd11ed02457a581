import type { CronJob, Job } from '../../api/generated/batch-v1'
import { formatTime, parseTime } from '../../api/machinery/time'
import { CRONJOBS } from '../../api/resources'
import { type Micros, minutes, seconds } from '../../sim/time'
import { controllerRef } from '../owners'
import type { Schedule } from './schedule'

const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp'
/** More missed starts than this are told of; only the latest is made up for anyway. */
const missedMax = 100

export interface Due {
  /** The latest start time that has come since the last one. */
  readonly at: Micros | undefined
  readonly isTooMany: boolean
}

/** The start that is due now; starts beyond the deadline do not count (C7). */
export function dueStart(cron: CronJob, schedule: Schedule, wall: Micros): Due {
  const created = parseTime(cron.metadata.creationTimestamp ?? '') ?? wall
  const { startingDeadlineSeconds: deadline } = cron.spec
  let from = parseTime(cron.status?.lastScheduleTime ?? '') ?? created
  if (deadline !== undefined) from = Math.max(from, wall - seconds(deadline))
  let at: Micros | undefined
  let missed = 0
  for (
    let next = schedule.next(from);
    next !== undefined && next <= wall;
    next = schedule.next(next)
  ) {
    at = next
    if (++missed > missedMax) return { at: latestBefore(schedule, wall) ?? at, isTooMany: true }
  }
  return { at, isTooMany: false }
}

/** The last start at or before `wall`, looked for in windows that double. */
function latestBefore(schedule: Schedule, wall: Micros): Micros | undefined {
  for (let back = minutes(1); back < minutes(60 * 24 * 400); back *= 2) {
    let found: Micros | undefined
    for (let next = schedule.next(wall - back); next !== undefined && next <= wall; ) {
      found = next
      next = schedule.next(next)
    }
    if (found !== undefined) return found
  }
  return undefined
}

export function endOf(job: Job): 'Complete' | 'Failed' | undefined {
  const end = job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  )
  return end?.type as 'Complete' | 'Failed' | undefined
}

/** Finished Jobs beyond the history limits, the oldest first. */
export function excessHistory(cron: CronJob, jobs: readonly Job[]): readonly Job[] {
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cron.spec
  const oldest = (end: 'Complete' | 'Failed', limit: number) => {
    const ended = jobs.filter((job) => endOf(job) === end && !job.metadata.deletionTimestamp)
    ended.sort((a, b) => startOf(a) - startOf(b) || (a.metadata.name < b.metadata.name ? -1 : 1))
    return ended.slice(0, Math.max(0, ended.length - limit))
  }
  return [
    ...oldest('Complete', successfulJobsHistoryLimit),
    ...oldest('Failed', failedJobsHistoryLimit),
  ]
}

const startOf = (job: Job): number => parseTime(job.status?.startTime ?? '') ?? 0

/** One Job per start time, by its name. */
export function jobName(cron: CronJob, at: Micros): string {
  return `${cron.metadata.name}-${Math.floor(at / minutes(1))}`
}

export function jobFor(cron: CronJob, at: Micros): object {
  const { metadata, spec } = cron.spec.jobTemplate
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(cron, at),
      namespace: cron.metadata.namespace,
      ...(metadata?.labels && { labels: metadata.labels }),
      annotations: { ...metadata?.annotations, [scheduledAnnotation]: formatTime(at) },
      ownerReferences: [controllerRef(CRONJOBS, cron)],
    },
    spec,
  }
}
