import type { Clock, Timer } from '../../sim/process'
import type { Future } from '../../sim/task'
import { type Micros, seconds } from '../../sim/time'

/** A zone's nodes that are to be tainted NoExecute, let through one by one at the zone's rate. */
export class ZoneTainter {
  readonly #clock: Clock
  /** Resolves with false when the node must come again. */
  readonly #taint: (node: string) => Future<boolean>
  readonly #waiting = new Set<string>()
  #interval: Micros
  #nextAt: Micros = 0
  #timer: Timer | undefined

  constructor(clock: Clock, rate: number, taint: (node: string) => Future<boolean>) {
    this.#clock = clock
    this.#interval = intervalOf(rate)
    this.#taint = taint
  }

  add(node: string): void {
    this.#waiting.add(node)
    this.#schedule()
  }

  remove(node: string): void {
    this.#waiting.delete(node)
  }

  /** Nodes a second; 0 lets none through. */
  setRate(rate: number): void {
    this.#interval = intervalOf(rate)
    this.#timer?.cancel()
    this.#timer = undefined
    this.#schedule()
  }

  #schedule(): void {
    if (this.#timer || this.#waiting.size === 0 || this.#interval === 0) return
    const delay = Math.max(0, this.#nextAt - this.#clock.monotonic())
    this.#timer = this.#clock.after(delay, () => this.#letOne(), 'node.taint')
  }

  #letOne(): void {
    this.#timer = undefined
    const { value: node } = this.#waiting.values().next()
    if (node === undefined) return
    this.#waiting.delete(node)
    this.#nextAt = this.#clock.monotonic() + this.#interval
    this.#taint(node).onDone((done) => {
      if (!done) this.add(node)
    })
    this.#schedule()
  }
}

const intervalOf = (rate: number): Micros => (rate > 0 ? Math.round(seconds(1) / rate) : 0)
