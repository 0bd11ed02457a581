import type {
  AzureDiskVolumeSource,
  CSIVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  HostPathVolumeSource,
  ISCSIVolumeSource,
  QuobyteVolumeSource,
  Volume,
} from '../../generated/core-v1'
import {
  type FieldError,
  invalid,
  notSupported,
  type Path,
  required,
  tooLong,
} from '../../machinery/field'
import { checkAll, checkDNSLabel, checkRange, nameIsDNSSubdomain } from '../checks'
import { validateClaimTemplate } from '../storage/validate-claim'
import { checkLocalDescendingPath, checkNoBacksteps } from './paths'

/** `path` is the volume's; each check knows its own field. */
type SourceCheck<K extends keyof Volume> = (
  source: NonNullable<Volume[K]>,
  path: Path,
  errors: FieldError[],
  volumeName: string,
) => void

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]
const PARTITION = 'must be between 1 and 255, inclusive'
const MANAGED_DISK =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const BLOB_DISK = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'
const HOST_PORT = 'must be a host:port pair or multiple pairs separated by commas'
const IQN = /^iqn\.\d{4}-\d{2}\.([A-Za-z0-9-.]+)(:[^,;*&$|\s]+)$/
const EUI = /^eui.[A-Za-z0-9]{16}$/
const NAA = /^naa.[A-Za-z0-9]{32}$/

/** Checks of the volume sources that hold nothing but their own fields. */
export const SOURCE_CHECKS: { readonly [K in keyof Volume]?: SourceCheck<K> } = {
  hostPath: (source, path, errors) => checkHostPath(source, path.child('hostPath'), errors),
  gitRepo(source, path, errors) {
    const at = path.child('gitRepo')
    needAll(source, ['repository'], at, errors)
    checkLocalDescendingPath(source.directory ?? '', at.child('directory'), errors)
  },
  gcePersistentDisk(source, path, errors) {
    const at = path.child('persistentDisk')
    needAll(source, ['pdName'], at, errors)
    checkPartition(source.partition, at, errors)
  },
  awsElasticBlockStore(source, path, errors) {
    const at = path.child('awsElasticBlockStore')
    needAll(source, ['volumeID'], at, errors)
    checkPartition(source.partition, at, errors)
  },
  nfs(source, path, errors) {
    const at = path.child('nfs')
    needAll(source, ['server', 'path'], at, errors)
    if (!source.path?.startsWith('/')) {
      errors.push(invalid(at.child('path'), source.path ?? '', 'must be an absolute path'))
    }
  },
  iscsi: checkIscsi,
  glusterfs: (source, path, errors) =>
    needAll(source, ['endpoints', 'path'], path.child('glusterfs'), errors),
  flocker(source, path, errors) {
    const at = path.child('flocker')
    const { datasetName, datasetUUID } = source
    if (!datasetName && !datasetUUID) {
      errors.push(required(at, 'one of datasetName and datasetUUID is required'))
    }
    if (datasetName && datasetUUID) {
      const detail = 'datasetName and datasetUUID can not be specified simultaneously'
      errors.push(invalid(at, 'resource', detail))
    }
    if (datasetName?.includes('/')) {
      errors.push(invalid(at.child('datasetName'), datasetName, "must not contain '/'"))
    }
  },
  persistentVolumeClaim: (source, path, errors) =>
    needAll(source, ['claimName'], path.child('persistentVolumeClaim'), errors),
  rbd: (source, path, errors) => needAll(source, ['monitors', 'image'], path.child('rbd'), errors),
  cinder(source, path, errors) {
    const at = path.child('cinder')
    needAll(source, ['volumeID'], at, errors)
    if (source.secretRef) needAll(source.secretRef, ['name'], at.child('secretRef'), errors)
  },
  cephfs: (source, path, errors) => needAll(source, ['monitors'], path.child('cephfs'), errors),
  quobyte: (source, path, errors) => checkQuobyte(source, path.child('quobyte'), errors),
  fc: (source, path, errors) => checkFibreChannel(source, path.child('fc'), errors),
  flexVolume: (source, path, errors) => checkFlex(source, path.child('flexVolume'), errors),
  azureFile: (source, path, errors) =>
    needAll(source, ['secretName', 'shareName'], path.child('azureFile'), errors),
  vsphereVolume: (source, path, errors) =>
    needAll(source, ['volumePath'], path.child('vsphereVolume'), errors),
  photonPersistentDisk: (source, path, errors) =>
    needAll(source, ['pdID'], path.child('photonPersistentDisk'), errors),
  portworxVolume: (source, path, errors) =>
    needAll(source, ['volumeID'], path.child('portworxVolume'), errors),
  azureDisk: (source, path, errors) => checkAzureDisk(source, path.child('azureDisk'), errors),
  scaleIO: (source, path, errors) =>
    needAll(source, ['gateway', 'system', 'volumeName'], path.child('scaleIO'), errors),
  storageos(source, path, errors) {
    const at = path.child('storageos')
    if (!source.volumeName) errors.push(required(at.child('volumeName')))
    else checkDNSLabel(source.volumeName, at.child('volumeName'), errors)
    if (source.volumeNamespace) {
      checkDNSLabel(source.volumeNamespace, at.child('volumeNamespace'), errors)
    }
    if (source.secretRef) needAll(source.secretRef, ['name'], at.child('secretRef'), errors)
  },
  csi: (source, path, errors) => checkCsi(source, path.child('csi'), errors),
  ephemeral(source, path, errors) {
    const at = path.child('ephemeral', 'volumeClaimTemplate')
    if (!source.volumeClaimTemplate) errors.push(required(at))
    else validateClaimTemplate(source.volumeClaimTemplate, at, errors)
  },
  image(source, path, errors) {
    const at = path.child('image')
    if (!source.reference) errors.push(required(at.child('reference')))
    const policy = source.pullPolicy
    if (policy && !['Always', 'IfNotPresent', 'Never'].includes(policy)) {
      const supported = ['Always', 'IfNotPresent', 'Never']
      errors.push(notSupported(at.child('pullPolicy'), policy, supported))
    }
  },
}

/** A required error for each field that is missing, empty or an empty list. */
function needAll<T extends object>(
  source: T,
  fields: readonly (keyof T & string)[],
  path: Path,
  errors: FieldError[],
): void {
  for (const field of fields) {
    const value = source[field] as string | readonly unknown[] | undefined
    if (value === undefined || value.length === 0) errors.push(required(path.child(field)))
  }
}

/** Also for persistent volumes. */
function checkHostPath(source: HostPathVolumeSource, path: Path, errors: FieldError[]): void {
  if (!source.path) {
    errors.push(required(path.child('path')))
    return
  }
  checkNoBacksteps(source.path, path.child('path'), errors)
  if (source.type !== undefined && !HOST_PATH_TYPES.includes(source.type)) {
    errors.push(notSupported(path.child('type'), source.type, HOST_PATH_TYPES))
  }
}

/** Driver names: at most 63 bytes, a subdomain but for case. */
function checkCsiDriverName(name: string | undefined, path: Path, errors: FieldError[]): void {
  const driver = name ?? ''
  if (driver === '') errors.push(required(path))
  if (driver.length > 63) errors.push(tooLong(path, 63))
  checkAll(nameIsDNSSubdomain(driver.toLowerCase(), false), driver, path, errors)
}

function checkPartition(partition: number | undefined, path: Path, errors: FieldError[]): void {
  if (partition === undefined || (partition >= 0 && partition <= 255)) return
  errors.push(invalid(path.child('partition'), partition, PARTITION))
}

function checkIscsi(
  source: ISCSIVolumeSource,
  volumePath: Path,
  errors: FieldError[],
  volumeName: string,
): void {
  const path = volumePath.child('iscsi')
  needAll(source, ['targetPortal'], path, errors)
  if (!source.iqn) errors.push(required(path.child('iqn')))
  else checkIqn(source.iqn, path.child('iqn'), errors)
  checkRange(source.lun ?? 0, 0, 255, path.child('lun'), errors)
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) {
    errors.push(required(path.child('secretRef')))
  }
  if (source.initiatorName === undefined) return
  checkIqn(source.initiatorName, path.child('initiatorname'), errors)
  if (`${volumeName}:${source.targetPortal}`.length > 64) {
    const detail =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'
    errors.push(invalid(volumePath.child('name'), volumeName, detail))
  }
}

function checkIqn(iqn: string, path: Path, errors: FieldError[]): void {
  const format = iqn.startsWith('iqn')
    ? IQN
    : iqn.startsWith('eui')
      ? EUI
      : iqn.startsWith('naa')
        ? NAA
        : undefined
  if (!format) {
    errors.push(invalid(path, iqn, 'must be valid format starting with iqn, eui, or naa'))
  } else if (!format.test(iqn)) errors.push(invalid(path, iqn, 'must be valid format'))
}

function checkQuobyte(source: QuobyteVolumeSource, path: Path, errors: FieldError[]): void {
  if (!source.registry) errors.push(required(path.child('registry'), HOST_PORT))
  else if ((source.tenant ?? '').length >= 65) {
    const detail = 'must be a UUID and may not exceed a length of 64 characters'
    errors.push(required(path.child('tenant'), detail))
  } else {
    for (const pair of source.registry.split(',')) {
      if (/^(\[[^\]]*\]|[^:[\]]*):[^:]*$/.test(pair)) continue
      errors.push(invalid(path.child('registry'), source.registry, HOST_PORT))
    }
  }
  needAll(source, ['volume'], path, errors)
}

function checkFibreChannel(source: FCVolumeSource, path: Path, errors: FieldError[]): void {
  const names = source.targetWWNs ?? []
  const ids = source.wwids ?? []
  const at = path.child('targetWWNs')
  if (names.length === 0 && ids.length === 0) {
    errors.push(required(at, 'must specify either targetWWNs or wwids, but not both'))
  }
  if (names.length > 0 && ids.length > 0) {
    errors.push(invalid(at, names, 'targetWWNs and wwids can not be specified simultaneously'))
  }
  if (names.length === 0) return
  if (source.lun === undefined) {
    errors.push(required(path.child('lun'), 'lun is required if targetWWNs is specified'))
  } else checkRange(source.lun, 0, 255, path.child('lun'), errors)
}

function checkFlex(source: FlexVolumeSource, path: Path, errors: FieldError[]): void {
  needAll(source, ['driver'], path, errors)
  for (const key of Object.keys(source.options ?? {})) {
    const owner = `.${key.split('/')[0]!.toLowerCase()}`
    if (!owner.endsWith('.kubernetes.io') && !owner.endsWith('.k8s.io')) continue
    const detail = 'kubernetes.io and k8s.io namespaces are reserved'
    errors.push(invalid(path.child('options').key(key), key, detail))
  }
}

function checkAzureDisk(source: AzureDiskVolumeSource, path: Path, errors: FieldError[]): void {
  needAll(source, ['diskName', 'diskURI'], path, errors)
  const { cachingMode, kind } = source
  const modes = ['None', 'ReadOnly', 'ReadWrite']
  const kinds = ['Dedicated', 'Managed', 'Shared']
  if (cachingMode !== undefined && !modes.includes(cachingMode)) {
    errors.push(notSupported(path.child('cachingMode'), cachingMode, modes))
  }
  if (kind === undefined) return
  if (!kinds.includes(kind)) errors.push(notSupported(path.child('kind'), kind, kinds))
  const uri = source.diskURI ?? ''
  const at = path.child('diskURI')
  if (kind === 'Managed') {
    if (!uri.startsWith('/subscriptions/')) errors.push(notSupported(at, uri, [MANAGED_DISK]))
  } else if (!uri.startsWith('https://')) errors.push(notSupported(at, uri, [BLOB_DISK]))
}

function checkCsi(source: CSIVolumeSource, path: Path, errors: FieldError[]): void {
  checkCsiDriverName(source.driver, path.child('driver'), errors)
  const secret = source.nodePublishSecretRef
  if (!secret) return
  if (!secret.name) errors.push(required(path.child('nodePublishSecretRef', 'name')))
  else checkAll(nameIsDNSSubdomain(secret.name, false), secret.name, path.child('name'), errors)
}
