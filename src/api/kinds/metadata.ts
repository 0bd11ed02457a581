import type { ObjectMeta, OwnerReference } from '../generated/meta-v1'
import { type FieldError, forbidden, invalid, Path, required, tooLong } from '../machinery/field'
import { byteLength, isQualifiedName } from '../machinery/names'
import { semanticEqual } from '../machinery/semantic-equal'
import { checkAll, checkLabels, type NameRule, nameIsDNSLabel } from './checks'

const METADATA = Path.of('metadata')
const NAME = METADATA.child('name')
const GENERATE_NAME = METADATA.child('generateName')
const NAMESPACE = METADATA.child('namespace')
const LABELS = METADATA.child('labels')
const ANNOTATIONS = METADATA.child('annotations')
const OWNER_REFERENCES = METADATA.child('ownerReferences')
const FINALIZERS = METADATA.child('finalizers')

const annotationsBytesMax = 256 * 1024
const IMMUTABLE = 'field is immutable'
const STANDARD_FINALIZERS: ReadonlySet<string> = new Set([
  'kubernetes',
  'orphan',
  'foregroundDeletion',
])

/** The rules for metadata on create; names must have been generated already. */
export function validateObjectMeta(
  meta: ObjectMeta,
  kind: { readonly namespaced: boolean; readonly nameRule: NameRule },
  errors: FieldError[],
): void {
  if (meta.generateName) {
    checkAll(kind.nameRule(meta.generateName, true), meta.generateName, GENERATE_NAME, errors)
  }
  if (!meta.name) errors.push(required(NAME, 'name or generateName is required'))
  else checkAll(kind.nameRule(meta.name, false), meta.name, NAME, errors)
  if (!kind.namespaced) {
    if (meta.namespace) errors.push(forbidden(NAMESPACE, 'not allowed on this type'))
  } else if (!meta.namespace) errors.push(required(NAMESPACE))
  else checkAll(nameIsDNSLabel(meta.namespace, false), meta.namespace, NAMESPACE, errors)
  if ((meta.generation ?? 0) < 0) {
    const path = METADATA.child('generation')
    errors.push(invalid(path, meta.generation, 'must be greater than or equal to 0'))
  }
  validateCommon(meta, errors)
  if (meta.finalizers) validateFinalizers(meta.finalizers, errors)
}

/** The rules for metadata on update: what may not change, and what must stay well formed. */
export function validateObjectMetaUpdate(
  next: ObjectMeta,
  old: ObjectMeta,
  errors: FieldError[],
): void {
  if (old.deletionTimestamp !== undefined) validateNoNewFinalizers(next, old, errors)
  if (!next.resourceVersion) {
    const path = METADATA.child('resourceVersion')
    errors.push(invalid(path, '', 'must be specified for an update'))
  }
  if ((next.generation ?? 0) < (old.generation ?? 0)) {
    const path = METADATA.child('generation')
    errors.push(invalid(path, next.generation ?? 0, 'must not be decremented'))
  }
  immutable(next.name, old.name, 'name', errors)
  immutable(next.namespace, old.namespace, 'namespace', errors)
  immutable(next.uid, old.uid, 'uid', errors)
  immutable(next.creationTimestamp, old.creationTimestamp, 'creationTimestamp', errors)
  immutable(next.deletionTimestamp, old.deletionTimestamp, 'deletionTimestamp', errors)
  immutable(
    next.deletionGracePeriodSeconds,
    old.deletionGracePeriodSeconds,
    'deletionGracePeriodSeconds',
    errors,
  )
  if (next.labels !== old.labels || next.annotations !== old.annotations)
    validateCommon(next, errors)
  else if (next.ownerReferences !== old.ownerReferences) validateOwners(next, errors)
  if (next.finalizers && next.finalizers !== old.finalizers) {
    validateFinalizers(next.finalizers, errors)
  }
}

/**
 * What an update may leave out is taken over: uid, creationTimestamp and, once set, the deletion
 * marks. Structural sharing.
 */
export function keepSystemMetadata(next: ObjectMeta, old: ObjectMeta): ObjectMeta {
  let out: { -readonly [K in keyof ObjectMeta]: ObjectMeta[K] } | undefined
  const take = <K extends keyof ObjectMeta>(key: K) => {
    if (semanticEqual(next[key], old[key]) || old[key] === undefined) return
    out ??= { ...next }
    out[key] = old[key]
  }
  if (!next.uid) take('uid')
  if (!next.namespace) take('namespace')
  take('creationTimestamp')
  if (old.deletionTimestamp !== undefined) {
    take('deletionTimestamp')
    if (next.deletionGracePeriodSeconds === undefined) take('deletionGracePeriodSeconds')
  } else if (next.deletionTimestamp !== undefined) {
    out ??= { ...next }
    delete out.deletionTimestamp
    delete out.deletionGracePeriodSeconds
  }
  if (next.selfLink !== undefined) {
    out ??= { ...next }
    delete out.selfLink
  }
  return out ?? next
}

/** Annotations: keys are qualified names in lower case; all together at most 256 KiB. */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: Path,
  errors: FieldError[],
): void {
  if (!annotations) return
  let size = 0
  for (const key of Object.keys(annotations)) {
    checkAll(isQualifiedName(key.toLowerCase()), key, path, errors)
    size += byteLength(key) + byteLength(annotations[key]!)
  }
  if (size > annotationsBytesMax) errors.push(tooLong(path, annotationsBytesMax))
}

/** A finalizer without a slash must be one of the standard ones. */
export function checkKubeFinalizer(name: string, path: Path, errors: FieldError[]): void {
  if (name.includes('/') || STANDARD_FINALIZERS.has(name)) return
  const detail = 'name is neither a standard finalizer name nor is it fully qualified'
  errors.push(invalid(path, name, detail))
}

function validateCommon(meta: ObjectMeta, errors: FieldError[]): void {
  checkLabels(meta.labels, LABELS, errors)
  validateAnnotations(meta.annotations, ANNOTATIONS, errors)
  validateOwners(meta, errors)
}

function validateFinalizers(finalizers: readonly string[], errors: FieldError[]): void {
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const detail = 'finalizer orphan and foregroundDeletion cannot be both set'
    errors.push(invalid(FINALIZERS, finalizers, detail))
  }
  for (const name of finalizers) checkAll(isQualifiedName(name), name, FINALIZERS, errors)
  finalizers.forEach((name, i) => {
    checkKubeFinalizer(name, FINALIZERS.index(i), errors)
  })
}

function validateNoNewFinalizers(next: ObjectMeta, old: ObjectMeta, errors: FieldError[]): void {
  const extra = (next.finalizers ?? []).filter((name) => !old.finalizers?.includes(name)).sort()
  if (extra.length === 0) return
  const list = `[]string{${extra.map((name) => JSON.stringify(name)).join(', ')}}`
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`
  errors.push(forbidden(FINALIZERS, detail))
}

function validateOwners(meta: ObjectMeta, errors: FieldError[]): void {
  const owners = meta.ownerReferences
  if (!owners) return
  let controller: OwnerReference | undefined
  for (const owner of owners) {
    validateOwner(owner, errors)
    if (owner.controller !== true) continue
    if (controller) {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller.kind}/${controller.name} and ${owner.kind}/${owner.name}`
      errors.push(invalid(OWNER_REFERENCES, owners, detail))
    } else controller = owner
  }
}

function validateOwner(owner: OwnerReference, errors: FieldError[]): void {
  const path = OWNER_REFERENCES
  const version = owner.apiVersion?.split('/').at(-1)
  if (!version) {
    const detail = 'version must not be empty'
    errors.push(invalid(path.child('apiVersion'), owner.apiVersion ?? '', detail))
  }
  if (!owner.kind) errors.push(invalid(path.child('kind'), '', 'must not be empty'))
  if (!owner.name) errors.push(invalid(path.child('name'), '', 'must not be empty'))
  if (!owner.uid) errors.push(invalid(path.child('uid'), '', 'must not be empty'))
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    const detail = '/v1, Kind=Event is disallowed from being an owner'
    errors.push(invalid(path, owner, detail))
  }
}

function immutable(next: unknown, old: unknown, name: string, errors: FieldError[]): void {
  if (next === old || (!next && !old)) return
  errors.push(invalid(METADATA.child(name), next, IMMUTABLE))
}
