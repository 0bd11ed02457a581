import type { Node, Taint, Toleration } from '../../api/generated/core-v1'
import { tolerates } from '../../api/machinery/toleration'

/** What NoExecute taints mean for a pod: it may stay, must go now, or may stay so many seconds. */
export type Stay = 'forever' | { readonly seconds: number }

export function noExecuteTaints(node: Node | undefined): readonly Taint[] {
  return (node?.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
}

/** The shortest `tolerationSeconds` counts; an untolerated taint evicts at once. */
export function stayOf(taints: readonly Taint[], tolerations: readonly Toleration[]): Stay {
  let shortest: number | undefined
  for (const taint of taints) {
    const toleration = tolerations.find((candidate) => tolerates(candidate, taint))
    if (!toleration) return { seconds: 0 }
    const { tolerationSeconds } = toleration
    if (tolerationSeconds === undefined) continue
    const seconds = Math.max(0, tolerationSeconds)
    if (shortest === undefined || seconds < shortest) shortest = seconds
  }
  return shortest === undefined ? 'forever' : { seconds: shortest }
}
