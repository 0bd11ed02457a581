import { ApiClient } from '../client/api-client'
import type { ApiRequest, ApiResponse, Identity } from '../client/request'
import type { WatchHandle, WatchSink } from '../client/transport'
import type { Process, ProcessEnv } from '../sim/process'
import type { Future } from '../sim/task'
import { seconds } from '../sim/time'

/** The administrator that kubeadm's admin.conf names. */
export const administrator: Identity = {
  user: 'kubernetes-admin',
  groups: ['kubeadm:cluster-admins', 'system:masters', 'system:authenticated'],
}

/** Longer than any request may take at the server. */
const requestTimeout = seconds(70)

/** The user's own computer: what the page and kubectl send enters the simulation here. */
export class Outside implements Process {
  readonly env: ProcessEnv
  readonly #client: ApiClient

  constructor(env: ProcessEnv, server: string) {
    this.env = env
    this.#client = new ApiClient(env, {
      server,
      identity: administrator,
      userAgent: 'kubarium',
      timeout: requestTimeout,
    })
  }

  start(): void {
    this.env.note('outside.ready', '')
  }

  send<T>(request: ApiRequest): Future<ApiResponse<T>> {
    return this.env.spawn(this.#client.send<T>(request))
  }

  watch(request: ApiRequest, sink: WatchSink): WatchHandle {
    return this.#client.openWatch(request, sink)
  }
}
