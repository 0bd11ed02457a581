import type { PersistentVolume, PersistentVolumeClaim } from '../generated/core-v1'
import type { StorageClass } from '../generated/storage-v1'
import { AGE, age, NAME, type Printer, printer, text, wide } from './table-column'

const ACCESS_MODES: { readonly [mode: string]: string } = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

function accessModes(modes: readonly string[] | undefined): string {
  const given = new Set(modes ?? [])
  return Object.keys(ACCESS_MODES)
    .filter((mode) => given.has(mode))
    .map((mode) => ACCESS_MODES[mode])
    .join(',')
}

const CLAIM = printer<PersistentVolumeClaim>(
  [
    NAME,
    text('Status', 'The phase of the claim.'),
    text('Volume', 'The volume that the claim is bound to.'),
    text('Capacity', 'The size of the volume.'),
    text('Access Modes', 'How the volume can be mounted.'),
    text('StorageClass', 'The class of storage asked for.'),
    text('VolumeAttributesClass', 'The class of volume attributes asked for.'),
    AGE,
    wide(text('VolumeMode', 'File system or block device.')),
  ],
  (claim, now) => {
    const isBound = Boolean(claim.spec?.volumeName)
    return [
      claim.metadata.name,
      claim.metadata.deletionTimestamp ? 'Terminating' : (claim.status?.phase ?? ''),
      claim.spec?.volumeName ?? '',
      isBound ? (claim.status?.capacity?.storage ?? '0') : '',
      isBound ? accessModes(claim.status?.accessModes) : '',
      claim.spec?.storageClassName ?? '',
      claim.spec?.volumeAttributesClassName ?? '<unset>',
      age(claim, now),
      claim.spec?.volumeMode ?? '<unset>',
    ]
  },
)

const VOLUME = printer<PersistentVolume>(
  [
    NAME,
    text('Capacity', 'The size of the volume.'),
    text('Access Modes', 'How the volume can be mounted.'),
    text('Reclaim Policy', 'What becomes of the volume after its claim.'),
    text('Status', 'The phase of the volume.'),
    text('Claim', 'The claim that the volume is bound to.'),
    text('StorageClass', 'The class of storage.'),
    text('VolumeAttributesClass', 'The class of volume attributes.'),
    text('Reason', 'Why the volume is in its phase.'),
    AGE,
    wide(text('VolumeMode', 'File system or block device.')),
  ],
  (volume, now) => {
    const claim = volume.spec?.claimRef
    return [
      volume.metadata.name,
      volume.spec?.capacity?.storage ?? '0',
      accessModes(volume.spec?.accessModes),
      volume.spec?.persistentVolumeReclaimPolicy ?? '',
      volume.metadata.deletionTimestamp ? 'Terminating' : (volume.status?.phase ?? ''),
      claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`,
      volume.spec?.storageClassName ?? '',
      volume.spec?.volumeAttributesClassName ?? '<unset>',
      volume.status?.reason ?? '',
      age(volume, now),
      volume.spec?.volumeMode ?? '<unset>',
    ]
  },
)

const STORAGE_CLASS = printer<StorageClass>(
  [
    NAME,
    text('Provisioner', 'What makes the volumes.'),
    text('ReclaimPolicy', 'What becomes of volumes after their claim.'),
    text('VolumeBindingMode', 'When volumes are made and bound.'),
    text('AllowVolumeExpansion', 'Whether claims may grow.'),
    AGE,
  ],
  (storage, now) => {
    const isDefault =
      storage.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'
    return [
      isDefault ? `${storage.metadata.name} (default)` : storage.metadata.name,
      storage.provisioner,
      storage.reclaimPolicy ?? 'Delete',
      storage.volumeBindingMode ?? '<unset>',
      storage.allowVolumeExpansion ?? false,
      age(storage, now),
    ]
  },
)

export const STORAGE_PRINTERS: { readonly [kind: string]: Printer } = {
  '/PersistentVolumeClaim': CLAIM,
  '/PersistentVolume': VOLUME,
  'storage.k8s.io/StorageClass': STORAGE_CLASS,
}
