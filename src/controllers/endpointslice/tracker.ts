import type { EndpointSlice } from '../../api/generated/discovery-v1'

const deleted = -1

/**
 * What this controller wrote last, per service and slice: tells its own changes from those of
 * others, and whether the cache has seen them all.
 */
export class SliceTracker {
  readonly #services = new Map<string, Map<string, number>>()

  wrote(key: string, slice: EndpointSlice): void {
    this.#of(key).set(slice.metadata.uid ?? '', slice.metadata.generation ?? 0)
  }

  deleted(key: string, slice: EndpointSlice): void {
    this.#of(key).set(slice.metadata.uid ?? '', deleted)
  }

  forget(key: string): void {
    this.#services.delete(key)
  }

  /** The cache's slices are older than what was written. */
  isStale(key: string, slices: readonly EndpointSlice[]): boolean {
    const known = this.#services.get(key)
    if (!known) return false
    const cached = new Map(slices.map(({ metadata }) => [metadata.uid, metadata.generation ?? 0]))
    for (const [uid, generation] of known) {
      const seen = cached.get(uid)
      if (generation === deleted ? seen !== undefined : seen === undefined || seen < generation) {
        return true
      }
    }
    return false
  }

  /** Somebody else added or changed the slice. */
  isForeign(key: string, { metadata }: EndpointSlice): boolean {
    const generation = this.#services.get(key)?.get(metadata.uid ?? '')
    return generation === undefined || (metadata.generation ?? 0) > generation
  }

  /** Somebody else deleted the slice; notes that it is gone either way. */
  isForeignDelete(key: string, { metadata }: EndpointSlice): boolean {
    const known = this.#services.get(key)
    const generation = known?.get(metadata.uid ?? '')
    known?.delete(metadata.uid ?? '')
    return generation !== deleted
  }

  #of(key: string): Map<string, number> {
    let known = this.#services.get(key)
    if (!known) {
      known = new Map()
      this.#services.set(key, known)
    }
    return known
  }
}
