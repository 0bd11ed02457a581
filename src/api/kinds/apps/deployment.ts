import type {
  Deployment,
  DeploymentSpec,
  DeploymentStrategy,
  ReplicaSet,
  ReplicaSetSpec,
} from '../../generated/apps-v1'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../machinery/field'
import { semanticEqual } from '../../machinery/semantic-equal'
import { checkNonNegative } from '../checks'
import { validateControllerTemplate, validateWorkloadSelector } from '../pod/template'
import { fill, missing, put } from '../sharing'
import { contentChanged, type KindStrategy, strategyOf } from '../strategy'
import {
  checkAtMostAll,
  checkCollisions,
  checkIntOrPercent,
  checkSelectorFixed,
  isUsable,
  isZero,
  SELECTOR,
  SPEC,
  TEMPLATE,
  templateOf,
  unknownStrategy,
  validateCounts,
} from './replicas'

const ROLLING = { maxUnavailable: '25%', maxSurge: '25%' }
const DEPLOYMENT = { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 }
const STRATEGY = SPEC.child('strategy')

/** Rules of `deployments`. */
export const deploymentStrategy: KindStrategy<Deployment> = strategyOf<Deployment>({
  hasStatus: true,
  hasGeneration: true,
  defaults: deploymentDefaults,
  prepareForCreate: (object) => ({ ...object, status: {} }),
  generationChanged: (next, old) =>
    contentChanged(next, old) ||
    !semanticEqual(next.metadata.annotations, old.metadata.annotations),
  validate: (object, errors) => validateDeployment(object.spec, errors),
  validateUpdate(next, old, errors) {
    if (next.spec !== old.spec) validateDeployment(next.spec, errors)
    checkSelectorFixed(next.spec.selector, old.spec.selector, errors)
  },
  prepareForStatusUpdate: (next, old) =>
    put(next, 'metadata', put(next.metadata, 'labels', old.metadata.labels)),
  validateStatusUpdate(next, old, errors) {
    validateCounts(
      next.status,
      [
        'observedGeneration',
        'replicas',
        'updatedReplicas',
        'readyReplicas',
        'availableReplicas',
        'unavailableReplicas',
        'collisionCount',
      ],
      errors,
    )
    checkCollisions(next.status, old.status, errors)
  },
})

function deploymentDefaults(object: Deployment): Deployment {
  const given = object.spec ?? ({} as DeploymentSpec)
  let spec = missing(given, DEPLOYMENT)
  spec = put(spec, 'strategy', strategyDefaults(spec.strategy ?? {}))
  spec = put(spec, 'template', templateOf(spec.template))
  return put(object, 'spec', spec)
}

function strategyDefaults(given: DeploymentStrategy): DeploymentStrategy {
  const strategy = fill(given, { type: 'RollingUpdate' })
  if (strategy.type !== 'RollingUpdate') return strategy
  return put(strategy, 'rollingUpdate', missing(strategy.rollingUpdate ?? {}, ROLLING))
}

function validateDeployment(spec: DeploymentSpec, errors: FieldError[]): void {
  checkNonNegative(spec.replicas, SPEC, 'replicas', errors)
  validateWorkloadSelector(spec.selector, 'deployment', SELECTOR, errors)
  if (isUsable(spec.selector)) {
    validateControllerTemplate(spec.template, spec.selector, 'ReplicaSet', TEMPLATE, errors)
  } else errors.push(invalid(SELECTOR, spec.selector, 'invalid label selector'))
  validateStrategy(spec.strategy ?? {}, errors)
  checkNonNegative(spec.minReadySeconds, SPEC, 'minReadySeconds', errors)
  checkNonNegative(spec.revisionHistoryLimit, SPEC, 'revisionHistoryLimit', errors)
  const deadline = spec.progressDeadlineSeconds
  if (deadline === undefined) return
  checkNonNegative(deadline, SPEC, 'progressDeadlineSeconds', errors)
  if (deadline <= (spec.minReadySeconds ?? 0)) {
    const detail = 'must be greater than minReadySeconds'
    errors.push(invalid(SPEC.child('progressDeadlineSeconds'), deadline, detail))
  }
}

function validateStrategy(strategy: DeploymentStrategy, errors: FieldError[]): void {
  const rolling = strategy.rollingUpdate
  const at = STRATEGY.child('rollingUpdate')
  switch (strategy.type) {
    case 'Recreate':
      if (rolling !== undefined) {
        errors.push(forbidden(at, "may not be specified when strategy `type` is 'Recreate'"))
      }
      return
    case 'RollingUpdate':
      if (rolling === undefined) {
        errors.push(required(at, 'this should be defaulted and never be nil'))
        return
      }
      checkIntOrPercent(rolling.maxUnavailable, at, 'maxUnavailable', errors)
      checkIntOrPercent(rolling.maxSurge, at, 'maxSurge', errors)
      if (isZero(rolling.maxUnavailable) && isZero(rolling.maxSurge)) {
        const detail = 'may not be 0 when `maxSurge` is 0'
        errors.push(invalid(at.child('maxUnavailable'), rolling.maxUnavailable ?? 0, detail))
      }
      checkAtMostAll(rolling.maxUnavailable, at.child('maxUnavailable'), errors)
      return
    default:
      errors.push(notSupported(STRATEGY, unknownStrategy(strategy), ['Recreate', 'RollingUpdate']))
  }
}

/** Rules of `replicasets`. */
export const replicaSetStrategy: KindStrategy<ReplicaSet> = strategyOf<ReplicaSet>({
  hasStatus: true,
  hasGeneration: true,
  defaults(object) {
    let spec = missing(object.spec ?? ({} as ReplicaSetSpec), { replicas: 1 })
    spec = put(spec, 'template', templateOf(spec.template))
    return put(object, 'spec', spec)
  },
  prepareForCreate: (object) => ({ ...object, status: { replicas: 0 } }),
  validate: (object, errors) => validateReplicaSet(object.spec, errors),
  validateUpdate(next, old, errors) {
    if (next.spec !== old.spec) validateReplicaSet(next.spec, errors)
    checkSelectorFixed(next.spec.selector, old.spec.selector, errors)
  },
  validateStatusUpdate(next, _old, errors) {
    validateCounts(
      next.status,
      [
        'replicas',
        'fullyLabeledReplicas',
        'readyReplicas',
        'availableReplicas',
        'observedGeneration',
      ],
      errors,
    )
  },
})

function validateReplicaSet(spec: ReplicaSetSpec, errors: FieldError[]): void {
  checkNonNegative(spec.replicas, SPEC, 'replicas', errors)
  checkNonNegative(spec.minReadySeconds, SPEC, 'minReadySeconds', errors)
  validateWorkloadSelector(spec.selector, 'deployment', SELECTOR, errors)
  if (isUsable(spec.selector)) {
    validateControllerTemplate(spec.template!, spec.selector, 'ReplicaSet', TEMPLATE, errors)
  } else errors.push(invalid(SELECTOR, spec.selector, 'invalid label selector'))
}
