import type { Pod } from '../api/generated/core-v1'
import type { SchedulingCycle } from './cycle'
import type { PreemptionOutcome } from './diagnosis'
import type { Cluster, Rejection } from './framework'
import type { NodeInfo, PodInfo } from './node-info'

export interface Victims {
  readonly node: string
  readonly pods: readonly Pod[]
}

const priorityOf = (pod: Pod): number => pod.spec.priority ?? 0
const startOf = (pod: Pod): string => pod.status.startTime ?? '9999'

/** More important first: higher priority, then longer running. */
function byImportance(a: PodInfo, b: PodInfo): number {
  const difference = priorityOf(b.pod) - priorityOf(a.pod)
  if (difference !== 0) return difference
  return startOf(a.pod) < startOf(b.pod) ? -1 : 1
}

/**
 * The least important pods whose going makes room on this node: all lower ones are taken away,
 * then as many as possible are let back in, the important ones first.
 */
function victimsOn(pod: PodInfo, node: NodeInfo, cycle: SchedulingCycle): Pod[] | undefined {
  const lower = [...node.pods.values()].filter((p) => priorityOf(p.pod) < priorityOf(pod.pod))
  if (lower.length === 0) return undefined
  for (const { pod: other } of lower) node.remove(other.metadata.uid ?? '')
  const victims: Pod[] = []
  const possible = cycle.reject(pod, node) === undefined
  for (const info of lower.sort(byImportance)) {
    node.add(info)
    if (!possible || cycle.reject(pod, node) === undefined) continue
    node.remove(info.pod.metadata.uid ?? '')
    victims.push(info.pod)
  }
  for (const info of lower) if (!node.pods.has(info.pod.metadata.uid ?? '')) node.add(info)
  return possible ? victims : undefined
}

/** Smaller is better, place by place: highest priority lost, sum of priorities, number of pods. */
function cost({ pods }: Victims): readonly number[] {
  const priorities = pods.map(priorityOf)
  const offset = 2 ** 31
  return [
    Math.max(...priorities),
    priorities.reduce((sum, priority) => sum + priority + offset, 0),
    pods.length,
  ]
}

function cheaper(a: Victims, b: Victims): boolean {
  const [first, second] = [cost(a), cost(b)]
  for (const [place, value] of first.entries()) {
    const other = second[place] as number
    if (value !== other) return value < other
  }
  const latest = (v: Victims) => v.pods.map(startOf).sort()[0] ?? ''
  return latest(a) > latest(b)
}

export type Preemption =
  | { readonly victims: Victims; readonly outcome: PreemptionOutcome }
  | { readonly victims: undefined; readonly outcome: PreemptionOutcome }

/** Looks for lower-priority pods to make room; disruption budgets are not weighed yet. */
export function preempt(
  pod: PodInfo,
  cluster: Cluster,
  rejected: ReadonlyMap<string, Rejection>,
  cycle: SchedulingCycle,
): Preemption {
  if (pod.pod.spec.preemptionPolicy === 'Never') {
    const why = 'not eligible due to preemptionPolicy=Never.'
    return { victims: undefined, outcome: { type: 'not eligible', why } }
  }
  if (waitsForVictims(pod, cluster, rejected)) {
    const why = 'not eligible due to a terminating pod on the nominated node.'
    return { victims: undefined, outcome: { type: 'not eligible', why } }
  }
  const helpless = new Map<string, boolean>()
  let best: Victims | undefined
  for (const [name, rejection] of rejected) {
    helpless.set(name, rejection.unresolvable)
    const node = cluster.nodes.get(name)
    if (rejection.unresolvable || !node) continue
    const pods = victimsOn(pod, node, cycle)
    if (!pods || pods.length === 0) continue
    const victims = { node: name, pods }
    if (!best || cheaper(victims, best)) best = victims
  }
  if (best) return { victims: best, outcome: { type: 'nominated' } }
  return { victims: undefined, outcome: { type: 'impossible', helpless } }
}

/** Victims on the node it was promised are still ending. */
function waitsForVictims(
  pod: PodInfo,
  cluster: Cluster,
  rejected: ReadonlyMap<string, Rejection>,
): boolean {
  const promised = pod.pod.status.nominatedNodeName
  if (!promised || rejected.get(promised)?.unresolvable) return false
  const others = cluster.nodes.get(promised)?.pods.values() ?? []
  for (const { pod: other } of others) {
    if (other.metadata.deletionTimestamp && priorityOf(other) < priorityOf(pod.pod)) return true
  }
  return false
}
