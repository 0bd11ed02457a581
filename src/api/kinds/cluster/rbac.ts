import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '../../generated/rbac-v1'
import { type FieldError, invalid, notSupported, Path, required } from '../../machinery/field'
import { semanticEqual } from '../../machinery/semantic-equal'
import { checkAll, nameIsDNSSubdomain, nameIsPathSegment } from '../checks'
import { each, fill, put, within } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'

const GROUP = 'rbac.authorization.k8s.io'
const ROLE_REF = Path.of('roleRef')
const RULES = Path.of('rules')
const COMMON = { nameRule: nameIsPathSegment, allowCreateOnUpdate: true, metadataAgain: true }

/** Rules of `roles`. */
export const roleStrategy: KindStrategy<Role> = strategyOf<Role>({
  ...COMMON,
  validate: (role, errors) => validateRules(role.rules, true, errors),
})

/** Rules of `clusterroles`. */
export const clusterRoleStrategy: KindStrategy<ClusterRole> = strategyOf<ClusterRole>({
  ...COMMON,
  namespaced: false,
  validate: (role, errors) => validateRules(role.rules, false, errors),
})

/** Rules of `rolebindings`. */
export const roleBindingStrategy: KindStrategy<RoleBinding> = strategyOf<RoleBinding>({
  ...COMMON,
  defaults: bindingDefaults,
  validate: (binding, errors) => validateBinding(binding, true, errors),
  validateUpdate(next, old, errors) {
    validateBinding(next, true, errors)
    checkRefFixed(next.roleRef, old.roleRef, errors)
  },
})

/** Rules of `clusterrolebindings`. */
export const clusterRoleBindingStrategy: KindStrategy<ClusterRoleBinding> =
  strategyOf<ClusterRoleBinding>({
    ...COMMON,
    namespaced: false,
    defaults: bindingDefaults,
    validate: (binding, errors) => validateBinding(binding, false, errors),
    validateUpdate(next, old, errors) {
      validateBinding(next, false, errors)
      checkRefFixed(next.roleRef, old.roleRef, errors)
    },
  })

interface Binding {
  readonly roleRef: RoleRef
  readonly subjects?: readonly Subject[]
}

function bindingDefaults<T extends Binding>(binding: T): T {
  const roleRef = fill(binding.roleRef ?? ({} as RoleRef), { apiGroup: GROUP })
  return within(put(binding, 'roleRef', roleRef), 'subjects', (subjects) =>
    each(subjects, (subject) =>
      subject.kind === 'User' || subject.kind === 'Group'
        ? fill(subject, { apiGroup: GROUP })
        : subject,
    ),
  )
}

function validateRules(
  rules: readonly PolicyRule[] | undefined,
  namespaced: boolean,
  errors: FieldError[],
): void {
  rules?.forEach((rule, i) => {
    validateRule(rule, namespaced, RULES.index(i), errors)
  })
}

function validateRule(
  rule: PolicyRule,
  namespaced: boolean,
  path: Path,
  errors: FieldError[],
): void {
  if (!rule.verbs?.length) {
    errors.push(required(path.child('verbs'), 'verbs must contain at least one value'))
  }
  const urls = rule.nonResourceURLs ?? []
  if (urls.length > 0) {
    const at = path.child('nonResourceURLs')
    if (namespaced) {
      errors.push(invalid(at, urls, 'namespaced rules cannot apply to non-resource URLs'))
    }
    if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length) {
      const detail = 'rules cannot apply to both regular resources and non-resource URLs'
      errors.push(invalid(at, urls, detail))
    }
    return
  }
  if (!rule.apiGroups?.length) {
    const detail = 'resource rules must supply at least one api group'
    errors.push(required(path.child('apiGroups'), detail))
  }
  if (!rule.resources?.length) {
    const detail = 'resource rules must supply at least one resource'
    errors.push(required(path.child('resources'), detail))
  }
}

function validateBinding(binding: Binding, namespaced: boolean, errors: FieldError[]): void {
  const ref = binding.roleRef ?? ({} as RoleRef)
  if (ref.apiGroup !== GROUP) {
    errors.push(notSupported(ROLE_REF.child('apiGroup'), ref.apiGroup ?? '', [GROUP]))
  }
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']
  if (!kinds.includes(ref.kind ?? '')) {
    errors.push(notSupported(ROLE_REF.child('kind'), ref.kind ?? '', kinds))
  }
  const at = ROLE_REF.child('name')
  if (!ref.name) errors.push(required(at))
  else checkAll(nameIsPathSegment(ref.name, false), ref.name, at, errors)
  binding.subjects?.forEach((subject, i) => {
    validateSubject(subject, namespaced, Path.of('subjects').index(i), errors)
  })
}

function validateSubject(
  subject: Subject,
  namespaced: boolean,
  path: Path,
  errors: FieldError[],
): void {
  const name = path.child('name')
  const group = path.child('apiGroup')
  if (!subject.name) errors.push(required(name))
  switch (subject.kind ?? '') {
    case 'ServiceAccount':
      if (subject.name)
        checkAll(nameIsDNSSubdomain(subject.name, false), subject.name, name, errors)
      if (subject.apiGroup) errors.push(notSupported(group, subject.apiGroup, ['']))
      if (!namespaced && !subject.namespace) errors.push(required(path.child('namespace')))
      return
    case 'User':
    case 'Group':
      if (!subject.name) {
        const detail = `${subject.kind.toLowerCase()} name cannot be empty`
        errors.push(invalid(name, '', detail))
      }
      if (subject.apiGroup !== GROUP) {
        errors.push(notSupported(group, subject.apiGroup ?? '', [GROUP]))
      }
      return
    default: {
      const kinds = ['ServiceAccount', 'User', 'Group']
      errors.push(notSupported(path.child('kind'), subject.kind ?? '', kinds))
    }
  }
}

function checkRefFixed(next: RoleRef, old: RoleRef, errors: FieldError[]): void {
  if (semanticEqual(next, old)) return
  const bad = { APIGroup: next.apiGroup ?? '', Kind: next.kind ?? '', Name: next.name ?? '' }
  errors.push(invalid(ROLE_REF, bad, 'cannot change roleRef'))
}
