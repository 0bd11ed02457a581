import type { Random } from '../sim/random'
import { type Cluster, normalizeScores, type Rejection, type SchedulerPlugin } from './framework'
import type { NodeInfo, PodInfo } from './node-info'

/** What the scheduler found out about one pod: where it goes, or why nowhere. */
export interface Decision {
  /** The chosen node. */
  readonly node: string | undefined
  /** Nodes looked at before enough were found. */
  readonly evaluated: number
  readonly rejected: ReadonlyMap<string, Rejection>
  /** Weighted points of each plugin, by node. */
  readonly scores: ReadonlyMap<string, { readonly [plugin: string]: number }>
}

/** Fewer feasible nodes than this are never enough to stop looking. */
const feasibleMin = 100
const percentMin = 5

/** Kube-scheduler's adaptive sampling: half of 100 nodes, a twentieth of very many. */
export function feasibleWanted(nodes: number): number {
  if (nodes < feasibleMin) return nodes
  const percent = Math.max(percentMin, 50 - Math.floor(nodes / 125))
  return Math.max(feasibleMin, Math.floor((nodes * percent) / 100))
}

/** One scheduling cycle after another over the same plugins. Synchronous; changes nothing. */
export class SchedulingCycle {
  readonly #plugins: readonly SchedulerPlugin[]
  readonly #random: Random
  /** Where the next pod's search begins, so that all nodes get their turn. */
  #nextStart = 0

  constructor(plugins: readonly SchedulerPlugin[], random: Random) {
    this.#plugins = plugins
    this.#random = random
  }

  decide(pod: PodInfo, cluster: Cluster): Decision {
    const rejected = new Map<string, Rejection>()
    const feasible = this.#filter(pod, cluster, rejected)
    const evaluated = feasible.length + rejected.size
    if (feasible.length === 0) return { node: undefined, evaluated, rejected, scores: new Map() }
    const only = feasible[0] as NodeInfo
    if (feasible.length === 1) {
      return { node: only.name, evaluated, rejected, scores: new Map() }
    }
    const scores = this.#score(pod, feasible, cluster)
    return { node: this.#best(scores), evaluated, rejected, scores }
  }

  /** The first plugin's reason against this node, if any. */
  reject(pod: PodInfo, node: NodeInfo): Rejection | undefined {
    for (const plugin of this.#plugins) {
      const rejection = plugin.filter?.(pod, node)
      if (rejection) return rejection
    }
    return undefined
  }

  #filter(pod: PodInfo, cluster: Cluster, rejected: Map<string, Rejection>): NodeInfo[] {
    const all = [...cluster.nodes.values()]
    const allowed = this.#preFilter(pod, all, rejected)
    const wanted = feasibleWanted(allowed.length)
    const feasible: NodeInfo[] = []
    let looked = 0
    for (; looked < allowed.length && feasible.length < wanted; looked++) {
      const node = allowed[(this.#nextStart + looked) % allowed.length] as NodeInfo
      const rejection = this.reject(pod, node)
      if (rejection) rejected.set(node.name, rejection)
      else feasible.push(node)
    }
    if (allowed.length > 0) this.#nextStart = (this.#nextStart + looked) % allowed.length
    return feasible
  }

  #preFilter(pod: PodInfo, all: NodeInfo[], rejected: Map<string, Rejection>): NodeInfo[] {
    let allowed = all
    for (const plugin of this.#plugins) {
      const names = plugin.preFilter?.(pod)
      if (!names) continue
      const reasons = [`node(s) didn't satisfy plugin(s) [${plugin.name}]`]
      allowed = allowed.filter(({ name }) => {
        if (names.has(name)) return true
        rejected.set(name, { plugin: plugin.name, reasons, unresolvable: true })
        return false
      })
    }
    return allowed
  }

  #score(
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    cluster: Cluster,
  ): Map<string, { [plugin: string]: number }> {
    const table = new Map(nodes.map((node) => [node.name, {} as { [plugin: string]: number }]))
    for (const plugin of this.#plugins) {
      const { score, normalize, weight = 1 } = plugin
      if (!score || plugin.preScore?.(pod, cluster) === false) continue
      const points = nodes.map((node) => score(pod, node, cluster))
      if (normalize) normalizeScores(points, normalize)
      for (const [position, node] of nodes.entries()) {
        const row = table.get(node.name)
        if (row) row[plugin.name] = (points[position] as number) * weight
      }
    }
    return table
  }

  /** The highest sum; among equals one by chance. */
  #best(scores: ReadonlyMap<string, { readonly [plugin: string]: number }>): string {
    let best: string[] = []
    let highest = -1
    for (const [node, row] of scores) {
      const sum = Object.values(row).reduce((total, points) => total + points, 0)
      if (sum > highest) {
        highest = sum
        best = [node]
      } else if (sum === highest) best.push(node)
    }
    return best[this.#random.below(best.length)] as string
  }
}
