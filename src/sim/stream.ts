import type { Machine } from './machine'
import type { CallFailure, Peer, StreamEnd } from './network'
import type { PortSet } from './network-card'
import type { SimEvent } from './simulation'
import { type Micros, seconds } from './time'

/** HTTP/2's habit: a silent peer is pinged this often, and given up after `pingTimeout`. */
export const pingInterval: Micros = seconds(30)
export const pingTimeout: Micros = seconds(15)

type Frame =
  | { readonly type: 'data'; readonly message: unknown }
  | { readonly type: 'end'; readonly reason: 'closed' | 'reset' }

/** One side of a stream. Both sides know each other; what passes between them uses the wires. */
export class StreamSide implements StreamEnd {
  readonly ports: PortSet
  readonly #kind: string
  #other: StreamSide | undefined
  #remote: Machine | undefined
  #peer: Peer = { machine: '', process: '', ip: '' }
  /** This side can still send and hear. */
  open = true
  onMessage: StreamEnd['onMessage']
  onClose: StreamEnd['onClose']
  /** Sent before the other side has accepted. */
  #early: Frame[] = []
  #sent = 0
  #received = 0
  /** Frames that overtook one the wire lost. */
  readonly #held = new Map<number, Frame>()
  #probe: SimEvent | undefined

  constructor(ports: PortSet, kind: string) {
    this.ports = ports
    this.#kind = kind
    ports.streams.add(this)
    ports.card.streams.add(this)
  }

  get peer(): Peer {
    return this.#peer
  }

  dial(remote: Machine, port: number, request: unknown): void {
    this.#remote = remote
    this.#peer = { machine: remote.id, process: '', ip: remote.ip }
    const { machine, sim } = this.ports.card
    sim.wires.reliable(machine, remote, {
      kind: this.#kind,
      sender: this.ports.owner,
      wanted: () => this.open,
      arrive: () => this.#accept(remote, port, request),
    })
    if (!sim.wires.passes(machine, remote)) this.suspect()
  }

  send(message: unknown): void {
    if (!this.open) return
    this.ports.card.sim.release(message)
    this.#transmit({ type: 'data', message })
  }

  close(): void {
    this.#finish('closed')
  }

  /** The process died; its kernel tells the peer. */
  resetByKernel(): void {
    this.#finish('reset')
  }

  /** The machine lost its power: the peer hears nothing. */
  vanish(): void {
    this.open = false
  }

  fail(reason: CallFailure | 'closed'): void {
    if (!this.open) return
    this.#leave()
    if (this.ports.owner.alive) this.onClose?.(reason)
  }

  runsTo(machine: Machine): boolean {
    return this.#remote === machine
  }

  /** The wire or the peer may be gone: find out with the next ping. */
  suspect(): void {
    if (!this.open || this.#probe) return
    const { machine, sim } = this.ports.card
    const delay = machine.pingRandom.below(pingInterval)
    this.#probe = sim.schedule(machine, this.ports.owner, delay, 'net.ping', () => {
      if (this.#pingPasses()) return
      this.#probe = sim.schedule(machine, this.ports.owner, pingTimeout, 'net.ping', () => {
        if (!this.#pingPasses()) this.fail('timeout')
      })
    })
  }

  #pingPasses(): boolean {
    const { machine, sim } = this.ports.card
    const remote = this.#remote as Machine
    if (!sim.wires.passes(machine, remote) || !sim.wires.passes(remote, machine)) return false
    this.#probe = undefined
    if (this.#other && !this.#other.open) this.fail('reset')
    return true
  }

  #accept(remote: Machine, port: number, request: unknown): void {
    if (!this.open) return
    const { machine, sim } = this.ports.card
    const listener = remote.card.listener(port)
    if (!listener?.service.onStream) {
      sim.wires.reliable(remote, machine, {
        kind: 'net.refuse',
        sender: remote.life,
        wanted: () => this.open,
        arrive: () => this.fail('refused'),
      })
      return
    }
    const side = new StreamSide(listener.ports, this.#kind)
    side.#remote = machine
    side.#peer = this.ports.peer
    side.#other = this
    this.#other = side
    this.#peer = listener.ports.peer
    listener.service.onStream(request, side, this.ports.peer)
    const early = this.#early
    this.#early = []
    for (const frame of early) this.#transmit(frame)
  }

  #transmit(frame: Frame): void {
    const receiver = this.#other
    if (!receiver) {
      this.#early.push(frame)
      return
    }
    const { machine, sim } = this.ports.card
    const position = this.#sent++
    sim.wires.reliable(machine, this.#remote as Machine, {
      kind: frame.type === 'data' ? this.#kind : 'net.end',
      sender: machine.life,
      wanted: () => receiver.open,
      arrive: () => receiver.#receive(position, frame),
    })
  }

  #receive(position: number, frame: Frame): void {
    if (position !== this.#received) {
      this.#held.set(position, frame)
      return
    }
    let next: Frame | undefined = frame
    while (next && this.open) {
      this.#received++
      if (next.type === 'end') this.fail(next.reason)
      else if (this.ports.owner.alive) this.onMessage?.(next.message)
      next = this.#held.get(this.#received)
      this.#held.delete(this.#received)
    }
  }

  #finish(reason: 'closed' | 'reset'): void {
    if (!this.open) return
    this.#transmit({ type: 'end', reason })
    this.#leave()
  }

  #leave(): void {
    this.open = false
    if (this.#probe) this.ports.card.sim.cancel(this.#probe)
    this.#probe = undefined
    this.ports.streams.delete(this)
    this.ports.card.streams.delete(this)
  }
}
