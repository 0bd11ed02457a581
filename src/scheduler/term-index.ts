import type { AffinityTerm } from './affinity-term'
import type { NodeInfo } from './node-info'

/** One term that pods have in common, and on which nodes how many of them are. */
interface TermGroup {
  readonly term: AffinityTerm
  readonly nodes: Map<NodeInfo, number>
}

/**
 * Terms of placed pods, grouped: a thousand pods of one Deployment have one group, so that asking
 * which terms concern a new pod costs as much as there are different terms.
 */
export class TermIndex {
  readonly #groups = new Map<string, TermGroup>()

  get size(): number {
    return this.#groups.size
  }

  groups(): Iterable<TermGroup> {
    return this.#groups.values()
  }

  count(terms: readonly AffinityTerm[], node: NodeInfo, sign: 1 | -1): void {
    for (const term of terms) {
      const key = `${term.key} × ${term.weight}`
      let group = this.#groups.get(key)
      if (!group) {
        group = { term, nodes: new Map() }
        this.#groups.set(key, group)
      }
      const count = (group.nodes.get(node) ?? 0) + sign
      if (count > 0) group.nodes.set(node, count)
      else group.nodes.delete(node)
      if (group.nodes.size === 0) this.#groups.delete(key)
    }
  }
}
