import type { Micros } from '../sim/time'
import type { Decision } from './cycle'
import type { NodeInfo, PodInfo } from './node-info'
import type { Victims } from './preemption'

/** How many decisions are remembered, and of how many nodes each tells. */
const decisionsMax = 200
const nodesMax = 100

export interface RejectedNode {
  readonly node: string
  readonly plugin: string
  readonly reasons: readonly string[]
}

export interface ScoredNode {
  readonly node: string
  readonly total: number
  /** Weighted points by plugin. */
  readonly points: { readonly [plugin: string]: number }
}

/** One decision as a funnel: all nodes, those no plugin rejects, their points, the chosen one. */
export interface DecisionReport {
  readonly pod: string
  readonly uid: string
  /** Virtual time in microseconds. */
  readonly at: Micros
  readonly node: string | undefined
  /** FailedScheduling's text. */
  readonly message: string | undefined
  /** Nodes in the cluster, and how many of them were looked at before enough were found. */
  readonly nodes: number
  readonly evaluated: number
  /** In the order the plugins are asked: how many nodes each took out. */
  readonly rejectedBy: { readonly [plugin: string]: number }
  /** 100 at most. */
  readonly rejected: readonly RejectedNode[]
  readonly feasible: number
  /** The best first, 100 at most; without points when there was nothing to choose between. */
  readonly scores: readonly ScoredNode[]
  readonly preemption: { readonly node: string; readonly victims: readonly string[] } | undefined
}

interface Entry {
  readonly pod: PodInfo
  readonly at: Micros
  readonly decision: Decision
  readonly message: string | undefined
  readonly victims: Victims | undefined
}

/** The last decision about each of the pods decided lately; told in full only when asked. */
export class DecisionLog {
  readonly #entries = new Map<string, Entry>()

  add(entry: Entry): void {
    const { uid } = entry.pod
    this.#entries.delete(uid)
    if (this.#entries.size >= decisionsMax) {
      this.#entries.delete(this.#entries.keys().next().value ?? '')
    }
    this.#entries.set(uid, entry)
  }

  delete(uid: string): void {
    this.#entries.delete(uid)
  }

  /** Oldest first. */
  reports(plugins: readonly string[]): DecisionReport[] {
    return [...this.#entries.values()].map((entry) => reportOf(entry, plugins))
  }
}

function reportOf(entry: Entry, plugins: readonly string[]): DecisionReport {
  const { pod, at, decision, message, victims } = entry
  const { refusal, rejected, feasible } = decision
  const counts = new Map<string, number>()
  if (refusal) counts.set(refusal.plugin, decision.nodes)
  for (const { plugin } of rejected.values()) counts.set(plugin, (counts.get(plugin) ?? 0) + 1)
  const inOrder = plugins.flatMap((plugin) => {
    const count = counts.get(plugin)
    return count === undefined ? [] : [[plugin, count] as const]
  })
  const { namespace, name } = pod.pod.metadata
  return {
    pod: `${namespace}/${name}`,
    uid: pod.uid,
    at,
    node: decision.node,
    message,
    nodes: decision.nodes,
    evaluated: feasible.length + rejected.size,
    rejectedBy: Object.fromEntries(inOrder),
    rejected: rejectedNodes(decision),
    feasible: feasible.length,
    scores: scoredNodes(decision),
    preemption: victims && {
      node: victims.node,
      victims: victims.pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    },
  }
}

function rejectedNodes({ rejected }: Decision): RejectedNode[] {
  const nodes: RejectedNode[] = []
  for (const [node, { plugin, reasons }] of rejected) {
    if (nodes.length === nodesMax) break
    nodes.push({ node, plugin, reasons })
  }
  return nodes
}

/** The weighted points of each feasible node, the best first. */
export function scoredNodes({ feasible, scores }: Decision, max = nodesMax): ScoredNode[] {
  const scored = feasible.map((node: NodeInfo, at): ScoredNode => {
    const points: { [plugin: string]: number } = {}
    let total = 0
    for (const [row, plugin] of (scores?.plugins ?? []).entries()) {
      const value = scores?.points[row * feasible.length + at] ?? 0
      points[plugin] = value
      total += value
    }
    return { node: node.name, total, points }
  })
  return scored.sort((a, b) => b.total - a.total).slice(0, max)
}
