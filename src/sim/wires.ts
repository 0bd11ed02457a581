import type { Action } from './action'
import type { Machine } from './machine'
import type { LinkFault } from './network'
import type { Owner, Simulation } from './simulation'
import { type Micros, micros, millis } from './time'

export const loopbackLatencyMicros: Micros = micros(30)
const retransmitFirst: Micros = millis(200)
const retransmitMax: Micros = millis(6_400)

/** A message on a wire: its own event, so that sending costs nothing but the message. */
export abstract class Flight implements Action {
  readonly from: Machine
  readonly to: Machine
  readonly kind: string
  /** Chance has it that the wire loses this try. */
  lossy = false

  constructor(from: Machine, to: Machine, kind: string) {
    this.from = from
    this.to = to
    this.kind = kind
  }

  /** At the other end. */
  abstract arrive(): void
  /** The wire or the machine at its end says no. */
  abstract fail(): void

  run(): void {
    const { to, from } = this
    const { wires } = to.sim
    if (!this.lossy && to.receives && !wires.isCut(from, to)) {
      wires.delivered++
      this.arrive()
      return
    }
    wires.lost++
    this.fail()
  }
}

/** What is sent once. */
export abstract class Datagram extends Flight {
  fail(): void {}
}

/** What is sent reliably: retransmitted while `wanted()`; `arrive` runs once, at the other end. */
export abstract class Segment extends Flight {
  /** The sender's side: when it is dead nothing is sent again. */
  readonly sender: Owner
  #attempt = 0
  #waits = false

  constructor(from: Machine, to: Machine, kind: string, sender: Owner) {
    super(from, to, kind)
    this.sender = sender
  }

  abstract wanted(): boolean

  override run(): void {
    if (!this.#waits) {
      super.run()
      return
    }
    this.#waits = false
    if (this.wanted()) this.from.sim.wires.send(this)
  }

  fail(): void {
    if (!this.sender.alive || !this.wanted()) return
    const backoff = Math.min(retransmitFirst * 2 ** this.#attempt++, retransmitMax)
    this.#waits = true
    this.from.sim.schedule(this.from, this.sender, backoff, 'net.retransmit', this)
  }
}

/** The wires between all machines: latency, order, loss, cuts. */
export class Wires {
  readonly #sim: Simulation
  readonly #latency: Micros
  readonly #jitter: Micros
  readonly #faults = new Map<number, LinkFault>()
  delivered = 0
  lost = 0

  constructor(sim: Simulation, latency: Micros) {
    this.#sim = sim
    this.#latency = latency
    this.#jitter = Math.max(1, Math.floor(latency / 5))
  }

  setFault(from: Machine, to: Machine, fault: LinkFault | undefined): void {
    const key = linkKey(from, to)
    if (fault) this.#faults.set(key, fault)
    else this.#faults.delete(key)
    if (!fault?.cut) return
    from.card.suspectStreamsTo(to)
    to.card.suspectStreamsTo(from)
  }

  fault(from: Machine, to: Machine): LinkFault | undefined {
    return this.#faults.get(linkKey(from, to))
  }

  isCut(from: Machine, to: Machine): boolean {
    return this.#faults.size > 0 && this.fault(from, to)?.cut === true
  }

  /** True when a message sent now would arrive: both machines on, the wire whole. */
  passes(from: Machine, to: Machine): boolean {
    return to.receives && from.receives && !this.isCut(from, to)
  }

  /** One try. */
  send(flight: Flight): void {
    const { from, to, kind } = flight
    flight.lossy = this.#loses(from, to)
    this.#sim.schedule(from, to.wire, this.#delay(from, to), kind, flight)
  }

  #loses(from: Machine, to: Machine): boolean {
    if (this.#faults.size === 0) return false
    const loss = this.fault(from, to)?.lossPermille ?? 0
    return loss > 0 && from.wireRandom.chance(loss)
  }

  /** Latency now, never overtaking what went before on the same wire. */
  #delay(from: Machine, to: Machine): Micros {
    if (from === to) return loopbackLatencyMicros
    const jitter = from.wireRandom.below(this.#jitter)
    const extra = this.#faults.size > 0 ? (this.fault(from, to)?.extraLatencyMicros ?? 0) : 0
    const now = this.#sim.now
    const earliest = now + this.#latency + jitter + extra
    const arrival = Math.max(earliest, from.lastArrivals[to.index] ?? 0)
    from.lastArrivals[to.index] = arrival
    return arrival - now
  }
}

function linkKey(from: Machine, to: Machine): number {
  return from.index * 65_536 + to.index
}
