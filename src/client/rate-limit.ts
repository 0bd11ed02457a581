import type { Clock } from '../sim/process'
import type { Micros } from '../sim/time'

/** Client-go's request limiter: `qps` tokens a second, at most `burst` saved. */
export class TokenBucket {
  readonly #clock: Clock
  readonly #interval: Micros
  readonly #burst: number
  /** When the bucket would be full, had nothing been taken since. */
  #fullAt: Micros = 0

  constructor(clock: Clock, qps: number, burst: number) {
    this.#clock = clock
    this.#interval = Math.max(1, Math.floor(1_000_000 / qps))
    this.#burst = burst
  }

  /** Takes a token; returns how long to wait before using it. */
  reserve(): Micros {
    const now = this.#clock.monotonic()
    this.#fullAt = Math.max(this.#fullAt, now) + this.#interval
    return Math.max(0, this.#fullAt - now - this.#burst * this.#interval)
  }

  /** Takes a token only if there is one now. */
  tryTake(): boolean {
    const now = this.#clock.monotonic()
    const fullAt = Math.max(this.#fullAt, now) + this.#interval
    if (fullAt - now > this.#burst * this.#interval) return false
    this.#fullAt = fullAt
    return true
  }
}
