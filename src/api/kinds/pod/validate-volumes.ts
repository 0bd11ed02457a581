import type {
  ConfigMapProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from '../../generated/core-v1'
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  type Path,
  required,
} from '../../machinery/field'
import { checkDNSLabel, checkMode, isNegativeQuantity, nameIsDNSSubdomain } from '../checks'
import { checkResourceFieldRef, checkVolumeFieldRef } from './field-refs'
import { checkLocalNonReservedPath } from './paths'
import { SOURCE_CHECKS } from './volume-sources'

/** The volumes of a pod by name, without those that are wrong. */
export type Volumes = ReadonlyMap<string, Volume>

const MORE_THAN_ONE = 'may not specify more than 1 volume type'

/** Source keys in the order in which the server looks at them. */
const SOURCES: readonly (keyof Volume)[] = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
]

const SOURCE_SET: ReadonlySet<string> = new Set(SOURCES)

/** Checks `volumes`; `podName` is empty in templates. */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  podName: string,
  path: Path,
  errors: FieldError[],
): Volumes {
  const good = new Map<string, Volume>()
  if (!volumes) return good
  const created = new Set<string>()
  if (podName !== '') {
    for (const volume of volumes) if (volume.ephemeral) created.add(`${podName}-${volume.name}`)
  }
  for (let i = 0; i < volumes.length; i++) {
    const volume = volumes[i]!
    const at = path.index(i)
    const found = errors.length
    validateSource(volume, podName, at, errors)
    if (!volume.name) errors.push(required(at.child('name')))
    else checkDNSLabel(volume.name, at.child('name'), errors)
    if (good.has(volume.name)) errors.push(duplicate(at.child('name'), volume.name))
    if (errors.length === found) good.set(volume.name, volume)
    const claim = volume.persistentVolumeClaim?.claimName
    if (claim !== undefined && created.has(claim)) {
      const detail = 'must not reference a PVC that gets created for an ephemeral volume'
      errors.push(invalid(at.child('persistentVolumeClaim', 'claimName'), claim, detail))
    }
  }
  return good
}

function validateSource(volume: Volume, podName: string, path: Path, errors: FieldError[]): void {
  let count = 0
  let only: keyof Volume | undefined
  for (const key in volume) {
    if (!SOURCE_SET.has(key) || volume[key as keyof Volume] === undefined) continue
    count++
    only = key as keyof Volume
  }
  if (count === 0) {
    errors.push(required(path, 'must specify a volume type'))
    return
  }
  if (count === 1) {
    checkSource(only!, volume, podName, path, errors)
    return
  }
  let seen = false
  for (const key of SOURCES) {
    if (volume[key] === undefined) continue
    if (seen) errors.push(forbidden(path.child(misspelt(key)), MORE_THAN_ONE))
    else checkSource(key, volume, podName, path, errors)
    seen = true
  }
}

/** The server's own spelling in the one message where it differs from the field. */
function misspelt(key: string): string {
  if (key === 'cephfs') return 'cephFS'
  return key === 'downwardAPI' ? 'downwarAPI' : key
}

function checkSource(
  key: keyof Volume,
  volume: Volume,
  podName: string,
  path: Path,
  errors: FieldError[],
): void {
  switch (key) {
    case 'emptyDir': {
      const limit = volume.emptyDir!.sizeLimit
      if (limit === undefined || !isNegativeQuantity(limit)) return
      const detail = 'SizeLimit field must be a valid resource quantity'
      errors.push(forbidden(path.child('emptyDir', 'sizeLimit'), detail))
      return
    }
    case 'projected':
      validateProjected(volume.projected!, path.child('projected'), errors)
      return
    case 'downwardAPI': {
      const at = path.child('downwardAPI')
      checkMode(volume.downwardAPI!.defaultMode, at.child('defaultMode'), errors)
      for (const file of volume.downwardAPI!.items ?? []) validateDownwardFile(file, at, errors)
      return
    }
    case 'configMap': {
      const at = path.child('configMap')
      if (!volume.configMap!.name) errors.push(required(at.child('name')))
      checkMode(volume.configMap!.defaultMode, at.child('defaultMode'), errors)
      validateItems(volume.configMap!.items, at, errors)
      return
    }
    case 'secret': {
      const at = path.child('secret')
      if (!volume.secret!.secretName) errors.push(required(at.child('secretName')))
      checkMode(volume.secret!.defaultMode, at.child('defaultMode'), errors)
      validateItems(volume.secret!.items, at, errors)
      return
    }
    default:
      SOURCE_CHECKS[key]?.(volume[key] as never, path, errors, volume.name)
      if (key === 'ephemeral') checkClaimName(volume, podName, path, errors)
  }
}

function checkClaimName(volume: Volume, podName: string, path: Path, errors: FieldError[]): void {
  if (podName === '' || !volume.name) return
  const claim = `${podName}-${volume.name}`
  for (const message of nameIsDNSSubdomain(claim, false)) {
    const detail = `PVC name ${JSON.stringify(claim)}: ${message}`
    errors.push(invalid(path.child('name'), volume.name, detail))
  }
}

function validateItems(
  items: readonly KeyToPath[] | undefined,
  path: Path,
  errors: FieldError[],
): void {
  items?.forEach((item, i) => {
    validateKeyToPath(item, path.child('items').index(i), errors)
  })
}

function validateKeyToPath(item: KeyToPath, path: Path, errors: FieldError[]): void {
  if (!item.key) errors.push(required(path.child('key')))
  if (!item.path) errors.push(required(path.child('path')))
  checkLocalNonReservedPath(item.path ?? '', path.child('path'), errors)
  checkMode(item.mode, path.child('mode'), errors)
}

function validateDownwardFile(file: DownwardAPIVolumeFile, path: Path, errors: FieldError[]): void {
  if (!file.path) errors.push(required(path.child('path')))
  checkLocalNonReservedPath(file.path ?? '', path.child('path'), errors)
  if (file.fieldRef) {
    checkVolumeFieldRef(file.fieldRef, path.child('fieldRef'), errors)
    if (file.resourceFieldRef) {
      const detail = 'fieldRef and resourceFieldRef can not be specified simultaneously'
      errors.push(invalid(path, 'resource', detail))
    }
  } else if (file.resourceFieldRef) {
    checkResourceFieldRef(file.resourceFieldRef, true, path.child('resourceFieldRef'), errors)
  } else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'))
  checkMode(file.mode, path.child('mode'), errors)
}

function validateProjected(source: ProjectedVolumeSource, path: Path, errors: FieldError[]): void {
  checkMode(source.defaultMode, path.child('defaultMode'), errors)
  const paths = new Set<string>()
  source.sources?.forEach((projection, i) => {
    const at = path.child('sources').index(i)
    const count = validateProjection(projection, at, path, paths, errors)
    if (count > 1) {
      errors.push(forbidden(at, 'may not specify more than 1 volume type per source'))
    }
  })
}

function validateProjection(
  projection: VolumeProjection,
  path: Path,
  volumePath: Path,
  paths: Set<string>,
  errors: FieldError[],
): number {
  let count = 0
  if (projection.secret) {
    count++
    validateKeys(projection.secret, path.child('secret'), volumePath, paths, errors)
  }
  if (projection.configMap) {
    count++
    validateKeys(projection.configMap, path.child('configMap'), volumePath, paths, errors)
  }
  if (projection.downwardAPI) {
    count++
    for (const file of projection.downwardAPI.items ?? []) {
      validateDownwardFile(file, path.child('downwardAPI'), errors)
      if (file.path) conflict(file.path, file.path, volumePath, paths, errors)
    }
  }
  if (projection.serviceAccountToken) {
    count++
    validateToken(projection.serviceAccountToken, path, volumePath, errors)
  }
  if (projection.clusterTrustBundle) count++
  if (projection.podCertificate) count++
  return count
}

function validateKeys(
  source: ConfigMapProjection,
  path: Path,
  volumePath: Path,
  paths: Set<string>,
  errors: FieldError[],
): void {
  if (!source.name) errors.push(required(path.child('name')))
  source.items?.forEach((item, i) => {
    validateKeyToPath(item, path.child('items').index(i), errors)
    if (item.path) conflict(item.path, source.name ?? '', volumePath, paths, errors)
  })
}

function conflict(
  itemPath: string,
  badValue: string,
  path: Path,
  paths: Set<string>,
  errors: FieldError[],
): void {
  if (paths.has(itemPath)) errors.push(invalid(path, badValue, 'conflicting duplicate paths'))
  paths.add(itemPath)
}

function validateToken(
  token: ServiceAccountTokenProjection,
  path: Path,
  volumePath: Path,
  errors: FieldError[],
): void {
  const seconds = token.expirationSeconds ?? 0
  const at = path.child('serviceAccountToken', 'expirationSeconds')
  if (seconds < 600) {
    errors.push(invalid(at, seconds, 'may not specify a duration less than 10 minutes'))
  }
  if (seconds > 2 ** 32) {
    errors.push(invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds'))
  }
  if (!token.path) errors.push(required(volumePath.child('path')))
  else checkLocalNonReservedPath(token.path, volumePath.child('path'), errors)
}
