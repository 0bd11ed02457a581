import type { StatefulSet, StatefulSetStatus } from '../../api/generated/apps-v1'
import type { PersistentVolumeClaim, Pod, PodTemplateSpec } from '../../api/generated/core-v1'
import { STATEFULSETS } from '../../api/resources'
import type { Micros } from '../../sim/time'
import { controllerRef } from '../owners'
import { isPodAvailable, isPodReady } from '../pod-state'

export const revisionLabel = 'controller-revision-hash'
export const hashLabel = 'controller.kubernetes.io/hash'
const podNameLabel = 'statefulset.kubernetes.io/pod-name'
const podIndexLabel = 'apps.kubernetes.io/pod-index'

/** The ordinal in a pod's name, if it is one of this set's names. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const match = /^(.*)-(0|[1-9]\d*)$/.exec(pod.metadata.name)
  return match && match[1] === set.metadata.name ? Number(match[2]) : undefined
}

export type SetStep =
  | { readonly type: 'create'; readonly ordinal: number; readonly isUpdate: boolean }
  | { readonly type: 'delete'; readonly pod: Pod; readonly why: 'ended' | 'surplus' | 'update' }

export interface SetView {
  readonly set: StatefulSet
  readonly pods: readonly Pod[]
  /** Names of the revisions that old and new pods have. */
  readonly current: string
  readonly update: string
  readonly wall: Micros
}

/** Runs, is ready and is not on its way out. */
const isHealthy = (pod: Pod): boolean =>
  pod.status?.phase === 'Running' && isPodReady(pod) && !pod.metadata.deletionTimestamp

const hasEnded = (pod: Pod): boolean =>
  pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded'

const revisionOf = (pod: Pod): string => pod.metadata.labels?.[revisionLabel] ?? ''

/**
 * The next steps (C4). OrderedReady: the lowest ordinal that is missing or not available first, and
 * nothing else meanwhile; surplus pods from the highest, one at a time. Parallel: all at once. Then
 * a rolling update, from the highest ordinal down to the partition, one at a time.
 */
export function planSet(view: SetView): readonly SetStep[] {
  const { set, pods, update, wall } = view
  const isOrdered = set.spec.podManagementPolicy !== 'Parallel'
  const minReady = set.spec.minReadySeconds ?? 0
  const isFit = (pod: Pod) => isHealthy(pod) && isPodAvailable(pod, minReady, wall)
  const { first, last, byOrdinal, surplus } = arrange(set, pods)
  const steps: SetStep[] = []
  for (let ordinal = first; ordinal <= last; ordinal++) {
    const pod = byOrdinal.get(ordinal)
    if (!pod) {
      steps.push({ type: 'create', ordinal, isUpdate: isForUpdate(set, ordinal) })
      if (isOrdered) return steps
    } else if (hasEnded(pod)) {
      if (!pod.metadata.deletionTimestamp) steps.push({ type: 'delete', pod, why: 'ended' })
      if (isOrdered) return steps
    } else if (isOrdered && !isFit(pod)) return steps
  }
  const sick = surplus.filter((pod) => !isFit(pod)).at(-1)
  for (const pod of surplus) {
    if (pod.metadata.deletionTimestamp) {
      if (isOrdered) return steps
      continue
    }
    if (isOrdered && !isFit(pod) && pod !== sick) return steps
    steps.push({ type: 'delete', pod, why: 'surplus' })
    if (isOrdered) return steps
  }
  if (set.spec.updateStrategy?.type === 'OnDelete' || steps.length > 0) return steps
  const { partition = 0 } = set.spec.updateStrategy?.rollingUpdate ?? {}
  for (let ordinal = last; ordinal >= first + partition; ordinal--) {
    const pod = byOrdinal.get(ordinal)
    if (!pod) return steps
    if (revisionOf(pod) !== update && !pod.metadata.deletionTimestamp) {
      return [...steps, { type: 'delete', pod, why: 'update' }]
    }
    if (!isFit(pod)) return steps
  }
  return steps
}

function arrange(set: StatefulSet, pods: readonly Pod[]) {
  const first = set.spec.ordinals?.start ?? 0
  const last = first + (set.spec.replicas ?? 1) - 1
  const byOrdinal = new Map<number, Pod>()
  const surplus: { readonly ordinal: number; readonly pod: Pod }[] = []
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod)
    if (ordinal === undefined) continue
    if (ordinal < first || ordinal > last) surplus.push({ ordinal, pod })
    else byOrdinal.set(ordinal, pod)
  }
  surplus.sort((a, b) => b.ordinal - a.ordinal)
  return { first, last, byOrdinal, surplus: surplus.map(({ pod }) => pod) }
}

/** Below the partition a pod is made anew with the old revision. */
function isForUpdate(set: StatefulSet, ordinal: number): boolean {
  if (set.spec.updateStrategy?.type === 'OnDelete') return true
  const { partition = 0 } = set.spec.updateStrategy?.rollingUpdate ?? {}
  return ordinal >= (set.spec.ordinals?.start ?? 0) + partition
}

/** The status after the steps; a finished rolling update makes the new revision the current one. */
export function setStatus(view: SetView, steps: readonly SetStep[]): StatefulSetStatus {
  const { set, pods, current, update, wall } = view
  const minReady = set.spec.minReadySeconds ?? 0
  let [replicas, ready, available, onCurrent, onUpdate] = [0, 0, 0, 0, 0]
  const count = (revision: string, by: number) => {
    if (revision === current) onCurrent += by
    if (revision === update) onUpdate += by
  }
  for (const pod of pods) {
    replicas++
    if (pod.status?.phase === 'Running' && isPodReady(pod)) {
      ready++
      if (isPodAvailable(pod, minReady, wall)) available++
    }
    if (!pod.metadata.deletionTimestamp) count(revisionOf(pod), 1)
  }
  for (const step of steps) {
    if (step.type === 'create') {
      replicas++
      count(step.isUpdate ? update : current, 1)
    } else count(revisionOf(step.pod), -1)
  }
  const wanted = set.spec.replicas ?? 1
  const isDone =
    set.spec.updateStrategy?.type !== 'OnDelete' &&
    onUpdate === wanted &&
    ready === wanted &&
    replicas === wanted
  const { conditions, collisionCount = 0 } = set.status ?? {}
  const settled = isDone ? onUpdate : onCurrent
  return {
    observedGeneration: set.metadata.generation,
    replicas,
    ...(ready > 0 && { readyReplicas: ready }),
    ...(settled > 0 && { currentReplicas: settled }),
    ...(onUpdate > 0 && { updatedReplicas: onUpdate }),
    currentRevision: isDone ? update : current,
    updateRevision: update,
    collisionCount,
    ...(conditions && { conditions }),
    availableReplicas: available,
  }
}

const claimName = (claim: PersistentVolumeClaim, pod: string): string =>
  `${claim.metadata.name}-${pod}`

/** The claims that a pod of the set mounts, to be created if they are missing. */
export function claimsOf(set: StatefulSet, ordinal: number): readonly PersistentVolumeClaim[] {
  const { name, namespace } = set.metadata
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...template.metadata,
      name: claimName(template, `${name}-${ordinal}`),
      namespace,
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
    },
  }))
}

/** The pod with its identity: name, host name, labels and its own claims. */
export function statefulPod(
  set: StatefulSet,
  template: PodTemplateSpec,
  ordinal: number,
  revision: string,
): object {
  const { name: setName, namespace } = set.metadata
  const name = `${setName}-${ordinal}`
  const { labels, annotations, finalizers } = template.metadata ?? {}
  const claims = set.spec.volumeClaimTemplates ?? []
  const volumes = [
    ...claims.map((claim) => ({
      name: claim.metadata.name,
      persistentVolumeClaim: { claimName: claimName(claim, name) },
    })),
    ...(template.spec?.volumes ?? []).filter(
      (volume) => !claims.some((claim) => claim.metadata.name === volume.name),
    ),
  ]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName: `${setName}-`,
      namespace,
      labels: {
        ...labels,
        [podIndexLabel]: String(ordinal),
        [revisionLabel]: revision,
        [podNameLabel]: name,
      },
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [controllerRef(STATEFULSETS, set)],
    },
    spec: {
      ...template.spec,
      ...(volumes.length > 0 && { volumes }),
      hostname: name,
      ...(set.spec.serviceName && { subdomain: set.spec.serviceName }),
    },
  }
}
