import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1'
import type { PodTemplateSpec } from '../../api/generated/core-v1'
import { type IntOrString, scaledValue } from '../../api/machinery/int-or-string'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { desiredReplicas, maxReplicasBefore, templateHashLabel } from './annotations'

/** One ReplicaSet of a rollout is to have another size. Steps are carried out in order. */
export interface ScaleStep {
  readonly name: string
  readonly to: number
}

export const replicasOf = (rs: ReplicaSet): number => rs.spec.replicas ?? 1
export const wantedReplicas = (d: Deployment): number => d.spec.replicas ?? 1
export const isRollingUpdate = (d: Deployment): boolean => d.spec.strategy?.type !== 'Recreate'

const sum = (sets: readonly ReplicaSet[], of: (rs: ReplicaSet) => number): number =>
  sets.reduce((total, rs) => total + of(rs), 0)

export const totalReplicas = (sets: readonly ReplicaSet[]): number => sum(sets, replicasOf)
export const actualReplicas = (sets: readonly ReplicaSet[]): number =>
  sum(sets, (rs) => rs.status?.replicas ?? 0)
export const availableReplicas = (sets: readonly ReplicaSet[]): number =>
  sum(sets, (rs) => rs.status?.availableReplicas ?? 0)
export const readyReplicas = (sets: readonly ReplicaSet[]): number =>
  sum(sets, (rs) => rs.status?.readyReplicas ?? 0)
export const activeSets = (sets: readonly ReplicaSet[]): readonly ReplicaSet[] =>
  sets.filter((rs) => replicasOf(rs) > 0)

/**
 * How many pods may be above and below the wanted number: percentages round up for the surge and
 * down for the unavailable; when both come out as 0, one may be unavailable.
 */
export function fenceposts(d: Deployment): {
  readonly surge: number
  readonly unavailable: number
} {
  if (!isRollingUpdate(d)) return { surge: 0, unavailable: 0 }
  const wanted = wantedReplicas(d)
  const { maxSurge = '25%', maxUnavailable = '25%' } = d.spec.strategy?.rollingUpdate ?? {}
  const surge = scaled(maxSurge, wanted, 'up')
  const unavailable = scaled(maxUnavailable, wanted, 'down')
  if (surge === 0 && unavailable === 0) return { surge: 0, unavailable: 1 }
  return { surge, unavailable }
}

const scaled = (value: IntOrString, total: number, round: 'up' | 'down'): number =>
  scaledValue(value, total, round) ?? 0

/** The unavailable fencepost, never above the wanted number itself. */
export function maxUnavailable(d: Deployment): number {
  return Math.min(fenceposts(d).unavailable, wantedReplicas(d))
}

/** Oldest first; of the same second, by name. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const [x, y] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
  if (x !== y) return x < y ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0
}

/** The ReplicaSet with the Deployment's present template (the oldest, if several) and the others. */
export function splitReplicaSets(
  d: Deployment,
  sets: readonly ReplicaSet[],
): { readonly current: ReplicaSet | undefined; readonly old: readonly ReplicaSet[] } {
  const current = [...sets]
    .sort(byAge)
    .find((rs) => sameTemplate(rs.spec.template, d.spec.template))
  return { current, old: sets.filter((rs) => rs !== current) }
}

/** Template equality apart from the `pod-template-hash` label. */
export function sameTemplate(
  a: PodTemplateSpec | undefined,
  b: PodTemplateSpec | undefined,
): boolean {
  if (!a || !b || !semanticEqual(a.spec, b.spec)) return false
  const { labels: labelsA, ...restA } = a.metadata ?? {}
  const { labels: labelsB, ...restB } = b.metadata ?? {}
  return semanticEqual(restA, restB) && semanticEqual(withoutHash(labelsA), withoutHash(labelsB))
}

function withoutHash(labels: { readonly [key: string]: string } | undefined): object {
  const { [templateHashLabel]: _hash, ...rest } = labels ?? {}
  return rest
}

/** The size that the new ReplicaSet may have now, given all others. */
export function newReplicaSetSize(
  d: Deployment,
  all: readonly ReplicaSet[],
  current: number,
): number {
  const wanted = wantedReplicas(d)
  if (!isRollingUpdate(d)) return wanted
  const { maxSurge = '25%' } = d.spec.strategy?.rollingUpdate ?? {}
  const room = wanted + scaled(maxSurge, wanted, 'up') - totalReplicas(all)
  if (room <= 0) return current
  return current + Math.min(room, wanted - current)
}

/** The next steps of a rolling update: up with the new if there is room, else down with the old. */
export function planRollingUpdate(
  d: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): readonly ScaleStep[] {
  const wanted = wantedReplicas(d)
  const size = replicasOf(current)
  const { name } = current.metadata
  if (size > wanted) return [{ name, to: wanted }]
  if (size < wanted) {
    const to = newReplicaSetSize(d, [...old, current], size)
    if (to !== size) return [{ name, to }]
  }
  return planScaleDown(d, current, activeSets(old))
}

function planScaleDown(
  d: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): readonly ScaleStep[] {
  if (old.length === 0) return []
  const minAvailable = wantedReplicas(d) - maxUnavailable(d)
  const newUnavailable = replicasOf(current) - (current.status?.availableReplicas ?? 0)
  const spare = totalReplicas([...old, current]) - minAvailable - newUnavailable
  if (spare <= 0) return []
  const oldest = [...old].sort(byAge)
  const sizes = new Map(oldest.map((rs) => [rs, replicasOf(rs)]))
  const steps: ScaleStep[] = []
  const shrink = (rs: ReplicaSet, by: number) => {
    const to = (sizes.get(rs) ?? 0) - by
    sizes.set(rs, to)
    steps.push({ name: rs.metadata.name, to })
  }
  let left = spare
  for (const rs of oldest) {
    const unhealthy = replicasOf(rs) - (rs.status?.availableReplicas ?? 0)
    const by = Math.min(left, unhealthy)
    if (by <= 0) continue
    shrink(rs, by)
    left -= by
  }
  left = availableReplicas([...old, current]) - minAvailable
  for (const rs of oldest) {
    const by = Math.min(left, sizes.get(rs) ?? 0)
    if (by <= 0) continue
    shrink(rs, by)
    left -= by
  }
  return steps
}

/** Sizes that follow a change of `spec.replicas`, spread over the active ReplicaSets by proportion. */
export function planScaling(
  d: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): readonly ScaleStep[] {
  const wanted = wantedReplicas(d)
  const single = activeOrLatest(current, old)
  if (single) return [{ name: single.metadata.name, to: wanted }]
  if (current && isSaturated(d, current)) {
    return activeSets(old).map(({ metadata }) => ({ name: metadata.name, to: 0 }))
  }
  if (!isRollingUpdate(d)) return []
  const active = activeSets(current ? [...old, current] : old)
  const allowed = wanted > 0 ? wanted + fenceposts(d).surge : 0
  const toAdd = allowed - totalReplicas(active)
  const sorted = [...active].sort(
    (a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)),
  )
  let added = 0
  const sizes = sorted.map((rs) => {
    const share = proportion(d, rs, toAdd, added)
    added += share
    return replicasOf(rs) + share
  })
  if (toAdd !== 0 && sizes[0] !== undefined) sizes[0] = Math.max(0, sizes[0] + toAdd - added)
  return sorted.map((rs, i) => ({ name: rs.metadata.name, to: sizes[i] as number }))
}

function activeOrLatest(
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): ReplicaSet | undefined {
  const active = activeSets(current ? [...old, current] : old)
  if (active.length > 1) return undefined
  if (active.length === 1) return active[0]
  return current ?? [...old].sort(byAge).at(-1)
}

function isSaturated(d: Deployment, current: ReplicaSet): boolean {
  const wanted = wantedReplicas(d)
  return (
    replicasOf(current) === wanted &&
    desiredReplicas(current) === wanted &&
    (current.status?.availableReplicas ?? 0) === wanted
  )
}

function proportion(d: Deployment, rs: ReplicaSet, toAdd: number, added: number): number {
  const size = replicasOf(rs)
  if (size === 0 || toAdd === 0 || toAdd === added) return 0
  const left = toAdd - added
  const share = fraction(d, rs)
  return toAdd > 0 ? Math.min(share, left) : Math.max(share, left)
}

function fraction(d: Deployment, rs: ReplicaSet): number {
  const wanted = wantedReplicas(d)
  const size = replicasOf(rs)
  if (wanted === 0) return -size
  const before = maxReplicasBefore(rs) || (d.status?.replicas ?? 0)
  if (before === 0) return 0
  return roundHalfAway((size * (wanted + fenceposts(d).surge)) / before) - size
}

const roundHalfAway = (x: number): number => (x < 0 ? -Math.round(-x) : Math.round(x))

/** Whether `spec.replicas` changed since the ReplicaSets were last sized. */
export function isScalingEvent(d: Deployment, sets: readonly ReplicaSet[]): boolean {
  return activeSets(sets).some((rs) => {
    const desired = desiredReplicas(rs)
    return desired !== undefined && desired !== wantedReplicas(d)
  })
}

/** Old ReplicaSets beyond the history limit, the lowest revisions first. */
export function planCleanup(
  d: Deployment,
  old: readonly ReplicaSet[],
  revisionOf: (rs: ReplicaSet) => number,
): readonly ReplicaSet[] {
  const limit = d.spec.revisionHistoryLimit ?? 10
  const alive = old.filter((rs) => !rs.metadata.deletionTimestamp)
  const excess = alive.length - limit
  if (excess <= 0) return []
  return alive
    .sort((a, b) => revisionOf(a) - revisionOf(b) || byAge(a, b))
    .slice(0, excess)
    .filter(
      (rs) =>
        (rs.status?.replicas ?? 0) === 0 &&
        replicasOf(rs) === 0 &&
        (rs.metadata.generation ?? 0) <= (rs.status?.observedGeneration ?? 0),
    )
}
