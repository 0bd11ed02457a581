import { type KubeObject, type ResourceRef, resourcePath } from '../api/object'
import type { CallResult } from '../sim/network'
import type { ProcessEnv } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { type Micros, seconds } from '../sim/time'
import { TokenBucket } from './rate-limit'
import type { ApiRequest, ApiResponse, Identity, Result, WatchEvent } from './request'
import { failureOf, resultOf } from './result'
import type { WatchHandle, WatchSink } from './transport'
import type { WatchFrame, WireRequest } from './wire'

export interface ClientOptions {
  /** `host:port` of the API server or the balancer before it. */
  readonly server: string
  readonly identity: Identity
  readonly userAgent: string
  /** Requests per second and burst, as client-go's flags; unlimited when absent. */
  readonly qps?: number
  readonly burst?: number
  readonly timeout?: Micros
}

export interface ObjectList<T> {
  readonly items: readonly T[]
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
}

export interface ListOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** '0' allows any cached state; absent demands the latest. */
  readonly resourceVersion?: string
}

export interface Where {
  readonly namespace?: string
  readonly name: string
  readonly subresource?: string
}

export type PatchType = 'json' | 'merge' | 'strategic-merge'

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

const defaultTimeout = seconds(30)

const patchContentTypes: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  'strategic-merge': 'application/strategic-merge-patch+json',
}

/** A typed client for processes inside the simulation. Failures are values, never exceptions. */
export class ApiClient {
  readonly #env: ProcessEnv
  readonly #options: ClientOptions
  readonly #bucket: TokenBucket | undefined

  constructor(env: ProcessEnv, options: ClientOptions) {
    this.#env = env
    this.#options = options
    const { qps, burst } = options
    if (qps) this.#bucket = new TokenBucket(env.clock, qps, burst ?? qps)
  }

  /** The same server and limits for another identity or name. */
  as(identity: Identity, userAgent: string): ApiClient {
    return new ApiClient(this.#env, { ...this.#options, identity, userAgent })
  }

  get identity(): Identity {
    return this.#options.identity
  }

  *send<T>(request: ApiRequest): Task<ApiResponse<T>> {
    const delay = this.#bucket?.reserve() ?? 0
    if (delay > 0) yield* wait(this.#env.clock.sleep(delay, 'client.throttle'))
    const { server, timeout = defaultTimeout } = this.#options
    const call = this.#env.network.call(server, this.#wrap(request), timeout, 'api.request')
    const answer = (yield call) as CallResult
    if (answer.ok) return answer.value as ApiResponse<T>
    return { status: 0, body: failureOf(request, server, answer.error) }
  }

  *request<T>(request: ApiRequest): Task<Result<T>> {
    return resultOf<T>(yield* this.send<T>(request))
  }

  get<T extends KubeObject>(
    ref: ResourceRef<T>,
    where: Where,
    resourceVersion?: string,
  ): Task<Result<T>> {
    const query = resourceVersion === undefined ? undefined : { resourceVersion }
    return this.request<T>({ method: 'GET', path: resourcePath(ref, where), query })
  }

  list<T extends KubeObject>(
    ref: ResourceRef<T>,
    options: ListOptions = {},
  ): Task<Result<ObjectList<T>>> {
    return this.request({
      method: 'GET',
      path: resourcePath(ref, { namespace: options.namespace }),
      query: listQuery(options),
    })
  }

  create<T extends KubeObject>(ref: ResourceRef<T>, object: object): Task<Result<T>> {
    const { namespace } = (object as KubeObject).metadata
    return this.request<T>({ method: 'POST', path: resourcePath(ref, { namespace }), body: object })
  }

  /** POSTs to a subresource such as `binding` or `eviction`. */
  createSubresource<T>(ref: ResourceRef, where: Where, body: object): Task<Result<T>> {
    return this.request<T>({ method: 'POST', path: resourcePath(ref, where), body })
  }

  update<T extends KubeObject>(
    ref: ResourceRef<T>,
    object: T,
    subresource?: string,
  ): Task<Result<T>> {
    const { namespace, name } = object.metadata
    const path = resourcePath(ref, { namespace, name, subresource })
    return this.request<T>({ method: 'PUT', path, body: object })
  }

  updateStatus<T extends KubeObject>(ref: ResourceRef<T>, object: T): Task<Result<T>> {
    return this.update(ref, object, 'status')
  }

  patch<T extends KubeObject>(
    ref: ResourceRef<T>,
    where: Where,
    type: PatchType,
    body: object,
  ): Task<Result<T>> {
    return this.request<T>({
      method: 'PATCH',
      path: resourcePath(ref, where),
      contentType: patchContentTypes[type],
      body,
    })
  }

  delete(ref: ResourceRef, where: Where, options?: DeleteOptions): Task<Result<unknown>> {
    const body = options && { apiVersion: 'v1', kind: 'DeleteOptions', ...options }
    return this.request({ method: 'DELETE', path: resourcePath(ref, where), body })
  }

  /** A watch of a collection; `sink.onClose` comes once, last. */
  watch<T extends KubeObject>(
    ref: ResourceRef<T>,
    options: ListOptions & { readonly timeoutSeconds?: number },
    sink: WatchSink<T>,
  ): WatchHandle {
    const { namespace, timeoutSeconds } = options
    const query = {
      ...listQuery(options),
      watch: 'true',
      allowWatchBookmarks: 'true',
      ...(timeoutSeconds ? { timeoutSeconds: String(timeoutSeconds) } : {}),
    }
    return this.openWatch({ method: 'GET', path: resourcePath(ref, { namespace }), query }, sink)
  }

  /** A request that is a watch already. */
  openWatch<T>(request: ApiRequest, sink: WatchSink<T>): WatchHandle {
    const { server } = this.#options
    const stream = this.#env.network.stream(server, this.#wrap(request), 'api.watch')
    stream.onMessage = (message) => {
      const frame = message as WatchFrame
      if (frame.type === 'open') sink.onOpen?.()
      else if (frame.type === 'end') {
        stream.close()
        sink.onClose(frame.response)
      } else for (const event of frame.events) sink.onEvent(event as WatchEvent<T>)
    }
    stream.onClose = (reason) => {
      sink.onClose({ status: 0, body: failureOf(request, server, reason) })
    }
    return { close: () => stream.close() }
  }

  #wrap(request: ApiRequest): WireRequest {
    return {
      request: { userAgent: this.#options.userAgent, ...request },
      identity: this.#options.identity,
    }
  }
}

function listQuery(options: ListOptions): { [name: string]: string } {
  const query: { [name: string]: string } = {}
  if (options.labelSelector) query.labelSelector = options.labelSelector
  if (options.fieldSelector) query.fieldSelector = options.fieldSelector
  if (options.resourceVersion !== undefined) query.resourceVersion = options.resourceVersion
  return query
}
