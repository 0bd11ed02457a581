import type { StatefulSet, StatefulSetSpec } from '../../generated/apps-v1'
import type { PersistentVolumeClaim, PodTemplateSpec } from '../../generated/core-v1'
import { type FieldError, forbidden, invalid, required } from '../../machinery/field'
import { semanticEqual } from '../../machinery/semantic-equal'
import { checkNonNegative, checkOneOf, nameIsDNSLabel } from '../checks'
import { validateControllerTemplate, validateWorkloadSelector } from '../pod/template'
import { each, fill, missing, put, within } from '../sharing'
import { validateClaimSpec } from '../storage/validate-claim'
import { type KindStrategy, strategyOf } from '../strategy'
import {
  checkAtMostAll,
  checkCollisions,
  checkIntOrPercent,
  isUsable,
  isZero,
  SELECTOR,
  SPEC,
  TEMPLATE,
  templateOf,
  validateCounts,
} from './replicas'

const UPDATE = SPEC.child('updateStrategy')
const RETENTION = SPEC.child('persistentVolumeClaimRetentionPolicy')
const CLAIMS = SPEC.child('volumeClaimTemplates')
const KEEP = { whenDeleted: 'Retain', whenScaled: 'Retain' }
const RETENTIONS = ['Delete', 'Retain']
const CHANGEABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const
const FIXED =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"

/** Rules of `statefulsets`. */
export const statefulSetStrategy: KindStrategy<StatefulSet> = strategyOf<StatefulSet>({
  hasStatus: true,
  hasGeneration: true,
  nameRule: nameIsDNSLabel,
  defaults: statefulSetDefaults,
  prepareForCreate: (object) => ({ ...object, status: { replicas: 0, availableReplicas: 0 } }),
  validate: (object, errors) => validateStatefulSet(object.spec, errors),
  validateUpdate(next, old, errors) {
    if (next.spec === old.spec) return
    validateStatefulSet(next.spec, errors)
    let same: StatefulSetSpec = next.spec
    for (const field of CHANGEABLE) same = put(same, field, old.spec[field])
    if (!semanticEqual(same, old.spec)) errors.push(forbidden(SPEC, FIXED))
  },
  validateStatusUpdate(next, old, errors) {
    validateCounts(
      next.status,
      [
        'replicas',
        'readyReplicas',
        'currentReplicas',
        'updatedReplicas',
        'availableReplicas',
        'observedGeneration',
        'collisionCount',
      ],
      errors,
    )
    checkCollisions(next.status, old.status, errors)
  },
})

function statefulSetDefaults(object: StatefulSet): StatefulSet {
  const given = object.spec ?? ({} as StatefulSetSpec)
  let spec = fill(given, { podManagementPolicy: 'OrderedReady' })
  spec = missing(spec, { replicas: 1, revisionHistoryLimit: 10 })
  let update = spec.updateStrategy ?? {}
  if (!update.type) update = { rollingUpdate: {}, ...update, type: 'RollingUpdate' }
  if (update.type === 'RollingUpdate' && update.rollingUpdate) {
    update = put(update, 'rollingUpdate', missing(update.rollingUpdate, { partition: 0 }))
  }
  spec = put(spec, 'updateStrategy', update)
  const retention = fill(spec.persistentVolumeClaimRetentionPolicy ?? {}, KEEP)
  spec = put(spec, 'persistentVolumeClaimRetentionPolicy', retention)
  spec = put(spec, 'template', templateOf(spec.template))
  spec = within(spec, 'volumeClaimTemplates', (claims) => each(claims, claimDefaults))
  return put(object, 'spec', spec)
}

function claimDefaults(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  let next = fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' })
  next = put(next, 'spec', missing(next.spec ?? {}, { volumeMode: 'Filesystem' }))
  return put(next, 'status', fill(next.status ?? {}, { phase: 'Pending' }))
}

function validateStatefulSet(spec: StatefulSetSpec, errors: FieldError[]): void {
  const policy = spec.podManagementPolicy ?? ''
  if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    const at = SPEC.child('podManagementPolicy')
    const detail = "must be 'OrderedReady' or 'Parallel'"
    errors.push(policy === '' ? required(at) : invalid(at, policy, detail))
  }
  validateUpdateStrategy(spec, errors)
  const retention = spec.persistentVolumeClaimRetentionPolicy
  checkOneOf(retention?.whenDeleted, RETENTIONS, RETENTION.child('whenDeleted'), errors)
  checkOneOf(retention?.whenScaled, RETENTIONS, RETENTION.child('whenScaled'), errors)
  checkNonNegative(spec.replicas, SPEC, 'replicas', errors)
  checkNonNegative(spec.minReadySeconds, SPEC, 'minReadySeconds', errors)
  checkNonNegative(spec.ordinals?.start, SPEC.child('ordinals'), 'start', errors)
  checkNonNegative(spec.revisionHistoryLimit, SPEC, 'revisionHistoryLimit', errors)
  validateWorkloadSelector(spec.selector, 'statefulset', SELECTOR, errors)
  if (isUsable(spec.selector)) {
    const template = withClaims(spec.template, spec.volumeClaimTemplates ?? [])
    validateControllerTemplate(template, spec.selector, 'StatefulSet', TEMPLATE, errors)
  } else errors.push(invalid(SELECTOR, spec.selector, ''))
  spec.volumeClaimTemplates?.forEach((claim, i) => {
    validateClaimSpec(claim.spec, CLAIMS.index(i).child('spec'), errors)
  })
}

/** The template as its pods will see it: with a volume for each claim. */
function withClaims(
  template: PodTemplateSpec,
  claims: readonly PersistentVolumeClaim[],
): PodTemplateSpec {
  const own = template.spec?.volumes ?? []
  const names = new Set(own.map((volume) => volume.name))
  const added = claims
    .map((claim) => claim.metadata?.name ?? '')
    .filter((name) => name !== '' && !names.has(name))
    .map((name) => ({ name, persistentVolumeClaim: { claimName: name } }))
  if (added.length === 0) return template
  const spec = template.spec ?? { containers: [] }
  return { ...template, spec: { ...spec, volumes: [...own, ...added] } }
}

function validateUpdateStrategy(spec: StatefulSetSpec, errors: FieldError[]): void {
  const strategy = spec.updateStrategy ?? {}
  const rolling = strategy.rollingUpdate
  const at = UPDATE.child('rollingUpdate')
  switch (strategy.type ?? '') {
    case '':
      errors.push(required(UPDATE))
      return
    case 'OnDelete':
      if (rolling !== undefined) {
        const detail = "only allowed for updateStrategy 'RollingUpdate'"
        errors.push(invalid(at, rolling, detail))
      }
      return
    case 'RollingUpdate':
      if (!rolling) return
      checkNonNegative(rolling.partition, at, 'partition', errors)
      if (rolling.maxUnavailable === undefined) return
      checkIntOrPercent(rolling.maxUnavailable, at, 'maxUnavailable', errors)
      if (isZero(rolling.maxUnavailable)) {
        errors.push(invalid(at.child('maxUnavailable'), rolling.maxUnavailable, 'cannot be 0'))
      }
      checkAtMostAll(rolling.maxUnavailable, at.child('maxUnavailable'), errors)
      return
    default: {
      const bad = { Type: strategy.type, RollingUpdate: null }
      errors.push(invalid(UPDATE, bad, "must be 'RollingUpdate' or 'OnDelete'"))
    }
  }
}
