import { type KubeObject, keyOf } from '../../api/object'

type Listener = () => void

/** With more changes than this at once the keys are sorted anew. */
const MANY = 100

/**
 * The objects of one kind by key (`namespace/name`). Changes are collected and become visible all
 * at once in `flush`, so that readers see one consistent state between two flushes.
 */
export class ObjectTable<T extends KubeObject = KubeObject> {
  #objects = new Map<string, T>()
  readonly #pending = new Map<string, T | undefined>()
  readonly #keyListeners = new Map<string, Set<Listener>>()
  readonly #listeners = new Set<Listener>()
  readonly #onPending: () => void
  /** In order; `undefined` after many keys have come or gone. */
  #keys: string[] | undefined = []
  #all: readonly T[] | undefined
  #version = 0

  /** `onPending` is called when the first change since the last flush comes in. */
  constructor(onPending: () => void) {
    this.#onPending = onPending
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  /** Every object in order of key; the same array until something changes. */
  all(): readonly T[] {
    this.#keys ??= [...this.#objects.keys()].sort()
    this.#all ??= this.#keys.map((key) => this.#objects.get(key)!)
    return this.#all
  }

  /** Counts the flushes that changed something. */
  get version(): number {
    return this.#version
  }

  put(object: T): void {
    this.#stage(keyOf(object), object)
  }

  remove(object: T): void {
    this.#stage(keyOf(object), undefined)
  }

  /** A fresh list: what it does not contain is gone. */
  replace(objects: readonly T[]): void {
    for (const key of this.#pending.keys()) this.#pending.set(key, undefined)
    for (const key of this.#objects.keys()) this.#stage(key, undefined)
    for (const object of objects) this.put(object)
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  subscribeKey(key: string, listener: Listener): () => void {
    const set = this.#keyListeners.get(key) ?? new Set()
    this.#keyListeners.set(key, set)
    set.add(listener)
    return () => {
      set.delete(listener)
      if (set.size === 0) this.#keyListeners.delete(key)
    }
  }

  /** Makes the collected changes visible; the answer tells readers once every table is done. */
  flush(): Listener[] {
    if (this.#pending.size === 0) return []
    const due = new Set<Listener>()
    if (this.#pending.size > MANY) this.#keys = undefined
    for (const [key, object] of this.#pending) {
      const before = this.#objects.get(key)
      if (object === before || sameVersion(before, object)) continue
      if (object) this.#objects.set(key, object)
      else this.#objects.delete(key)
      if (!before !== !object) this.#reorder(key, object !== undefined)
      for (const listener of this.#keyListeners.get(key) ?? []) due.add(listener)
      this.#all = undefined
    }
    this.#pending.clear()
    if (this.#all) return []
    this.#version += 1
    return [...due, ...this.#listeners]
  }

  #reorder(key: string, added: boolean): void {
    const keys = this.#keys
    if (!keys) return
    let low = 0
    let high = keys.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (keys[middle]! < key) low = middle + 1
      else high = middle
    }
    keys.splice(low, added ? 0 : 1, ...(added ? [key] : []))
  }

  #stage(key: string, object: T | undefined): void {
    const first = this.#pending.size === 0
    this.#pending.set(key, object)
    if (first) this.#onPending()
  }
}

function sameVersion(a: KubeObject | undefined, b: KubeObject | undefined): boolean {
  if (!a || !b) return false
  const version = a.metadata.resourceVersion
  return (
    version !== undefined &&
    version === b.metadata.resourceVersion &&
    a.metadata.uid === b.metadata.uid
  )
}
