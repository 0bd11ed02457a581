import type { Pod, Taint, Toleration } from '../../api/generated/core-v1'
import type { SchedulerPlugin } from '../framework'

/** The rule of core/v1: an empty key with Exists matches all, an empty effect every effect. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  switch (toleration.operator || 'Equal') {
    case 'Exists':
      return true
    case 'Equal':
      return !!toleration.key && (toleration.value ?? '') === (taint.value ?? '')
    case 'Lt':
    case 'Gt':
      return comparesAs(toleration, taint)
    default:
      return false
  }
}

/** Numeric tolerations: the taint's value is less (or greater) than the toleration's. */
function comparesAs(toleration: Toleration, taint: Taint): boolean {
  const [limit, value] = [toleration.value ?? '', taint.value ?? '']
  if (!/^-?\d+$/.test(limit) || !/^-?\d+$/.test(value)) return false
  const difference = BigInt(value) - BigInt(limit)
  return toleration.operator === 'Lt' ? difference < 0n : difference > 0n
}

function untolerated(pod: Pod, taints: readonly Taint[], effects: readonly string[]): Taint[] {
  return taints.filter(
    (taint) =>
      effects.includes(taint.effect) && !pod.spec.tolerations?.some((t) => tolerates(t, taint)),
  )
}

export const taintToleration: SchedulerPlugin = {
  name: 'TaintToleration',
  weight: 3,
  normalize: 'inverted',
  events: ['NodeAdd', 'NodeTaint', 'PodUpdate'],
  filter({ pod }, { node }) {
    const taints = node?.spec.taints
    if (!taints || untolerated(pod, taints, ['NoSchedule', 'NoExecute']).length === 0) {
      return undefined
    }
    const reasons = ['node(s) had untolerated taint(s)']
    return { plugin: 'TaintToleration', reasons, unresolvable: true }
  },
  score({ pod }, { node }) {
    const taints = node?.spec.taints
    return taints ? untolerated(pod, taints, ['PreferNoSchedule']).length : 0
  },
}
