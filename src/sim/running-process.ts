import type { Action } from './action'
import type { Machine } from './machine'
import { PortSet } from './network-card'
import type {
  Clock,
  Process,
  ProcessEnv,
  ProcessFactory,
  ProcessHandle,
  ProcessStatus,
  Timer,
} from './process'
import type { Owner, SimEvent, Simulation } from './simulation'
import { Future } from './task'

export const exitKilled = 137
export const exitTerminated = 143

/** One run of a program: the owner of its events until it ends. */
export class RunningProcess implements ProcessHandle, Owner {
  readonly name: string
  readonly machine: string
  readonly process: string
  readonly index: number
  readonly program: Process
  readonly exited = new Future<number>()
  readonly ports: PortSet
  alive = true
  status: ProcessStatus = 'running'
  readonly #machine: Machine

  constructor(machine: Machine, name: string, factory: ProcessFactory) {
    this.#machine = machine
    this.name = name
    this.machine = machine.id
    this.process = name
    this.index = machine.index
    this.ports = new PortSet(machine.card, this)
    this.program = factory(this.#environment())
  }

  begin(): void {
    this.#machine.sim.note(this, 'process.start', '')
    this.program.start()
  }

  terminate(): void {
    if (!this.alive) return
    if (this.program.stop) this.program.stop()
    else this.#end(exitTerminated, 'exited')
  }

  kill(): void {
    this.#end(exitKilled, 'crashed')
  }

  /** The machine lost its power: no exit code, no reset to peers, nobody is told. */
  vanish(): void {
    this.alive = false
    this.status = 'crashed'
  }

  #end(code: number, status: ProcessStatus): void {
    if (!this.alive) return
    this.alive = false
    this.status = status
    this.#machine.sim.note(this, 'process.exit', String(code))
    this.ports.closeAll()
    this.exited.resolve(code)
  }

  #environment(): ProcessEnv {
    const machine = this.#machine
    const { sim } = machine
    return {
      self: { machine: machine.id, process: this.name, ip: machine.ip },
      clock: this.#clock(),
      random: sim.random(`${machine.id}/${this.name}/${machine.bootCount}/${sim.now}`),
      network: this.ports,
      disk: machine.disk,
      host: machine.host(this),
      spawn: (task) => sim.spawn(this, task),
      whenDone: (future, action) => sim.whenDone(this, future, action),
      note: (kind, detail) => sim.note(this, kind, detail),
      exit: (code) => this.#end(code, code === 0 ? 'exited' : 'crashed'),
    }
  }

  #clock(): Clock {
    const machine = this.#machine
    const { sim } = machine
    const epochMicros = sim.epochMs * 1000
    const after = (delay: number, action: () => void, kind = 'timer'): Timer => {
      const timer = new ProcessTimer(sim, action)
      timer.event = sim.schedule(machine, this, delay, kind, timer)
      return timer
    }
    return {
      monotonic: () => sim.now,
      wall: () => epochMicros + sim.now + machine.clockSkewMicros,
      after,
      sleep: (delay, kind = 'sleep') => {
        const sleep = new Sleep()
        sim.schedule(machine, this, delay, kind, sleep)
        return sleep
      },
    }
  }
}

class ProcessTimer implements Timer, Action {
  readonly #sim: Simulation
  readonly #action: () => void
  event: SimEvent | undefined

  constructor(sim: Simulation, action: () => void) {
    this.#sim = sim
    this.#action = action
  }

  run(): void {
    this.#action()
  }

  cancel(): void {
    if (this.event) this.#sim.cancel(this.event)
  }
}

/** A future whose time comes. */
class Sleep extends Future<void> implements Action {
  run(): void {
    this.resolve(undefined)
  }
}
