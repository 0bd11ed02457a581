import { assert } from './assert'
import type { Machine } from './machine'
import type { CallResult, Network, Peer, Service, StreamEnd } from './network'
import type { Owner, SimEvent, Simulation } from './simulation'
import { StreamSide } from './stream'
import { Future } from './task'
import { type Micros, millis } from './time'

/** Asking for a host that nobody has answers after this long. */
const noRouteDelay: Micros = millis(1)

interface PendingCall {
  readonly result: Future<CallResult>
  readonly caller: PortSet
  readonly from: Machine
  timeout: SimEvent | undefined
}

interface Listener {
  readonly ports: PortSet
  readonly service: Service
}

/** A machine's ports and the streams that end at it. */
export class NetworkCard {
  readonly machine: Machine
  readonly sim: Simulation
  readonly #listeners = new Map<number, Listener>()
  readonly streams = new Set<StreamSide>()

  constructor(sim: Simulation, machine: Machine) {
    this.sim = sim
    this.machine = machine
  }

  bind(port: number, listener: Listener): void {
    assert(!this.#listeners.has(port), `port ${port} of ${this.machine.id} is in use`)
    this.#listeners.set(port, listener)
  }

  release(port: number): void {
    this.#listeners.delete(port)
  }

  listener(port: number): Listener | undefined {
    return this.#listeners.get(port)
  }

  /** Carries a call's outcome back; the kernel goes on trying when the server is gone. */
  answer(pending: PendingCall, result: CallResult, kind: string): void {
    this.sim.release(result)
    this.sim.wires.reliable(this.machine, pending.from, {
      kind,
      sender: this.machine.life,
      wanted: () => !pending.result.done,
      arrive: () => {
        if (pending.result.done || !pending.caller.owner.alive) return
        if (pending.timeout) this.sim.cancel(pending.timeout)
        pending.result.resolve(result)
      },
    })
  }

  /** What runs to that machine may be broken: its streams find out by pings. */
  suspectStreamsTo(machine: Machine): void {
    for (const stream of this.streams) if (stream.runsTo(machine)) stream.suspect()
  }

  /** No process has to be told: all of them are gone. */
  losePower(): void {
    this.#listeners.clear()
    for (const stream of this.streams) stream.vanish()
    this.streams.clear()
  }
}

/** One process's use of its machine's network card. */
export class PortSet implements Network {
  readonly owner: Owner
  readonly card: NetworkCard
  readonly peer: Peer
  readonly #ports = new Set<number>()
  readonly streams = new Set<StreamSide>()
  /** Calls this process has taken and not yet answered. */
  readonly #serving = new Set<PendingCall>()

  constructor(card: NetworkCard, owner: Owner) {
    this.card = card
    this.owner = owner
    this.peer = { machine: owner.machine, process: owner.process, ip: card.machine.ip }
  }

  listen(port: number, service: Service): void {
    this.card.bind(port, { ports: this, service })
    this.#ports.add(port)
  }

  unlisten(port: number): void {
    if (this.#ports.delete(port)) this.card.release(port)
  }

  send(to: string, message: unknown, kind = 'net.datagram'): void {
    const target = this.#resolve(to)
    if (!target) return
    this.card.sim.release(message)
    const { wires } = this.card.sim
    wires.datagram(this.card.machine, target.machine, kind, () => {
      const listener = target.machine.card.listener(target.port)
      if (listener?.ports.owner.alive) listener.service.onDatagram?.(message, this.peer)
    })
  }

  call(to: string, request: unknown, timeout: Micros, kind = 'net.call'): Future<CallResult> {
    const { sim, machine } = this.card
    sim.release(request)
    const pending: PendingCall = {
      result: new Future(),
      caller: this,
      from: machine,
      timeout: undefined,
    }
    const target = this.#resolve(to)
    const delay = target ? timeout : noRouteDelay
    pending.timeout = sim.schedule(machine, this.owner, delay, 'net.timeout', () => {
      pending.result.resolve({ ok: false, error: target ? 'timeout' : 'no route' })
    })
    if (!target) return pending.result
    sim.wires.reliable(machine, target.machine, {
      kind,
      sender: this.owner,
      wanted: () => !pending.result.done,
      arrive: () => this.#arrive(target, request, pending),
    })
    return pending.result
  }

  stream(to: string, request: unknown, kind = 'net.stream'): StreamEnd {
    const { sim, machine } = this.card
    sim.release(request)
    const target = this.#resolve(to)
    const side = new StreamSide(this, kind)
    if (!target) {
      sim.schedule(machine, this.owner, noRouteDelay, 'net.timeout', () => side.fail('no route'))
      return side
    }
    side.dial(target.machine, target.port, request)
    return side
  }

  /** The process is gone: its machine's kernel resets what it had open. */
  closeAll(): void {
    for (const port of this.#ports) this.card.release(port)
    this.#ports.clear()
    for (const stream of [...this.streams]) stream.resetByKernel()
    for (const pending of this.#serving) {
      this.card.answer(pending, { ok: false, error: 'reset' }, 'net.reset')
    }
    this.#serving.clear()
  }

  #arrive(
    target: { machine: Machine; port: number },
    request: unknown,
    pending: PendingCall,
  ): void {
    const { machine } = target
    const listener = machine.card.listener(target.port)
    const handler = listener?.service.onCall
    if (!listener || !handler) {
      machine.card.answer(pending, { ok: false, error: 'refused' }, 'net.refuse')
      return
    }
    const server = listener.ports
    server.#serving.add(pending)
    handler.call(
      listener.service,
      request,
      (response) => {
        if (!server.#serving.delete(pending)) return
        machine.card.answer(pending, { ok: true, value: response }, 'net.reply')
      },
      this.peer,
    )
  }

  #resolve(to: string): { machine: Machine; port: number } | undefined {
    const colon = to.lastIndexOf(':')
    const host = to.slice(0, colon)
    const local = host === 'localhost' || host === '127.0.0.1'
    const machine = local ? this.card.machine : this.card.sim.machine(host)
    return machine && { machine, port: Number(to.slice(colon + 1)) }
  }
}
