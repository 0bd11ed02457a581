import type { LabCommand, TrafficResponse } from '../control/commands'
import type { ClusterSpec } from '../control/spec'
import type { LabState } from '../control/state'
import type { Machine } from '../sim/machine'
import { Simulation } from '../sim/simulation'
import type { Future } from '../sim/task'
import { outsideName } from './addresses'
import { perform } from './commands'
import { addMachines, outsideBootMicros } from './machines'
import type { Outside } from './outside'
import { physicalState } from './physical-state'
import { Readiness } from './readiness'
import { sendTraffic } from './traffic'

/**
 * A whole cluster in one simulation: the only place that knows every component. What is done to it
 * from outside must be called inside `sim.inject`.
 */
export class Cluster {
  readonly spec: ClusterSpec
  readonly sim: Simulation
  readonly #readiness: Readiness

  /** `freezes`: everything sent is frozen, so that a process that changes it is caught. */
  constructor(spec: ClusterSpec, options: { readonly freezes?: boolean } = {}) {
    this.spec = spec
    const { seed, epochMs, latencyMicros } = spec
    this.sim = new Simulation({ seed, epochMs, latencyMicros, ...options })
    addMachines(this.sim, spec)
    this.#readiness = new Readiness(this.sim, spec)
    this.sim.inject('cluster.start', () => {
      for (const machine of this.sim.machines) machine.powerOn()
    })
    this.sim.runUntil(outsideBootMicros)
  }

  /** The user's own computer: it has booted before anything can be asked of the cluster. */
  get outside(): Outside {
    return this.sim.machine(outsideName)?.process(outsideName)?.program as Outside
  }

  machine(name: string): Machine | undefined {
    return this.sim.machine(name)
  }

  /** Every machine is registered and Ready, and the control plane has its leaders. */
  ready(): boolean {
    return this.#readiness.ready()
  }

  /** A judge of rest whose verdict depends on what happens from now on alone. */
  judge(): { settled(): boolean } {
    return new Readiness(this.sim, this.spec)
  }

  /** Nothing is under way any more: what the API says is what the machines do. */
  settled(): boolean {
    return this.#readiness.settled()
  }

  /** Carries out a command that acts on the physics; returns why it could not, if so. */
  perform(command: LabCommand): string | undefined {
    return perform(this.sim, this.spec, command)
  }

  request(from: string, url: string): Future<TrafficResponse> {
    return sendTraffic(this.sim, from, url)
  }

  physicalState(): Omit<LabState, 'speed' | 'activity'> {
    return physicalState(this.sim, this.spec, this.settled())
  }
}
