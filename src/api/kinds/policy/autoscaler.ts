import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingRules,
  MetricSpec,
  MetricTarget,
} from '../../generated/autoscaling-v2'
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  Path,
  required,
} from '../../machinery/field'
import { canonicalQuantity } from '../../machinery/quantity'
import { checkAll, checkNonNegative, isPositiveQuantity, nameIsPathSegment } from '../checks'
import { fill, missing, put } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'

const SPEC = Path.of('spec')
const SOURCES = ['object', 'external', 'pods', 'resource', 'containerResource'] as const
const TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']
const periodSecondsMax = 1800
const windowSecondsMax = 3600
const UP: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
}
const DOWN: HPAScalingRules = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
}
const CPU: MetricSpec = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
}

/** Rules of `horizontalpodautoscalers` (autoscaling/v2). */
export const autoscalerStrategy: KindStrategy<HorizontalPodAutoscaler> =
  strategyOf<HorizontalPodAutoscaler>({
    hasStatus: true,
    defaults: autoscalerDefaults,
    validate: (object, errors) => validateSpec(object.spec, errors),
    validateStatusUpdate(next, _old, errors) {
      for (const field of ['currentReplicas', 'desiredReplicas'] as const) {
        checkNonNegative(next.status?.[field], Path.of('status'), field, errors)
      }
    },
  })

function autoscalerDefaults(object: HorizontalPodAutoscaler): HorizontalPodAutoscaler {
  let spec = missing(object.spec ?? ({} as HorizontalPodAutoscalerSpec), { minReplicas: 1 })
  if (object.apiVersion === 'autoscaling/v1') return put(object, 'spec', spec)
  if (!spec.metrics?.length) spec = put(spec, 'metrics', [CPU])
  const behavior = spec.behavior
  if (behavior) {
    let next = put(behavior, 'scaleUp', rulesDefaults(behavior.scaleUp, UP))
    next = put(next, 'scaleDown', rulesDefaults(behavior.scaleDown, DOWN))
    spec = put(spec, 'behavior', next)
  }
  return put(object, 'spec', spec)
}

function rulesDefaults(
  given: HPAScalingRules | undefined,
  rules: HPAScalingRules,
): HPAScalingRules {
  const next = fill(given ?? {}, rules)
  return next.policies?.length ? next : put(next, 'policies', rules.policies)
}

function validateSpec(spec: HorizontalPodAutoscalerSpec, errors: FieldError[]): void {
  const min = spec.minReplicas
  const max = spec.maxReplicas ?? 0
  const at = SPEC.child('maxReplicas')
  if (min !== undefined && min < 1) {
    errors.push(invalid(SPEC.child('minReplicas'), min, 'must be greater than or equal to 1'))
  }
  if (max === 0) errors.push(required(at, 'must be set and greater than 0'))
  else if (max < 1) errors.push(invalid(at, max, 'must be greater than or equal to 1'))
  if (min !== undefined && max < min) {
    errors.push(invalid(at, max, 'must be greater than or equal to `minReplicas`'))
  }
  validateRef(spec.scaleTargetRef ?? {}, SPEC.child('scaleTargetRef'), errors)
  spec.metrics?.forEach((metric, i) => {
    validateMetric(metric, SPEC.child('metrics').index(i), errors)
  })
  for (const field of ['scaleUp', 'scaleDown'] as const) {
    const rules = spec.behavior?.[field]
    if (rules) validateRules(rules, SPEC.child('behavior', field), errors)
  }
}

function validateRef(
  ref: Partial<CrossVersionObjectReference>,
  path: Path,
  errors: FieldError[],
): void {
  for (const field of ['kind', 'name'] as const) {
    const value = ref[field]
    if (!value) errors.push(required(path.child(field)))
    else checkAll(nameIsPathSegment(value, false), value, path.child(field), errors)
  }
  const version = ref.apiVersion ?? ''
  if (version.includes('/') || ref.kind === 'ReplicationController') return
  errors.push(invalid(path.child('apiVersion'), version, 'apiVersion must specify API group'))
}

function validateMetric(metric: MetricSpec, path: Path, errors: FieldError[]): void {
  const type = metric.type ?? ''
  if (type === '') {
    errors.push(required(path.child('type'), 'must specify a metric source type'))
  }
  if (!TYPES.includes(type)) errors.push(notSupported(path.child('type'), type, TYPES))
  const present = SOURCES.filter((source) => metric[source] !== undefined)
  if (present[0]) validateSource(metric, present[0], path.child(present[0]), errors)
  const expected = SOURCES.find((source) => source.toLowerCase() === type.toLowerCase())
  if (expected && !present.includes(expected)) {
    const detail = 'must populate information for the given metric source'
    errors.push(required(path.child(expected), detail))
  }
  if (!expected) errors.push(notSupported(path.child('type'), type, TYPES))
  if (present.length === 1) return
  for (const source of present) {
    if (source === expected) continue
    errors.push(forbidden(path.child(source), 'must populate the given metric source only'))
  }
}

function validateSource(
  metric: MetricSpec,
  source: (typeof SOURCES)[number],
  path: Path,
  errors: FieldError[],
): void {
  const target = metric[source]?.target
  const at = path.child('target')
  if (source === 'resource' || source === 'containerResource') {
    if (!metric[source]!.name) {
      errors.push(required(path.child('name'), 'must specify a resource name'))
    }
    if (source === 'containerResource' && !metric.containerResource!.container) {
      errors.push(required(path.child('container'), 'must specify a container'))
    }
    validateTarget(target, at, errors)
    checkResourceTarget(target, at, errors)
    return
  }
  if (source === 'object') {
    const object = metric.object!.describedObject ?? {}
    validateRef(object, path.child('describedObject'), errors)
  }
  if (!metric[source]!.metric?.name) {
    errors.push(required(path.child('metric', 'name'), 'must specify a metric name'))
  }
  validateTarget(target, at, errors)
  if (source === 'pods') {
    if (target?.averageValue === undefined || !isPositiveQuantity(target.averageValue)) {
      const detail = 'must specify a positive target averageValue'
      errors.push(required(at.child('averageValue'), detail))
    }
  } else if (target?.value === undefined && target?.averageValue === undefined) {
    const detail =
      source === 'object'
        ? 'must set either a target value or averageValue'
        : 'must set either a target value for metric or a per-pod target'
    errors.push(required(at.child('averageValue'), detail))
  }
}

function checkResourceTarget(
  target: MetricTarget | undefined,
  path: Path,
  errors: FieldError[],
): void {
  const { averageUtilization, averageValue } = target ?? {}
  if (averageUtilization === undefined && averageValue === undefined) {
    const detail = 'must set either a target raw value or a target utilization'
    errors.push(required(path.child('averageUtilization'), detail))
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const detail = 'may not set both a target raw value and a target utilization'
    errors.push(forbidden(path.child('averageValue'), detail))
  }
}

function validateTarget(target: MetricTarget | undefined, path: Path, errors: FieldError[]): void {
  const type = target?.type ?? ''
  if (type === '') errors.push(required(path.child('type'), 'must specify a metric target type'))
  if (type !== 'Utilization' && type !== 'Value' && type !== 'AverageValue') {
    const detail = 'must be either Utilization, Value, or AverageValue'
    errors.push(invalid(path.child('type'), type, detail))
  }
  for (const field of ['value', 'averageValue'] as const) {
    const value = target?.[field]
    if (value === undefined || isPositiveQuantity(value)) continue
    errors.push(invalid(path.child(field), canonicalQuantity(value), 'must be positive'))
  }
  const share = target?.averageUtilization
  if (share !== undefined && share < 1) {
    errors.push(invalid(path.child('averageUtilization'), share, 'must be greater than 0'))
  }
}

function validateRules(rules: HPAScalingRules, path: Path, errors: FieldError[]): void {
  const window = rules.stabilizationWindowSeconds
  const at = path.child('stabilizationWindowSeconds')
  if (window !== undefined && window < 0) {
    errors.push(invalid(at, window, 'must be greater than or equal to zero'))
  }
  if (window !== undefined && window > windowSecondsMax) {
    errors.push(invalid(at, window, `must be less than or equal to ${windowSecondsMax}`))
  }
  const choices = ['Disabled', 'Max', 'Min']
  if (rules.selectPolicy !== undefined && !choices.includes(rules.selectPolicy)) {
    errors.push(notSupported(path.child('selectPolicy'), rules.selectPolicy, choices))
  }
  if (!rules.policies?.length) {
    errors.push(required(path.child('policies'), 'must specify at least one Policy'))
  }
  rules.policies?.forEach((policy, i) => {
    const item = path.child('policies').index(i)
    const types = ['Percent', 'Pods']
    if (!types.includes(policy.type ?? '')) {
      errors.push(notSupported(item.child('type'), policy.type ?? '', types))
    }
    for (const field of ['value', 'periodSeconds'] as const) {
      const value = policy[field] ?? 0
      if (value <= 0) errors.push(invalid(item.child(field), value, 'must be greater than zero'))
    }
    if ((policy.periodSeconds ?? 0) > periodSecondsMax) {
      const detail = `must be less than or equal to ${periodSecondsMax}`
      errors.push(invalid(item.child('periodSeconds'), policy.periodSeconds, detail))
    }
  })
}
