import type { Lease } from '../../generated/coordination-v1'
import type { Event, Namespace, Node, ReplicationController, Taint } from '../../generated/core-v1'
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  Path,
  required,
} from '../../machinery/field'
import { isQualifiedName, isValidLabelValue } from '../../machinery/names'
import { checkAll, checkCIDR, checkLabelName, nameIsDNSLabel } from '../checks'
import { checkKubeFinalizer } from '../metadata'
import { podTemplateDefaults } from '../pod/defaults'
import { requireRestartAlways, validateTemplate } from '../pod/template'
import { checkTaintEffect } from '../pod/validate-affinity'
import { checkResourceQuantity } from '../pod/validate-resources'
import { put } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'

const SPEC = Path.of('spec')
const STATUS = Path.of('status')
const NAME_LABEL = 'kubernetes.io/metadata.name'
const TAINTS = Path.of('metadata', 'taints')
const POD_SECURITY = ['enforce', 'audit', 'warn']
const POD_SECURITY_LEVELS = ['privileged', 'baseline', 'restricted']

/** Rules of `namespaces`. */
export const namespaceStrategy: KindStrategy<Namespace> = strategyOf<Namespace>({
  namespaced: false,
  hasStatus: true,
  nameRule: nameIsDNSLabel,
  defaults(namespace) {
    const { name, labels } = namespace.metadata
    if (!name || labels?.[NAME_LABEL] === name) return namespace
    const metadata = { ...namespace.metadata, labels: { ...labels, [NAME_LABEL]: name } }
    return { ...namespace, metadata }
  },
  prepareForCreate(namespace) {
    const finalizers = namespace.spec?.finalizers ?? []
    return {
      ...namespace,
      spec: {
        finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'],
      },
      status: { phase: 'Active' },
    }
  },
  prepareForUpdate: (next, old) => put(next, 'spec', old.spec),
  validate(namespace, errors) {
    const at = SPEC.child('finalizers')
    for (const name of namespace.spec?.finalizers ?? []) {
      checkAll(isQualifiedName(name), name, at, errors)
      checkKubeFinalizer(name, at, errors)
    }
    checkPodSecurity(namespace, errors)
  },
  validateUpdate: (namespace, _old, errors) => checkPodSecurity(namespace, errors),
  validateStatusUpdate(namespace, _old, errors) {
    const phase = namespace.status?.phase ?? ''
    const deleting = namespace.metadata.deletionTimestamp !== undefined
    const expected = deleting ? 'Terminating' : 'Active'
    if (phase === expected) return
    const detail = `may only be '${expected}' if \`deletionTimestamp\` is ${deleting ? 'not ' : ''}empty`
    errors.push(invalid(STATUS.child('Phase'), phase, detail))
  },
})

function checkPodSecurity(namespace: Namespace, errors: FieldError[]): void {
  const labels = namespace.metadata.labels
  if (!labels) return
  for (const mode of POD_SECURITY) {
    const key = `pod-security.kubernetes.io/${mode}`
    const level = labels[key]
    if (level === undefined || POD_SECURITY_LEVELS.includes(level)) continue
    const detail = `must be one of ${POD_SECURITY_LEVELS.join(', ')}`
    errors.push(invalid(Path.of('metadata', 'labels').key(key), level, detail))
  }
}

/** Rules of `nodes`. A node's status may come with its creation: the kubelet brings it. */
export const nodeStrategy: KindStrategy<Node> = strategyOf<Node>({
  namespaced: false,
  hasStatus: false,
  defaults(node) {
    const { spec, status } = node
    let next = node
    if (spec?.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) {
      next = put(next, 'spec', { ...spec, podCIDRs: [spec.podCIDR] })
    } else if (spec?.podCIDRs?.[0] && !spec.podCIDR) {
      next = put(next, 'spec', { ...spec, podCIDR: spec.podCIDRs[0] })
    }
    if (!status?.capacity || status.allocatable) return next
    return put(next, 'status', { ...status, allocatable: status.capacity })
  },
  prepareForUpdate: (next, old) => put(next, 'status', old.status),
  prepareForStatusUpdate: (next, old) => put(next, 'spec', old.spec),
  metadataAgain: true,
  validate: validateNode,
  validateUpdate(next, old, errors) {
    if (next.spec !== old.spec) validateNode(next, errors)
    validateNodeUpdate(next, old, errors)
  },
  validateStatusUpdate: validateNodeUpdate,
})

function validateNode(node: Node, errors: FieldError[]): void {
  validateTaints(node.spec?.taints, errors)
  validateNodeResources(node, errors)
  node.spec?.podCIDRs?.forEach((cidr, i) => {
    checkCIDR(cidr, SPEC.child('podCIDRs').index(i), errors)
  })
}

function validateNodeUpdate(next: Node, old: Node, errors: FieldError[]): void {
  if (next.status !== old.status) {
    validateNodeResources(next, errors)
    const seen = new Set<string>()
    next.status?.addresses?.forEach((address, i) => {
      const key = `${address.type}/${address.address}`
      if (seen.has(key)) errors.push(duplicate(STATUS.child('addresses').index(i), address))
      seen.add(key)
    })
  }
  if (next.spec === old.spec) return
  const before = old.spec?.podCIDRs ?? []
  const now = next.spec?.podCIDRs ?? []
  if (before.length > 0 && (before.length !== now.length || before.some((c, i) => c !== now[i]))) {
    const detail = 'node updates may not change podCIDR except from "" to valid'
    errors.push(forbidden(SPEC.child('podCIDRs'), detail))
  }
  if (old.spec?.providerID && old.spec.providerID !== next.spec?.providerID) {
    const detail = 'node updates may not change providerID except from "" to valid'
    errors.push(forbidden(SPEC.child('providerID'), detail))
  }
  if (next.spec?.taints !== old.spec?.taints) validateTaints(next.spec?.taints, errors)
}

function validateNodeResources(node: Node, errors: FieldError[]): void {
  for (const field of ['capacity', 'allocatable'] as const) {
    const list = node.status?.[field]
    for (const name in list) {
      checkResourceQuantity(name, list[name]!, STATUS.child(field, name), errors)
    }
  }
}

function validateTaints(taints: readonly Taint[] | undefined, errors: FieldError[]): void {
  const seen = new Set<string>()
  taints?.forEach((taint, i) => {
    const at = TAINTS.index(i)
    const { value = '' } = taint
    checkLabelName(taint.key ?? '', at.child('key'), errors)
    const messages = isValidLabelValue(value)
    if (messages.length > 0) errors.push(invalid(at.child('value'), value, messages.join(';')))
    if (!taint.effect) errors.push(required(at.child('effect')))
    else checkTaintEffect(taint.effect, at.child('effect'), errors)
    const key = `${taint.key}/${taint.effect}`
    if (seen.has(key)) {
      const detail = 'taints must be unique by key and effect pair'
      const bad = { Key: taint.key, Value: value, Effect: taint.effect, TimeAdded: null }
      errors.push({ ...duplicate(at, bad), detail })
    }
    seen.add(key)
  })
}

/** Rules of `leases`. */
export const leaseStrategy: KindStrategy<Lease> = strategyOf<Lease>({
  allowUnconditionalUpdate: false,
  allowCreateOnUpdate: true,
  validate(lease, errors) {
    const { spec } = lease
    if (spec?.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) {
      const at = SPEC.child('leaseDurationSeconds')
      errors.push(invalid(at, spec.leaseDurationSeconds, 'must be greater than 0'))
    }
    if (spec?.leaseTransitions !== undefined && spec.leaseTransitions < 0) {
      const detail = 'must be greater than or equal to 0'
      errors.push(invalid(SPEC.child('leaseTransitions'), spec.leaseTransitions, detail))
    }
  },
})

/** Rules of the core group's `events`. */
export const eventStrategy: KindStrategy<Event> = strategyOf<Event>({
  allowCreateOnUpdate: true,
  validate(event, errors) {
    const namespace = event.metadata.namespace ?? ''
    const about = event.involvedObject?.namespace ?? ''
    const at = Path.of('involvedObject', 'namespace')
    if (
      about === '' ? namespace !== 'default' && namespace !== 'kube-system' : about !== namespace
    ) {
      errors.push(invalid(at, about, 'does not match event.namespace'))
    }
  },
})

/** Rules of `replicationcontrollers`. */
export const replicationControllerStrategy: KindStrategy<ReplicationController> =
  strategyOf<ReplicationController>({
    hasStatus: true,
    hasGeneration: true,
    defaults: replicationControllerDefaults,
    prepareForCreate: (object) => ({ ...object, status: { replicas: 0 } }),
    validate(object, errors) {
      const { spec } = object
      if (Object.keys(spec?.selector ?? {}).length === 0)
        errors.push(required(SPEC.child('selector')))
      validateReplicaTemplate(object, errors)
    },
  })

function replicationControllerDefaults(object: ReplicationController): ReplicationController {
  const given = object.spec ?? {}
  let spec = given
  const labels = spec.template?.metadata?.labels
  if (spec.template) spec = put(spec, 'template', podTemplateDefaults(spec.template))
  if (spec.replicas === undefined) spec = { ...spec, replicas: 1 }
  if (labels && Object.keys(spec.selector ?? {}).length === 0) spec = { ...spec, selector: labels }
  let next = put(object, 'spec', spec)
  if (labels && Object.keys(object.metadata?.labels ?? {}).length === 0) {
    next = { ...next, metadata: { ...next.metadata, labels } }
  }
  return next
}

function validateReplicaTemplate(object: ReplicationController, errors: FieldError[]): void {
  const { spec } = object
  for (const field of ['minReadySeconds', 'replicas'] as const) {
    const value = spec?.[field]
    if (value === undefined || value >= 0) continue
    errors.push(invalid(SPEC.child(field), value, 'must be greater than or equal to 0'))
  }
  const at = SPEC.child('template')
  if (!spec?.template) {
    errors.push(required(at))
    return
  }
  const labels = spec.template.metadata?.labels
  const selector = Object.entries(spec.selector ?? {})
  if (selector.some(([key, value]) => labels?.[key] !== value)) {
    const detail = '`selector` does not match template `labels`'
    errors.push(invalid(at.child('metadata', 'labels'), labels ?? null, detail))
  }
  validateTemplate(spec.template, at, errors)
  requireRestartAlways(spec.template, 'ReplicationController', at, errors)
}
