import type { Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from '../generated/core-v1'

const integer = /^-?\d+$/

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
      const [limit = ''] = values
      if (value === undefined || !integer.test(value) || !integer.test(limit)) return false
      const difference = BigInt(value) - BigInt(limit)
      return operator === 'Gt' ? difference > 0n : difference < 0n
    }
    default:
      return false
  }
}

/** A term without any requirement matches nothing. */
export function nodeMatchesTerm(node: Node, term: NodeSelectorTerm): boolean {
  const { matchExpressions = [], matchFields = [] } = term
  if (matchExpressions.length + matchFields.length === 0) return false
  const labels = node.metadata.labels ?? {}
  const labelOf = (key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined)
  return (
    matchExpressions.every((r) => requirementHolds(r, labelOf(r.key))) &&
    matchFields.every((r) => r.key === 'metadata.name' && requirementHolds(r, node.metadata.name))
  )
}

/** Whether a pod's node selector and required node affinity allow a node. */
export function nodeFitsPod(node: Node, spec: PodSpec): boolean {
  const labels = node.metadata.labels ?? {}
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    if (!Object.hasOwn(labels, key) || labels[key] !== value) return false
  }
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !required || required.nodeSelectorTerms.some((term) => nodeMatchesTerm(node, term))
}
