import type { LabChannel } from '../../control/lab'
import type { LabState } from '../../control/state'
import type { Source } from './derive'
import { shareStructure } from './share'

/** The latest physical truth. Parts that did not change keep their identity. */
export interface LabStore extends Source {
  get(): LabState | undefined
  close(): void
}

/** A lab that ends without a word is told of by the engine's `onFailure`. */
export function openLabStore(lab: LabChannel): LabStore {
  let state: LabState | undefined
  let version = 0
  const listeners = new Set<() => void>()
  const take = (next: LabState) => {
    const shared = shareStructure(state, next)
    if (shared === state) return
    state = shared
    version += 1
    for (const listener of [...listeners]) listener()
  }
  const unsubscribe = lab.subscribe(take)
  const onFirst = (first: LabState) => {
    if (!state) take(first)
  }
  lab.state().then(onFirst, () => undefined)
  return {
    get: () => state,
    get version() {
      return version
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: unsubscribe,
  }
}
