import type { Cluster, FilterStep, Refusal, Rejection, SchedulerPlugin } from './framework'
import type { NodeInfo, PodInfo } from './node-info'

/** The filters of all plugins for one pod, at one moment of the cluster. */
export class Attempt {
  readonly pod: PodInfo
  /** The first plugin that refuses the pod as a whole. */
  readonly refusal: (Refusal & { readonly plugin: string }) | undefined
  readonly #cluster: Cluster
  readonly #steps: FilterStep[] = []
  readonly #names: string[] = []
  /** The steps' questions alone, for they are asked for every node. */
  readonly #rejects: FilterStep['reject'][] = []

  constructor(plugins: readonly SchedulerPlugin[], pod: PodInfo, cluster: Cluster) {
    this.pod = pod
    this.#cluster = cluster
    for (const plugin of plugins) {
      const step = plugin.filterStep?.(pod, cluster)
      if (!step) continue
      if ('refusal' in step) {
        this.refusal = { refusal: step.refusal, plugin: plugin.name }
        return
      }
      this.#steps.push(step)
      this.#names.push(plugin.name)
      this.#rejects.push(step.reject)
    }
  }

  /** The node this pod was promised when others were evicted for it. */
  promised(): NodeInfo | undefined {
    const name = this.#cluster.nominations.nodeOf(this.pod.uid)
    return name === undefined ? undefined : this.#cluster.nodes.get(name)
  }

  /** The nodes worth looking at; notes why the others are not. */
  candidates(rejected: Map<string, Rejection>): readonly NodeInfo[] {
    let nodes = this.#cluster.nodeList
    for (const [position, { only }] of this.#steps.entries()) {
      if (!only) continue
      const plugin = this.#names[position] as string
      const reasons = [`node(s) didn't satisfy plugin(s) [${plugin}]`]
      const rejection = { plugin, reasons, unresolvable: true }
      for (const { name } of nodes) if (!only.has(name)) rejected.set(name, rejection)
      nodes = nodes.filter(({ name }) => only.has(name))
    }
    return nodes
  }

  /**
   * The first reason against this node, if any. Pods that were promised the node and must not be
   * pushed aside count as placed; but the pod must fit without them too, for they may go elsewhere.
   */
  reject(node: NodeInfo): Rejection | undefined {
    const { nominations } = this.#cluster
    if (nominations.size === 0) return this.#filter(node)
    const nominated = nominations.notBelow(this.pod, node.name)
    if (nominated.length === 0) return this.#filter(node)
    for (const other of nominated) this.suppose(other, node, 1)
    const rejection = this.#filter(node)
    for (const other of nominated) this.suppose(other, node, -1)
    return rejection ?? this.#filter(node)
  }

  /** Puts a pod on a node (1) or takes it away (−1) for the filters' eyes; to be undone. */
  suppose(other: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    if (sign === 1) node.add(other)
    else node.remove(other.uid)
    for (const step of this.#steps) step.supposed?.(other, node, sign)
  }

  #filter(node: NodeInfo): Rejection | undefined {
    const rejects = this.#rejects
    for (let at = 0; at < rejects.length; at++) {
      const rejection = (rejects[at] as FilterStep['reject'])(node)
      if (rejection) return rejection
    }
    return undefined
  }
}
