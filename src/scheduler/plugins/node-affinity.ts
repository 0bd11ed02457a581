import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
} from '../../api/generated/core-v1'
import type { SchedulerPlugin } from '../framework'

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
function termMatches(term: NodeSelectorTerm, node: Node): boolean {
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

function matchesRequired(pod: Pod, node: Node): boolean {
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

export const nodeAffinity: SchedulerPlugin = {
  name: 'NodeAffinity',
  weight: 2,
  normalize: 'proportional',
  events: ['NodeAdd', 'NodeLabel'],
  preFilter({ pod }) {
    const all = new Set<string>()
    const terms = requiredTerms(pod)
    if (!terms || terms.length === 0) return undefined
    for (const term of terms) {
      const named = namedNodes(term)
      if (!named) return undefined
      for (const name of named) all.add(name)
    }
    return all
  },
  filter({ pod }, { node }) {
    if (node && matchesRequired(pod, node)) return undefined
    const reasons = ["node(s) didn't match Pod's node affinity/selector"]
    return { plugin: 'NodeAffinity', reasons, unresolvable: true }
  },
  preScore({ pod }) {
    const preferred =
      pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution
    return !!preferred && preferred.length > 0
  },
  score({ pod }, { node }) {
    let sum = 0
    const preferred =
      pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution
    for (const { weight, preference } of preferred ?? []) {
      if (node && weight !== 0 && termMatches(preference, node)) sum += weight
    }
    return sum
  },
}
