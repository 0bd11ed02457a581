import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
} from '../../api/generated/core-v1'
import { proportional, type Rejection, type SchedulerPlugin } from '../framework'

function requirementHolds(
  requirement: NodeSelectorRequirement,
  value: string | undefined,
): boolean {
  const { operator, values = [] } = requirement
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
    case 'Lt': {
      if (value === undefined || !/^-?\d+$/.test(value)) return false
      const difference = BigInt(value) - BigInt(values[0] ?? '0')
      return operator === 'Gt' ? difference > 0n : difference < 0n
    }
    default:
      return false
  }
}

/** A term without any requirement matches nothing. */
export function termMatches(term: NodeSelectorTerm, node: Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term
  if (matchExpressions.length + matchFields.length === 0) return false
  const labels = node.metadata.labels ?? {}
  return (
    matchExpressions.every((r) => requirementHolds(r, labels[r.key])) &&
    matchFields.every((r) => r.key === 'metadata.name' && requirementHolds(r, node.metadata.name))
  )
}

function requiredTerms(pod: Pod): readonly NodeSelectorTerm[] | undefined {
  return pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ?.nodeSelectorTerms
}

/** Whether the pod asks for certain nodes at all. */
export function isChoosy({ spec }: Pod): boolean {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !!required || !!spec.nodeSelector
}

/** The pod's node selector and required node affinity. */
export function matchesRequired(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {}
  for (const [key, value] of Object.entries(pod.spec.nodeSelector ?? {})) {
    if (labels[key] !== value) return false
  }
  const terms = requiredTerms(pod)
  return !terms || terms.some((term) => termMatches(term, node))
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
      reject: ({ node }) => (node && matchesRequired(pod, node) ? undefined : rejection),
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
          if (node && weight !== 0 && termMatches(preference, node)) sum += weight
        }
        return sum
      },
      normalize: proportional,
    }
  },
  helps: ({ pod }, change) => !('node' in change) || matchesRequired(pod, change.node),
}
