import type { Decision } from './cycle'

/** `2 node(s) were unschedulable, 1 Insufficient cpu`, in the order kube-scheduler sorts them. */
function counted(all: Iterable<readonly string[]>): string {
  const counts = new Map<string, number>()
  for (const reasons of all) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  const texts = [...counts].map(([reason, count]) => `${count} ${reason}`)
  return texts.sort().join(', ')
}

/** How the attempt to make room ended. */
export type PreemptionOutcome =
  | { readonly type: 'nominated' }
  | { readonly type: 'not eligible'; readonly why: string }
  /** By node: why removing pods does not help there. */
  | { readonly type: 'impossible'; readonly reasons: ReadonlyMap<string, readonly string[]> }

const noNodesMessage = 'no nodes available to schedule pods'

function preemptionText(outcome: PreemptionOutcome, nodes: number): string {
  if (outcome.type === 'nominated') return ''
  const prefix = ' no new claims to deallocate, preemption:'
  if (outcome.type === 'not eligible') return `${prefix} ${outcome.why}`
  const reasons = counted(outcome.reasons.values())
  return `${prefix} 0/${nodes} nodes are available: ${reasons}.`
}

/**
 * The message of FailedScheduling and of the PodScheduled condition. After a refusal of the pod as a
 * whole the real scheduler's next step finds no state and adds `not found`; people search for that.
 */
export function unschedulableMessage(
  { nodes, refusal, rejected }: Decision,
  preemption: PreemptionOutcome | undefined,
): string {
  if (nodes === 0) return noNodesMessage
  const prefix = `0/${nodes} nodes are available:`
  if (refusal) return `${prefix} ${refusal.refusal}. not found`
  const reasons: (readonly string[])[] = []
  for (const rejection of rejected.values()) reasons.push(rejection.reasons)
  const why = reasons.length > 0 ? ` ${counted(reasons)}.` : ''
  return prefix + why + (preemption ? preemptionText(preemption, nodes) : '')
}
