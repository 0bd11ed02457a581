import type { Namespace, Pod } from '../../api/generated/core-v1'
import type { DeleteOptions, Status } from '../../api/generated/meta-v1'
import { type GroupName, preconditionStatus } from '../../api/machinery/status'
import { formatTime, parseTime } from '../../api/machinery/time'
import type { KubeObject } from '../../api/object'
import { seconds } from '../../sim/time'

/** What a DELETE does to an object as it is. */
export type DeletionPlan =
  | { readonly type: 'refuse'; readonly status: Status }
  /** It is being deleted already and nothing changes. */
  | { readonly type: 'pending' }
  /** It is marked; it goes at once (`removes`), or later by its finalizers or its kubelet. */
  | { readonly type: 'mark'; readonly object: KubeObject; readonly removes: boolean }
  | { readonly type: 'remove' }

export interface Deletion {
  readonly current: KubeObject
  readonly options: DeleteOptions
  readonly resource: GroupName
  /** Wall clock, microseconds. */
  readonly now: number
}

const orphan = 'orphan'
const foreground = 'foregroundDeletion'

/** Kinds whose dependents are orphaned unless the client says otherwise. */
const orphansByDefault: ReadonlySet<string> = new Set(['jobs.batch', 'replicationcontrollers.'])
/** Kinds whose owners are never looked at. */
const withoutGarbageCollection: ReadonlySet<string> = new Set(['events.', 'events.events.k8s.io'])

/** The rules of the real server's generic registry (BeforeDelete and its finalizer handling). */
export function planDeletion(deletion: Deletion): DeletionPlan {
  const { current, resource } = deletion
  const refusal = preconditionRefusal(deletion)
  if (refusal) return { type: 'refuse', status: refusal }
  if (resource.group === '' && resource.name === 'namespaces') return planNamespace(deletion)
  const before = current.metadata.finalizers ?? []
  if (resource.group === '' && resource.name === 'pods' && !hasNoGraceLeft(current)) {
    const graceful = planGraceful(deletion)
    if (graceful === 'pending') return { type: 'pending' }
    const finalizers = finalizersFor(deletion, before)
    const metadata = withFinalizers(graceful, finalizers)
    const lasts = (metadata.deletionGracePeriodSeconds ?? 0) > 0
    const removes = finalizers.length === 0 && !lasts
    return { type: 'mark', object: { ...current, metadata }, removes }
  }
  const finalizers = finalizersFor(deletion, before)
  if (finalizers.length === 0) {
    if (before.length === 0) return { type: 'remove' }
    const metadata = withFinalizers(current.metadata, finalizers)
    return { type: 'mark', object: { ...current, metadata }, removes: true }
  }
  const marked = markedNow(deletion)
  if (marked === current.metadata && finalizers === before) return { type: 'pending' }
  const object = { ...current, metadata: withFinalizers(marked, finalizers) }
  return { type: 'mark', object, removes: false }
}

type Meta = KubeObject['metadata']

function preconditionRefusal(deletion: Deletion): Status | undefined {
  const { current, options, resource } = deletion
  const { preconditions } = options
  if (!preconditions) return undefined
  const { uid = '', resourceVersion = '', name } = current.metadata
  if (preconditions.uid !== undefined && preconditions.uid !== uid) {
    const values = { wanted: preconditions.uid, actual: uid }
    return preconditionStatus(resource, name, 'UID', values)
  }
  const wanted = preconditions.resourceVersion
  if (wanted !== undefined && wanted !== resourceVersion) {
    const values = { wanted, actual: resourceVersion }
    return preconditionStatus(resource, name, 'ResourceVersion', values)
  }
  return undefined
}

/** Marked without grace, but never removed: whoever marked it died before the second step. */
function hasNoGraceLeft({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && !metadata.deletionGracePeriodSeconds
}

/** Pods: a deadline that may come nearer but never moves away. */
function planGraceful(deletion: Deletion): Meta | 'pending' {
  const { current, options, now } = deletion
  const { metadata } = current
  const asked = options.gracePeriodSeconds
  if (metadata.deletionTimestamp !== undefined) {
    const present = metadata.deletionGracePeriodSeconds ?? 0
    if (asked === undefined || asked >= present) return 'pending'
    const began = (parseTime(metadata.deletionTimestamp) ?? now) - seconds(present)
    return {
      ...metadata,
      deletionTimestamp: formatTime(began + seconds(asked)),
      deletionGracePeriodSeconds: asked,
    }
  }
  const period = podGracePeriod(current as Pod, asked)
  return withGeneration({
    ...metadata,
    deletionTimestamp: formatTime(now + seconds(period)),
    deletionGracePeriodSeconds: period,
  })
}

function podGracePeriod(pod: Pod, asked: number | undefined): number {
  const phase = pod.status?.phase
  if (!pod.spec?.nodeName || phase === 'Failed' || phase === 'Succeeded') return 0
  const period = asked ?? pod.spec.terminationGracePeriodSeconds ?? 0
  return period < 0 ? 1 : period
}

/** Deletion has begun; it ends when the finalizers are gone. */
function markedNow(deletion: Deletion): Meta {
  const { metadata } = deletion.current
  if (metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0) {
    return metadata
  }
  const deletionTimestamp = metadata.deletionTimestamp ?? formatTime(deletion.now)
  const marked = { ...metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 }
  return metadata.deletionTimestamp === undefined ? withGeneration(marked) : marked
}

function withGeneration(metadata: Meta): Meta {
  const { generation } = metadata
  return generation ? { ...metadata, generation: generation + 1 } : metadata
}

function withFinalizers(metadata: Meta, finalizers: readonly string[]): Meta {
  if (metadata.finalizers === finalizers) return metadata
  if (finalizers.length > 0) return { ...metadata, finalizers }
  if (metadata.finalizers === undefined) return metadata
  const { finalizers: _, ...rest } = metadata
  return rest
}

/** `before` itself when nothing changes. */
function finalizersFor(deletion: Deletion, before: readonly string[]): readonly string[] {
  const policy = propagation(deletion, before)
  const others = before.filter((name) => name !== orphan && name !== foreground)
  if (policy === 'orphan') others.push(orphan)
  else if (policy === 'foreground') others.push(foreground)
  const same = others.length === before.length && others.every((name) => before.includes(name))
  return same ? before : others
}

function propagation(
  deletion: Deletion,
  before: readonly string[],
): 'orphan' | 'foreground' | 'background' {
  const { options, resource } = deletion
  const name = `${resource.name}.${resource.group}`
  if (withoutGarbageCollection.has(name)) return 'background'
  if (options.orphanDependents !== undefined) {
    return options.orphanDependents ? 'orphan' : 'background'
  }
  switch (options.propagationPolicy) {
    case 'Orphan':
      return 'orphan'
    case 'Foreground':
      return 'foreground'
    case 'Background':
      return 'background'
  }
  if (before.includes(orphan)) return 'orphan'
  if (before.includes(foreground)) return 'foreground'
  return orphansByDefault.has(name) ? 'orphan' : 'background'
}

/** A namespace is terminating until its controller has emptied it and taken the finalizer. */
function planNamespace(deletion: Deletion): DeletionPlan {
  const namespace = deletion.current as Namespace
  const pendingContent = (namespace.spec?.finalizers?.length ?? 0) > 0
  if (namespace.metadata.deletionTimestamp === undefined) {
    const before = namespace.metadata.finalizers ?? []
    const finalizers = finalizersFor(deletion, before)
    const deletionTimestamp = formatTime(deletion.now)
    const metadata = withFinalizers({ ...namespace.metadata, deletionTimestamp }, finalizers)
    const status = { ...namespace.status, phase: 'Terminating' }
    const removes = !pendingContent && finalizers.length === 0
    return { type: 'mark', object: { ...namespace, metadata, status } as KubeObject, removes }
  }
  if (pendingContent || (namespace.metadata.finalizers?.length ?? 0) > 0) return { type: 'pending' }
  return { type: 'remove' }
}
