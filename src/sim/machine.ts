import { Callback } from './action'
import { assert } from './assert'
import { VirtualDisk } from './disk'
import { NetworkCard } from './network-card'
import type { MachineHost, ProcessFactory, ProcessHandle } from './process'
import type { Random } from './random'
import { RunningProcess } from './running-process'
import type { Owner, SimEvent, Simulation } from './simulation'
import { type Micros, seconds } from './time'
import { TraceDigest } from './trace'

export type MachinePower = 'off' | 'booting' | 'on' | 'shutting-down'

export interface MachineSpec {
  readonly id: string
  readonly ip: string
  readonly bootMicros: Micros
  /** What its owner bought, as quantities; the kernel does not ration it. */
  readonly size?: { readonly cpu: string; readonly memory: string }
  /** Starts the first processes, each time the machine has booted. */
  readonly boot: (host: MachineHost, machine: Machine) => void
}

/** An orderly power-off waits this long for processes to end, then pulls the plug. */
export const shutdownGraceMicros: Micros = seconds(15)

/** A simulated computer: power, a disk, a network card and processes. */
export class Machine {
  readonly id: string
  readonly ip: string
  readonly index: number
  readonly spec: MachineSpec
  readonly sim: Simulation
  readonly disk: VirtualDisk
  readonly card: NetworkCard
  readonly digest = new TraceDigest()
  /** When this machine's pings fall. */
  readonly pingRandom: Random
  /** Jitter and loss of what this machine sends. */
  readonly wireRandom: Random
  /** By machine index: when the last message sent there arrives; none may overtake it. */
  readonly lastArrivals: Micros[] = []
  /** The wire's end at this machine: it exists without power too. */
  readonly wire: Owner
  nextSequence = 0
  power: MachinePower = 'off'
  /** Virtual time of the last change of power. */
  powerSince: Micros = 0
  bootCount = 0
  /** How far this wall clock is ahead of true time. */
  clockSkewMicros: Micros = 0
  kernelState = new Map<string, unknown>()
  readonly #processes = new Map<string, RunningProcess>()
  readonly #services = new Map<string, { owner: Owner; service: object }>()
  #powerEvent: SimEvent | undefined

  constructor(sim: Simulation, spec: MachineSpec, index: number) {
    this.sim = sim
    this.spec = spec
    this.id = spec.id
    this.ip = spec.ip
    this.index = index
    this.wire = { machine: spec.id, process: '', index, alive: true }
    this.pingRandom = sim.random(`${spec.id}/ping`)
    this.wireRandom = sim.random(`${spec.id}/wires`)
    this.disk = new VirtualDisk({
      random: sim.random(`${spec.id}/disk`),
      now: () => sim.now,
      after: (delay, action) => void sim.schedule(this, this.life, delay, 'disk.io', action),
    })
    this.card = new NetworkCard(sim, this)
  }

  /** One per boot: events of an earlier life are dropped. */
  life: Owner = { machine: '', process: '', index: 0, alive: false }

  get alive(): boolean {
    return this.life.alive
  }

  get receives(): boolean {
    return this.power === 'on' || this.power === 'shutting-down'
  }

  get processes(): readonly RunningProcess[] {
    return [...this.#processes.values()]
  }

  process(name: string): RunningProcess | undefined {
    return this.#processes.get(name)
  }

  powerOn(): void {
    if (this.power === 'on' || this.power === 'booting') return
    if (this.power === 'shutting-down') this.#cutPower()
    this.#setPower('booting')
    this.life = { machine: this.id, process: '', index: this.index, alive: true }
    this.#powerEvent = this.sim.schedule(
      this,
      this.life,
      this.spec.bootMicros,
      'machine.boot',
      new Callback(() => {
        this.bootCount++
        this.#setPower('on')
        this.spec.boot(this.host(this.life), this)
      }),
    )
  }

  /** `abrupt`: the plug is pulled. `graceful`: SIGTERM, a wait, a flushed disk, then off. */
  powerOff(how: 'abrupt' | 'graceful'): void {
    if (this.power === 'off') return
    if (how === 'abrupt' || this.power === 'booting') {
      this.#cutPower()
      return
    }
    if (this.power === 'shutting-down') return
    this.#setPower('shutting-down')
    const off = () => {
      this.disk.flush()
      this.#cutPower()
    }
    this.#powerEvent = this.sim.schedule(
      this,
      this.life,
      shutdownGraceMicros,
      'machine.shutdown',
      new Callback(off),
    )
    let running = 0
    for (const process of this.processes.filter((p) => p.status === 'running')) {
      running++
      process.exited.onDone(() => {
        if (--running === 0 && this.power === 'shutting-down') off()
      })
      process.terminate()
    }
    if (running === 0) off()
  }

  /** The operating system as seen by one of the machine's processes, or by its boot. */
  host(caller: Owner): MachineHost {
    const machine = this
    return {
      get bootCount() {
        return machine.bootCount
      },
      get kernelState() {
        return machine.kernelState
      },
      start: (name, factory) => machine.start(name, factory),
      process: (name) => machine.#processes.get(name),
      provide: (name, service) => {
        machine.#services.set(name, { owner: caller, service })
      },
      find: <T extends object>(name: string) => {
        const entry = machine.#services.get(name)
        return entry?.owner.alive ? (entry.service as T) : undefined
      },
    }
  }

  start(name: string, factory: ProcessFactory): ProcessHandle {
    assert(this.alive, `${this.id} has no power to start ${name}`)
    const old = this.#processes.get(name)
    assert(old?.status !== 'running', `${name} runs already on ${this.id}`)
    const process = new RunningProcess(this, name, factory)
    this.#processes.set(name, process)
    process.begin()
    return process
  }

  #cutPower(): void {
    if (this.#powerEvent) this.sim.cancel(this.#powerEvent)
    this.life.alive = false
    for (const process of this.#processes.values()) process.vanish()
    this.#processes.clear()
    this.#services.clear()
    this.kernelState = new Map()
    this.card.losePower()
    this.disk.losePower()
    this.#setPower('off')
  }

  #setPower(power: MachinePower): void {
    this.power = power
    this.powerSince = this.sim.now
    this.sim.note(this.wire, `machine.${power}`, '')
    if (power === 'off') this.sim.suspectStreamsTo(this)
  }
}
