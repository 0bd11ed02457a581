import type { Pod } from '../api/generated/core-v1'

/** Name of the pod informer's index by the node that a pod is bound to; '' for none. */
export const byNode = 'node'

export function nodeIndex(pod: Pod): readonly string[] {
  return [pod.spec.nodeName ?? '']
}
