import type {
  MatchResources,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../generated/admissionregistration-v1'
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  Path,
  required,
} from '../../machinery/field'
import { checkLabelSelector } from '../checks'
import { each, missing, within } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'
import { oneOf, validateRule } from './webhooks'

const SPEC = Path.of('spec')
const ACTIONS = ['Audit', 'Deny', 'Warn']

/** Rules of `validatingadmissionpolicies`; expressions are not compiled. */
export const admissionPolicyStrategy: KindStrategy<ValidatingAdmissionPolicy> =
  strategyOf<ValidatingAdmissionPolicy>({
    namespaced: false,
    hasStatus: true,
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    defaults: (object) =>
      within(object, 'spec', (spec) =>
        within(missing(spec, { failurePolicy: 'Fail' }), 'matchConstraints', matchDefaults),
      ),
    validate({ spec }, errors) {
      oneOf(spec?.failurePolicy, ['Fail', 'Ignore'], SPEC.child('failurePolicy'), errors)
      const at = SPEC.child('matchConstraints')
      if (spec?.matchConstraints) validateMatch(spec.matchConstraints, at, errors)
      else errors.push(required(at))
      if (spec?.matchConstraints && !spec.matchConstraints.resourceRules?.length) {
        errors.push(required(at.child('resourceRules')))
      }
      if (!spec?.validations?.length && !spec?.auditAnnotations?.length) {
        const detail = 'validations or auditAnnotations must contain at least one item'
        errors.push(required(SPEC.child('validations'), detail))
        errors.push(required(SPEC.child('auditAnnotations'), detail))
      }
      spec?.validations?.forEach((validation, i) => {
        if (validation.expression?.trim()) return
        const expression = SPEC.child('validations').index(i).child('expression')
        errors.push(required(expression, 'expression is not specified'))
      })
    },
  })

/** Rules of `validatingadmissionpolicybindings`. */
export const admissionPolicyBindingStrategy: KindStrategy<ValidatingAdmissionPolicyBinding> =
  strategyOf<ValidatingAdmissionPolicyBinding>({
    namespaced: false,
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    defaults: (object) =>
      within(object, 'spec', (spec) => within(spec, 'matchResources', matchDefaults)),
    validate({ spec }, errors) {
      if (!spec?.policyName) errors.push(required(SPEC.child('policyName')))
      const match = spec?.matchResources
      if (match) validateMatch(match, SPEC.child('matchResources'), errors)
      const actions = spec?.validationActions ?? []
      const at = SPEC.child('validationActions')
      actions.forEach((action, i) => {
        if (!ACTIONS.includes(action)) errors.push(notSupported(at.index(i), action, ACTIONS))
        if (actions.indexOf(action) < i) errors.push(duplicate(at.index(i), action))
      })
      if (actions.includes('Deny') && actions.includes('Warn')) {
        const detail =
          'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'
        errors.push(invalid(at, actions, detail))
      }
      if (actions.length === 0) {
        errors.push(required(at, 'at least one validation action is required'))
      }
    },
  })

function matchDefaults(match: MatchResources): MatchResources {
  let next = missing(match, {
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
  })
  for (const field of ['resourceRules', 'excludeResourceRules'] as const) {
    next = within(next, field, (rules) => each(rules, (rule) => missing(rule, { scope: '*' })))
  }
  return next
}

function validateMatch(match: MatchResources, path: Path, errors: FieldError[]): void {
  oneOf(match.matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy'), errors)
  checkLabelSelector(match.namespaceSelector, path.child('namespaceSelector'), errors)
  checkLabelSelector(match.objectSelector, path.child('objectSelector'), errors)
  for (const field of ['resourceRules', 'excludeResourceRules'] as const) {
    match[field]?.forEach((rule, i) => {
      validateRule(rule, path.child(field).index(i), errors)
    })
  }
}
