import type { Clock } from '../sim/process'
import { type Micros, minutes } from '../sim/time'

/** After this long an unmet expectation no longer holds its controller back. */
export const expectationsTimeout: Micros = minutes(5)

interface Expected {
  creations: number
  readonly deletions: Set<string>
  readonly since: Micros
}

/**
 * What a controller has asked for and not yet seen in its cache, by the controller object's key. A
 * sync that would create or delete pods waits until the cache has caught up.
 */
export class Expectations {
  readonly #clock: Clock
  readonly #expected = new Map<string, Expected>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** So many new pods, and the end of these (`namespace/name`); replaces what was expected before. */
  expect(key: string, creations: number, deletions: readonly string[]): void {
    const since = this.#clock.monotonic()
    this.#expected.set(key, { creations, deletions: new Set(deletions), since })
  }

  creationObserved(key: string): void {
    const expected = this.#expected.get(key)
    if (expected && expected.creations > 0) expected.creations--
  }

  deletionObserved(key: string, pod: string): void {
    this.#expected.get(key)?.deletions.delete(pod)
  }

  satisfied(key: string): boolean {
    const expected = this.#expected.get(key)
    if (!expected) return true
    if (expected.creations === 0 && expected.deletions.size === 0) return true
    return this.#clock.monotonic() - expected.since > expectationsTimeout
  }

  forget(key: string): void {
    this.#expected.delete(key)
  }
}
