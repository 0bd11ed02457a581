import type { KubeObject } from '../../api/object'
import { type Micros, seconds } from '../../sim/time'
import { CacheEvent } from './cache-event'
import { OrderedObjects } from './ordered-objects'
import {
  everyBucket,
  nameBucket,
  namespaceBucket,
  nodeBucket,
  nodeNameOf,
  type Watcher,
  type WatcherBucket,
} from './watcher'

/**
 * So many changes are remembered per resource for watches that begin in the past, and more while
 * they are young: the real server's dynamic cache size.
 */
export const historyEventsMin = 100
const historyEventsMax = 16_384
/** A change younger than this is kept beyond the minimum. */
const freshFor: Micros = seconds(75)

/** The objects of one resource, their latest changes, and who watches them. */
export class ResourceCache {
  readonly objects = new OrderedObjects()
  readonly #indexesNodes: boolean
  /** Oldest first; those before `#head` are forgotten. */
  #history: CacheEvent[] = []
  #head = 0
  /** Everything after this revision is in the history. */
  #floor: number
  readonly #buckets = new Map<WatcherBucket, Set<Watcher>>()
  watchers = 0
  /** Of those, the ones that look at a namespace or a name. */
  #narrowWatchers = 0

  constructor(floor: number, indexesNodes: boolean) {
    this.#floor = floor
    this.#indexesNodes = indexesNodes
  }

  /** A watch can begin after any revision not below this one. */
  get floor(): number {
    return this.#floor
  }

  /** The revision of the last change; the floor when there was none since. */
  get lastRevision(): number {
    return this.#history.at(-1)?.revision ?? this.#floor
  }

  /** Puts what a first list brought; no event. */
  seed(namespace: string, name: string, object: KubeObject): void {
    this.objects.put(namespace, name, object)
  }

  /** Takes a change in and offers it to the watchers that may want it; `touched` collects them. */
  apply(
    key: { readonly namespace: string; readonly name: string },
    object: KubeObject | undefined,
    at: { readonly revision: number; readonly time: Micros },
    touched: Watcher[],
  ): void {
    const { namespace, name } = key
    const before = object
      ? this.objects.put(namespace, name, object)
      : this.objects.remove(namespace, name)
    if (!object && !before) return
    const { revision, time } = at
    const event = new CacheEvent({ revision, time, namespace, name, after: object, before })
    this.#remember(event)
    if (this.watchers > 0) this.#dispatch(event, touched)
  }

  /** The events after a revision, oldest first. The revision must not be below the floor. */
  *since(revision: number): IterableIterator<CacheEvent> {
    const history = this.#history
    let low = this.#head
    let high = history.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((history[middle] as CacheEvent).revision <= revision) low = middle + 1
      else high = middle
    }
    for (let i = low; i < history.length; i++) yield history[i] as CacheEvent
  }

  addWatcher(watcher: Watcher): void {
    let bucket = this.#buckets.get(watcher.bucket)
    if (!bucket) {
      bucket = new Set()
      this.#buckets.set(watcher.bucket, bucket)
    }
    bucket.add(watcher)
    this.watchers++
    if (isNarrow(watcher)) this.#narrowWatchers++
  }

  removeWatcher(watcher: Watcher): void {
    const bucket = this.#buckets.get(watcher.bucket)
    if (!bucket?.delete(watcher)) return
    this.watchers--
    if (isNarrow(watcher)) this.#narrowWatchers--
    if (bucket.size === 0) this.#buckets.delete(watcher.bucket)
  }

  *allWatchers(): IterableIterator<Watcher> {
    for (const bucket of this.#buckets.values()) yield* bucket
  }

  #remember(event: CacheEvent): void {
    const history = this.#history
    history.push(event)
    for (let count = history.length - this.#head; count > historyEventsMin; count--) {
      const oldest = history[this.#head] as CacheEvent
      if (count <= historyEventsMax && event.time - oldest.time < freshFor) break
      this.#floor = oldest.revision
      this.#head++
    }
    if (this.#head > historyEventsMin && this.#head * 2 > history.length) {
      this.#history = history.slice(this.#head)
      this.#head = 0
    }
  }

  #dispatch(event: CacheEvent, touched: Watcher[]): void {
    const { namespace, name, before, after } = event
    this.#offer(everyBucket, event, touched)
    if (this.#narrowWatchers > 0) {
      if (namespace !== '') {
        this.#offer(namespaceBucket(namespace), event, touched)
        this.#offer(nameBucket(namespace, name), event, touched)
      }
      this.#offer(nameBucket(undefined, name), event, touched)
    }
    if (!this.#indexesNodes) return
    const nodeBefore = before ? nodeNameOf(before) : ''
    const nodeAfter = after ? nodeNameOf(after) : nodeBefore
    this.#offer(nodeBucket(nodeAfter), event, touched)
    if (before && nodeBefore !== nodeAfter) this.#offer(nodeBucket(nodeBefore), event, touched)
  }

  #offer(bucket: WatcherBucket, event: CacheEvent, touched: Watcher[]): void {
    const watchers = this.#buckets.get(bucket)
    if (!watchers) return
    for (const watcher of watchers) {
      const waiting = watcher.hasPending
      if (watcher.offer(event) && !waiting) touched.push(watcher)
    }
  }
}

function isNarrow({ filter }: Watcher): boolean {
  return filter.namespace !== undefined || filter.name !== undefined
}
