import type { Container, VolumeMount } from '../../generated/core-v1'
import {
  type FieldError,
  forbidden,
  invalid,
  notFound,
  notSupported,
  type Path,
  required,
} from '../../machinery/field'
import { checkLocalDescendingPath } from './paths'
import type { Volumes } from './validate-volumes'

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None']
const RECURSIVE = ['Disabled', 'Enabled', 'IfPossible']

/** `volumeMounts`: of volumes that exist, each path once. */
export function validateMounts(
  container: Container,
  volumes: Volumes,
  path: Path,
  errors: FieldError[],
): void {
  const mounts = container.volumeMounts
  if (!mounts) return
  const paths = new Set<string>()
  for (let i = 0; i < mounts.length; i++) {
    const mount = mounts[i]!
    const at = path.index(i)
    const name = mount.name ?? ''
    const mountPath = mount.mountPath ?? ''
    if (name === '') errors.push(required(at.child('name')))
    const volume = volumes.get(name)
    if (!volume) errors.push(notFound(at.child('name'), name))
    if (mountPath === '') errors.push(required(at.child('mountPath')))
    if (paths.has(mountPath)) {
      errors.push(invalid(at.child('mountPath'), mountPath, 'must be unique'))
    }
    paths.add(mountPath)
    if (container.volumeDevices) checkDeviceOverlap(container, mount, at, errors)
    if (volume?.image) checkImageMount(mount, at, errors)
    checkSubPaths(mount, at, path, errors)
    if (mount.mountPropagation !== undefined) {
      checkPropagation(mount, container, path.child('mountPropagation'), errors)
    }
    if (mount.recursiveReadOnly !== undefined) {
      checkRecursive(mount, path.child('recursiveReadOnly'), errors)
    }
  }
}

function checkDeviceOverlap(
  container: Container,
  mount: VolumeMount,
  path: Path,
  errors: FieldError[],
): void {
  if (container.volumeDevices!.some((device) => device.name === mount.name)) {
    const detail = 'must not already exist in volumeDevices'
    errors.push(invalid(path.child('name'), mount.name, detail))
  }
  if (container.volumeDevices!.some((device) => device.devicePath === mount.mountPath)) {
    const detail = 'must not already exist as a path in volumeDevices'
    errors.push(invalid(path.child('mountPath'), mount.mountPath, detail))
  }
}

function checkImageMount(mount: VolumeMount, path: Path, errors: FieldError[]): void {
  for (const field of ['subPath', 'subPathExpr'] as const) {
    if (!mount[field]) continue
    errors.push(invalid(path.child(field), mount[field], 'not allowed in image volume sources'))
  }
}

function checkSubPaths(mount: VolumeMount, at: Path, path: Path, errors: FieldError[]): void {
  if (mount.subPath) checkLocalDescendingPath(mount.subPath, path.child('subPath'), errors)
  if (!mount.subPathExpr) return
  if (mount.subPath) {
    const detail = 'subPathExpr and subPath are mutually exclusive'
    errors.push(invalid(at.child('subPathExpr'), mount.subPathExpr, detail))
  }
  checkLocalDescendingPath(mount.subPathExpr, path.child('subPathExpr'), errors)
}

function checkPropagation(
  mount: VolumeMount,
  container: Container,
  path: Path,
  errors: FieldError[],
): void {
  const mode = mount.mountPropagation!
  if (!PROPAGATIONS.includes(mode)) errors.push(notSupported(path, mode, PROPAGATIONS))
  if (mode === 'Bidirectional' && container.securityContext?.privileged !== true) {
    const detail = 'Bidirectional mount propagation is available only to privileged containers'
    errors.push(forbidden(path, detail))
  }
}

function checkRecursive(mount: VolumeMount, path: Path, errors: FieldError[]): void {
  const mode = mount.recursiveReadOnly!
  if (!RECURSIVE.includes(mode)) {
    errors.push(notSupported(path, mode, RECURSIVE))
    return
  }
  if (mode === 'Disabled') return
  if (!mount.readOnly) {
    errors.push(forbidden(path, 'may only be specified when readOnly is true'))
  }
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    const detail = 'may only be specified when mountPropagation is None or not specified'
    errors.push(forbidden(path, detail))
  }
}

/** `volumeDevices`: raw devices of claims. */
export function validateDevices(
  container: Container,
  volumes: Volumes,
  path: Path,
  errors: FieldError[],
): void {
  const names = new Set<string>()
  const paths = new Set<string>()
  const mounts = container.volumeMounts ?? []
  container.volumeDevices?.forEach((device, i) => {
    const at = path.index(i)
    const name = device.name ?? ''
    const devicePath = device.devicePath ?? ''
    const volume = volumes.get(name)
    if (name === '') errors.push(required(at.child('name')))
    if (names.has(name)) errors.push(invalid(at.child('name'), name, 'must be unique'))
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      const detail =
        'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'
      errors.push(invalid(at.child('name'), name, detail))
    }
    if (!volume) errors.push(notFound(at.child('name'), name))
    const field = at.child('devicePath')
    if (devicePath === '') errors.push(required(field))
    if (paths.has(devicePath)) errors.push(invalid(field, devicePath, 'must be unique'))
    if (devicePath.split('/').includes('..')) {
      errors.push(invalid(field, devicePath, "can not contain backsteps ('..')"))
    } else paths.add(devicePath)
    if (mounts.some((mount) => mount.name === name)) {
      errors.push(invalid(at.child('name'), name, 'must not already exist in volumeMounts'))
    }
    if (mounts.some((mount) => mount.mountPath === devicePath)) {
      const detail = 'must not already exist as a path in volumeMounts'
      errors.push(invalid(field, devicePath, detail))
    }
    if (name !== '') names.add(name)
  })
}
