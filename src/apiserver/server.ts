import { discoveryAnswer } from '../api/machinery/discovery'
import { openApiDocument, openApiIndex, swaggerDocument } from '../api/machinery/openapi'
import { isTrue, type RequestInfo, requestInfo } from '../api/machinery/request-info'
import {
  badRequestStatus,
  forbiddenStatus,
  internalErrorStatus,
  methodNotAllowedStatus,
  resourceNotFoundStatus,
} from '../api/machinery/status'
import type { ApiRequest, ApiResponse } from '../client/request'
import { apiServerPort, type WireRequest } from '../client/wire'
import { EtcdClient } from '../etcd/client'
import type { StreamEnd } from '../sim/network'
import type { Process, ProcessEnv, ProcessFactory } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { type Micros, millis, minutes, seconds } from '../sim/time'
import { authenticated } from './authentication'
import { authorize, denialText } from './authorization'
import { createBootstrapObjects } from './bootstrap'
import { waitAtMost } from './cache/deadline'
import { WatchCache } from './cache/watch-cache'
import { compactRegularly } from './compactor'
import { lookupsOf } from './handlers/admit'
import { type Backend, type ResourceRequest, refused } from './handlers/backend'
import { serveResource } from './handlers/resource'
import { serveWatch, watchNeedsStream } from './handlers/watch'
import { Health } from './health'
import { MasterEndpoints } from './master-endpoints'
import { corePlurals, type ServedResource, servedResource } from './resources'
import { rootPaths } from './root-paths'
import { type PortRange, ServicePools } from './service/pools'
import { LeasePool } from './storage/lease-pool'
import { ObjectStore } from './storage/object-store'

const bookmarkInterval: Micros = minutes(1)
const eventTtlSeconds = 3600
/** What is in flight when the server is told to end may take this long. */
const shutdownGrace: Micros = seconds(2)
const shutdownPoll: Micros = millis(50)

export interface ApiServerOptions {
  /** Machine names or addresses of the etcd members; the nearest first. */
  readonly etcdEndpoints: readonly string[]
  /** `--service-cluster-ip-range`: one IPv4 network. */
  readonly serviceCidr: string
  readonly nodePortRange: PortRange
  /** `--advertise-address`: where the other machines reach this server. */
  readonly advertiseAddress: string
}

/** What `inspect()` of a running server tells. */
export interface ApiServerInspection {
  readonly requestsServed: number
  readonly inFlight: number
  /** Requests that ended in a defect of the server: see the trace's `apiserver.panic`. */
  readonly panics: number
  readonly watchers: number
  readonly cacheRevision: number
  readonly ready: boolean
}

/**
 * kube-apiserver on port 6443. It keeps nothing that etcd does not have: any number of them can run
 * beside each other on one etcd cluster. `onCall` takes a `WireRequest` and answers an `ApiResponse`;
 * a watch comes as a stream and gets `WatchFrame`s.
 */
export function kubeApiserver(options: ApiServerOptions): ProcessFactory {
  return (env) => new ApiServer(env, options)
}

class ApiServer implements Process {
  readonly #env: ProcessEnv
  readonly #options: ApiServerOptions
  readonly #cache: WatchCache
  readonly #backend: Backend
  readonly #health: Health
  readonly #masters: MasterEndpoints
  #requestsServed = 0
  #inFlight = 0
  #panics = 0

  constructor(env: ProcessEnv, options: ApiServerOptions) {
    this.#env = env
    this.#options = options
    const etcd = new EtcdClient(env, options.etcdEndpoints)
    const cache = new WatchCache(env, etcd, corePlurals)
    const pools = new ServicePools(env, cache, options)
    this.#cache = cache
    this.#backend = {
      env,
      etcd,
      cache,
      pools,
      store: new ObjectStore(etcd, cache),
      eventLeases: new LeasePool(env, etcd, eventTtlSeconds),
      lookups: lookupsOf(cache),
    }
    this.#health = new Health({ clock: env.clock, etcd, cache, spawn: (task) => env.spawn(task) })
    this.#masters = new MasterEndpoints(this.#backend, {
      address: options.advertiseAddress,
      port: apiServerPort,
      clusterIP: pools.firstAddress,
    })
  }

  start(): void {
    const { network, spawn } = this.#env
    this.#cache.onInternalChange = (key) => this.#masters.keyChanged(key)
    this.#cache.start()
    network.listen(apiServerPort, {
      onCall: (request, reply) => {
        spawn(this.#call(request as WireRequest, reply))
      },
      onStream: (request, stream) => {
        spawn(this.#stream(request as WireRequest, stream))
      },
    })
    spawn(this.#runHooks())
    spawn(compactRegularly(this.#env, this.#backend.etcd))
    this.#scheduleBookmarks()
  }

  /** SIGTERM: no longer ready, out of the endpoints, then gone; what is in flight gets a moment. */
  stop(): void {
    if (this.#health.shuttingDown) return
    this.#health.shuttingDown = true
    this.#env.spawn(this.#shutDown())
  }

  inspect(): ApiServerInspection {
    return {
      requestsServed: this.#requestsServed,
      inFlight: this.#inFlight,
      panics: this.#panics,
      watchers: this.#cache.watchers,
      cacheRevision: this.#cache.revision,
      ready: this.#cache.ready && this.#health.hooksDone,
    }
  }

  *#shutDown(): Task<void> {
    const { clock, network, spawn } = this.#env
    network.unlisten(apiServerPort)
    const deadline = clock.monotonic() + shutdownGrace
    yield* waitAtMost(clock, spawn(this.#masters.leave()), shutdownGrace)
    while (this.#inFlight > 0 && clock.monotonic() < deadline) {
      yield* wait(clock.sleep(shutdownPoll, 'apiserver.shutdown'))
    }
    for (const watcher of [...this.#cache.allWatchers()]) watcher.end()
    this.#env.exit(0)
  }

  *#runHooks(): Task<void> {
    while (!(yield* this.#cache.untilReady(seconds(30))))
      this.#env.note('apiserver.waiting', 'etcd')
    yield* createBootstrapObjects(this.#backend)
    yield* this.#masters.begin()
    this.#health.hooksDone = true
    this.#env.note('apiserver.ready', '')
  }

  #scheduleBookmarks(): void {
    this.#env.clock.after(
      bookmarkInterval,
      () => {
        for (const watcher of this.#cache.allWatchers()) {
          if (watcher.wantsBookmarks) watcher.bookmark()
        }
        this.#scheduleBookmarks()
      },
      'apiserver.bookmark',
    )
  }

  *#call(wire: WireRequest, reply: (response: unknown) => void): Task<void> {
    this.#inFlight++
    let response: ApiResponse
    try {
      const routed = this.#route(wire)
      if ('response' in routed) response = routed.response
      else if (!isForResource(routed)) response = yield* this.#servePath(routed)
      else if (routed.info.verb === 'watch') response = refused(watchNeedsStream())
      else response = yield* serveResource(this.#backend, routed)
    } catch (error) {
      response = this.#panicked(wire, error)
    }
    this.#inFlight--
    this.#requestsServed++
    reply(response)
  }

  *#stream(wire: WireRequest, stream: StreamEnd): Task<void> {
    this.#requestsServed++
    let response: ApiResponse | undefined
    try {
      const routed = this.#route(wire)
      if ('response' in routed) response = routed.response
      else if (!isForResource(routed) || routed.info.verb !== 'watch') {
        response = refused(badRequestStatus('only a watch is served on a stream'))
      } else yield* serveWatch(this.#backend, routed, stream)
    } catch (error) {
      response = this.#panicked(wire, error)
    }
    if (!response) return
    stream.send({ type: 'end', response })
    stream.close()
  }

  /** One request must not take the server down: as in the real one, it gets a 500. */
  #panicked({ request }: WireRequest, error: unknown): ApiResponse {
    this.#panics++
    const why = error instanceof Error ? error.message : String(error)
    this.#env.note('apiserver.panic', `${request.method} ${request.path}: ${why}`)
    const text = 'This request caused apiserver to panic. Look in the logs for details.'
    return refused(internalErrorStatus(text))
  }

  /** What the request is for, by whom, and whether it may. */
  #route(wire: WireRequest): Routed | { readonly response: ApiResponse } {
    const request = withBody(wire.request)
    const query = request.query ?? {}
    const info = requestInfo(request.method, request.path, query)
    const user = authenticated(wire)
    if ('status' in user) return { response: refused(user.status) }
    const { identity } = user
    if (!authorize(identity, info).allowed) {
      const resource = { group: info.group, name: info.resource }
      const status = forbiddenStatus(resource, info.name, denialText(identity, info))
      return { response: refused(status) }
    }
    const now = this.#env.clock.wall()
    if (!info.isResource) return { request, info, query, user: identity, now, resource: undefined }
    const resource = servedResource(info.group, info.version, info.resource)
    if (!resource || isMisplaced(resource, info)) {
      return { response: refused(resourceNotFoundStatus()) }
    }
    return { request, info, query, user: identity, now, resource }
  }

  *#servePath(routed: Routed): Task<ApiResponse> {
    const { request, query } = routed
    const { path } = request
    const health = yield* this.#health.answer(path, isTrue(query.verbose) || query.verbose === '')
    if (health) return health
    const serverAddress = `${this.#options.advertiseAddress}:${apiServerPort}`
    const accept = request.accept
    const answer = discoveryAnswer({ path, ...(accept ? { accept } : undefined), serverAddress })
    if (answer) {
      if (request.method !== 'GET') return refused(methodNotAllowedStatus())
      return { status: 200, body: answer.body, headers: { 'Content-Type': answer.contentType } }
    }
    const document = openApiAnswer(path)
    if (document) return { status: 200, body: document }
    if (path === '/' || path === '') return { status: 200, body: { paths: rootPaths } }
    return refused(resourceNotFoundStatus())
  }
}

function openApiAnswer(path: string): object | undefined {
  if (path === '/openapi/v3') return openApiIndex()
  if (path === '/openapi/v2') return swaggerDocument()
  return path.startsWith('/openapi/v3/') ? openApiDocument(path.slice(12)) : undefined
}

/** No body is the empty text. */
function withBody(request: ApiRequest): ApiRequest {
  const { method, body } = request
  const needed = method === 'POST' || method === 'PUT' || method === 'PATCH'
  return needed && body === undefined ? { ...request, body: '' } : request
}

/** A cluster-scoped resource below a namespace's path. */
function isMisplaced(resource: ServedResource, info: RequestInfo): boolean {
  return !resource.namespaced && info.namespace !== '' && info.resource !== 'namespaces'
}

type Routed = Omit<ResourceRequest, 'resource'> & { readonly resource: ServedResource | undefined }

function isForResource(routed: Routed): routed is ResourceRequest {
  return routed.resource !== undefined
}
