import type { Future } from '../sim/task'
import type { Micros } from '../sim/time'
import type { PodHttpRequest } from './cri'
import type { HttpAnswer } from './programs/server'

/** How a request made inside a pod ended; status 0 with a reason when no answer came. */
export interface HttpOutcome {
  readonly status: number
  readonly body: string
  readonly error?: string
  readonly pod?: string
  readonly node?: string
  readonly latencyMicros: Micros
}

/** What the network finds behind a pod's address. */
export interface PodPort {
  readonly namespace: string
  readonly name: string
  /** True when a program of the pod has that port open. */
  listens(port: number): boolean
  /** Undefined: the connection is taken but no HTTP is spoken there. */
  answer(port: number, request: PodHttpRequest): HttpAnswer | undefined
}

/** The network plugin as the runtime calls it (CNI). The composition root provides one. */
export interface PodNetworkPlugin {
  /** False until the node's pod range is known. */
  readonly ready: boolean
  configure(podCidr: string): void
  /** Gives a sandbox its address; undefined when the range is used up. */
  attach(
    sandboxId: string,
    pod: PodPort,
    options: {
      readonly hostNetwork: boolean
      readonly hostPorts: readonly { readonly hostPort: number; readonly containerPort: number }[]
    },
  ): string | undefined
  detach(sandboxId: string): void
  /** Forgets all sandboxes: what the plugin's records hold after the runtime's death. */
  reset(): void
  http(fromIp: string, url: string, timeout: Micros): Future<HttpOutcome>
}
