import type { ProjectedVolumeSource, Volume, VolumeProjection } from '../../generated/core-v1'
import { each, fill, missing, put, within } from '../sharing'
import { fieldRefDefaults } from './container-defaults'
import { imageTag } from './image'

const MODE = { defaultMode: 0o644 }
const RBD = { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' }
const SCALE_IO = { storageMode: 'ThinProvisioned', fsType: 'xfs' }
const ISCSI = { iscsiInterface: 'default' }
const AZURE_DISK = { cachingMode: 'ReadWrite', kind: 'Shared', fsType: 'ext4', readOnly: false }
const tokenExpirationSeconds = 3600

/** A volume without a source is an emptyDir; each source gets the fields it leaves out. */
export function volumeDefaults(volume: Volume): Volume {
  let next = volume
  let hasSource = false
  for (const key in volume) {
    if (key === 'name' || volume[key as keyof Volume] === undefined) continue
    hasSource = true
    next = sourceDefaults(next, key as keyof Volume)
  }
  return hasSource ? next : { ...volume, emptyDir: {} }
}

function sourceDefaults(volume: Volume, key: keyof Volume): Volume {
  switch (key) {
    case 'configMap':
      return within(volume, 'configMap', (source) => missing(source, MODE))
    case 'secret':
      return within(volume, 'secret', (source) => missing(source, MODE))
    case 'hostPath':
      return within(volume, 'hostPath', (source) => missing(source, { type: '' }))
    case 'projected':
      return within(volume, 'projected', projectedDefaults)
    case 'downwardAPI':
      return within(volume, 'downwardAPI', (source) => {
        const next = missing(source, MODE)
        return within(next, 'items', (items) => each(items, fieldRefDefaults))
      })
    case 'rbd':
      return within(volume, 'rbd', (source) => fill(source, RBD))
    case 'iscsi':
      return within(volume, 'iscsi', (source) => fill(source, ISCSI))
    case 'scaleIO':
      return within(volume, 'scaleIO', (source) => fill(source, SCALE_IO))
    case 'azureDisk':
      return within(volume, 'azureDisk', (source) => missing(source, AZURE_DISK))
    case 'image':
      return within(volume, 'image', (source) => {
        if (source.pullPolicy) return source
        const latest = imageTag(source.reference ?? '') === 'latest'
        return put(source, 'pullPolicy', latest ? 'Always' : 'IfNotPresent')
      })
    case 'ephemeral':
      return within(volume, 'ephemeral', (source) =>
        within(source, 'volumeClaimTemplate', (template) =>
          within(template, 'spec', (spec) => missing(spec, { volumeMode: 'Filesystem' })),
        ),
      )
    default:
      return volume
  }
}

function projectedDefaults(source: ProjectedVolumeSource): ProjectedVolumeSource {
  const next = missing(source, MODE)
  return within(next, 'sources', (sources) => each(sources, projectionDefaults))
}

function projectionDefaults(projection: VolumeProjection): VolumeProjection {
  let next = within(projection, 'downwardAPI', (api) =>
    within(api, 'items', (items) => each(items, fieldRefDefaults)),
  )
  next = within(next, 'serviceAccountToken', (token) =>
    missing(token, { expirationSeconds: tokenExpirationSeconds }),
  )
  return next
}
