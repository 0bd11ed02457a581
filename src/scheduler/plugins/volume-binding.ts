import type { PersistentVolumeClaim, Pod, Volume } from '../../api/generated/core-v1'
import { nodeMatchesTerm } from '../../api/machinery/node-selector'
import type { Cluster, Rejection, SchedulerPlugin } from '../framework'

const bindCompleted = 'pv.kubernetes.io/bind-completed'
const betaStorageClass = 'volume.beta.kubernetes.io/storage-class'
const reasonOfVolume = "node(s) didn't match PersistentVolume's node affinity"
const reasonOfClaim = "node(s) didn't find available persistent volumes to bind"

interface ClaimUse {
  readonly name: string
  /** Made for this pod from its volume's template. */
  readonly ephemeral: boolean
}

function claimUse(pod: Pod, volume: Volume): ClaimUse | undefined {
  const { persistentVolumeClaim, ephemeral, name } = volume
  if (persistentVolumeClaim) return { name: persistentVolumeClaim.claimName, ephemeral: false }
  return ephemeral ? { name: `${pod.metadata.name}-${name}`, ephemeral: true } : undefined
}

/** Why the claim as it is makes any placement pointless. */
function flaw(use: ClaimUse, claim: PersistentVolumeClaim | undefined): string | undefined {
  const named = `persistentvolumeclaim "${use.name}"`
  if (!claim) {
    if (!use.ephemeral) return `${named} not found`
    return `waiting for ephemeral volume controller to create the ${named}`
  }
  if (claim.status?.phase === 'Lost') {
    return `${named} bound to non-existent persistentvolume "${claim.spec.volumeName ?? ''}"`
  }
  return claim.metadata.deletionTimestamp ? `${named} is being deleted` : undefined
}

function isBound({ spec, metadata }: PersistentVolumeClaim): boolean {
  return !!spec.volumeName && metadata.annotations?.[bindCompleted] !== undefined
}

function waitsForConsumer({ spec, metadata }: PersistentVolumeClaim, cluster: Cluster): boolean {
  const name = metadata.annotations?.[betaStorageClass] ?? spec.storageClassName ?? ''
  const { volumeBindingMode } = cluster.surroundings.storageClasses.get(name) ?? {}
  return volumeBindingMode === 'WaitForFirstConsumer'
}

function rejectionOf(reasons: readonly string[]): Rejection {
  return { plugin: 'VolumeBinding', reasons, unresolvable: true }
}

/**
 * Pods with claims: refused while a claim is missing, ending or must be bound first, and kept to
 * the nodes their bound volumes can be reached from. Binding on first use is not done here: a claim
 * that waits for its first consumer keeps the pod waiting as though no volume were available.
 */
export const volumeBinding: SchedulerPlugin = {
  name: 'VolumeBinding',
  events: ['NodeAdd', 'NodeLabel', 'Storage'],
  filterStep({ pod }, cluster) {
    const { surroundings } = cluster
    const volumes: string[] = []
    let unbound = false
    let waiting = false
    for (const volume of pod.spec.volumes ?? []) {
      const use = claimUse(pod, volume)
      if (!use) continue
      const claim = surroundings.claims.get(`${pod.metadata.namespace ?? ''}/${use.name}`)
      const refusal = flaw(use, claim)
      if (refusal !== undefined || !claim) return { refusal: refusal ?? '' }
      if (isBound(claim)) volumes.push(claim.spec.volumeName ?? '')
      else if (waitsForConsumer(claim, cluster)) waiting = true
      else unbound = true
    }
    if (unbound) return { refusal: 'pod has unbound immediate PersistentVolumeClaims' }
    if (volumes.length === 0 && !waiting) return undefined
    const requirements = volumes.map(
      (name) => surroundings.volumes.get(name)?.spec.nodeAffinity?.required?.nodeSelectorTerms,
    )
    return {
      reject({ node }) {
        const reachable = requirements.every(
          (terms) => !terms || (node && terms.some((term) => nodeMatchesTerm(node, term))),
        )
        if (reachable && !waiting) return undefined
        return rejectionOf([
          ...(reachable ? [] : [reasonOfVolume]),
          ...(waiting ? [reasonOfClaim] : []),
        ])
      },
    }
  },
}
