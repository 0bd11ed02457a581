import { type Cri, criServiceName } from '../runtime/cri'
import type { ProcessEnv } from '../sim/process'
import { Future, type Task, wait } from '../sim/task'
import { type Micros, seconds } from '../sim/time'

const pollInterval: Micros = seconds(1)

/** The kubelet's end of the runtime's socket: found again after the runtime was away. */
export class RuntimeConnection {
  /** The runtime while its process lives. */
  cri: Cri | undefined
  readonly #env: ProcessEnv
  readonly #onUp: (cri: Cri) => void
  readonly #onDown: () => void
  readonly #waiting = new Set<Future<void>>()

  constructor(env: ProcessEnv, onUp: (cri: Cri) => void, onDown: () => void) {
    this.#env = env
    this.#onUp = onUp
    this.#onDown = onDown
  }

  connect(): void {
    const { host, clock } = this.#env
    const cri = host.find<Cri>(criServiceName)
    const process = host.process(criServiceName)
    if (!cri || !process) {
      clock.after(pollInterval, () => this.connect(), 'kubelet.runtime')
      return
    }
    this.cri = cri
    process.exited.onDone(() => this.#lost(cri))
    this.#onUp(cri)
  }

  /** Waits for the runtime's answer; undefined when the runtime dies first. */
  *guard<T>(answer: Future<T>): Task<T | undefined> {
    if (answer.done) return answer.value
    if (!this.cri) return undefined
    const either = new Future<void>()
    this.#waiting.add(either)
    answer.onDone(() => either.resolve(undefined))
    yield* wait(either)
    this.#waiting.delete(either)
    return answer.done ? answer.value : undefined
  }

  #lost(cri: Cri): void {
    if (this.cri !== cri) return
    this.cri = undefined
    for (const future of this.#waiting) future.resolve(undefined)
    this.#waiting.clear()
    this.#onDown()
    this.#env.clock.after(pollInterval, () => this.connect(), 'kubelet.runtime')
  }
}
