import type { Pod } from '../api/generated/core-v1'
import type { NodeInfo } from './node-info'

/** Which placed pods to count. Queries of one key must mean the same. */
export interface PodQuery {
  readonly key: string
  matches(pod: Pod): boolean
}

/** A standing count of the pods a query matches, by node; nodes without any are absent. */
export class PodTally {
  readonly query: PodQuery
  readonly counts = new Map<NodeInfo, number>()

  constructor(query: PodQuery) {
    this.query = query
  }

  count(pod: Pod, node: NodeInfo, sign: 1 | -1): void {
    if (!this.query.matches(pod)) return
    const count = (this.counts.get(node) ?? 0) + sign
    if (count > 0) this.counts.set(node, count)
    else this.counts.delete(node)
  }
}

const talliesMax = 256

/** The tallies asked for lately; every pod that comes or goes is counted in each of them. */
export class PodTallies {
  readonly #tallies = new Map<string, PodTally>()

  get(query: PodQuery, nodes: Iterable<NodeInfo>): PodTally {
    const known = this.#tallies.get(query.key)
    if (known) {
      this.#tallies.delete(query.key)
      this.#tallies.set(query.key, known)
      return known
    }
    const tally = new PodTally(query)
    for (const node of nodes) {
      for (const { pod } of node.pods.values()) tally.count(pod, node, 1)
    }
    if (this.#tallies.size >= talliesMax) {
      this.#tallies.delete(this.#tallies.keys().next().value ?? '')
    }
    this.#tallies.set(query.key, tally)
    return tally
  }

  count(pod: Pod, node: NodeInfo, sign: 1 | -1): void {
    for (const tally of this.#tallies.values()) tally.count(pod, node, sign)
  }

  /** What queries depend on beside the pods has changed. */
  clear(): void {
    this.#tallies.clear()
  }
}
