import type { ProcessEnv } from '../sim/process'
import { type Micros, seconds } from '../sim/time'

/** How often the real generator lists the runtime's containers. */
const relistPeriod: Micros = seconds(1)

/**
 * The pod lifecycle event generator: what changes in the runtime is noticed at the next relist, on
 * full seconds. Nothing is listed while nothing changes.
 */
export class Pleg {
  readonly #env: ProcessEnv
  readonly #notice: (podUid: string) => void
  #changed = new Set<string>()

  constructor(env: ProcessEnv, notice: (podUid: string) => void) {
    this.#env = env
    this.#notice = notice
  }

  changed(podUid: string): void {
    const { clock } = this.#env
    if (this.#changed.size === 0) {
      const wait = relistPeriod - (clock.monotonic() % relistPeriod)
      clock.after(wait, () => this.#relist(), 'kubelet.pleg')
    }
    this.#changed.add(podUid)
  }

  #relist(): void {
    const changed = this.#changed
    this.#changed = new Set()
    for (const podUid of changed) this.#notice(podUid)
  }
}
