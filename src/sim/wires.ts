import type { Machine } from './machine'
import type { LinkFault } from './network'
import type { Owner, Simulation } from './simulation'
import { type Micros, micros, millis } from './time'

export const loopbackLatencyMicros: Micros = micros(30)
const retransmitFirst: Micros = millis(200)
const retransmitMax: Micros = millis(6_400)

/** What is sent reliably: retransmitted while `wanted()`; `arrive` runs once, at the other end. */
interface Segment {
  readonly kind: string
  /** The sender's side: when it is dead nothing is sent again. */
  readonly sender: Owner
  wanted(): boolean
  arrive(): void
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

  /** True when a message sent now would arrive: both machines on, the wire whole. */
  passes(from: Machine, to: Machine): boolean {
    return to.receives && from.receives && !this.fault(from, to)?.cut
  }

  /** One try; `arrive` runs unless the wire or the machine at its end says otherwise. */
  datagram(from: Machine, to: Machine, kind: string, arrive: () => void): void {
    const lossy = this.#loses(from, to)
    this.#sim.schedule(from, to.wire, this.#delay(from, to), kind, () => {
      if (lossy || !to.receives || this.fault(from, to)?.cut) this.lost++
      else {
        this.delivered++
        arrive()
      }
    })
  }

  reliable(from: Machine, to: Machine, segment: Segment, attempt = 0): void {
    const lossy = this.#loses(from, to)
    this.#sim.schedule(from, to.wire, this.#delay(from, to), segment.kind, () => {
      if (!lossy && to.receives && !this.fault(from, to)?.cut) {
        this.delivered++
        segment.arrive()
        return
      }
      this.lost++
      this.#retransmit(from, to, segment, attempt)
    })
  }

  #retransmit(from: Machine, to: Machine, segment: Segment, attempt: number): void {
    if (!segment.sender.alive || !segment.wanted()) return
    const backoff = Math.min(retransmitFirst * 2 ** attempt, retransmitMax)
    this.#sim.schedule(from, segment.sender, backoff, 'net.retransmit', () => {
      if (segment.wanted()) this.reliable(from, to, segment, attempt + 1)
    })
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
