import type { DaemonSet, DaemonSetStatus } from '../../api/generated/apps-v1'
import type { Node, Pod, PodSpec, Toleration } from '../../api/generated/core-v1'
import { scaledValue } from '../../api/machinery/int-or-string'
import { nodeFitsPod } from '../../api/machinery/node-selector'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { tolerates } from '../../api/machinery/toleration'
import { DAEMONSETS } from '../../api/resources'
import type { Micros } from '../../sim/time'
import { controllerRef } from '../owners'
import { isPodAvailable, isPodReady } from '../pod-state'

export const hashLabel = 'controller-revision-hash'
const generationLabel = 'pod-template-generation'
export const generationAnnotation = 'deprecated.daemonset.template.generation'

const exists = (key: string, effect: string): Toleration => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect,
})
const ownTolerations: readonly Toleration[] = [
  exists('not-ready', 'NoExecute'),
  exists('unreachable', 'NoExecute'),
  exists('disk-pressure', 'NoSchedule'),
  exists('memory-pressure', 'NoSchedule'),
  exists('pid-pressure', 'NoSchedule'),
  exists('unschedulable', 'NoSchedule'),
]

/** The spec of every daemon pod, apart from the node that it is for. */
export function daemonSpec(ds: DaemonSet): PodSpec {
  const spec = ds.spec.template.spec as PodSpec
  const tolerations = [...(spec.tolerations ?? [])]
  const own = spec.hostNetwork
    ? [...ownTolerations, exists('network-unavailable', 'NoSchedule')]
    : ownTolerations
  for (const toleration of own) {
    if (!tolerations.some((other) => semanticEqual(other, toleration))) tolerations.push(toleration)
  }
  return { ...spec, tolerations }
}

/** Node affinity to exactly one node, found by the default scheduler. */
export function daemonPod(ds: DaemonSet, spec: PodSpec, node: string, hash: string): object {
  const { labels, annotations, finalizers } = ds.spec.template.metadata ?? {}
  const generation = ds.metadata.annotations?.[generationAnnotation]
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${ds.metadata.name}-`,
      namespace: ds.metadata.namespace,
      labels: {
        ...labels,
        ...(generation && { [generationLabel]: generation }),
        [hashLabel]: hash,
      },
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [controllerRef(DAEMONSETS, ds)],
    },
    spec: {
      ...spec,
      affinity: {
        ...spec.affinity,
        nodeAffinity: {
          ...spec.affinity?.nodeAffinity,
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
        },
      },
    },
  }
}

/** The node that a daemon pod is on or made for. */
export function targetNode(pod: Pod): string {
  if (pod.spec.nodeName) return pod.spec.nodeName
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      ?.nodeSelectorTerms ?? []
  for (const { matchFields = [] } of terms) {
    for (const { key, operator, values = [] } of matchFields) {
      if (key === 'metadata.name' && operator === 'In' && values.length === 1)
        return values[0] ?? ''
    }
  }
  return ''
}

/** Whether a node shall get a daemon pod, and whether one that is there may stay. */
export function placement(
  spec: PodSpec,
  node: Node,
): { readonly start: boolean; readonly stay: boolean } {
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return { start: false, stay: false }
  if (!nodeFitsPod(node, spec)) return { start: false, stay: false }
  const tolerations = spec.tolerations ?? []
  let stay = true
  let start = true
  for (const taint of node.spec.taints ?? []) {
    if (taint.effect === 'PreferNoSchedule') continue
    if (tolerations.some((toleration) => tolerates(toleration, taint))) continue
    start = false
    if (taint.effect === 'NoExecute') stay = false
  }
  return { start, stay }
}

export interface DaemonView {
  readonly ds: DaemonSet
  readonly spec: PodSpec
  readonly nodes: readonly Node[]
  /** Claimed pods by node. */
  readonly pods: ReadonlyMap<string, readonly Pod[]>
  readonly hash: string
  readonly wall: Micros
}

export interface DaemonPlan {
  readonly create: readonly string[]
  readonly remove: readonly Pod[]
  readonly failed: readonly Pod[]
  readonly succeeded: readonly Pod[]
}

/** One pod on every node that is eligible, none elsewhere; ended pods are replaced (C5). */
export function planPlacement({ spec, nodes, pods }: DaemonView): DaemonPlan {
  const create: string[] = []
  const remove: Pod[] = []
  const failed: Pod[] = []
  const succeeded: Pod[] = []
  for (const node of nodes) {
    const { name } = node.metadata
    const here = pods.get(name) ?? []
    const { start, stay } = placement(spec, node)
    if (!stay) remove.push(...here.filter(isStaying))
    else if (here.length === 0) {
      if (start) create.push(name)
    } else {
      const running: Pod[] = []
      for (const pod of here.filter(isStaying)) {
        if (pod.status?.phase === 'Failed') failed.push(pod)
        else if (pod.status?.phase === 'Succeeded') succeeded.push(pod)
        else running.push(pod)
      }
      remove.push(...running.sort(oldestFirst).slice(1))
    }
  }
  const known = new Set(nodes.map(({ metadata }) => metadata.name))
  for (const [name, stranded] of pods) {
    if (known.has(name)) continue
    remove.push(...stranded.filter((pod) => !pod.spec.nodeName && isStaying(pod)))
  }
  return { create, remove, failed, succeeded }
}

const isStaying = (pod: Pod): boolean => !pod.metadata.deletionTimestamp

function oldestFirst(a: Pod, b: Pod): number {
  const [x, y] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
  if (!!a.spec.nodeName !== !!b.spec.nodeName) return a.spec.nodeName ? -1 : 1
  if (x !== y) return x < y ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : 1
}

const isCurrent = (pod: Pod, hash: string): boolean => pod.metadata.labels?.[hashLabel] === hash

/**
 * Old pods that a rolling update may delete now: those not available, and others as long as
 * `maxUnavailable` allows. `maxSurge` is not honoured: a new pod comes after the old one.
 */
export function planRollingUpdate(view: DaemonView): readonly Pod[] {
  const { ds, spec, nodes, pods, hash, wall } = view
  const minReady = ds.spec.minReadySeconds ?? 0
  const desired = nodes.filter((node) => placement(spec, node).start).length
  const { maxUnavailable = 1 } = ds.spec.updateStrategy?.rollingUpdate ?? {}
  let room = Math.max(1, scaledValue(maxUnavailable, desired, 'up') ?? 1)
  const replace: Pod[] = []
  const candidates: Pod[] = []
  for (const here of pods.values()) {
    const staying = here.filter(isStaying)
    const fresh = staying.filter((pod) => isCurrent(pod, hash))
    const old = staying.filter((pod) => !isCurrent(pod, hash))
    if (fresh.length + old.length !== 1) room--
    else if (fresh[0]) room -= isPodAvailable(fresh[0], minReady, wall) ? 0 : 1
    else if (old[0]) (isPodAvailable(old[0], minReady, wall) ? candidates : replace).push(old[0])
  }
  return [...replace, ...candidates.slice(0, Math.max(0, room))]
}

export function daemonStatus(view: DaemonView, observed: boolean): DaemonSetStatus {
  const { ds, spec, nodes, pods, hash, wall } = view
  const minReady = ds.spec.minReadySeconds ?? 0
  let [desired, current, misscheduled, ready, available, updated] = [0, 0, 0, 0, 0, 0]
  for (const node of nodes) {
    const [oldest] = [...(pods.get(node.metadata.name) ?? [])].sort(oldestFirst)
    if (!placement(spec, node).start) {
      if (oldest) misscheduled++
      continue
    }
    desired++
    if (!oldest) continue
    current++
    if (isPodReady(oldest)) ready++
    if (isPodAvailable(oldest, minReady, wall)) available++
    if (isCurrent(oldest, hash)) updated++
  }
  const generation = observed ? ds.metadata.generation : ds.status?.observedGeneration
  const { collisionCount, conditions } = ds.status ?? {}
  return {
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    desiredNumberScheduled: desired,
    numberReady: ready,
    ...(generation && { observedGeneration: generation }),
    ...(updated > 0 && { updatedNumberScheduled: updated }),
    ...(available > 0 && { numberAvailable: available }),
    ...(desired > available && { numberUnavailable: desired - available }),
    ...(collisionCount !== undefined && { collisionCount }),
    ...(conditions && { conditions }),
  }
}
