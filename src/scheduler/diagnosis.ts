import type { Rejection } from './framework'

/** `2 node(s) were unschedulable, 1 Insufficient cpu`, in the order kube-scheduler sorts them. */
function counted(reasons: Iterable<string>): string {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const texts = [...counts].map(([reason, count]) => `${count} ${reason}`)
  return texts.sort().join(', ')
}

/** How the attempt to make room ended. */
export type PreemptionOutcome =
  | { readonly type: 'nominated' }
  | { readonly type: 'not eligible'; readonly why: string }
  /** By node: true when removing pods could not help there at all. */
  | { readonly type: 'impossible'; readonly helpless: ReadonlyMap<string, boolean> }

export const noNodesMessage = 'no nodes available to schedule pods'

function preemptionText(outcome: PreemptionOutcome, nodes: number): string {
  if (outcome.type === 'nominated') return ''
  const prefix = ' no new claims to deallocate, preemption:'
  if (outcome.type === 'not eligible') return `${prefix} ${outcome.why}`
  const reasons = [...outcome.helpless.values()].map((helpless) =>
    helpless
      ? 'Preemption is not helpful for scheduling'
      : 'No preemption victims found for incoming pod',
  )
  return `${prefix} 0/${nodes} nodes are available: ${counted(reasons)}.`
}

/** The message of FailedScheduling and of the PodScheduled condition. */
export function unschedulableMessage(
  nodes: number,
  rejected: ReadonlyMap<string, Rejection>,
  preemption: PreemptionOutcome,
): string {
  if (nodes === 0) return noNodesMessage
  const reasons = [...rejected.values()].flatMap((rejection) => rejection.reasons)
  const text = `0/${nodes} nodes are available: ${counted(reasons)}.`
  return text + preemptionText(preemption, nodes)
}
