import type { LabelSelector, OwnerReference } from '../api/generated/meta-v1'
import { apiVersionOf, controllerOf, type KubeObject, type ResourceRef } from '../api/object'
import type { ApiClient } from '../client/api-client'
import type { Reflector } from '../client/reflector'
import type { ApiError, Result } from '../client/request'
import { isNotFound } from '../client/result'
import type { Task } from '../sim/task'

/** The reference that makes `owner` the controller of what carries it. */
export function controllerRef(ref: ResourceRef, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(ref),
    kind: ref.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** Name of the informer index by controller: a uid, or `orphanIn(namespace)`. */
export const byController = 'controller'

export const orphanIn = (namespace: string | undefined): string => `/${namespace ?? ''}`

/** Index function: objects by their controller's uid, those without one by namespace. */
export function controllerIndex(object: KubeObject): readonly string[] {
  return [controllerOf(object)?.uid ?? orphanIn(object.metadata.namespace)]
}

/** The object that a controller reference names, if it is that very one (same uid). */
export function resolveOwner<T extends KubeObject>(
  ref: ResourceRef<T>,
  store: Reflector<T>,
  namespace: string | undefined,
  owner: OwnerReference | undefined,
): T | undefined {
  if (!owner || owner.kind !== ref.kind) return undefined
  const found = store.get(namespace ? `${namespace}/${owner.name}` : owner.name)
  return found?.metadata.uid === owner.uid ? found : undefined
}

export interface ClaimPlan<T> {
  readonly owned: readonly T[]
  readonly adopt: readonly T[]
  readonly release: readonly T[]
}

/** Sorts what a controller owns or could own: keep, adopt (a matching orphan) or let go. */
export function planClaims<T extends KubeObject>(
  owner: KubeObject,
  candidates: readonly T[],
  matches: (object: T) => boolean,
): ClaimPlan<T> {
  const owned: T[] = []
  const adopt: T[] = []
  const release: T[] = []
  const ownerDeleting = owner.metadata.deletionTimestamp !== undefined
  for (const object of candidates) {
    const controller = controllerOf(object)
    if (controller) {
      if (controller.uid !== owner.metadata.uid) continue
      if (matches(object)) owned.push(object)
      else if (!ownerDeleting) release.push(object)
    } else if (!ownerDeleting && matches(object) && !object.metadata.deletionTimestamp) {
      adopt.push(object)
    }
  }
  return { owned, adopt, release }
}

export interface ClaimKinds<O extends KubeObject, T extends KubeObject> {
  readonly client: ApiClient
  readonly ownerRef: ResourceRef<O>
  readonly objectRef: ResourceRef<T>
}

/**
 * Carries a claim plan out: orphans get the owner's reference once a fresh read shows that the owner
 * lives, strangers lose it. The value is everything owned now, adopted ones included.
 */
export function* claim<O extends KubeObject, T extends KubeObject>(
  kinds: ClaimKinds<O, T>,
  owner: O,
  plan: ClaimPlan<T>,
): Task<Result<readonly T[]>> {
  const { adopt, release, owned } = plan
  if (adopt.length === 0 && release.length === 0) return { ok: true, value: owned }
  const all = [...owned]
  if (adopt.length > 0) {
    const refusal = yield* mayAdopt(kinds, owner)
    if (refusal) return { ok: false, error: refusal }
  }
  const reference = controllerRef(kinds.ownerRef, owner)
  for (const object of adopt) {
    const { name, namespace, uid } = object.metadata
    const body = { metadata: { ownerReferences: [reference], uid } }
    const where = { namespace, name }
    const patched = yield* kinds.client.patch(kinds.objectRef, where, 'strategic-merge', body)
    if (patched.ok) all.push(patched.value)
    else if (!isNotFound(patched.error)) return patched
  }
  for (const object of release) {
    const { name, namespace, uid } = object.metadata
    const dropped = { $patch: 'delete', uid: owner.metadata.uid }
    const body = { metadata: { ownerReferences: [dropped], uid } }
    const where = { namespace, name }
    const patched = yield* kinds.client.patch(kinds.objectRef, where, 'strategic-merge', body)
    if (patched.ok) continue
    const { reason } = patched.error
    if (reason !== 'NotFound' && reason !== 'Invalid') return patched
  }
  return { ok: true, value: all }
}

function* mayAdopt<O extends KubeObject, T extends KubeObject>(
  kinds: ClaimKinds<O, T>,
  owner: O,
): Task<ApiError | undefined> {
  const { namespace, name, uid } = owner.metadata
  const fresh = yield* kinds.client.get(kinds.ownerRef, { namespace, name })
  if (!fresh.ok) return fresh.error
  const { metadata } = fresh.value
  if (metadata.uid !== uid) {
    return refused(
      `original ${kinds.ownerRef.kind} ${namespace}/${name} is gone: got uid ${metadata.uid}, wanted ${uid}`,
    )
  }
  if (metadata.deletionTimestamp) {
    return refused(`${namespace}/${name} has just been deleted at ${metadata.deletionTimestamp}`)
  }
  return undefined
}

const refused = (message: string): ApiError => ({ code: 0, reason: '', message })

/** True when the selector is for every label set: never a controller's intention. */
export function selectsEverything(selector: LabelSelector | undefined): boolean {
  if (!selector) return false
  return (
    Object.keys(selector.matchLabels ?? {}).length === 0 &&
    (selector.matchExpressions ?? []).length === 0
  )
}
