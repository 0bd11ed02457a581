import type { Pod, Taint } from '../../api/generated/core-v1'
import { tolerates } from '../../api/machinery/toleration'
import { inverted, type Rejection, type SchedulerPlugin } from '../framework'

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
