import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '../../generated/core-v1'
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../machinery/field'
import { isValidLabelValue } from '../../machinery/names'
import {
  checkAll,
  checkLabelName,
  checkLabelSelector,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
} from '../checks'

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'
const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const OPERATORS = ['Equal', 'Exists']

/** `spec.affinity`. */
export function validateAffinity(affinity: Affinity, path: Path, errors: FieldError[]): void {
  const node = affinity.nodeAffinity
  if (node) {
    const at = path.child('nodeAffinity')
    if (node[REQUIRED]) validateNodeSelector(node[REQUIRED], at.child(REQUIRED), errors)
    node[PREFERRED]?.forEach((term, i) => {
      const item = at.child(PREFERRED).index(i)
      checkWeight(term.weight, item, errors)
      validateTerm(term.preference ?? {}, false, item.child('preference'), errors)
    })
  }
  if (affinity.podAffinity) {
    validatePodTerms(affinity.podAffinity, path.child('podAffinity'), errors)
  }
  if (affinity.podAntiAffinity) {
    validatePodTerms(affinity.podAntiAffinity, path.child('podAntiAffinity'), errors)
  }
}

/** A required node selector: at least one term. */
export function validateNodeSelector(
  selector: NodeSelector,
  path: Path,
  errors: FieldError[],
): void {
  const at = path.child('nodeSelectorTerms')
  const terms = selector.nodeSelectorTerms ?? []
  if (terms.length === 0) errors.push(required(at, 'must have at least one node selector term'))
  terms.forEach((term, i) => {
    validateTerm(term, true, at.index(i), errors)
  })
}

function checkWeight(weight: number | undefined, path: Path, errors: FieldError[]): void {
  const value = weight ?? 0
  if (value > 0 && value <= 100) return
  errors.push(invalid(path.child('weight'), value, 'must be in the range 1-100'))
}

function validateTerm(
  term: NodeSelectorTerm,
  checkValues: boolean,
  path: Path,
  errors: FieldError[],
): void {
  term.matchExpressions?.forEach((item, i) => {
    validateRequirement(item, checkValues, path.child('matchExpressions').index(i), errors)
  })
  term.matchFields?.forEach((item, i) => {
    validateFieldRequirement(item, path.child('matchFields').index(i), errors)
  })
}

function validateRequirement(
  item: NodeSelectorRequirement,
  checkValues: boolean,
  path: Path,
  errors: FieldError[],
): void {
  const values = item.values ?? []
  const at = path.child('values')
  switch (item.operator ?? '') {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"))
      }
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        errors.push(forbidden(at, detail))
      }
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        const detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
        errors.push(required(at, detail))
      }
      break
    default: {
      const detail = 'not a valid selector operator'
      errors.push(invalid(path.child('operator'), item.operator ?? '', detail))
    }
  }
  checkLabelName(item.key ?? '', path.child('key'), errors)
  if (!checkValues) return
  values.forEach((value, i) => {
    checkAll(isValidLabelValue(value), value, at.index(i), errors)
  })
}

function validateFieldRequirement(
  item: NodeSelectorRequirement,
  path: Path,
  errors: FieldError[],
): void {
  const values = item.values ?? []
  if (item.operator === 'In' || item.operator === 'NotIn') {
    if (values.length !== 1) {
      const detail =
        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
      errors.push(required(path.child('values'), detail))
    }
  } else {
    const detail = 'not a valid selector operator'
    errors.push(invalid(path.child('operator'), item.operator ?? '', detail))
  }
  if (item.key !== 'metadata.name') {
    errors.push(invalid(path.child('key'), item.key ?? '', 'not a valid field selector key'))
    return
  }
  values.forEach((value, i) => {
    checkAll(nameIsDNSSubdomain(value, false), value, path.child('values').index(i), errors)
  })
}

function validatePodTerms(affinity: PodAffinity, path: Path, errors: FieldError[]): void {
  affinity[REQUIRED]?.forEach((term, i) => {
    validatePodTerm(term, path.child(REQUIRED).index(i), errors)
  })
  affinity[PREFERRED]?.forEach((term, i) => {
    const at = path.child(PREFERRED).index(i)
    checkWeight(term.weight, at, errors)
    validatePodTerm(term.podAffinityTerm ?? {}, at.child('podAffinityTerm'), errors)
  })
}

function validatePodTerm(term: Partial<PodAffinityTerm>, path: Path, errors: FieldError[]): void {
  checkLabelSelector(term.labelSelector, path.child('labelSelector'), errors)
  checkLabelSelector(term.namespaceSelector, path.child('namespaceSelector'), errors)
  for (const name of term.namespaces ?? []) {
    checkAll(nameIsDNSLabel(name, false), name, path.child('namespace'), errors)
  }
  checkMatchKeys(term, path, errors)
  const key = term.topologyKey ?? ''
  const at = path.child('topologyKey')
  if (key === '') errors.push(required(at, 'can not be empty'))
  checkLabelName(key, at, errors)
}

function checkMatchKeys(term: Partial<PodAffinityTerm>, path: Path, errors: FieldError[]): void {
  for (const field of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    const keys = term[field] ?? []
    if (keys.length === 0) continue
    const at = path.child(field)
    if (!term.labelSelector) {
      errors.push(forbidden(at, 'must not be specified when labelSelector is not set'))
    } else
      keys.forEach((key, i) => {
        checkLabelName(key, at.index(i), errors)
      })
  }
  const mismatch = new Set(term.mismatchLabelKeys)
  term.matchLabelKeys?.forEach((key, i) => {
    if (!mismatch.has(key)) return
    const detail = 'exists in both matchLabelKeys and mismatchLabelKeys'
    errors.push(invalid(path.child('matchLabelKeys').index(i), key, detail))
  })
}

/** The effects that a taint or a toleration may have. */
export function checkTaintEffect(effect: string, path: Path, errors: FieldError[]): void {
  if (!TAINT_EFFECTS.includes(effect)) errors.push(notSupported(path, effect, TAINT_EFFECTS))
}

/** `spec.tolerations`. */
export function validateTolerations(
  tolerations: readonly Toleration[],
  path: Path,
  errors: FieldError[],
): void {
  for (let i = 0; i < tolerations.length; i++) {
    const toleration = tolerations[i]!
    const at = path.index(i)
    const { key, effect } = toleration
    const operator = toleration.operator ?? ''
    if (key) checkLabelName(key, at.child('key'), errors)
    else if (operator !== 'Exists') {
      const detail =
        'operator must be Exists when `key` is empty, which means "match all values and all keys"'
      errors.push(invalid(at.child('operator'), operator, detail))
    }
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
      errors.push(invalid(at.child('effect'), effect ?? '', detail))
    }
    checkTolerationValue(operator, toleration.value ?? '', at.child('operator'), errors)
    if (effect) checkTaintEffect(effect, at.child('effect'), errors)
  }
}

function checkTolerationValue(
  operator: string,
  value: string,
  path: Path,
  errors: FieldError[],
): void {
  switch (operator) {
    case '':
    case 'Equal': {
      const messages = isValidLabelValue(value)
      if (messages.length > 0) errors.push(invalid(path, value, messages.join(';')))
      return
    }
    case 'Exists':
      if (value === '') return
      errors.push(invalid(path, value, "value must be empty when `operator` is 'Exists'"))
      return
    default:
      errors.push(notSupported(path, operator, OPERATORS))
  }
}

/** `spec.topologySpreadConstraints`. */
export function validateSpread(
  constraints: readonly TopologySpreadConstraint[],
  path: Path,
  errors: FieldError[],
): void {
  const actions = ['DoNotSchedule', 'ScheduleAnyway']
  constraints.forEach((item, i) => {
    const at = path.index(i)
    const skew = item.maxSkew ?? 0
    if (skew <= 0) errors.push(invalid(at.child('maxSkew'), skew, 'must be greater than zero'))
    if (!item.topologyKey) errors.push(required(at.child('topologyKey'), 'can not be empty'))
    const action = item.whenUnsatisfiable ?? ''
    if (!actions.includes(action)) {
      errors.push(notSupported(at.child('whenUnsatisfiable'), action, actions))
    }
    const repeats = constraints
      .slice(i + 1)
      .some((other) => other.topologyKey === item.topologyKey && other.whenUnsatisfiable === action)
    if (repeats) {
      const value = `{${item.topologyKey ?? ''}, ${action}}`
      errors.push(duplicate(at.child('{topologyKey, whenUnsatisfiable}'), value))
    }
    checkMinDomains(item, at.child('minDomains'), errors)
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = item[field]
      const policies = ['Honor', 'Ignore']
      if (policy === undefined || policies.includes(policy)) continue
      errors.push(notSupported(at.child(field), policy, policies))
    }
    checkSpreadKeys(item, at.child('matchLabelKeys'), errors)
    checkLabelSelector(item.labelSelector, at.child('labelSelector'), errors)
  })
}

function checkMinDomains(item: TopologySpreadConstraint, path: Path, errors: FieldError[]): void {
  const { minDomains, whenUnsatisfiable } = item
  if (minDomains === undefined) return
  if (minDomains <= 0) errors.push(invalid(path, minDomains, 'must be greater than zero'))
  if (whenUnsatisfiable === 'DoNotSchedule') return
  const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable ?? ''}`
  errors.push(invalid(path, minDomains, detail))
}

function checkSpreadKeys(item: TopologySpreadConstraint, path: Path, errors: FieldError[]): void {
  const keys = item.matchLabelKeys ?? []
  if (keys.length === 0) return
  const selector = item.labelSelector
  if (!selector) errors.push(forbidden(path, 'must not be specified when labelSelector is not set'))
  const taken = new Set([
    ...Object.keys(selector?.matchLabels ?? {}),
    ...(selector?.matchExpressions ?? []).map((expression) => expression.key),
  ])
  keys.forEach((key, i) => {
    checkLabelName(key, path.index(i), errors)
    if (!taken.has(key)) return
    errors.push(invalid(path.index(i), key, 'exists in both matchLabelKeys and labelSelector'))
  })
}
