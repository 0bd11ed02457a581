import type { Pod } from '../api/generated/core-v1'
import { parseTime } from '../api/machinery/time'
import type { Micros } from '../sim/time'
import { isPodReady, maxRestarts, readySince } from './pod-state'

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost'
const phaseOrder: { readonly [phase: string]: number } = { Pending: 0, Unknown: 1, Running: 2 }

/**
 * The pods that a shrinking controller deletes, the least useful first (kubernetes.io/docs,
 * ReplicaSet, "Scaling down a ReplicaSet"): unassigned, pending, not ready, low deletion cost,
 * crowded on their node, ready for a short time, often restarted, young. Ages count by orders of
 * magnitude (LogarithmicScaleDown), equal ones by uid. `related` are the active pods of all
 * controllers with the same owner: they make a node crowded.
 */
export function podsToDelete(
  pods: readonly Pod[],
  related: readonly Pod[],
  count: number,
  now: Micros,
): readonly Pod[] {
  if (count >= pods.length) return pods
  const onNode = new Map<string, number>()
  for (const { spec } of related) {
    if (spec.nodeName) onNode.set(spec.nodeName, (onNode.get(spec.nodeName) ?? 0) + 1)
  }
  const ranked = pods.map((pod) => rank(pod, onNode.get(pod.spec.nodeName ?? '') ?? 0, now))
  ranked.sort(compare)
  return ranked.slice(0, count).map(({ pod }) => pod)
}

interface Ranked {
  readonly pod: Pod
  /** Compared one after the other; the lower goes first. */
  readonly order: readonly number[]
}

function rank(pod: Pod, crowd: number, now: Micros): Ranked {
  const ready = isPodReady(pod)
  const created = parseTime(pod.metadata.creationTimestamp ?? '') ?? now
  return {
    pod,
    order: [
      pod.spec.nodeName ? 1 : 0,
      phaseOrder[pod.status?.phase ?? ''] ?? 0,
      ready ? 1 : 0,
      deletionCost(pod),
      -crowd,
      ready ? magnitude(now - (readySince(pod) ?? now)) : 0,
      -maxRestarts(pod),
      magnitude(now - created),
    ],
  }
}

function compare(a: Ranked, b: Ranked): number {
  for (let i = 0; i < a.order.length; i++) {
    const difference = (a.order[i] as number) - (b.order[i] as number)
    if (difference !== 0) return difference
  }
  const [first, second] = [a.pod.metadata.uid ?? '', b.pod.metadata.uid ?? '']
  return first < second ? -1 : first > second ? 1 : 0
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCostAnnotation] ?? ''
  return /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0
}

/** Binary order of magnitude of an age in nanoseconds, as Go measures it; -1 for none. */
function magnitude(age: Micros): number {
  if (age <= 0) return -1
  let nanoseconds = age * 1000
  let order = 0
  while (nanoseconds >= 0x1_0000_0000) {
    nanoseconds /= 2
    order++
  }
  return order + 31 - Math.clz32(nanoseconds)
}
