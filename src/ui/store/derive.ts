import { shareStructure } from './share'

/** Something that changes and says so. `version` grows with every change. */
export interface Source {
  subscribe(listener: () => void): () => void
  readonly version: number
}

export interface Derived<T> extends Source {
  /** The same value, part by part, until a part of it changes. */
  get(): T
}

/**
 * A value computed from sources, at most once per change of theirs and only when somebody reads.
 * Plain data keeps the identity of its unchanged parts.
 */
export function derive<T>(
  sources: readonly Source[],
  compute: (previous: T | undefined) => T,
): Derived<T> {
  let seen = -1
  let version = 0
  let value: T | undefined
  const get = (): T => {
    let sum = 0
    for (const source of sources) sum += source.version
    if (sum !== seen) {
      seen = sum
      const next = shareStructure(value, compute(value))
      if (next !== value) version += 1
      value = next
    }
    return value as T
  }
  return {
    get,
    get version() {
      get()
      return version
    },
    subscribe(listener) {
      const unsubscribers = sources.map((source) => source.subscribe(listener))
      return () => {
        for (const unsubscribe of unsubscribers) unsubscribe()
      }
    },
  }
}
