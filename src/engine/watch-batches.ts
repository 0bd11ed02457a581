import { type KubeObject, keyOf } from '../api/object'
import type { WatchEvent } from '../client/request'
import type { WatchBatch } from './protocol'

/**
 * Folds the events of many watches so that the page gets each changed object once per flush. An
 * object that came and went between two flushes is still told as deleted; one that was made again
 * under the same name is another object, told after the deletion of the first.
 */
export class WatchBatches {
  readonly #pending = new Map<number, Map<string, WatchEvent>>()

  get empty(): boolean {
    return this.#pending.size === 0
  }

  add(id: number, event: WatchEvent): void {
    let watch = this.#pending.get(id)
    if (!watch) {
      watch = new Map()
      this.#pending.set(id, watch)
    }
    const key = identityOf(event)
    const before = watch.get(key)
    // A later event must also be later in the batch: the last resourceVersion counts.
    watch.delete(key)
    const added = before?.type === 'ADDED' && event.type === 'MODIFIED'
    watch.set(key, added ? { type: 'ADDED', object: event.object } : event)
  }

  /** What is left of a watch that ends. */
  take(id: number): WatchBatch | undefined {
    const watch = this.#pending.get(id)
    this.#pending.delete(id)
    return watch && { id, events: [...watch.values()] }
  }

  flush(): WatchBatch[] {
    const batches = [...this.#pending].map(([id, watch]) => ({ id, events: [...watch.values()] }))
    this.#pending.clear()
    return batches
  }
}

/** A uid names one object for ever; kinds that are computed have none. */
function identityOf({ type, object }: WatchEvent): string {
  if (type === 'BOOKMARK' || type === 'ERROR') return ` ${type}`
  const { metadata } = object as KubeObject
  return metadata.uid ?? keyOf(object as KubeObject)
}
