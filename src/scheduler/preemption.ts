import type { Pod } from '../api/generated/core-v1'
import type { Random } from '../sim/random'
import { Attempt } from './attempt'
import { allows, type Budget, budgetsFor } from './budgets'
import type { Decision, SchedulingCycle } from './cycle'
import type { PreemptionOutcome } from './diagnosis'
import type { Cluster } from './framework'
import { type NodeInfo, type PodInfo, priorityOf } from './node-info'

export interface Victims {
  readonly node: string
  /** Most important first. */
  readonly pods: readonly Pod[]
  /** How many of them a disruption budget would rather keep. */
  readonly violations: number
}

/** A pod that has not begun counts as begun just now. */
const notBegun = '9999'
const startOf = (pod: Pod): string => pod.status.startTime ?? notBegun

/** Of how many candidates at least the best is taken before looking no further. */
const candidatesMin = 100
const candidatesPercent = 10

const helpless = ['Preemption is not helpful for scheduling']
const noVictims = ['No preemption victims found for incoming pod']

/** More important first: higher priority, then longer running; of those not begun the later one. */
function byImportance(a: PodInfo, b: PodInfo): number {
  const difference = priorityOf(b.pod) - priorityOf(a.pod)
  if (difference !== 0) return difference
  const [first, second] = [startOf(a.pod), startOf(b.pod)]
  return first === second ? 0 : first < second ? -1 : 1
}

function mostImportantFirst(pods: readonly PodInfo[]): PodInfo[] {
  const begun = pods.filter(({ pod }) => startOf(pod) !== notBegun)
  const others = pods.filter(({ pod }) => startOf(pod) === notBegun).reverse()
  return [...begun, ...others].sort(byImportance)
}

/**
 * The least important pods whose going makes room on this node: all lower ones are taken away, then
 * as many as possible are let back in, first those that budgets protect, the important ones first.
 * Otherwise the reasons why that does not help.
 */
function victimsOn(
  attempt: Attempt,
  node: NodeInfo,
  budgets: readonly Budget[],
): Victims | readonly string[] {
  const priority = priorityOf(attempt.pod.pod)
  const lower = [...node.pods.values()].filter(({ pod }) => priorityOf(pod) < priority)
  if (lower.length === 0) return noVictims
  for (const other of lower) attempt.suppose(other, node, -1)
  const rejection = attempt.reject(node)
  const victims: Pod[] = []
  let violations = 0
  const reprieve = (other: PodInfo): boolean => {
    attempt.suppose(other, node, 1)
    if (attempt.reject(node) === undefined) return true
    attempt.suppose(other, node, -1)
    victims.push(other.pod)
    return false
  }
  if (!rejection) {
    const { protectedPods, others } = allows(budgets, mostImportantFirst(lower))
    for (const other of protectedPods) if (!reprieve(other)) violations++
    for (const other of others) reprieve(other)
  }
  for (const other of lower) if (!node.pods.has(other.uid)) attempt.suppose(other, node, 1)
  if (rejection) return rejection.reasons
  if (victims.length === 0) return noVictims
  victims.sort((a, b) => priorityOf(b) - priorityOf(a))
  return { node: node.name, pods: victims, violations }
}

/** When the longest running of the most important victims began. */
function earliestStart({ pods }: Victims): string {
  const highest = Math.max(...pods.map(priorityOf))
  let earliest = notBegun
  for (const pod of pods) {
    if (priorityOf(pod) === highest && startOf(pod) < earliest) earliest = startOf(pod)
  }
  return earliest
}

/** Smaller is better, place by place. */
function cost({ pods, violations }: Victims): readonly number[] {
  const priorities = pods.map(priorityOf)
  const offset = 2 ** 31
  return [
    violations,
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
  return earliestStart(a) > earliestStart(b)
}

export interface Preemption {
  readonly victims: Victims | undefined
  readonly outcome: PreemptionOutcome
}

/** Looks for lower-priority pods to make room for one that fits nowhere. Changes nothing. */
export function preempt(
  pod: PodInfo,
  cluster: Cluster,
  { rejected }: Decision,
  { plugins, random }: SchedulingCycle,
): Preemption {
  if (pod.pod.spec.preemptionPolicy === 'Never') {
    return notEligible('not eligible due to preemptionPolicy=Never.')
  }
  if (waitsForVictims(pod, cluster, rejected)) {
    return notEligible('not eligible due to a terminating pod on the nominated node.')
  }
  const reasons = new Map<string, readonly string[]>()
  const promising: NodeInfo[] = []
  for (const [name, { unresolvable }] of rejected) {
    const node = cluster.nodes.get(name)
    if (unresolvable || !node) reasons.set(name, helpless)
    else promising.push(node)
  }
  const attempt = new Attempt(plugins, pod, cluster)
  const best = cheapest(promising, random, (node) => {
    const found = victimsOn(attempt, node, budgetsFor(cluster, node))
    if ('pods' in found) return found
    reasons.set(node.name, found)
    return undefined
  })
  if (best) return { victims: best, outcome: { type: 'nominated' } }
  return { victims: undefined, outcome: { type: 'impossible', reasons } }
}

function notEligible(why: string): Preemption {
  return { victims: undefined, outcome: { type: 'not eligible', why } }
}

/** Looks from a random node on, until there are candidates enough. */
function cheapest(
  nodes: readonly NodeInfo[],
  random: Random,
  victimsOf: (node: NodeInfo) => Victims | undefined,
): Victims | undefined {
  if (nodes.length === 0) return undefined
  const wanted = Math.max(candidatesMin, Math.floor((nodes.length * candidatesPercent) / 100))
  const start = nodes.length > wanted ? random.below(nodes.length) : 0
  let best: Victims | undefined
  let found = 0
  for (let looked = 0; looked < nodes.length && found < wanted; looked++) {
    const victims = victimsOf(nodes[(start + looked) % nodes.length] as NodeInfo)
    if (!victims) continue
    found++
    if (!best || cheaper(victims, best)) best = victims
  }
  return best
}

/** Victims on the node it was promised are still ending. */
function waitsForVictims(pod: PodInfo, cluster: Cluster, rejected: Decision['rejected']): boolean {
  const promised = cluster.nominations.nodeOf(pod.uid) ?? pod.pod.status.nominatedNodeName
  if (!promised || rejected.get(promised)?.unresolvable) return false
  for (const { pod: other } of cluster.nodes.get(promised)?.pods.values() ?? []) {
    if (priorityOf(other) < priorityOf(pod.pod) && endsByPreemption(other)) return true
  }
  return false
}

function endsByPreemption({ metadata, status }: Pod): boolean {
  if (!metadata.deletionTimestamp) return false
  return !!status.conditions?.some(
    ({ type, status: is, reason }) =>
      type === 'DisruptionTarget' && is === 'True' && reason === 'PreemptionByScheduler',
  )
}
