import type { Status } from '../../api/generated/meta-v1'
import {
  badRequestStatus,
  methodNotAllowedStatus,
  resourceVersionTooOldStatus,
} from '../../api/machinery/status'
import type { KubeObject } from '../../api/object'
import type { ApiResponse, WatchEvent } from '../../client/request'
import type { WatchFrame } from '../../client/wire'
import type { StreamEnd } from '../../sim/network'
import type { Timer } from '../../sim/process'
import type { Task } from '../../sim/task'
import { seconds } from '../../sim/time'
import type { ResourceCache } from '../cache/resource-cache'
import { type ObjectFilter, selects, Watcher } from '../cache/watcher'
import { eventForm } from '../response'
import { type Backend, type ResourceRequest, refused, stalenessStatus } from './backend'
import { type ListOptions, listOptions } from './list-options'

/** Without a time-out of the client's a watch lives this long, and up to twice as long. */
const timeoutMinSeconds = 1800
/** A last bookmark comes this long before the end. */
const farewellSeconds = 2

/** Serves one watch until its time is up, the client leaves, or the cache begins anew. */
export function* serveWatch(
  backend: Backend,
  request: ResourceRequest,
  stream: StreamEnd,
): Task<void> {
  const { resource } = request
  if (!resource.verbs.has('watch')) {
    refuse(stream, methodNotAllowedStatus())
    return
  }
  const options = listOptions(request, true)
  if (!options.ok) {
    refuse(stream, options.status)
    return
  }
  const start = watchStart(options.value)
  const { cache } = backend
  const freshness =
    start.freshAt === undefined ? yield* cache.fresh() : yield* cache.reach(start.freshAt)
  if (!freshness.ok) refuse(stream, stalenessStatus(freshness))
  else if (stream.open) open(backend, request, { stream, options: options.value, start })
}

interface WatchStart {
  /** The cache must have reached this before the watch begins; undefined: the present. */
  readonly freshAt: number | undefined
  /** First the objects that are there, then changes. */
  readonly initial: boolean
  /** Changes after this; undefined: from where the cache is. */
  readonly after: number | undefined
  readonly markInitialEnd: boolean
}

function watchStart(options: ListOptions): WatchStart {
  const { resourceVersion, sendInitialEvents } = options
  const any = resourceVersion === 0 || resourceVersion === undefined
  if (sendInitialEvents !== undefined) {
    const freshAt = resourceVersion
    const markInitialEnd = sendInitialEvents && options.allowBookmarks
    const after = sendInitialEvents || any ? undefined : resourceVersion
    return {
      freshAt: after === undefined ? freshAt : 0,
      initial: sendInitialEvents,
      after,
      markInitialEnd,
    }
  }
  if (any) {
    return { freshAt: resourceVersion, initial: true, after: undefined, markInitialEnd: false }
  }
  return { freshAt: 0, initial: false, after: resourceVersion, markInitialEnd: false }
}

function open(
  backend: Backend,
  request: ResourceRequest,
  watch: { readonly stream: StreamEnd; readonly options: ListOptions; readonly start: WatchStart },
): void {
  const { stream, options, start } = watch
  const { env, cache } = backend
  const filter = storedFilter(request, options.filter)
  const resource = cache.resource(request.resource.prefix)
  send(stream, { type: 'open' })
  if (start.after !== undefined && start.after < resource.floor) {
    const status = resourceVersionTooOldStatus(String(start.after), String(resource.floor))
    const { details: _, ...bare } = status
    send(stream, { type: 'events', events: [{ type: 'ERROR', object: bare }] })
    end(stream, { status: 200, body: ended })
    return
  }
  let deadline: Timer | undefined
  const change = eventForm(request)
  const watcher: Watcher = new Watcher({
    filter,
    startRevision: start.after ?? cache.revision,
    wantsBookmarks: options.allowBookmarks,
    deliver: (events) =>
      send(stream, { type: 'events', events: change ? events.map(change) : events }),
    end: () => finish(),
    bookmark: () => sendBookmark(backend, request, watcher),
  })
  const leave = () => {
    deadline?.cancel()
    resource.removeWatcher(watcher)
  }
  const finish = () => {
    leave()
    end(stream, { status: 200, body: ended })
  }
  stream.onClose = leave
  replay(resource, watcher, start)
  if (start.markInitialEnd) watcher.push(bookmark(request, cache.revision, true))
  watcher.flush()
  resource.addWatcher(watcher)
  const chosen = timeoutMinSeconds + env.random.below(timeoutMinSeconds)
  const lifetime = options.timeoutSeconds || chosen
  const beforeEnd = Math.min(farewellSeconds, lifetime)
  deadline = env.clock.after(
    seconds(lifetime - beforeEnd),
    () => {
      if (options.allowBookmarks && lifetime > farewellSeconds) watcher.bookmark()
      deadline = env.clock.after(seconds(beforeEnd), finish, 'apiserver.watch.end')
    },
    'apiserver.watch.end',
  )
}

/** A filter of the request's version for objects as they are stored. */
function storedFilter(request: ResourceRequest, filter: ObjectFilter): ObjectFilter {
  const { conversion } = request.resource
  const { matches } = filter
  if (!conversion || !matches) return filter
  return { ...filter, matches: (object) => matches(conversion.fromStored(object)) }
}

/** What the client must be told before live events: the objects there are, or missed changes. */
function replay(resource: ResourceCache, watcher: Watcher, start: WatchStart): void {
  const { filter } = watcher
  if (start.initial) {
    const { objects } = resource
    for (const object of objects.find(filter.namespace, (each) => selects(filter, each))) {
      watcher.push({ type: 'ADDED', object })
    }
    return
  }
  if (start.after === undefined) return
  for (const event of resource.since(start.after)) watcher.offer(event)
}

function sendBookmark(backend: Backend, request: ResourceRequest, watcher: Watcher): void {
  const { revision } = backend.cache
  if (revision < watcher.startRevision) return
  watcher.push(bookmark(request, revision, false))
  watcher.flush()
}

function bookmark(
  request: ResourceRequest,
  revision: number,
  endsInitial: boolean,
): WatchEvent<KubeObject> {
  const { kind, apiVersion } = request.resource
  const metadata = {
    resourceVersion: String(revision),
    ...(endsInitial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : undefined),
  }
  return { type: 'BOOKMARK', object: { kind, apiVersion, metadata } as unknown as KubeObject }
}

const ended = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' } as const

function send(stream: StreamEnd, frame: WatchFrame): void {
  stream.send(frame)
}

function refuse(stream: StreamEnd, status: Status): void {
  end(stream, refused(status))
}

function end(stream: StreamEnd, response: ApiResponse): void {
  send(stream, { type: 'end', response })
  stream.close()
}

/** A watch that came where only calls are answered. */
export function watchNeedsStream(): Status {
  return badRequestStatus('a watch is served on a stream')
}
