import { type Micros, seconds } from '../sim/time'

export const backoffInitial: Micros = seconds(10)
export const backoffMax: Micros = seconds(300)

interface Entry {
  readonly delay: Micros
  readonly updated: Micros
}

/** client-go's flowcontrol.Backoff: 10 s doubling to 5 min, forgotten after 10 min without use. */
export class Backoff {
  readonly #entries = new Map<string, Entry>()

  /** How long from `now` until the work that failed at `failedAt` may be tried again; 0: now. */
  remaining(key: string, failedAt: Micros, now: Micros): Micros {
    const entry = this.#entries.get(key)
    if (!entry || failedAt - entry.updated > backoffMax * 2) return 0
    return Math.max(0, failedAt + entry.delay - now)
  }

  /** The delay that counts for the next failure. */
  delay(key: string): Micros {
    return this.#entries.get(key)?.delay ?? 0
  }

  /** Another try begins, for a failure at `failedAt`. */
  next(key: string, failedAt: Micros, now: Micros): void {
    const entry = this.#entries.get(key)
    const expired = !entry || failedAt - entry.updated > backoffMax * 2
    const delay = expired ? backoffInitial : Math.min(entry.delay * 2, backoffMax)
    this.#entries.set(key, { delay, updated: now })
  }

  forget(prefix: string): void {
    for (const key of [...this.#entries.keys()]) {
      if (key.startsWith(prefix)) this.#entries.delete(key)
    }
  }
}

/** `10s`, `1m20s`, `5m0s`: Go's way to print a duration of whole seconds. */
export function goSeconds(delay: Micros): string {
  const total = Math.round(delay / 1_000_000)
  if (total < 60) return `${total}s`
  return `${Math.floor(total / 60)}m${total % 60}s`
}

/** `1.234s`, `432ms`: how long a pull took, as the kubelet prints it (whole milliseconds). */
export function goMillis(took: Micros): string {
  const ms = Math.round(took / 1000)
  if (ms < 1000) return `${ms}ms`
  const seconds = Math.floor(ms / 1000)
  const fraction =
    ms % 1000 === 0
      ? ''
      : `.${String(ms % 1000)
          .padStart(3, '0')
          .replace(/0+$/, '')}`
  if (seconds < 60) return `${seconds}${fraction}s`
  return `${Math.floor(seconds / 60)}m${seconds % 60}${fraction}s`
}
