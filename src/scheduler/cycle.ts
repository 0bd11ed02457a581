import type { Random } from '../sim/random'
import { Attempt } from './attempt'
import type { Cluster, Refusal, Rejection, SchedulerPlugin, ScoreStep } from './framework'
import type { NodeInfo, PodInfo } from './node-info'

/** Points of the feasible nodes: `points[scorer × feasible + node]`, weights included. */
export interface Scores {
  readonly plugins: readonly string[]
  readonly points: Int32Array
}

/** What the scheduler found out about one pod: where it goes, or why nowhere. */
export interface Decision {
  /** The chosen node. */
  readonly node: string | undefined
  /** Why the pod as a whole is refused, without a look at the nodes. */
  readonly refusal: (Refusal & { readonly plugin: string }) | undefined
  /** Nodes there were. */
  readonly nodes: number
  readonly feasible: readonly NodeInfo[]
  readonly rejected: ReadonlyMap<string, Rejection>
  /** Undefined when there was nothing to choose between. */
  readonly scores: Scores | undefined
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
  readonly plugins: readonly SchedulerPlugin[]
  readonly random: Random
  /** Where the next pod's search begins, so that all nodes get their turn. */
  #nextStart = 0

  constructor(plugins: readonly SchedulerPlugin[], random: Random) {
    this.plugins = plugins
    this.random = random
  }

  decide(pod: PodInfo, cluster: Cluster): Decision {
    const nodes = cluster.nodeList.length
    const rejected = new Map<string, Rejection>()
    const nowhere = { node: undefined, nodes, feasible: [], rejected, scores: undefined }
    if (nodes === 0) return { ...nowhere, refusal: undefined }
    const attempt = new Attempt(this.plugins, pod, cluster)
    if (attempt.refusal) return { ...nowhere, refusal: attempt.refusal }
    const feasible = this.#feasible(attempt, rejected)
    if (feasible.length === 0) return { ...nowhere, refusal: undefined }
    const scores = feasible.length > 1 ? this.#score(pod, feasible, cluster) : undefined
    const chosen = scores ? this.#best(scores, feasible.length) : 0
    const { name } = feasible[chosen] as NodeInfo
    return { node: name, refusal: undefined, nodes, feasible, rejected, scores }
  }

  #feasible(attempt: Attempt, rejected: Map<string, Rejection>): NodeInfo[] {
    const promised = attempt.promised()
    if (promised && attempt.reject(promised) === undefined) return [promised]
    const nodes = attempt.candidates(rejected)
    const wanted = feasibleWanted(nodes.length)
    const feasible: NodeInfo[] = []
    let at = nodes.length > 0 ? this.#nextStart % nodes.length : 0
    let looked = 0
    for (; looked < nodes.length && feasible.length < wanted; looked++) {
      const node = nodes[at] as NodeInfo
      at = at + 1 === nodes.length ? 0 : at + 1
      const rejection = attempt.reject(node)
      if (rejection) rejected.set(node.name, rejection)
      else feasible.push(node)
    }
    this.#nextStart = at
    return feasible
  }

  #score(pod: PodInfo, feasible: readonly NodeInfo[], cluster: Cluster): Scores {
    const names: string[] = []
    const steps: ScoreStep[] = []
    const weights: number[] = []
    for (const plugin of this.plugins) {
      const step = plugin.scoreStep?.(pod, cluster, feasible)
      if (!step) continue
      names.push(plugin.name)
      steps.push(step)
      weights.push(plugin.weight ?? 1)
    }
    const count = feasible.length
    const points = new Int32Array(steps.length * count)
    for (let row = 0; row < steps.length; row++) {
      const step = steps[row] as ScoreStep
      const { score } = step
      const start = row * count
      for (let at = 0; at < count; at++) points[start + at] = score(feasible[at] as NodeInfo)
      step.normalize?.(points.subarray(start, start + count), feasible)
      const weight = weights[row] as number
      if (weight === 1) continue
      for (let at = start; at < start + count; at++) {
        points[at] = (points[at] as number) * weight
      }
    }
    return { plugins: names, points }
  }

  /** The place of the highest sum; among equals one by chance. */
  #best({ plugins, points }: Scores, count: number): number {
    let best = 0
    let equals = 0
    let highest = -1
    for (let node = 0; node < count; node++) {
      let sum = 0
      for (let row = 0; row < plugins.length; row++) sum += points[row * count + node] as number
      if (sum > highest) {
        highest = sum
        best = node
        equals = 1
      } else if (sum === highest) {
        equals++
        if (this.random.below(equals) === 0) best = node
      }
    }
    return best
  }
}
