import type { Pod, Taint, Toleration } from '../../api/generated/core-v1'
import { inverted, type Rejection, type SchedulerPlugin } from '../framework'

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

/** Effects that keep a pod from being placed. */
const hardEffects: readonly string[] = ['NoSchedule', 'NoExecute']
const softEffects: readonly string[] = ['PreferNoSchedule']

function untolerated(pod: Pod, taints: readonly Taint[], effects: readonly string[]): number {
  let count = 0
  for (const taint of taints) {
    if (!effects.includes(taint.effect)) continue
    if (!pod.spec.tolerations?.some((toleration) => tolerates(toleration, taint))) count++
  }
  return count
}

/** Whether no taint of the node keeps the pod away. */
export function toleratesNode(pod: Pod, taints: readonly Taint[] | undefined): boolean {
  return !taints || untolerated(pod, taints, hardEffects) === 0
}

const rejection: Rejection = {
  plugin: 'TaintToleration',
  reasons: ['node(s) had untolerated taint(s)'],
  unresolvable: true,
}

export const taintToleration: SchedulerPlugin = {
  name: 'TaintToleration',
  weight: 3,
  events: ['NodeAdd', 'NodeTaint'],
  filterStep: ({ pod }) => ({
    reject: ({ taints }) => (toleratesNode(pod, taints) ? undefined : rejection),
  }),
  scoreStep: ({ pod }) => ({
    score: ({ taints }) => (taints ? untolerated(pod, taints, softEffects) : 0),
    normalize: inverted,
  }),
  helps: ({ pod }, change) => !('node' in change) || toleratesNode(pod, change.node.spec.taints),
}
