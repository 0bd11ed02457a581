import { type KubeObject, keyOf } from '../api/object'
import type { WatchEvent } from './request'

export interface ChangeHandler<T> {
  onAdd?(object: T): void
  onUpdate?(object: T, old: T): void
  onDelete?(object: T): void
}

/** What the driver must do next: list first, or watch from a resource version. */
export type ReflectorAction =
  | { readonly type: 'list' }
  | { readonly type: 'watch'; readonly resourceVersion: string }

/**
 * The state of a list-and-watch without any I/O: the same for a process of the simulation and for
 * the page. Feed it lists and watch events; it keeps the objects and tells handlers what changed.
 */
export class Reflector<T extends KubeObject> {
  readonly #objects = new Map<string, T>()
  readonly #handlers: ChangeHandler<T>[] = []
  readonly #indexes: { name: string; of: (o: T) => readonly string[]; at: Index }[] = []
  #resourceVersion = ''
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

  /** Must be called before the first list. */
  addIndex(name: string, of: (object: T) => readonly string[]): void {
    if (!this.#index(name)) this.#indexes.push({ name, of, at: new Map() })
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
    if (this.#resourceVersion === '') return { type: 'list' }
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
    this.#synced = true
  }

  /** Forgets where it was: the next action is a list. */
  expire(): void {
    this.#resourceVersion = ''
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
    const old = this.#objects.get(key)
    if (old?.metadata.resourceVersion === object.metadata.resourceVersion) return
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
