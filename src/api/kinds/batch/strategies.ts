import type { CronJob, CronJobSpec, Job, JobSpec } from '../../generated/batch-v1'
import {
  type FieldError,
  invalid,
  notSupported,
  Path,
  required,
  tooLong,
} from '../../machinery/field'
import { selectorMatches } from '../../machinery/selectors'
import { semanticEqual } from '../../machinery/semantic-equal'
import { templateOf } from '../apps/replicas'
import { checkLabelSelector, checkNonNegative, checkOneOf, FIELD_IMMUTABLE } from '../checks'
import { podTemplateDefaults } from '../pod/defaults'
import { validateTemplate } from '../pod/template'
import { fill, missing, put } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'
import { scheduleProblem } from './schedule'

const SPEC = Path.of('spec')
const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'
const JOB_NAME = 'batch.kubernetes.io/job-name'
const int32Max = 2 ** 31 - 1
const cronJobNameMax = 52
const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
  'ttlSecondsAfterFinished',
] as const

/** Rules of `jobs`. */
export const jobStrategy: KindStrategy<Job> = strategyOf<Job>({
  hasStatus: true,
  hasGeneration: true,
  defaults: (job) => put(job, 'spec', jobDefaults(job.spec ?? ({} as JobSpec))),
  prepareForCreate: (job) => ({ ...withSelector(job), status: {} }),
  validate(job, errors) {
    validateJobSpec(job.spec, SPEC, errors)
    validateSelector(job.spec, errors)
  },
  validateUpdate(next, old, errors) {
    if (next.spec === old.spec) return
    validateJobSpec(next.spec, SPEC, errors)
    validateSelector(next.spec, errors)
    checkFixed(next, old, errors)
  },
  validateStatusUpdate(next, _old, errors) {
    for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) {
      checkNonNegative(next.status?.[field], Path.of('status'), field, errors)
    }
  },
})

function jobDefaults(given: JobSpec): JobSpec {
  let spec = given
  if (spec.completions === undefined && spec.parallelism === undefined) {
    spec = { ...spec, completions: 1, parallelism: 1 }
  }
  const perIndex = spec.backoffLimitPerIndex !== undefined
  spec = missing(spec, {
    parallelism: 1,
    backoffLimit: perIndex ? int32Max : 6,
    completionMode: 'NonIndexed',
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed',
  })
  return put(spec, 'template', templateOf(spec.template))
}

/** The selector of a job is its uid, unless somebody insists on one. */
function withSelector(job: Job): Job {
  if (job.spec.manualSelector) return job
  const uid = job.metadata.uid ?? ''
  const name = job.metadata.name ?? ''
  const template = job.spec.template
  const own = template.metadata?.labels
  const labels = {
    ...own,
    'controller-uid': uid,
    [CONTROLLER_UID]: uid,
    'job-name': name,
    [JOB_NAME]: name,
  }
  const selector = job.spec.selector ?? {}
  const empty = Object.keys(job.metadata.labels ?? {}).length === 0
  return {
    ...job,
    metadata: empty ? { ...job.metadata, labels } : job.metadata,
    spec: {
      ...job.spec,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [CONTROLLER_UID]: uid } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}

function validateJobSpec(spec: JobSpec, path: Path, errors: FieldError[]): void {
  for (const field of COUNTS) checkNonNegative(spec[field], path, field, errors)
  const modes = ['Indexed', 'NonIndexed']
  if (spec.completionMode !== undefined && !modes.includes(spec.completionMode)) {
    errors.push(notSupported(path.child('completionMode'), spec.completionMode, modes))
  }
  if (spec.completionMode === 'Indexed' && spec.completions === undefined) {
    errors.push(required(path.child('completions'), 'when completion mode is Indexed'))
  }
  const template = path.child('template')
  validateTemplate(spec.template ?? {}, template, errors)
  const policy = spec.template?.spec?.restartPolicy ?? ''
  const at = template.child('spec', 'restartPolicy')
  const allowed = ['OnFailure', 'Never']
  if (policy === '' || policy === 'Always') {
    errors.push(required(at, 'valid values: "OnFailure", "Never"'))
  } else if (!allowed.includes(policy)) errors.push(notSupported(at, policy, allowed))
}

function validateSelector(spec: JobSpec, errors: FieldError[]): void {
  const at = SPEC.child('selector')
  if (!spec.selector) errors.push(required(at))
  else checkLabelSelector(spec.selector, at, errors)
  const labels = spec.template.metadata?.labels
  if (selectorMatches(spec.selector, labels)) return
  const detail = '`selector` does not match template `labels`'
  errors.push(invalid(SPEC.child('template', 'metadata', 'labels'), labels ?? null, detail))
}

function checkFixed(next: Job, old: Job, errors: FieldError[]): void {
  const elastic =
    next.spec.completionMode === 'Indexed' && next.spec.completions === next.spec.parallelism
  const suspended = old.spec.suspend === true && !old.status?.startTime
  for (const field of ['completions', 'selector', 'template', 'completionMode'] as const) {
    if (semanticEqual(next.spec[field], old.spec[field])) continue
    if ((field === 'completions' && elastic) || (field === 'template' && suspended)) continue
    errors.push(invalid(SPEC.child(field), next.spec[field] ?? null, FIELD_IMMUTABLE))
  }
}

/** Rules of `cronjobs`. */
export const cronJobStrategy: KindStrategy<CronJob> = strategyOf<CronJob>({
  hasStatus: true,
  hasGeneration: true,
  defaults(cron) {
    let spec = fill(cron.spec ?? ({} as CronJobSpec), { concurrencyPolicy: 'Allow' })
    spec = missing(spec, {
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    })
    const job = spec.jobTemplate ?? {}
    const template = podTemplateDefaults(job.spec?.template ?? {})
    const jobSpec = put(job.spec ?? ({} as JobSpec), 'template', template)
    return put(cron, 'spec', put(spec, 'jobTemplate', put(job, 'spec', jobSpec)))
  },
  prepareForCreate: (cron) => ({ ...cron, status: {} }),
  validate(cron, errors) {
    const at = Path.of('metadata', 'name')
    if (cron.metadata.name.length > cronJobNameMax) {
      const detail = `must be no more than ${cronJobNameMax} characters`
      errors.push(invalid(at, cron.metadata.name, detail))
    }
    validateCronJob(cron.spec, errors)
  },
  validateUpdate: (next, _old, errors) => validateCronJob(next.spec, errors),
})

function validateCronJob(spec: CronJobSpec, errors: FieldError[]): void {
  const at = SPEC.child('schedule')
  if (!spec.schedule) errors.push(required(at))
  else {
    const problem = scheduleProblem(spec.schedule)
    if (problem) errors.push(invalid(at, spec.schedule, problem))
  }
  checkNonNegative(spec.startingDeadlineSeconds, SPEC, 'startingDeadlineSeconds', errors)
  const policies = ['Allow', 'Forbid', 'Replace']
  checkOneOf(spec.concurrencyPolicy, policies, SPEC.child('concurrencyPolicy'), errors)
  const zone = spec.timeZone
  if (zone !== undefined && zone.length > 255) errors.push(tooLong(SPEC.child('timeZone'), 255))
  if (zone === '') {
    errors.push(invalid(SPEC.child('timeZone'), zone, 'timeZone must be nil or non-empty string'))
  }
  validateJobSpec(spec.jobTemplate.spec!, SPEC.child('jobTemplate', 'spec'), errors)
  for (const field of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
    checkNonNegative(spec[field], SPEC, field, errors)
  }
}
