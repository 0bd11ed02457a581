import type { NodeInfo, PodInfo } from './node-info'

/**
 * Why a node is out. `unresolvable`: no preemption could make room. Several reasons of one plugin
 * are counted each.
 */
export interface Rejection {
  readonly plugin: string
  readonly reasons: readonly string[]
  readonly unresolvable: boolean
}

/** What changed in the cluster; a plugin names those that may make its refusals void. */
export type ClusterEvent =
  | 'NodeAdd'
  | 'NodeAllocatable'
  | 'NodeLabel'
  | 'NodeTaint'
  | 'NodeUnschedulable'
  | 'AssignedPodDelete'
  | 'PodUpdate'

export interface Cluster {
  readonly nodes: ReadonlyMap<string, NodeInfo>
  /** On how many nodes an image is. */
  nodesWithImage(name: string): number
}

/** An extension of the scheduling cycle. Each method is pure in the pod and the node's state. */
export interface SchedulerPlugin {
  readonly name: string
  /** Names of the only nodes worth looking at, when the pod itself names them. */
  preFilter?(pod: PodInfo): ReadonlySet<string> | undefined
  filter?(pod: PodInfo, node: NodeInfo): Rejection | undefined
  /** False: the plugin has nothing to say about this pod. */
  preScore?(pod: PodInfo, cluster: Cluster): boolean
  /** Before normalising: any whole number. After: 0 … 100. */
  score?(pod: PodInfo, node: NodeInfo, cluster: Cluster): number
  /** `proportional`: scaled so that the best has 100. `inverted`: the least has 100. */
  readonly normalize?: 'proportional' | 'inverted'
  readonly weight?: number
  readonly events: readonly ClusterEvent[]
}

export const scoreMax = 100

export function normalizeScores(scores: number[], how: 'proportional' | 'inverted'): void {
  const highest = Math.max(0, ...scores)
  for (const [position, score] of scores.entries()) {
    const scaled = highest === 0 ? 0 : Math.floor((score * scoreMax) / highest)
    const inverted = highest === 0 ? scoreMax : scoreMax - scaled
    scores[position] = how === 'inverted' ? inverted : scaled
  }
}
