import type {
  LimitRange,
  LimitRangeItem,
  PodTemplate,
  ResourceQuota,
} from '../../generated/core-v1'
import type { PodDisruptionBudget } from '../../generated/policy-v1'
import type { PriorityClass } from '../../generated/scheduling-v1'
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  Path,
  required,
} from '../../machinery/field'
import { isQualifiedName } from '../../machinery/names'
import { compareQuantity, mustQuantity } from '../../machinery/quantity'
import { checkAtMostAll, checkIntOrPercent } from '../apps/replicas'
import {
  checkAll,
  checkLabelSelector,
  checkNonNegative,
  FIELD_IMMUTABLE,
  nameIsPathSegment,
} from '../checks'
import { podTemplateDefaults } from '../pod/defaults'
import { validateTemplate } from '../pod/template'
import {
  checkContainerResourceName,
  checkResourceName,
  checkResourceQuantity,
} from '../pod/validate-resources'
import { each, missing, put, within } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'

type ResourceList = Readonly<Record<string, string | number>>

const SPEC = Path.of('spec')
const STATUS = Path.of('status')
const LIMIT_TYPES = ['Pod', 'Container', 'PersistentVolumeClaim']
const NOT_IN_QUOTA: ReadonlySet<string> = new Set(['storage'])
const userPriorityMax = 1_000_000_000

/** Rules of `poddisruptionbudgets`. */
export const disruptionBudgetStrategy: KindStrategy<PodDisruptionBudget> =
  strategyOf<PodDisruptionBudget>({
    hasStatus: true,
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    nameRule: nameIsPathSegment,
    validate({ spec = {} }, errors) {
      const { minAvailable, maxUnavailable } = spec
      if (minAvailable !== undefined && maxUnavailable !== undefined) {
        const bad = {
          MinAvailable: minAvailable,
          Selector: spec.selector ?? null,
          MaxUnavailable: maxUnavailable,
          UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
        }
        errors.push(invalid(SPEC, bad, 'minAvailable and maxUnavailable cannot be both set'))
      }
      for (const field of ['minAvailable', 'maxUnavailable'] as const) {
        checkIntOrPercent(spec[field], SPEC, field, errors)
        checkAtMostAll(spec[field], SPEC.child(field), errors)
      }
      checkLabelSelector(spec.selector, SPEC.child('selector'), errors)
      const policies = ['AlwaysAllow', 'IfHealthyBudget']
      const policy = spec.unhealthyPodEvictionPolicy
      if (policy !== undefined && !policies.includes(policy)) {
        errors.push(notSupported(SPEC.child('unhealthyPodEvictionPolicy'), policy, policies))
      }
    },
    validateStatusUpdate({ status }, _old, errors) {
      for (const field of [
        'disruptionsAllowed',
        'currentHealthy',
        'desiredHealthy',
        'expectedPods',
      ] as const) {
        checkNonNegative(status?.[field], STATUS, field, errors)
      }
    },
  })

/** Rules of `resourcequotas`. */
export const resourceQuotaStrategy: KindStrategy<ResourceQuota> = strategyOf<ResourceQuota>({
  hasStatus: true,
  validate: (quota, errors) => checkQuotaList(quota.spec?.hard, SPEC.child('hard'), errors),
  validateStatusUpdate(quota, _old, errors) {
    checkQuotaList(quota.status?.hard, STATUS.child('hard'), errors)
    checkQuotaList(quota.status?.used, STATUS.child('used'), errors)
  },
})

function checkQuotaList(list: ResourceList | undefined, path: Path, errors: FieldError[]): void {
  for (const name of Object.keys(list ?? {})) {
    const at = path.key(name)
    const found = errors.length
    const isName = checkResourceName(name, at, errors)
    const known = errors.length === found && !NOT_IN_QUOTA.has(name)
    if (isName && !name.includes('/') && !known) {
      errors.push(invalid(at, name, 'must be a standard resource for quota'))
    }
    checkResourceQuantity(name, list![name]!, at, errors)
  }
}

/** Rules of `limitranges`. */
export const limitRangeStrategy: KindStrategy<LimitRange> = strategyOf<LimitRange>({
  allowCreateOnUpdate: true,
  defaults: (range) =>
    within(range, 'spec', (spec) =>
      within(spec, 'limits', (limits) => each(limits, limitDefaults)),
    ),
  validate(range, errors) {
    const path = SPEC.child('limits')
    const types = new Set<string>()
    range.spec?.limits?.forEach((limit, i) => {
      const at = path.index(i)
      checkLimitType(limit.type ?? '', at.child('type'), errors)
      if (types.has(limit.type)) errors.push(duplicate(at.child('type'), limit.type))
      types.add(limit.type)
      validateLimit(limit, at, errors)
    })
  },
})

function limitDefaults(limit: LimitRangeItem): LimitRangeItem {
  if (limit.type !== 'Container') return limit
  const byDefault = { ...limit.max, ...limit.default }
  const request = { ...limit.min, ...byDefault, ...limit.defaultRequest }
  const same = (a: object, b: object | undefined) =>
    Object.keys(a).length === Object.keys(b ?? {}).length
  let next = limit
  if (!same(byDefault, limit.default)) next = put(next, 'default', byDefault)
  if (!same(request, limit.defaultRequest)) next = put(next, 'defaultRequest', request)
  return next
}

function checkLimitType(type: string, path: Path, errors: FieldError[]): void {
  const messages = isQualifiedName(type)
  checkAll(messages, type, path, errors)
  if (messages.length > 0 || type.includes('/') || LIMIT_TYPES.includes(type)) return
  errors.push(invalid(path, type, 'must be a standard limit type or fully qualified'))
}

function validateLimit(limit: LimitRangeItem, path: Path, errors: FieldError[]): void {
  const isCompute = limit.type === 'Pod' || limit.type === 'Container'
  for (const field of [
    'max',
    'min',
    'default',
    'defaultRequest',
    'maxLimitRequestRatio',
  ] as const) {
    const names = Object.keys(limit[field] ?? {})
    if (limit.type === 'Pod' && (field === 'default' || field === 'defaultRequest')) {
      if (names.length === 0) continue
      errors.push(forbidden(path.child(field), "may not be specified when `type` is 'Pod'"))
      continue
    }
    for (const name of names) {
      const at = path.child(field).key(name)
      if (isCompute) checkContainerResourceName(name, at, errors)
      else checkResourceName(name, at, errors)
    }
  }
  if (limit.type === 'PersistentVolumeClaim' && !limit.min?.storage && !limit.max?.storage) {
    const detail = 'either minimum or maximum storage value is required, but neither was provided'
    errors.push(required(path.child('limits'), detail))
  }
  const order: readonly (readonly [
    'min' | 'default' | 'defaultRequest',
    'max' | 'default' | 'defaultRequest',
    string,
  ])[] = [
    ['min', 'max', 'min value %a is greater than max value %b'],
    ['min', 'defaultRequest', 'min value %a is greater than default request value %b'],
    ['defaultRequest', 'max', 'default request value %a is greater than max value %b'],
    [
      'defaultRequest',
      'default',
      'default request value %a is greater than default limit value %b',
    ],
    ['min', 'default', 'min value %a is greater than default value %b'],
    ['default', 'max', 'default value %a is greater than max value %b'],
  ]
  for (const [low, high, text] of order) {
    for (const name of Object.keys(limit[low] ?? {})) {
      const a = limit[low]![name]!
      const b = limit[high]?.[name]
      if (b === undefined || compareQuantity(mustQuantity(a), mustQuantity(b)) <= 0) continue
      const field = low === 'min' ? (high === 'max' ? 'min' : high) : low
      const detail = text.replace('%a', String(a)).replace('%b', String(b))
      errors.push(invalid(path.child(field).key(name), a, detail))
    }
  }
}

/** Rules of `podtemplates`. */
export const podTemplateStrategy: KindStrategy<PodTemplate> = strategyOf<PodTemplate>({
  hasGeneration: true,
  defaults: (object) => put(object, 'template', podTemplateDefaults(object.template ?? {})),
  validate: (object, errors) =>
    validateTemplate(object.template ?? {}, Path.of('template'), errors),
})

/** Rules of `priorityclasses`. */
export const priorityClassStrategy: KindStrategy<PriorityClass> = strategyOf<PriorityClass>({
  namespaced: false,
  hasGeneration: true,
  defaults: (object) => missing(object, { preemptionPolicy: 'PreemptLowerPriority' }),
  validate(object, errors) {
    const { name } = object.metadata
    const value = object.value ?? 0
    const isSystem = name === 'system-node-critical' || name === 'system-cluster-critical'
    if (name?.startsWith('system-') && !isSystem) {
      const detail =
        "priority class names with 'system-' prefix are reserved for system use only. error: unknown class"
      errors.push(forbidden(Path.of('metadata', 'name'), detail))
    } else if (!isSystem && value > userPriorityMax) {
      const detail = `maximum allowed value of a user defined priority is ${userPriorityMax}`
      errors.push(forbidden(Path.of('value'), detail))
    }
    const policies = ['PreemptLowerPriority', 'Never']
    const policy = object.preemptionPolicy
    if (policy !== undefined && !policies.includes(policy)) {
      errors.push(notSupported(Path.of('preemptionPolicy'), policy, policies))
    }
  },
  validateUpdate(next, old, errors) {
    if ((next.value ?? 0) !== (old.value ?? 0)) {
      errors.push(forbidden(Path.of('value'), 'may not be changed in an update.'))
    }
    if (next.preemptionPolicy !== old.preemptionPolicy) {
      const at = Path.of('preemptionPolicy')
      errors.push(invalid(at, next.preemptionPolicy ?? null, FIELD_IMMUTABLE))
    }
  },
})
