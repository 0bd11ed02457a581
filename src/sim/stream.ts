import { Callback } from './action'
import type { Machine } from './machine'
import type { CallFailure, Peer, StreamEnd } from './network'
import type { PortSet } from './network-card'
import type { SimEvent } from './simulation'
import { type Micros, seconds } from './time'
import { Segment } from './wires'

/** HTTP/2's habit: a silent peer is pinged this often, and given up after `pingTimeout`. */
export const pingInterval: Micros = seconds(30)
export const pingTimeout: Micros = seconds(15)

type FarewellReason = 'closed' | 'reset'

/** A message, or a farewell, on its way to one side of a stream. */
class Frame extends Segment {
  readonly receiver: StreamSide
  readonly position: number
  readonly message: unknown
  readonly farewell: FarewellReason | undefined

  constructor(side: StreamSide, receiver: StreamSide, position: number, content: FrameContent) {
    const { machine } = side.ports.card
    const { message, farewell } = content
    super(machine, receiver.ports.card.machine, farewell ? 'net.end' : side.kind, machine.life)
    this.receiver = receiver
    this.position = position
    this.message = message
    this.farewell = farewell
  }

  wanted(): boolean {
    return this.receiver.open
  }

  arrive(): void {
    this.receiver.receive(this)
  }
}

interface FrameContent {
  readonly message: unknown
  readonly farewell: FarewellReason | undefined
}

/** Asks for a stream. */
class Dial extends Segment {
  readonly #side: StreamSide
  readonly #port: number
  readonly #request: unknown

  constructor(side: StreamSide, remote: Machine, port: number, request: unknown) {
    super(side.ports.card.machine, remote, side.kind, side.ports.owner)
    this.#side = side
    this.#port = port
    this.#request = request
  }

  wanted(): boolean {
    return this.#side.open
  }

  arrive(): void {
    this.#side.accept(this.to, this.#port, this.#request)
  }
}

/** Nobody listens there. */
class Refusal extends Segment {
  readonly #side: StreamSide

  constructor(side: StreamSide, remote: Machine) {
    super(remote, side.ports.card.machine, 'net.refuse', remote.life)
    this.#side = side
  }

  wanted(): boolean {
    return this.#side.open
  }

  arrive(): void {
    this.#side.fail('refused')
  }
}

/** One side of a stream. Both sides know each other; what passes between them uses the wires. */
export class StreamSide implements StreamEnd {
  readonly ports: PortSet
  readonly kind: string
  #other: StreamSide | undefined
  #remote: Machine | undefined
  #peer: Peer = { machine: '', process: '', ip: '' }
  /** This side can still send and hear. */
  open = true
  onMessage: StreamEnd['onMessage']
  onClose: StreamEnd['onClose']
  /** Sent before the other side has accepted. */
  #early: FrameContent[] = []
  #sent = 0
  #received = 0
  /** Frames that overtook one the wire lost. */
  #held: Map<number, Frame> | undefined
  #probe: SimEvent | undefined

  constructor(ports: PortSet, kind: string) {
    this.ports = ports
    this.kind = kind
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
    sim.wires.send(new Dial(this, remote, port, request))
    if (!sim.wires.passes(machine, remote)) this.suspect()
  }

  send(message: unknown): void {
    if (!this.open) return
    this.ports.card.sim.release(message)
    this.#transmit({ message, farewell: undefined })
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
    const pongMissing = new Callback(() => {
      if (!this.#pingPasses()) this.fail('timeout')
    })
    const ping = new Callback(() => {
      if (this.#pingPasses()) return
      this.#probe = sim.schedule(machine, this.ports.owner, pingTimeout, 'net.ping', pongMissing)
    })
    this.#probe = sim.schedule(machine, this.ports.owner, delay, 'net.ping', ping)
  }

  #pingPasses(): boolean {
    const { machine, sim } = this.ports.card
    const remote = this.#remote as Machine
    if (!sim.wires.passes(machine, remote) || !sim.wires.passes(remote, machine)) return false
    this.#probe = undefined
    if (this.#other && !this.#other.open) this.fail('reset')
    return true
  }

  /** At the remote machine: hands the stream to whoever listens. */
  accept(remote: Machine, port: number, request: unknown): void {
    if (!this.open) return
    const { machine, sim } = this.ports.card
    const listener = remote.card.listener(port)
    if (!listener?.service.onStream) {
      sim.wires.send(new Refusal(this, remote))
      return
    }
    const side = new StreamSide(listener.ports, this.kind)
    side.#remote = machine
    side.#peer = this.ports.peer
    side.#other = this
    this.#other = side
    this.#peer = listener.ports.peer
    listener.service.onStream(request, side, this.ports.peer)
    const early = this.#early
    this.#early = []
    for (const content of early) this.#transmit(content)
  }

  #transmit(content: FrameContent): void {
    const receiver = this.#other
    if (!receiver) this.#early.push(content)
    else this.ports.card.sim.wires.send(new Frame(this, receiver, this.#sent++, content))
  }

  /** A frame is here; those that came too early wait for it. */
  receive(frame: Frame): void {
    if (frame.position !== this.#received) {
      this.#held?.set(frame.position, frame)
      this.#held ??= new Map([[frame.position, frame]])
      return
    }
    let next: Frame | undefined = frame
    while (next && this.open) {
      this.#received++
      if (next.farewell) this.fail(next.farewell)
      else if (this.ports.owner.alive) this.onMessage?.(next.message)
      if (!this.#held) return
      next = this.#held.get(this.#received)
      this.#held.delete(this.#received)
    }
  }

  #finish(farewell: FarewellReason): void {
    if (!this.open) return
    this.#transmit({ message: undefined, farewell })
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
