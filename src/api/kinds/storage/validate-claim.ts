import type {
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedObjectReference,
} from '../../generated/core-v1'
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../machinery/field'
import { canonicalQuantity } from '../../machinery/quantity'
import { semanticEqual } from '../../machinery/semantic-equal'
import {
  checkAll,
  checkDNSSubdomain,
  checkLabelSelector,
  checkLabels,
  isPositiveQuantity,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
} from '../checks'
import { validateAnnotations } from '../metadata'

export const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
export const VOLUME_MODES = ['Block', 'Filesystem']

/** The template of an ephemeral volume's claim: labels, annotations and a spec. */
export function validateClaimTemplate(
  template: PersistentVolumeClaimTemplate,
  path: Path,
  errors: FieldError[],
): void {
  const { metadata } = template
  const at = path.child('metadata')
  validateAnnotations(metadata?.annotations, at.child('annotations'), errors)
  checkLabels(metadata?.labels, at.child('labels'), errors)
  for (const field of Object.keys(metadata ?? {})) {
    if (field === 'labels' || field === 'annotations') continue
    errors.push(forbidden(at.child(field), 'cannot be set'))
  }
  validateClaimSpec(template.spec ?? {}, path.child('spec'), errors)
}

/** Modes, size, class and source of a claim. */
export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec,
  path: Path,
  errors: FieldError[],
): void {
  if (!spec.accessModes?.length) {
    errors.push(required(path.child('accessModes'), 'at least 1 access mode is required'))
  }
  checkLabelSelector(spec.selector, path.child('selector'), errors)
  checkAccessModes(spec.accessModes, path.child('accessModes'), errors)
  checkSize(spec, path.child('resources').key('storage'), errors)
  checkClass(spec.storageClassName, path.child('storageClassName'), errors)
  if (spec.volumeMode !== undefined && !VOLUME_MODES.includes(spec.volumeMode)) {
    errors.push(notSupported(path.child('volumeMode'), spec.volumeMode, VOLUME_MODES))
  }
  if (spec.dataSource) checkSource(spec.dataSource, path.child('dataSource'), errors)
  if (spec.dataSourceRef) checkSource(spec.dataSourceRef, path.child('dataSourceRef'), errors)
  if (spec.dataSource && spec.dataSourceRef && !spec.dataSourceRef.namespace) {
    const { apiGroup, kind, name } = spec.dataSourceRef
    if (!semanticEqual(spec.dataSource, { apiGroup, kind, name })) {
      errors.push(invalid(path, path.child('dataSource').toString(), 'must match dataSourceRef'))
    }
  }
  checkClass(spec.volumeAttributesClassName, path.child('volumeAttributesClassName'), errors)
}

/** Known modes; ReadWriteOncePod stands alone. */
export function checkAccessModes(
  modes: readonly string[] | undefined,
  path: Path,
  errors: FieldError[],
): void {
  if (!modes) return
  for (const mode of modes) {
    if (!ACCESS_MODES.includes(mode)) errors.push(notSupported(path, mode, ACCESS_MODES))
  }
  const others = modes.some((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode))
  if (others && modes.includes('ReadWriteOncePod')) {
    errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'))
  }
}

/** The name of a class, if there is one. */
export function checkClass(name: string | undefined, path: Path, errors: FieldError[]): void {
  if (name) checkAll(nameIsDNSSubdomain(name, false), name, path, errors)
}

function checkSize(spec: PersistentVolumeClaimSpec, path: Path, errors: FieldError[]): void {
  const size = spec.resources?.requests?.storage
  if (size === undefined) errors.push(required(path))
  else if (!isPositiveQuantity(size)) {
    errors.push(invalid(path, canonicalQuantity(size), 'must be greater than zero'))
  }
}

function checkSource(source: TypedObjectReference, path: Path, errors: FieldError[]): void {
  if (!source.name) errors.push(required(path.child('name')))
  if (!source.kind) errors.push(required(path.child('kind')))
  if (!source.apiGroup && source.kind !== 'PersistentVolumeClaim') {
    const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
    errors.push(invalid(path, source.kind ?? '', detail))
  }
  if (source.apiGroup) checkDNSSubdomain(source.apiGroup, path.child('apiGroup'), errors)
  if (source.namespace) {
    checkAll(
      nameIsDNSLabel(source.namespace, false),
      source.namespace,
      path.child('namespace'),
      errors,
    )
  }
}
