import type { KubeObject } from '../../api/object'
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

/** Changes remembered per resource for watches that begin in the past. */
export const historyEventsMax = 4096

/** The objects of one resource, their latest changes, and who watches them. */
export class ResourceCache {
  readonly objects = new OrderedObjects()
  readonly #indexesNodes: boolean
  /** A ring: the oldest event is at `#head % historyEventsMax` once it is full. */
  readonly #history: CacheEvent[] = []
  #head = 0
  /** Everything after this revision is in the history. */
  #floor: number
  readonly #buckets = new Map<WatcherBucket, Set<Watcher>>()
  watchers = 0

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
    const count = this.#history.length
    if (count === 0) return this.#floor
    const last = count < historyEventsMax ? count - 1 : (this.#head + count - 1) % historyEventsMax
    return (this.#history[last] as CacheEvent).revision
  }

  /** Puts what a first list brought; no event. */
  seed(namespace: string, name: string, object: KubeObject): void {
    this.objects.put(namespace, name, object)
  }

  /** Takes a change in and offers it to the watchers that may want it; `touched` collects them. */
  apply(
    key: { readonly namespace: string; readonly name: string },
    object: KubeObject | undefined,
    revision: number,
    touched: Watcher[],
  ): void {
    const { namespace, name } = key
    const before = object
      ? this.objects.put(namespace, name, object)
      : this.objects.remove(namespace, name)
    if (!object && !before) return
    const event = new CacheEvent({ revision, namespace, name, after: object, before })
    this.#remember(event)
    if (this.watchers > 0) this.#dispatch(event, touched)
  }

  /** The events after a revision, oldest first. The revision must not be below the floor. */
  *since(revision: number): IterableIterator<CacheEvent> {
    const count = this.#history.length
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#at(middle).revision <= revision) low = middle + 1
      else high = middle
    }
    for (let i = low; i < count; i++) yield this.#at(i)
  }

  addWatcher(watcher: Watcher): void {
    let bucket = this.#buckets.get(watcher.bucket)
    if (!bucket) {
      bucket = new Set()
      this.#buckets.set(watcher.bucket, bucket)
    }
    bucket.add(watcher)
    this.watchers++
  }

  removeWatcher(watcher: Watcher): void {
    const bucket = this.#buckets.get(watcher.bucket)
    if (!bucket?.delete(watcher)) return
    this.watchers--
    if (bucket.size === 0) this.#buckets.delete(watcher.bucket)
  }

  *allWatchers(): IterableIterator<Watcher> {
    for (const bucket of this.#buckets.values()) yield* bucket
  }

  #at(position: number): CacheEvent {
    return this.#history[(this.#head + position) % historyEventsMax] as CacheEvent
  }

  #remember(event: CacheEvent): void {
    if (this.#history.length < historyEventsMax) {
      this.#history.push(event)
      return
    }
    const oldest = this.#history[this.#head] as CacheEvent
    this.#floor = oldest.revision
    this.#history[this.#head] = event
    this.#head = (this.#head + 1) % historyEventsMax
  }

  #dispatch(event: CacheEvent, touched: Watcher[]): void {
    const { namespace, name, before, after } = event
    this.#offer(everyBucket, event, touched)
    if (namespace !== '') {
      this.#offer(namespaceBucket(namespace), event, touched)
      this.#offer(nameBucket(namespace, name), event, touched)
    }
    this.#offer(nameBucket(undefined, name), event, touched)
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
