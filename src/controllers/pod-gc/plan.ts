import type { Pod, PodStatus } from '../../api/generated/core-v1'
import { isPodTerminal, withPodCondition } from '../pod-state'

const outOfServiceTaint = 'node.kubernetes.io/out-of-service'

/** Terminated pods beyond the threshold: evicted ones first, then the oldest. */
export function excessTerminated(pods: readonly Pod[], threshold: number): readonly Pod[] {
  if (threshold <= 0) return []
  const terminated = pods.filter(isPodTerminal)
  const excess = terminated.length - threshold
  if (excess <= 0) return []
  return terminated.sort(byEvictionAndAge).slice(0, excess)
}

function byEvictionAndAge(a: Pod, b: Pod): number {
  const [x, y] = [isEvicted(a), isEvicted(b)]
  if (x !== y) return x ? -1 : 1
  const [c, d] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
  if (c !== d) return c < d ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : 1
}

const isEvicted = (pod: Pod): boolean =>
  pod.status.phase === 'Failed' && pod.status.reason === 'Evicted'

/** Deleted before they were ever bound: no kubelet will finish them. */
export function unscheduledTerminating(pods: readonly Pod[]): readonly Pod[] {
  return pods.filter((pod) => pod.metadata.deletionTimestamp && !pod.spec.nodeName)
}

/** Terminating pods on nodes that are not ready and marked out of service by an administrator. */
export function outOfService(
  pods: readonly Pod[],
  node: (name: string) => NodeView | undefined,
): readonly Pod[] {
  return pods.filter((pod) => {
    if (!pod.metadata.deletionTimestamp || !pod.spec.nodeName) return false
    const at = node(pod.spec.nodeName)
    return at !== undefined && !at.ready && at.taints.includes(outOfServiceTaint)
  })
}

export interface NodeView {
  readonly ready: boolean
  readonly taints: readonly string[]
}

/** What is written to a pod before it is removed by force; undefined when it is terminal already. */
export function failedStatus(
  pod: Pod,
  now: string,
  disruption?: { readonly reason: string; readonly message: string },
): PodStatus | undefined {
  if (isPodTerminal(pod)) return undefined
  const status: PodStatus = { ...pod.status, phase: 'Failed' }
  if (!disruption) return status
  const { generation } = pod.metadata
  return {
    ...status,
    conditions: withPodCondition(pod.status.conditions, {
      type: 'DisruptionTarget',
      ...(generation && { observedGeneration: generation }),
      status: 'True',
      lastTransitionTime: now,
      ...disruption,
    }),
  }
}
