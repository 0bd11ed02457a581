import type { Pod, Taint } from '../api/generated/core-v1'

export interface KubeletOptions {
  /** `host:port` of the API server or the balancer before it. */
  readonly server: string
  readonly nodeName: string
  readonly ip: string
  /** Quantities: `4`, `8Gi`, `100Gi`. */
  readonly capacity: {
    readonly cpu: string
    readonly memory: string
    readonly ephemeralStorage?: string
  }
  readonly maxPods: number
  readonly zone?: string
  readonly region?: string
  readonly labels?: { readonly [key: string]: string }
  readonly taints?: readonly Taint[]
  /** Manifests of the static pod folder. */
  readonly staticPods?: readonly Pod[]
  /** Registers the node with this pod range, where no controller hands out ranges. */
  readonly podCidr?: string
}
