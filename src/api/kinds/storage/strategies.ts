import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
  PersistentVolumeStatus,
  Volume,
} from '../../generated/core-v1'
import type { CSIDriver, StorageClass } from '../../generated/storage-v1'
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  Path,
  required,
} from '../../machinery/field'
import { isQualifiedName } from '../../machinery/names'
import { canonicalQuantity, compareQuantity, mustQuantity } from '../../machinery/quantity'
import { semanticEqual } from '../../machinery/semantic-equal'
import { checkAll, checkOneOf, FIELD_IMMUTABLE, isPositiveQuantity } from '../checks'
import { validateNodeSelector } from '../pod/validate-affinity'
import { volumeDefaults } from '../pod/volume-defaults'
import { SOURCE_CHECKS } from '../pod/volume-sources'
import { fill, missing, put } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'
import { checkAccessModes, checkClass, VOLUME_MODES, validateClaimSpec } from './validate-claim'

const SPEC = Path.of('spec')
const RECLAIM = ['Delete', 'Recycle', 'Retain']
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer']
const GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType']
const LIFECYCLES = ['Ephemeral', 'Persistent']
const FILESYSTEM = { volumeMode: 'Filesystem' }

/** Rules of `persistentvolumeclaims`. */
export const claimStrategy: KindStrategy<PersistentVolumeClaim> = strategyOf<PersistentVolumeClaim>(
  {
    metadataAgain: true,
    hasStatus: true,
    defaults(claim) {
      const next = put(claim, 'spec', missing(claim.spec ?? {}, FILESYSTEM))
      return put(next, 'status', fill(next.status ?? {}, { phase: 'Pending' }))
    },
    prepareForCreate: (claim) => ({
      ...claim,
      spec: syncSources(claim.spec),
      status: { phase: 'Pending' },
    }),
    validate: (claim, errors) => validateClaimSpec(claim.spec, SPEC, errors),
    validateUpdate(next, old, errors) {
      if (next.spec === old.spec) return
      validateClaimSpec(next.spec, SPEC, errors)
      checkClaimFixed(next, old, errors)
    },
  },
)

/** `dataSource` and `dataSourceRef` say the same when only one is given. */
function syncSources(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  if (spec.dataSource && !spec.dataSourceRef) return { ...spec, dataSourceRef: spec.dataSource }
  const ref = spec.dataSourceRef
  if (!ref || spec.dataSource || ref.namespace) return spec
  const known = ref.kind === 'PersistentVolumeClaim' || ref.kind === 'VolumeSnapshot'
  return known ? { ...spec, dataSource: ref } : spec
}

function checkClaimFixed(
  next: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  errors: FieldError[],
): void {
  let same = next.spec
  if (!old.spec.volumeName) same = put(same, 'volumeName', undefined)
  if (old.spec.storageClassName === undefined) same = put(same, 'storageClassName', undefined)
  if (old.status?.phase === 'Bound') {
    same = put(same, 'resources', old.spec.resources)
    same = put(same, 'volumeAttributesClassName', old.spec.volumeAttributesClassName)
  }
  if (!semanticEqual(same, old.spec)) {
    const detail =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n'
    errors.push(forbidden(SPEC, detail))
  }
  const size = next.spec.resources?.requests?.storage
  const before = old.spec.resources?.requests?.storage
  if (size === undefined || before === undefined) return
  if (compareQuantity(mustQuantity(size), mustQuantity(before)) >= 0) return
  const capacity = mustQuantity(old.status?.capacity?.storage ?? '0')
  if (compareQuantity(mustQuantity(size), capacity) > 0) return
  const at = SPEC.child('resources', 'requests', 'storage')
  errors.push(forbidden(at, 'field can not be less than status.capacity'))
}

/** Rules of `persistentvolumes`. */
export const volumeStrategy: KindStrategy<PersistentVolume> = strategyOf<PersistentVolume>({
  namespaced: false,
  hasStatus: true,
  defaults(volume) {
    let spec = fill(volume.spec ?? {}, { persistentVolumeReclaimPolicy: 'Retain' })
    spec = missing(spec, FILESYSTEM)
    spec = sourceDefaults(spec)
    const next = put(volume, 'spec', spec)
    return put(next, 'status', fill(next.status ?? {}, { phase: 'Pending' }))
  },
  prepareForCreate: (volume) => ({ ...volume, status: pending(volume) }),
  validate: (volume, errors) => validateVolume(volume.spec, errors),
  validateUpdate(next, old, errors) {
    if (next.spec === old.spec) return
    validateVolume(next.spec, errors)
    if (sourceOf(next.spec) && !semanticEqual(sourceOf(next.spec), sourceOf(old.spec))) {
      const detail = 'spec.persistentvolumesource is immutable after creation\n'
      errors.push(forbidden(SPEC.child('persistentvolumesource'), detail))
    }
    if (next.spec.volumeMode !== old.spec.volumeMode) {
      errors.push(invalid(Path.of('volumeMode'), next.spec.volumeMode ?? null, FIELD_IMMUTABLE))
    }
  },
})

function pending(volume: PersistentVolume): PersistentVolumeStatus {
  return { phase: 'Pending', lastPhaseTransitionTime: volume.metadata.creationTimestamp }
}

function sourceKeys(spec: PersistentVolumeSpec): (keyof PersistentVolumeSpec)[] {
  return (Object.keys(spec) as (keyof PersistentVolumeSpec)[]).filter(
    (key) => key === 'local' || SOURCE_CHECKS[key as keyof Volume] !== undefined,
  )
}

function sourceOf(spec: PersistentVolumeSpec): object | undefined {
  const keys = sourceKeys(spec)
  return Object.fromEntries(keys.map((key) => [key, spec[key]]))
}

function sourceDefaults(spec: PersistentVolumeSpec): PersistentVolumeSpec {
  let next = spec
  for (const key of sourceKeys(spec)) {
    if (key === 'local') continue
    const volume = { name: 'v', [key]: spec[key] } as unknown as Volume
    const after = volumeDefaults(volume) as unknown as Readonly<Record<string, unknown>>
    next = put(next, key, after[key] as never)
  }
  return next
}

function validateVolume(spec: PersistentVolumeSpec, errors: FieldError[]): void {
  const modes = SPEC.child('accessModes')
  if (!spec.accessModes?.length) errors.push(required(modes))
  checkAccessModes(spec.accessModes, modes, errors)
  checkCapacity(spec, errors)
  const policy = spec.persistentVolumeReclaimPolicy
  if (policy && !RECLAIM.includes(policy)) {
    errors.push(notSupported(SPEC.child('persistentVolumeReclaimPolicy'), policy, RECLAIM))
  }
  const affinity = spec.nodeAffinity
  if (affinity?.required) {
    validateNodeSelector(affinity.required, SPEC.child('nodeAffinity', 'required'), errors)
  } else if (affinity) {
    const detail = 'must specify required node constraints'
    errors.push(required(SPEC.child('nodeAffinity', 'required'), detail))
  }
  validateSources(spec, errors)
  if (spec.hostPath?.path === '/' && policy === 'Recycle') {
    const detail = "may not be 'recycle' for a hostPath mount of '/'"
    errors.push(forbidden(SPEC.child('persistentVolumeReclaimPolicy'), detail))
  }
  checkClass(spec.storageClassName, SPEC.child('storageClassName'), errors)
  if (spec.volumeMode !== undefined && !VOLUME_MODES.includes(spec.volumeMode)) {
    errors.push(notSupported(SPEC.child('volumeMode'), spec.volumeMode, VOLUME_MODES))
  }
}

function checkCapacity(spec: PersistentVolumeSpec, errors: FieldError[]): void {
  const at = SPEC.child('capacity')
  const capacity = spec.capacity ?? {}
  const names = Object.keys(capacity)
  if (names.length === 0) errors.push(required(at))
  if (capacity.storage === undefined || names.length > 1) {
    errors.push(notSupported(at, spec.capacity ?? null, ['storage']))
  }
  for (const name of names) {
    if (isPositiveQuantity(capacity[name]!)) continue
    const detail = 'must be greater than zero'
    errors.push(invalid(at.key(name), canonicalQuantity(capacity[name]!), detail))
  }
}

function validateSources(spec: PersistentVolumeSpec, errors: FieldError[]): void {
  const keys = sourceKeys(spec)
  if (keys.length === 0) {
    errors.push(required(SPEC, 'must specify a volume type'))
    return
  }
  keys.forEach((key, i) => {
    if (i > 0) errors.push(forbidden(SPEC.child(key), 'may not specify more than 1 volume type'))
    else if (key === 'local') {
      if (!spec.local!.path) errors.push(required(SPEC.child('local', 'path')))
      if (spec.nodeAffinity) return
      errors.push(required(SPEC.child('nodeAffinity'), 'Local volume requires node affinity'))
    } else if (key === 'csi') {
      if (!spec.csi!.driver) errors.push(required(SPEC.child('csi', 'driver')))
      if (!spec.csi!.volumeHandle) errors.push(required(SPEC.child('csi', 'volumeHandle')))
    } else SOURCE_CHECKS[key as keyof Volume]?.(spec[key] as never, SPEC, errors, '')
  })
}

/** Rules of `storageclasses`. */
export const storageClassStrategy: KindStrategy<StorageClass> = strategyOf<StorageClass>({
  namespaced: false,
  defaults: (object) =>
    missing(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  validate(object, errors) {
    const { provisioner } = object
    const at = Path.of('provisioner')
    if (!provisioner) errors.push(required(at))
    else checkAll(isQualifiedName(provisioner.toLowerCase()), provisioner, at, errors)
    for (const key of Object.keys(object.parameters ?? {})) {
      if (key !== '') continue
      errors.push(invalid(Path.of('parameters'), key, 'field can not be empty.'))
    }
    if (object.reclaimPolicy) checkReclaim(object.reclaimPolicy, errors)
    checkOneOf(object.volumeBindingMode, BINDING_MODES, Path.of('volumeBindingMode'), errors)
  },
  validateUpdate(next, old, errors) {
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy'] as const) {
      if (semanticEqual(next[field], old[field])) continue
      errors.push(forbidden(Path.of(field), `updates to ${field} are forbidden.`))
    }
    if (next.volumeBindingMode !== old.volumeBindingMode) {
      errors.push(invalid(Path.of('volumeBindingMode'), next.volumeBindingMode, FIELD_IMMUTABLE))
    }
  },
})

function checkReclaim(policy: string, errors: FieldError[]): void {
  const allowed = ['Delete', 'Retain']
  if (allowed.includes(policy)) return
  errors.push(notSupported(Path.of('reclaimPolicy'), policy, allowed))
}

/** Rules of `csidrivers`. */
export const csiDriverStrategy: KindStrategy<CSIDriver> = strategyOf<CSIDriver>({
  namespaced: false,
  allowUnconditionalUpdate: false,
  defaults(driver) {
    const given = driver.spec ?? {}
    const spec = missing(given, {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      requiresRepublish: false,
      seLinuxMount: false,
    })
    const modes = spec.volumeLifecycleModes?.length ? spec.volumeLifecycleModes : ['Persistent']
    return put(driver, 'spec', put(spec, 'volumeLifecycleModes', modes))
  },
  validate({ spec }, errors) {
    const policy = spec?.fsGroupPolicy
    if (policy !== undefined && !GROUP_POLICIES.includes(policy)) {
      errors.push(notSupported(SPEC.child('fsGroupPolicy'), policy, GROUP_POLICIES))
    }
    spec?.volumeLifecycleModes?.forEach((mode) => {
      if (LIFECYCLES.includes(mode)) return
      errors.push(notSupported(SPEC.child('volumeLifecycleModes'), mode, LIFECYCLES))
    })
  },
})
