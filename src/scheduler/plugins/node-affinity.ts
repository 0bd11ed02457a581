import type { NodeSelectorTerm, Pod } from '../../api/generated/core-v1'
import { nodeFitsPod, nodeMatchesTerm } from '../../api/machinery/node-selector'
import { proportional, type Rejection, type SchedulerPlugin } from '../framework'

function requiredTerms(pod: Pod): readonly NodeSelectorTerm[] | undefined {
  return pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ?.nodeSelectorTerms
}

/** Whether the pod asks for certain nodes at all. */
export function isChoosy({ spec }: Pod): boolean {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !!required || !!spec.nodeSelector
}

/** The nodes a term names by `metadata.name`; undefined when it does not name any. */
function namedNodes(term: NodeSelectorTerm): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined
  for (const { key, operator, values = [] } of term.matchFields ?? []) {
    if (key !== 'metadata.name' || operator !== 'In') continue
    named = new Set(values.filter((value) => !named || named.has(value)))
  }
  return named
}

/** The only nodes that can match, when every required term names some. */
function onlyNodes(pod: Pod): ReadonlySet<string> | undefined {
  const terms = requiredTerms(pod)
  if (!terms || terms.length === 0) return undefined
  const all = new Set<string>()
  for (const term of terms) {
    const named = namedNodes(term)
    if (!named) return undefined
    for (const name of named) all.add(name)
  }
  return all
}

const rejection: Rejection = {
  plugin: 'NodeAffinity',
  reasons: ["node(s) didn't match Pod's node affinity/selector"],
  unresolvable: true,
}

export const nodeAffinity: SchedulerPlugin = {
  name: 'NodeAffinity',
  weight: 2,
  events: ['NodeAdd', 'NodeLabel'],
  filterStep({ pod }) {
    if (!isChoosy(pod)) return undefined
    return {
      only: onlyNodes(pod),
      reject: ({ node }) => (node && nodeFitsPod(node, pod.spec) ? undefined : rejection),
    }
  },
  scoreStep({ pod }) {
    const preferred =
      pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution
    if (!preferred || preferred.length === 0) return undefined
    return {
      score({ node }) {
        let sum = 0
        for (const { weight, preference } of preferred) {
          if (node && weight !== 0 && nodeMatchesTerm(node, preference)) sum += weight
        }
        return sum
      },
      normalize: proportional,
    }
  },
  helps: ({ pod }, change) => !('node' in change) || nodeFitsPod(change.node, pod.spec),
}
