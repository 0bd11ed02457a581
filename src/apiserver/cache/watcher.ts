import type { KubeObject } from '../../api/object'
import type { WatchEvent } from '../../client/request'
import type { CacheEvent } from './cache-event'

/** What a watch or list wants to see. All parts must hold. */
export interface ObjectFilter {
  readonly namespace?: string
  /** From a field selector `metadata.name=…` or a path with a name. */
  readonly name?: string
  /** From a field selector `spec.nodeName=…` on pods. */
  readonly nodeName?: string
  /** The rest of the selectors; missing: everything matches. */
  readonly matches?: (object: KubeObject) => boolean
}

/** Where a watcher is looked for when an event comes: the most selective of its filter's parts. */
export type WatcherBucket = string

export const everyBucket: WatcherBucket = ''
export const nameBucket = (namespace: string | undefined, name: string): WatcherBucket =>
  `n:${namespace ?? '*'}/${name}`
export const nodeBucket = (nodeName: string): WatcherBucket => `h:${nodeName}`
export const namespaceBucket = (namespace: string): WatcherBucket => `s:${namespace}`

export function bucketOf(filter: ObjectFilter): WatcherBucket {
  if (filter.name !== undefined) return nameBucket(filter.namespace, filter.name)
  if (filter.nodeName !== undefined) return nodeBucket(filter.nodeName)
  if (filter.namespace !== undefined) return namespaceBucket(filter.namespace)
  return everyBucket
}

/** One watch of one resource. Events gather here until the server sends them on. */
export class Watcher {
  readonly filter: ObjectFilter
  readonly bucket: WatcherBucket
  readonly wantsBookmarks: boolean
  /** Events up to this revision are known to the client already. */
  readonly startRevision: number
  readonly #deliver: (events: readonly WatchEvent<KubeObject>[]) => void
  /** The cache cannot go on: the stream must end with this. */
  readonly end: () => void
  /** Tells the client how far it is. */
  readonly bookmark: () => void
  #pending: WatchEvent<KubeObject>[] = []

  constructor(options: {
    readonly filter: ObjectFilter
    readonly startRevision: number
    readonly wantsBookmarks: boolean
    readonly deliver: (events: readonly WatchEvent<KubeObject>[]) => void
    readonly end: () => void
    readonly bookmark: () => void
  }) {
    this.filter = options.filter
    this.bucket = bucketOf(options.filter)
    this.startRevision = options.startRevision
    this.wantsBookmarks = options.wantsBookmarks
    this.#deliver = options.deliver
    this.end = options.end
    this.bookmark = options.bookmark
  }

  get hasPending(): boolean {
    return this.#pending.length > 0
  }

  /** Takes the event in if it concerns this watch; true when something new is pending. */
  offer(event: CacheEvent): boolean {
    if (event.revision <= this.startRevision) return false
    const { filter } = this
    if (filter.namespace !== undefined && filter.namespace !== event.namespace) return false
    if (filter.name !== undefined && filter.name !== event.name) return false
    const seen = event.seenBy(this.#selects(event.before), this.#selects(event.after))
    if (!seen) return false
    this.#pending.push(seen)
    return true
  }

  push(event: WatchEvent<KubeObject>): void {
    this.#pending.push(event)
  }

  flush(): void {
    if (this.#pending.length === 0) return
    const events = this.#pending
    this.#pending = []
    this.#deliver(events)
  }

  #selects(object: KubeObject | undefined): boolean {
    if (!object) return false
    const { nodeName, matches } = this.filter
    if (nodeName !== undefined && nodeNameOf(object) !== nodeName) return false
    return matches === undefined || matches(object)
  }
}

export function nodeNameOf(object: KubeObject): string {
  const { spec } = object as { readonly spec?: { readonly nodeName?: string } }
  return spec?.nodeName ?? ''
}

/** Whether a filter selects an object, its namespace and name included. */
export function selects(filter: ObjectFilter, object: KubeObject): boolean {
  const { namespace, name } = object.metadata
  if (filter.namespace !== undefined && filter.namespace !== (namespace ?? '')) return false
  if (filter.name !== undefined && filter.name !== name) return false
  if (filter.nodeName !== undefined && nodeNameOf(object) !== filter.nodeName) return false
  return filter.matches === undefined || filter.matches(object)
}
