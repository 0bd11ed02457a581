import { type Action, Callback } from './action'
import { assert } from './assert'
import type { Machine } from './machine'
import type { CallFailure, CallResult, Network, Peer, Service, StreamEnd } from './network'
import type { Owner, SimEvent, Simulation } from './simulation'
import { StreamSide } from './stream'
import { Future } from './task'
import { type Micros, millis } from './time'
import { Datagram, Segment } from './wires'

/** Asking for a host that nobody has answers after this long. */
const noRouteDelay: Micros = millis(1)

/** A call under way: what the caller waits for, and its own time-out. */
class PendingCall extends Future<CallResult> implements Action {
  readonly caller: PortSet
  readonly from: Machine
  readonly #failure: CallFailure
  timeout: SimEvent | undefined

  constructor(caller: PortSet, failure: CallFailure) {
    super()
    this.caller = caller
    this.from = caller.card.machine
    this.#failure = failure
  }

  run(): void {
    this.resolve({ ok: false, error: this.#failure })
  }
}

class CallRequest extends Segment {
  readonly #call: PendingCall
  readonly #target: Target
  readonly #request: unknown

  constructor(call: PendingCall, target: Target, request: unknown, kind: string) {
    super(call.from, target.machine, kind, call.caller.owner)
    this.#call = call
    this.#target = target
    this.#request = request
  }

  wanted(): boolean {
    return !this.#call.done
  }

  arrive(): void {
    this.#target.machine.card.serve(this.#target.port, this.#request, this.#call)
  }
}

class CallAnswer extends Segment {
  readonly #call: PendingCall
  readonly #result: CallResult

  constructor(machine: Machine, call: PendingCall, result: CallResult, kind: string) {
    super(machine, call.from, kind, machine.life)
    this.#call = call
    this.#result = result
  }

  wanted(): boolean {
    return !this.#call.done
  }

  arrive(): void {
    const call = this.#call
    if (call.done || !call.caller.owner.alive) return
    if (call.timeout) this.from.sim.cancel(call.timeout)
    call.resolve(this.#result)
  }
}

class Packet extends Datagram {
  readonly #port: number
  readonly #message: unknown
  readonly #peer: Peer

  constructor(from: PortSet, target: Target, message: unknown, kind: string) {
    super(from.card.machine, target.machine, kind)
    this.#port = target.port
    this.#message = message
    this.#peer = from.peer
  }

  arrive(): void {
    const listener = this.to.card.listener(this.#port)
    if (listener?.ports.owner.alive) listener.service.onDatagram?.(this.#message, this.#peer)
  }
}

interface Target {
  readonly machine: Machine
  readonly port: number
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
  answer(call: PendingCall, result: CallResult, kind: string): void {
    this.sim.release(result)
    this.sim.wires.send(new CallAnswer(this.machine, call, result, kind))
  }

  /** Hands a call to whoever listens. */
  serve(port: number, request: unknown, call: PendingCall): void {
    const listener = this.#listeners.get(port)
    if (!listener?.service.onCall) {
      this.answer(call, { ok: false, error: 'refused' }, 'net.refuse')
      return
    }
    listener.ports.serve(listener.service, request, call)
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
  readonly #targets = new Map<string, Target>()

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
    this.card.sim.wires.send(new Packet(this, target, message, kind))
  }

  call(to: string, request: unknown, timeout: Micros, kind = 'net.call'): Future<CallResult> {
    const { sim, machine } = this.card
    sim.release(request)
    const target = this.#resolve(to)
    const call = new PendingCall(this, target ? 'timeout' : 'no route')
    const delay = target ? timeout : noRouteDelay
    call.timeout = sim.schedule(machine, this.owner, delay, 'net.timeout', call)
    if (target) sim.wires.send(new CallRequest(call, target, request, kind))
    return call
  }

  stream(to: string, request: unknown, kind = 'net.stream'): StreamEnd {
    const { sim, machine } = this.card
    sim.release(request)
    const target = this.#resolve(to)
    const side = new StreamSide(this, kind)
    if (!target) {
      const fail = new Callback(() => side.fail('no route'))
      sim.schedule(machine, this.owner, noRouteDelay, 'net.timeout', fail)
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

  /** Takes a call for one of this process's ports. */
  serve(service: Service, request: unknown, call: PendingCall): void {
    this.#serving.add(call)
    const reply = (response: unknown) => {
      if (this.#serving.delete(call)) {
        this.card.answer(call, { ok: true, value: response }, 'net.reply')
      }
    }
    service.onCall?.(request, reply, call.caller.peer)
  }

  /** Machines never go, so that what was found once stays right. */
  #resolve(to: string): Target | undefined {
    let target = this.#targets.get(to)
    if (target) return target
    const colon = to.lastIndexOf(':')
    const host = to.slice(0, colon)
    const local = host === 'localhost' || host === '127.0.0.1'
    const machine = local ? this.card.machine : this.card.sim.machine(host)
    if (!machine) return undefined
    target = { machine, port: Number(to.slice(colon + 1)) }
    this.#targets.set(to, target)
    return target
  }
}
