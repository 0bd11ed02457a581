import type { PodSpec } from '../../generated/core-v1'
import { type FieldError, forbidden, invalid, type Path } from '../../machinery/field'
import { checkLocalDescendingPath } from './paths'

type Annotations = Readonly<Record<string, string>>

/** On the API object that stands for a static pod. */
export const MIRROR_POD_ANNOTATION = 'kubernetes.io/config.mirror'
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod'
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/'
const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/'

/** Annotations with a meaning of their own on pods. */
export function validatePodAnnotations(
  annotations: Annotations | undefined,
  spec: PodSpec,
  path: Path,
  errors: FieldError[],
): void {
  if (!annotations) return
  const mirror = annotations[MIRROR_POD_ANNOTATION]
  if (mirror !== undefined && !spec.nodeName) {
    const detail = 'must set spec.nodeName if mirror pod annotation is set'
    errors.push(invalid(path.key(MIRROR_POD_ANNOTATION), mirror, detail))
  }
  const cost = annotations[DELETION_COST]
  if (cost !== undefined && !isInt32(cost)) {
    errors.push(invalid(path.key(DELETION_COST), cost, 'must be a 32bit integer'))
  }
  for (const key in annotations) {
    const value = annotations[key]!
    if (key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER)) {
      checkSeccomp(value, path.child(key), errors)
    } else if (key.startsWith(APP_ARMOR)) checkAppArmor(key, value, spec, path, errors)
  }
}

/** Marks that neither come nor go nor change after creation. */
export function validateAnnotationUpdate(
  next: Annotations | undefined,
  old: Annotations | undefined,
  path: Path,
  errors: FieldError[],
): void {
  if (next === old) return
  for (const key in old) {
    if (next?.[key] === old[key]) continue
    const what = fixedMark(key)
    if (what) errors.push(forbidden(path.key(key), `may not remove or update ${what}`))
  }
  for (const key in next) {
    if (old && Object.hasOwn(old, key)) continue
    const what = fixedMark(key)
    if (what) errors.push(forbidden(path.key(key), `may not add ${what}`))
  }
}

function fixedMark(key: string): string | undefined {
  if (key.startsWith(APP_ARMOR)) return 'AppArmor annotations'
  return key === MIRROR_POD_ANNOTATION ? 'mirror pod annotation' : undefined
}

function isInt32(text: string): boolean {
  if (!/^(0|-?[1-9]\d*)$/.test(text)) return false
  const value = Number(text)
  return value >= -(2 ** 31) && value < 2 ** 31
}

function checkSeccomp(profile: string, path: Path, errors: FieldError[]): void {
  if (profile === 'runtime/default' || profile === 'docker/default' || profile === 'unconfined') {
    return
  }
  if (profile.startsWith('localhost/')) {
    checkLocalDescendingPath(profile.slice('localhost/'.length), path, errors)
  } else errors.push(invalid(path, profile, 'must be a valid seccomp profile'))
}

function checkAppArmor(
  key: string,
  profile: string,
  spec: PodSpec,
  path: Path,
  errors: FieldError[],
): void {
  const name = key.slice(APP_ARMOR.length)
  const containers = [
    ...(spec.containers ?? []),
    ...(spec.initContainers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ]
  if (!containers.some((container) => container.name === name)) {
    errors.push(invalid(path.key(key), name, 'container not found'))
  }
  if (profile === '' || profile === 'runtime/default' || profile === 'unconfined') return
  if (profile.startsWith('localhost/')) return
  const detail = `invalid AppArmor profile name: ${JSON.stringify(profile)}`
  errors.push(invalid(path.key(key), profile, detail))
}
