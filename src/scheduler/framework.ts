import type { Node, Pod } from '../api/generated/core-v1'
import type { NodeInfo, PodInfo } from './node-info'
import type { Nominations } from './nominations'
import type { PodQuery, PodTally } from './pod-tally'
import type { Surroundings } from './surroundings'
import type { TermIndex } from './term-index'

/**
 * Why a node is out. `unresolvable`: no preemption could make room. Several reasons of one plugin
 * are counted each.
 */
export interface Rejection {
  readonly plugin: string
  readonly reasons: readonly string[]
  readonly unresolvable: boolean
}

/** What changed in the cluster and may make a refusal void. */
export type ClusterChange =
  | {
      readonly type: 'NodeAdd' | 'NodeAllocatable' | 'NodeLabel' | 'NodeTaint' | 'NodeUnschedulable'
      readonly node: Node
    }
  | {
      readonly type: 'AssignedPodAdd' | 'AssignedPodLabels' | 'AssignedPodDelete'
      readonly pod: Pod
    }
  | { readonly type: 'Storage' }

export type ClusterEvent = ClusterChange['type']

/** All that plugins may know of the cluster. Kept up to date by changes, not worked out anew. */
export interface Cluster {
  readonly nodes: ReadonlyMap<string, NodeInfo>
  /** The same nodes in the order they are looked at: one zone after the other in turn. */
  readonly nodeList: readonly NodeInfo[]
  /** On how many nodes an image is. */
  nodesWithImage(name: string): number
  /** How many placed pods answer a query, by node. */
  tally(query: PodQuery): PodTally
  /** Required anti-affinity terms of placed pods. */
  readonly antiAffinity: TermIndex
  /** Terms of placed pods that make nodes better or worse for others. */
  readonly preferences: TermIndex
  /** Room promised to pods that wait for their victims to go. */
  readonly nominations: Nominations
  readonly surroundings: Surroundings
}

/** A plugin's part in one pod's search for feasible nodes. */
export interface FilterStep {
  /** Names of the only nodes worth looking at, when the pod itself names them. */
  readonly only?: ReadonlySet<string>
  /** A function of its own, not a method: it is called without its step. */
  readonly reject: (node: NodeInfo) => Rejection | undefined
  /** What if this pod were on that node too (`sign` 1) or not any more (−1)? */
  supposed?(other: PodInfo, node: NodeInfo, sign: 1 | -1): void
}

/** The pod cannot be placed anywhere, whatever the nodes are like. */
export interface Refusal {
  readonly refusal: string
}

/** A plugin's part in rating the feasible nodes of one pod. */
export interface ScoreStep {
  /** Any whole number; without `normalize` 0 … 100. A function of its own, as `reject`. */
  readonly score: (node: NodeInfo) => number
  /** Scales the points to 0 … 100 in place. `nodes` has the same order. */
  normalize?(points: Int32Array, nodes: readonly NodeInfo[]): void
}

/**
 * An extension of the scheduling cycle. Both steps are made once per pod and may be left out for it
 * (undefined), which must be cheap; they change nothing outside themselves.
 */
export interface SchedulerPlugin {
  readonly name: string
  filterStep?(pod: PodInfo, cluster: Cluster): FilterStep | Refusal | undefined
  scoreStep?(pod: PodInfo, cluster: Cluster, feasible: readonly NodeInfo[]): ScoreStep | undefined
  readonly weight?: number
  /** Changes after which a pod this plugin refused is worth another try. */
  readonly events: readonly ClusterEvent[]
  /** A closer look at one of `events`: false when it cannot help this pod. */
  helps?(waiting: PodInfo, change: ClusterChange, cluster: Cluster): boolean
}

export const scoreMax = 100

/** Scaled so that the best has 100. */
export function proportional(points: Int32Array): void {
  let highest = 0
  for (const point of points) if (point > highest) highest = point
  if (highest === 0) return
  for (let at = 0; at < points.length; at++) {
    points[at] = Math.floor(((points[at] as number) * scoreMax) / highest)
  }
}

/** Scaled so that the worst has 0 and what has no point 100. */
export function inverted(points: Int32Array): void {
  proportional(points)
  for (let at = 0; at < points.length; at++) points[at] = scoreMax - (points[at] as number)
}
