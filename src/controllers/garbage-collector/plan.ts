import type { OwnerReference } from '../../api/generated/meta-v1'
import type { KubeObject } from '../../api/object'
import type { DeleteOptions } from '../../client/api-client'
import { foregroundFinalizer, orphanFinalizer } from './graph'

/** What the server says of an owner that an object refers to. */
export type OwnerState = 'absent' | 'solid' | 'waiting'

/** `waiting`: deleted in the foreground, until its dependents are gone. */
export function ownerState(owner: KubeObject | undefined, uid: string): OwnerState {
  if (!owner || owner.metadata.uid !== uid) return 'absent'
  const { deletionTimestamp, finalizers } = owner.metadata
  return deletionTimestamp && finalizers?.includes(foregroundFinalizer) ? 'waiting' : 'solid'
}

export type Verdict =
  | { readonly type: 'keep' }
  /** A solid owner keeps the object; references to the others go. */
  | { readonly type: 'unlink'; readonly uids: readonly string[] }
  | { readonly type: 'delete'; readonly policy: NonNullable<DeleteOptions['propagationPolicy']> }

/** What becomes of an object, given the states of its owners in the order of its references. */
export function judge(
  object: KubeObject,
  states: readonly OwnerState[],
  hasDependents: boolean,
): Verdict {
  const owners: readonly OwnerReference[] = object.metadata.ownerReferences ?? []
  if (owners.length === 0) return { type: 'keep' }
  if (states.includes('solid')) {
    const uids = owners.filter((_, i) => states[i] !== 'solid').map(({ uid }) => uid)
    return uids.length === 0 ? { type: 'keep' } : { type: 'unlink', uids }
  }
  if (states.includes('waiting') && hasDependents) return { type: 'delete', policy: 'Foreground' }
  const { finalizers = [] } = object.metadata
  if (finalizers.includes(orphanFinalizer)) return { type: 'delete', policy: 'Orphan' }
  if (finalizers.includes(foregroundFinalizer)) return { type: 'delete', policy: 'Foreground' }
  return { type: 'delete', policy: 'Background' }
}

/** A strategic merge patch that drops the references to these owners. */
export function unlinkPatch(uid: string, owners: readonly string[]): object {
  const ownerReferences = owners.map((owner) => ({ $patch: 'delete', uid: owner }))
  return { metadata: { uid, ownerReferences } }
}
