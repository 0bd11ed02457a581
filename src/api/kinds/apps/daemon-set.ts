import type { DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy } from '../../generated/apps-v1'
import { type FieldError, invalid, notSupported, required } from '../../machinery/field'
import { semanticEqual } from '../../machinery/semantic-equal'
import { checkLabelSelector, checkNonNegative } from '../checks'
import { isEmptySelector, validateControllerTemplate } from '../pod/template'
import { fill, missing, put } from '../sharing'
import { contentChanged, type KindStrategy, strategyOf } from '../strategy'
import {
  checkAtMostAll,
  checkCollisions,
  checkIntOrPercent,
  checkSelectorFixed,
  isZero,
  SELECTOR,
  SPEC,
  STATUS,
  TEMPLATE,
  templateOf,
  unknownStrategy,
} from './replicas'

const ROLLING = { maxUnavailable: 1, maxSurge: 0 }
const UPDATE = SPEC.child('updateStrategy')
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'
const NO_STATUS = {
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  desiredNumberScheduled: 0,
  numberReady: 0,
}

/** Rules of `daemonsets`. */
export const daemonSetStrategy: KindStrategy<DaemonSet> = strategyOf<DaemonSet>({
  hasStatus: true,
  hasGeneration: true,
  defaults: daemonSetDefaults,
  prepareForCreate: (object) => ({ ...withTemplateGeneration(object, 1), status: NO_STATUS }),
  prepareForUpdate(next, old) {
    const before = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 1)
    const same = semanticEqual(next.spec.template, old.spec.template)
    return withTemplateGeneration(next, same ? before : before + 1)
  },
  generationChanged: contentChanged,
  validate: (object, errors) => validateDaemonSet(object.spec, errors),
  validateUpdate(next, old, errors) {
    if (next.spec !== old.spec) validateDaemonSet(next.spec, errors)
    checkSelectorFixed(next.spec.selector, old.spec.selector, errors)
  },
  validateStatusUpdate(next, old, errors) {
    for (const field of [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ] as const) {
      checkNonNegative(next.status?.[field], STATUS, field, errors)
    }
    checkCollisions(next.status, old.status, errors)
  },
})

/** The template's own counter, which apps/v1 shows as an annotation. */
function withTemplateGeneration(object: DaemonSet, generation: number): DaemonSet {
  const { annotations } = object.metadata
  const value = String(generation)
  if (annotations?.[TEMPLATE_GENERATION] === value) return object
  const metadata = {
    ...object.metadata,
    annotations: { ...annotations, [TEMPLATE_GENERATION]: value },
  }
  return { ...object, metadata }
}

function daemonSetDefaults(object: DaemonSet): DaemonSet {
  let spec = missing(object.spec ?? ({} as DaemonSetSpec), { revisionHistoryLimit: 10 })
  spec = put(spec, 'updateStrategy', updateDefaults(spec.updateStrategy ?? {}))
  spec = put(spec, 'template', templateOf(spec.template))
  return put(object, 'spec', spec)
}

function updateDefaults(given: DaemonSetUpdateStrategy): DaemonSetUpdateStrategy {
  const strategy = fill(given, { type: 'RollingUpdate' })
  if (strategy.type !== 'RollingUpdate') return strategy
  return put(strategy, 'rollingUpdate', missing(strategy.rollingUpdate ?? {}, ROLLING))
}

function validateDaemonSet(spec: DaemonSetSpec, errors: FieldError[]): void {
  checkLabelSelector(spec.selector, SELECTOR, errors)
  if (spec.selector && isEmptySelector(spec.selector)) {
    errors.push(invalid(SELECTOR, {}, 'empty selector is invalid for daemonset'))
  }
  validateControllerTemplate(spec.template, spec.selector, 'DaemonSet', TEMPLATE, errors)
  validateUpdateStrategy(spec.updateStrategy ?? {}, errors)
  checkNonNegative(spec.minReadySeconds, SPEC, 'minReadySeconds', errors)
  checkNonNegative(spec.revisionHistoryLimit, SPEC, 'revisionHistoryLimit', errors)
}

function validateUpdateStrategy(strategy: DaemonSetUpdateStrategy, errors: FieldError[]): void {
  if (strategy.type === 'OnDelete') return
  if (strategy.type !== 'RollingUpdate') {
    errors.push(notSupported(UPDATE, unknownStrategy(strategy), ['RollingUpdate', 'OnDelete']))
    return
  }
  const at = UPDATE.child('rollingUpdate')
  const rolling = strategy.rollingUpdate
  if (!rolling) {
    errors.push(required(at))
    return
  }
  for (const field of ['maxUnavailable', 'maxSurge'] as const) {
    checkIntOrPercent(rolling[field], at, field, errors)
    checkAtMostAll(rolling[field], at.child(field), errors)
  }
  const unavailable = !isZero(rolling.maxUnavailable)
  const surge = !isZero(rolling.maxSurge)
  if (unavailable && surge) {
    const detail = 'may not be set when maxUnavailable is non-zero'
    errors.push(invalid(at.child('maxSurge'), rolling.maxSurge, detail))
  } else if (!unavailable && !surge) {
    errors.push(required(at.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'))
  }
}
