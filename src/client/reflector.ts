import { type KubeObject, keyOf } from '../api/object'
import type { WatchEvent } from './request'

export interface ChangeHandler<T> {
  onAdd?(object: T): void
  onUpdate?(object: T, old: T): void
  onDelete?(object: T): void
}

/**
 * What the driver must do next. A list is asked for what is not older than `resourceVersion`: any
 * state (`0`) at first, the last one seen later, the latest ('') when the server lacks that.
 */
export type ReflectorAction =
  | { readonly type: 'list'; readonly resourceVersion: string }
  | { readonly type: 'watch'; readonly resourceVersion: string }

/**
 * The state of a list-and-watch without any I/O: the same for a process of the simulation and for
 * the page. Feed it lists and watch events; it keeps the objects and tells handlers what changed.
 * Another object of the same name is told as a deletion and an addition. SPEC.md has the rules.
 */
export class Reflector<T extends KubeObject> {
  readonly #objects = new Map<string, T>()
  readonly #handlers: ChangeHandler<T>[] = []
  readonly #indexes: { name: string; of: (o: T) => readonly string[]; at: Index }[] = []
  #resourceVersion = ''
  #listFrom = '0'
  #listing = true
  #synced = false

  get synced(): boolean {
    return this.#synced
  }

  get resourceVersion(): string {
    return this.#resourceVersion
  }

  get size(): number {
    return this.#objects.size
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  /** In the order of their first arrival. */
  values(): IterableIterator<T> {
    return this.#objects.values()
  }

  addIndex(name: string, of: (object: T) => readonly string[]): void {
    if (this.#index(name)) return
    const at: Index = new Map()
    for (const [key, object] of this.#objects) reindex(at, key, undefined, of(object))
    this.#indexes.push({ name, of, at })
  }

  byIndex(name: string, value: string): T[] {
    const found: T[] = []
    for (const key of this.#index(name)?.at.get(value) ?? []) {
      const object = this.#objects.get(key)
      if (object) found.push(object)
    }
    return found
  }

  #index(name: string) {
    return this.#indexes.find((index) => index.name === name)
  }

  /** A handler added late is told of everything that is there. */
  addHandler(handler: ChangeHandler<T>): void {
    this.#handlers.push(handler)
    for (const object of this.#objects.values()) handler.onAdd?.(object)
  }

  next(): ReflectorAction {
    if (this.#listing) return { type: 'list', resourceVersion: this.#listFrom }
    return { type: 'watch', resourceVersion: this.#resourceVersion }
  }

  listed(items: readonly T[], resourceVersion: string): void {
    const gone = new Set(this.#objects.keys())
    for (const item of items) {
      gone.delete(keyOf(item))
      this.#put(item)
    }
    for (const key of gone) this.#remove(key)
    this.#resourceVersion = resourceVersion
    this.#listing = false
    this.#synced = true
  }

  /** The watch cannot go on from here: the next action is a list, of nothing older than was seen. */
  expire(): void {
    this.#listing = true
    if (this.#synced) this.#listFrom = this.#resourceVersion
  }

  /** The server cannot list from there, or not yet: the next list takes the latest state. */
  listLatest(): void {
    this.#listing = true
    this.#listFrom = ''
  }

  /** False when the event says that the watch's place in history is lost. */
  observe(event: WatchEvent<T>): boolean {
    if (event.type === 'ERROR') {
      this.expire()
      return false
    }
    const { object } = event
    if (event.type === 'DELETED') this.#remove(keyOf(object), object)
    else if (event.type !== 'BOOKMARK') this.#put(object)
    this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion
    return true
  }

  #put(object: T): void {
    const key = keyOf(object)
    let old = this.#objects.get(key)
    if (old?.metadata.resourceVersion === object.metadata.resourceVersion) return
    if (old && old.metadata.uid !== object.metadata.uid) {
      this.#remove(key)
      old = undefined
    }
    this.#objects.set(key, object)
    for (const { of, at } of this.#indexes) reindex(at, key, old && of(old), of(object))
    for (const handler of this.#handlers) {
      if (old) handler.onUpdate?.(object, old)
      else handler.onAdd?.(object)
    }
  }

  #remove(key: string, last?: T): void {
    const old = this.#objects.get(key)
    if (!old) return
    this.#objects.delete(key)
    for (const { of, at } of this.#indexes) reindex(at, key, of(old), undefined)
    for (const handler of this.#handlers) handler.onDelete?.(last ?? old)
  }
}

type Index = Map<string, Set<string>>

function reindex(
  index: Index,
  key: string,
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): void {
  if (before) {
    for (const value of before) {
      if (after?.includes(value)) continue
      const keys = index.get(value)
      keys?.delete(key)
      if (keys?.size === 0) index.delete(value)
    }
  }
  if (!after) return
  for (const value of after) {
    if (before?.includes(value)) continue
    const keys = index.get(value)
    if (keys) keys.add(key)
    else index.set(value, new Set([key]))
  }
}
