import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../generated/apps-v1'
import type { CronJob, Job } from '../generated/batch-v1'
import type { ReplicationController } from '../generated/core-v1'
import { controllerOf } from '../object'
import {
  AGE,
  age,
  containerImages,
  containerNames,
  integer,
  labelsText,
  NAME,
  NONE,
  type Printer,
  printer,
  SELECTOR,
  selectorText,
  since,
  TEMPLATE_COLUMNS,
  text,
} from './table-column'
import { humanDuration, parseTime } from './time'

const DEPLOYMENT = printer<Deployment>(
  [
    NAME,
    text('Ready', 'How many of the wanted pods are ready.'),
    text('Up-to-date', 'How many pods have the current template.'),
    text('Available', 'How many pods have been ready for long enough.'),
    AGE,
    ...TEMPLATE_COLUMNS,
    SELECTOR,
  ],
  (deployment, now) => {
    const { spec, status } = deployment
    return [
      deployment.metadata.name,
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
      status?.updatedReplicas ?? 0,
      status?.availableReplicas ?? 0,
      age(deployment, now),
      containerNames(spec?.template),
      containerImages(spec?.template),
      selectorText(spec?.selector, ''),
    ]
  },
)

const REPLICA_COLUMNS = [
  NAME,
  integer('Desired', 'How many pods there shall be.'),
  integer('Current', 'How many pods there are.'),
  integer('Ready', 'How many pods are ready.'),
  AGE,
  ...TEMPLATE_COLUMNS,
  SELECTOR,
]

const REPLICA_SET = printer<ReplicaSet>(REPLICA_COLUMNS, (set, now) => [
  set.metadata.name,
  set.spec?.replicas ?? 0,
  set.status?.replicas ?? 0,
  set.status?.readyReplicas ?? 0,
  age(set, now),
  containerNames(set.spec?.template),
  containerImages(set.spec?.template),
  selectorText(set.spec?.selector),
])

const REPLICATION_CONTROLLER = printer<ReplicationController>(REPLICA_COLUMNS, (rc, now) => [
  rc.metadata.name,
  rc.spec?.replicas ?? 0,
  rc.status?.replicas ?? 0,
  rc.status?.readyReplicas ?? 0,
  age(rc, now),
  containerNames(rc.spec?.template),
  containerImages(rc.spec?.template),
  labelsText(rc.spec?.selector),
])

const STATEFUL_SET = printer<StatefulSet>(
  [NAME, text('Ready', 'How many of the wanted pods are ready.'), AGE, ...TEMPLATE_COLUMNS],
  (set, now) => [
    set.metadata.name,
    `${set.status?.readyReplicas ?? 0}/${set.spec?.replicas ?? 0}`,
    age(set, now),
    containerNames(set.spec?.template),
    containerImages(set.spec?.template),
  ],
)

const DAEMON_SET = printer<DaemonSet>(
  [
    NAME,
    integer('Desired', 'How many nodes shall run the pod.'),
    integer('Current', 'How many of these nodes run it.'),
    integer('Ready', 'On how many of them it is ready.'),
    integer('Up-to-date', 'On how many of them it has the current template.'),
    integer('Available', 'On how many of them it has been ready for long enough.'),
    text('Node Selector', 'The labels of the nodes that run the pod.'),
    AGE,
    ...TEMPLATE_COLUMNS,
    SELECTOR,
  ],
  (set, now) => [
    set.metadata.name,
    set.status?.desiredNumberScheduled ?? 0,
    set.status?.currentNumberScheduled ?? 0,
    set.status?.numberReady ?? 0,
    set.status?.updatedNumberScheduled ?? 0,
    set.status?.numberAvailable ?? 0,
    labelsText(set.spec?.template.spec?.nodeSelector),
    age(set, now),
    containerNames(set.spec?.template),
    containerImages(set.spec?.template),
    selectorText(set.spec?.selector),
  ],
)

const CONTROLLER_REVISION = printer<ControllerRevision>(
  [
    NAME,
    text('Controller', 'The controller whose revision this is.'),
    text('Revision', 'The number of the revision.'),
    AGE,
  ],
  (revision, now) => {
    const owner = controllerOf(revision)
    const slash = owner?.apiVersion.indexOf('/') ?? -1
    const group = owner === undefined || slash < 0 ? '' : `.${owner.apiVersion.slice(0, slash)}`
    return [
      revision.metadata.name,
      owner === undefined ? NONE : `${owner.kind.toLowerCase()}${group}/${owner.name}`,
      revision.revision,
      age(revision, now),
    ]
  },
)

const JOB = printer<Job>(
  [
    NAME,
    text('Status', 'The state of the job in one word.'),
    text('Completions', 'How many of the wanted pods have succeeded.'),
    text('Duration', 'How long the job has taken so far, or took.'),
    AGE,
    ...TEMPLATE_COLUMNS,
    SELECTOR,
  ],
  (job, now) => [
    job.metadata.name,
    jobStatus(job),
    jobCompletions(job),
    jobDuration(job, now),
    age(job, now),
    containerNames(job.spec?.template),
    containerImages(job.spec?.template),
    selectorText(job.spec?.selector),
  ],
)

function jobStatus(job: Job): string {
  const has = (type: string): boolean =>
    job.status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false
  if (has('Complete')) return 'Complete'
  if (has('Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp) return 'Terminating'
  if (has('Suspended')) return 'Suspended'
  if (has('FailureTarget')) return 'FailureTarget'
  if (has('SuccessCriteriaMet')) return 'SuccessCriteriaMet'
  return 'Running'
}

function jobCompletions(job: Job): string {
  const succeeded = job.status?.succeeded ?? 0
  const completions = job.spec?.completions
  if (completions !== undefined) return `${succeeded}/${completions}`
  const parallelism = job.spec?.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function jobDuration(job: Job, now: number): string {
  const start = job.status?.startTime ? parseTime(job.status.startTime) : undefined
  if (start === undefined) return ''
  const end = job.status?.completionTime ? parseTime(job.status.completionTime) : undefined
  return humanDuration((end ?? now) - start)
}

const CRON_JOB = printer<CronJob>(
  [
    NAME,
    text('Schedule', 'When jobs are started, in cron format.'),
    text('Timezone', 'The time zone of the schedule.'),
    { ...text('Suspend', 'Whether no further jobs are started.'), type: 'boolean' },
    integer('Active', 'How many jobs are running.'),
    text('Last Schedule', 'Time since a job was last started.'),
    AGE,
    ...TEMPLATE_COLUMNS,
    SELECTOR,
  ],
  (cron, now) => [
    cron.metadata.name,
    cron.spec?.schedule ?? '',
    cron.spec?.timeZone ?? NONE,
    cron.spec?.suspend === undefined ? NONE : cron.spec.suspend ? 'True' : 'False',
    cron.status?.active?.length ?? 0,
    cron.status?.lastScheduleTime ? since(cron.status.lastScheduleTime, now) : NONE,
    age(cron, now),
    containerNames(cron.spec?.jobTemplate.spec?.template),
    containerImages(cron.spec?.jobTemplate.spec?.template),
    selectorText(cron.spec?.jobTemplate.spec?.selector),
  ],
)

export const WORKLOAD_PRINTERS: { readonly [kind: string]: Printer } = {
  'apps/Deployment': DEPLOYMENT,
  'apps/ReplicaSet': REPLICA_SET,
  'apps/StatefulSet': STATEFUL_SET,
  'apps/DaemonSet': DAEMON_SET,
  'apps/ControllerRevision': CONTROLLER_REVISION,
  '/ReplicationController': REPLICATION_CONTROLLER,
  'batch/Job': JOB,
  'batch/CronJob': CRON_JOB,
}
