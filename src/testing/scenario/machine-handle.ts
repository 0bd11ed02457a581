import type { LabCommand } from '../../control/commands'
import type { MachineState } from '../../control/state'

/** One machine of a scenario: what can be done to it by hand. */
export class MachineHandle {
  readonly id: string
  readonly #perform: (command: LabCommand) => void
  readonly #state: () => MachineState | undefined

  constructor(
    id: string,
    perform: (command: LabCommand) => void,
    state: () => MachineState | undefined,
  ) {
    this.id = id
    this.#perform = perform
    this.#state = state
  }

  get power(): MachineState['power'] {
    return this.#state()?.power ?? 'off'
  }

  powerOff(how: 'abrupt' | 'graceful' = 'abrupt'): void {
    this.#perform({ type: 'powerOff', machine: this.id, how })
  }

  powerOn(): void {
    this.#perform({ type: 'powerOn', machine: this.id })
  }

  /** `peers`: the other masters only, both ways. */
  isolate(from: 'peers' | 'all' = 'all'): void {
    this.#perform({ type: 'isolate', machine: this.id, from })
  }

  reconnect(): void {
    this.#perform({ type: 'reconnect', machine: this.id })
  }

  crash(process: string): void {
    this.#perform({ type: 'crashProcess', machine: this.id, process })
  }
}
