import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodSpec,
} from '../api/generated/core-v1'

/** Whether a pod's node selector and required node affinity allow a node. */
export function fitsNode(spec: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {}
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    if (labels[key] !== value) return false
  }
  const terms =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return !terms || terms.some((term) => matches(term, node))
}

function matches({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node) {
  if (matchExpressions.length + matchFields.length === 0) return false
  const labels = node.metadata.labels ?? {}
  return (
    matchExpressions.every((r) => holds(r, labels[r.key])) &&
    matchFields.every((r) => r.key === 'metadata.name' && holds(r, node.metadata.name))
  )
}

function holds({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined) {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default: {
      if (value === undefined || !/^-?\d+$/.test(value)) return false
      const difference = Number(value) - Number(values[0])
      return operator === 'Gt' ? difference > 0 : difference < 0
    }
  }
}
