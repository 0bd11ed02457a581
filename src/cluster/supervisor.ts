import type {
  MachineHost,
  Process,
  ProcessEnv,
  ProcessFactory,
  ProcessHandle,
} from '../sim/process'
import { seconds } from '../sim/time'

export interface Unit {
  readonly name: string
  readonly factory: ProcessFactory
  /** A job that ends well is done; anything else is started again. */
  readonly once?: boolean
}

/** As kubelet's own unit file has it: Restart=always, RestartSec=10. */
const restartDelay = seconds(10)

/** The machine's init system: starts its units at boot and again whenever one has ended. */
export function supervisor(units: readonly Unit[]): ProcessFactory {
  return (env) => new Supervisor(env, units)
}

class Supervisor implements Process {
  readonly #env: ProcessEnv
  readonly #units: readonly Unit[]
  #stopping = false

  constructor(env: ProcessEnv, units: readonly Unit[]) {
    this.#env = env
    this.#units = units
  }

  start(): void {
    for (const unit of this.#units) this.#run(unit)
  }

  stop(): void {
    this.#stopping = true
    this.#env.exit(0)
  }

  #run(unit: Unit): void {
    const host: MachineHost = this.#env.host
    const handle: ProcessHandle = host.start(unit.name, unit.factory)
    handle.exited.onDone((code) => {
      if (this.#stopping || (unit.once && code === 0)) return
      this.#env.clock.after(restartDelay, () => this.#run(unit), 'supervisor.restart')
    })
  }
}
