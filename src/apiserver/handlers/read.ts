import type { Status } from '../../api/generated/meta-v1'
import { badRequestStatus, expiredStatus, notFoundStatus } from '../../api/machinery/status'
import type { KubeObject } from '../../api/object'
import type { ApiResponse } from '../../client/request'
import { prefixEnd } from '../../etcd/client'
import type { Task } from '../../sim/task'
import { objectKey } from '../cache/ordered-objects'
import type { Freshness } from '../cache/watch-cache'
import { type ObjectFilter, selects } from '../cache/watcher'
import { addressOf, type ServedResource } from '../resources'
import { listBody, objectBody } from '../response'
import { etcdFailureStatus, objectOf } from '../storage/object-store'
import { type Backend, type ResourceRequest, refused, stalenessStatus } from './backend'
import { type Continuation, decodeContinue, encodeContinue } from './continue-token'
import { type ListOptions, listOptions, type Parsed, parseRevision } from './list-options'

const continueTooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start ' +
  'a new list without the continue parameter, or use the continue token in this response to ' +
  'retrieve the remainder of the results. Continuing with the provided token results in an ' +
  'inconsistent list - objects that were created, modified, or deleted between the time the first ' +
  'chunk was returned and now may show up in the list.'

/** Objects in key order and the revision at which the collection was so. */
interface Collection {
  readonly items: readonly KubeObject[]
  readonly revision: number
}

/** GET of one object. Without a resourceVersion it shows every write acknowledged before. */
export function* getObject(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const found = yield* findObject(backend, request)
  return found.ok ? objectBody(request, found.value) : refused(found.status)
}

export function* findObject(backend: Backend, request: ResourceRequest): Task<Parsed<KubeObject>> {
  const { resource, info, query } = request
  const version = parseRevision(query.resourceVersion)
  if (!version.ok) return version
  const at = addressOf(resource, info.namespace, info.name)
  const freshness = yield* freshnessFor(backend, version.value)
  let object: KubeObject | undefined
  if (freshness.ok) object = backend.cache.resource(at.prefix).objects.get(at.namespace, at.name)
  else if (version.value === undefined && 'behind' in freshness) {
    const read = yield* backend.store.read(at)
    if (!read.ok) return read
    object = read.object
  } else return { ok: false, status: stalenessStatus(freshness) }
  if (object) {
    return { ok: true, value: resource.conversion?.fromStored(object) ?? object }
  }
  return { ok: false, status: notFoundStatus(resource.groupResource, info.name) }
}

/** LIST: the latest, any cached (`0`), not older than, or exactly at a resourceVersion; in chunks. */
export function* listObjects(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const { resource } = request
  const options = listOptions(request, false)
  if (!options.ok) return refused(options.status)
  const { filter, limit, continue: token } = options.value
  let from: Continuation | undefined
  if (token !== undefined) {
    from = decodeContinue(token)
    if (!from) return refused(badRequestStatus('continue key is not valid: invalid token'))
  }
  const found = yield* collection(backend, resource, options.value, from)
  if (!found.ok) return refused(found.status)
  const { revision } = found.value
  const { conversion } = resource
  const items = conversion ? found.value.items.map(conversion.fromStored) : found.value.items
  const page = pageOf(items, { filter, limit, start: from?.start, revision })
  return listBody(request, page.items, {
    resourceVersion: String(revision),
    ...(page.next === undefined ? undefined : { continue: page.next }),
    ...(page.remaining === undefined ? undefined : { remainingItemCount: page.remaining }),
  })
}

function* collection(
  backend: Backend,
  resource: ServedResource,
  options: ListOptions,
  from: Continuation | undefined,
): Task<Parsed<Collection>> {
  const exact = from ? (from.revision < 0 ? undefined : from.revision) : exactRevision(options)
  if (exact !== undefined) return yield* collectionAt(backend, resource, { exact, options, from })
  const version = from ? undefined : options.resourceVersion
  const freshness = yield* freshnessFor(backend, version)
  if (!freshness.ok) {
    if (version === undefined && 'behind' in freshness) {
      return yield* collectionFromEtcd(backend, resource, { options, from })
    }
    return { ok: false, status: stalenessStatus(freshness) }
  }
  const { cache } = backend
  const { objects } = cache.resource(resource.prefix)
  const { namespace, name } = options.filter
  const within = resource.namespaced ? namespace : undefined
  let items: readonly KubeObject[]
  if (name !== undefined && (namespace !== undefined || !resource.namespaced)) {
    const object = objects.get(namespace ?? '', name)
    items = object ? [object] : []
  } else if (isSelective(options.filter) && options.limit === 0 && !resource.conversion) {
    items = objects.find(within, (object) => selects(options.filter, object))
  } else items = objects.list(within)
  return { ok: true, value: { items, revision: cache.revision } }
}

function exactRevision(options: ListOptions): number | undefined {
  const { resourceVersion, match, limit } = options
  if (resourceVersion === undefined || resourceVersion === 0) return undefined
  if (match === 'Exact' || (match === undefined && limit > 0)) return resourceVersion
  return undefined
}

interface Exactly {
  readonly options: ListOptions
  readonly from: Continuation | undefined
}

/** The collection as it was: from the cache when nothing has changed since, else from etcd. */
function* collectionAt(
  backend: Backend,
  resource: ServedResource,
  at: Exactly & { readonly exact: number },
): Task<Parsed<Collection>> {
  const { cache } = backend
  const freshness = yield* freshnessFor(backend, at.exact)
  if (!freshness.ok) return { ok: false, status: stalenessStatus(freshness) }
  const cached = cache.resource(resource.prefix)
  const { namespace } = at.options.filter
  if (cached.lastRevision <= at.exact) {
    const items = cached.objects.list(resource.namespaced ? namespace : undefined)
    return { ok: true, value: { items, revision: at.exact } }
  }
  return yield* collectionFromEtcd(backend, resource, at)
}

/** Past the cache; without a revision, as it is. */
function* collectionFromEtcd(
  backend: Backend,
  resource: ServedResource,
  at: Exactly & { readonly exact?: number },
): Task<Parsed<Collection>> {
  const { namespace } = at.options.filter
  const key = namespace === undefined ? resource.prefix : `${resource.prefix}${namespace}/`
  const request = { key, rangeEnd: prefixEnd(key), revision: at.exact ?? 0 }
  const result = yield* backend.etcd.range(request)
  if (result.ok) {
    const items = result.value.kvs.map(objectOf)
    return { ok: true, value: { items, revision: at.exact ?? result.value.header.revision } }
  }
  if (result.error !== 'compacted') return { ok: false, status: etcdFailureStatus(result) }
  return { ok: false, status: compactedStatus(at.from) }
}

function compactedStatus(from: Continuation | undefined): Status {
  if (!from) return expiredStatus('The resourceVersion for the provided list is too old.')
  const status = expiredStatus(continueTooOld)
  const metadata = { continue: encodeContinue({ revision: -1, start: from.start }) }
  return { ...status, metadata }
}

/** Waits for the freshness that a resourceVersion asks for. */
function freshnessFor(backend: Backend, resourceVersion: number | undefined): Task<Freshness> {
  const { cache } = backend
  return resourceVersion === undefined ? cache.fresh() : cache.reach(resourceVersion)
}

function isSelective({ name, nodeName, matches }: ObjectFilter): boolean {
  return name !== undefined || nodeName !== undefined || matches !== undefined
}

interface Page {
  readonly items: readonly KubeObject[]
  readonly next: string | undefined
  readonly remaining: number | undefined
}

function pageOf(
  all: readonly KubeObject[],
  want: {
    readonly filter: ObjectFilter
    readonly limit: number
    readonly start: string | undefined
    readonly revision: number
  },
): Page {
  const { filter, limit, start, revision } = want
  const selective = isSelective(filter)
  if (!selective && limit === 0 && start === undefined) {
    return { items: all, next: undefined, remaining: undefined }
  }
  const keyOf = (object: KubeObject): string =>
    filter.namespace === undefined
      ? objectKey(object.metadata.namespace ?? '', object.metadata.name)
      : object.metadata.name
  let first = 0
  if (start !== undefined) while (first < all.length && keyOf(all[first]!) < start) first++
  const items: KubeObject[] = []
  let last = first
  for (; last < all.length && (limit === 0 || items.length < limit); last++) {
    const object = all[last] as KubeObject
    if (!selective || selects(filter, object)) items.push(object)
  }
  if (limit === 0 || last >= all.length) return { items, next: undefined, remaining: undefined }
  const next = encodeContinue({ revision, start: `${keyOf(all[last - 1]!)}\0` })
  return { items, next, remaining: selective ? undefined : all.length - last }
}
