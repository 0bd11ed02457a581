import { type Action, Callback } from './action'
import { assert } from './assert'
import { EventQueue, type QueuedEvent } from './event-queue'
import { deepFreeze } from './freeze'
import { Machine, type MachineSpec } from './machine'
import { type Random, randomStream } from './random'
import { Future, type Task, type Waiter } from './task'
import type { Micros } from './time'
import { TraceDigest, type TraceEntry, TraceLog } from './trace'
import { Wires } from './wires'

/** Who an event is for. A dead owner's events are dropped. */
export interface Owner {
  readonly machine: string
  readonly process: string
  readonly index: number
  alive: boolean
}

export interface SimEvent extends QueuedEvent {
  readonly owner: Owner
  readonly kind: string
  readonly cause: number
  action: Action | undefined
}

export interface SimulationOptions {
  readonly seed: number
  /** Wall clock of virtual time 0, milliseconds since 1970. */
  readonly epochMs: number
  /** One-way delay between two machines; jitter adds up to a fifth. At least 1. */
  readonly latencyMicros: Micros
  /** Freezes all that is sent: for tests and development, too dear for play. */
  readonly freezes?: boolean
}

export class SimulationCrash extends Error {
  override readonly name = 'SimulationCrash'
}

/** The kernel: owns time, chance, wires and disks; hands the machines one event at a time. */
export class Simulation {
  readonly seed: number
  readonly epochMs: number
  readonly wires: Wires
  readonly #freezes: boolean
  readonly machines: Machine[] = []
  readonly #byHost = new Map<string, Machine>()
  readonly #queue = new EventQueue<SimEvent>()
  readonly #log = new TraceLog()
  readonly #ready: Resumable[] = []
  #now: Micros = 0
  #executing = 0
  #world = new WorldClock()
  #eventsHandled = 0

  constructor(options: SimulationOptions) {
    assert(options.latencyMicros >= 1, 'a wire needs a latency of at least 1 µs')
    this.seed = options.seed
    this.epochMs = options.epochMs
    this.#freezes = options.freezes ?? false
    this.wires = new Wires(this, options.latencyMicros)
  }

  get now(): Micros {
    return this.#now
  }

  get eventsHandled(): number {
    return this.#eventsHandled
  }

  random(name: string): Random {
    return randomStream(this.seed, name)
  }

  addMachine(spec: MachineSpec): Machine {
    assert(!this.#byHost.has(spec.id), `a machine named "${spec.id}" exists already`)
    const machine = new Machine(this, spec, this.machines.length + 1)
    this.machines.push(machine)
    this.#byHost.set(spec.id, machine)
    this.#byHost.set(spec.ip, machine)
    return machine
  }

  /** By name or IP. */
  machine(host: string): Machine | undefined {
    return this.#byHost.get(host)
  }

  /** Queues an event of `source`'s for `owner`; the event that runs now is its cause. */
  schedule(
    source: { readonly index: number; nextSequence: number },
    owner: Owner,
    delay: Micros,
    kind: string,
    action: Action,
  ): SimEvent {
    if (!(delay >= 0 && Number.isInteger(delay))) assert(false, `delay of ${kind} is ${delay} µs`)
    const event: SimEvent = {
      time: this.#now + delay,
      source: source.index,
      sequence: source.nextSequence++,
      position: -1,
      owner,
      kind,
      cause: this.#executing,
      action,
    }
    this.#queue.push(event)
    return event
  }

  cancel(event: SimEvent): void {
    event.action = undefined
    this.#queue.remove(event)
  }

  /** Something done from outside (a command, a request): runs now, between two events. */
  inject(kind: string, action: () => void): void {
    assert(this.#executing === 0, 'inject is for the host, not for processes')
    this.#run(0, this.#world, this.#world.nextSequence++, kind, 0, new Callback(action))
  }

  /** A machine fell silent: whoever holds a stream to it will find out. */
  suspectStreamsTo(machine: Machine): void {
    for (const other of this.machines) other.card.suspectStreamsTo(machine)
  }

  get nextEventTime(): Micros | undefined {
    return this.#queue.peek()?.time
  }

  /** What leaves a process is read-only from then on: enforced where the simulation freezes. */
  release(data: unknown): void {
    if (this.#freezes) deepFreeze(data)
  }

  /** Handles the next event; false when there is none. */
  step(): boolean {
    const event = this.#queue.peek()
    if (!event) return false
    this.#handle(event)
    return true
  }

  /** Handles every event up to and including `time`, at most `eventsMax`; true when all are done. */
  runUntil(time: Micros, eventsMax = Number.MAX_SAFE_INTEGER): boolean {
    for (let handled = 0; ; handled++) {
      const next = this.#queue.peek()
      if (!next || next.time > time) {
        if (time > this.#now) this.#now = time
        return true
      }
      if (handled >= eventsMax) return false
      this.#handle(next)
    }
  }

  /** Starts a task for `owner`. It runs at once, up to its first wait. */
  spawn<T>(owner: Owner, task: Task<T>): Future<T> {
    const runner = new TaskRunner(this.#ready, owner, task)
    runner.resume()
    return runner.result
  }

  /** Runs an action for `owner` once the future is there. */
  whenDone<T>(owner: Owner, future: Future<T>, action: (value: T) => void): void {
    future.awaitBy(new Continuation(this.#ready, owner, action))
  }

  note(owner: Owner, kind: string, detail: string): void {
    this.#log.add(this.#executing, this.#now, owner, kind, detail)
  }

  trace(from: number, limit: number): TraceEntry[] {
    return this.#log.since(from, limit)
  }

  traceEntry(id: number): TraceEntry | undefined {
    return this.#log.get(id)
  }

  /** Equal seeds, specs and commands give equal hashes, on every host. */
  traceHash(): string {
    const total = new TraceDigest()
    for (const machine of [this.#world, ...this.machines]) {
      for (const word of machine.digest.hex().match(/.{8}/g) ?? []) {
        total.foldWord(Number.parseInt(word, 16))
      }
    }
    return total.hex()
  }

  #handle(event: SimEvent): void {
    this.#queue.remove(event)
    assert(event.time >= this.#now, 'time went back')
    this.#now = event.time
    const { action, owner } = event
    if (!action || !owner.alive) return
    event.action = undefined
    this.#run(event.source, owner, event.sequence, event.kind, event.cause, action)
  }

  #run(
    source: number,
    owner: Owner,
    sequence: number,
    kind: string,
    cause: number,
    action: Action,
  ): void {
    this.#eventsHandled++
    this.#executing = this.#log.add(cause, this.#now, owner, kind, '')
    const machine = owner.index === 0 ? this.#world : this.machines[owner.index - 1]
    machine?.digest.fold(this.#now, source, sequence, kind)
    try {
      action.run()
      if (this.#ready.length > 0) this.#drainReady()
    } catch (error) {
      throw this.#crash(owner, kind, error)
    } finally {
      this.#executing = 0
    }
  }

  #drainReady(): void {
    const ready = this.#ready
    // Nearly always there is one, and it makes no other ready.
    while (ready.length === 1) (ready.pop() as Resumable).resume()
    for (let next = 0; next < ready.length; next++) (ready[next] as Resumable).resume()
    if (ready.length > 0) ready.length = 0
  }

  #crash(owner: Owner, kind: string, error: unknown): SimulationCrash {
    const where = owner.process ? `${owner.machine}/${owner.process}` : owner.machine
    const text = error instanceof Error ? error.message : String(error)
    const crash = new SimulationCrash(
      `${text} (seed ${this.seed}, t=${this.#now} µs, ${where}, event ${kind})`,
      { cause: error },
    )
    if (error instanceof Error && error.stack) crash.stack = `${crash.message}\n${error.stack}`
    return crash
  }
}

/** Something whose wait is over. */
interface Resumable {
  resume(): void
}

class Continuation<T> implements Waiter<T>, Resumable {
  readonly #ready: Resumable[]
  readonly #owner: Owner
  readonly #action: (value: T) => void
  #value: T | undefined

  constructor(ready: Resumable[], owner: Owner, action: (value: T) => void) {
    this.#ready = ready
    this.#owner = owner
    this.#action = action
  }

  settle(value: T): void {
    this.#value = value
    this.#ready.push(this)
  }

  resume(): void {
    if (this.#owner.alive) this.#action(this.#value as T)
  }
}

/** A task and whom it belongs to. It waits for one future at a time and is its own waiter. */
class TaskRunner<T> implements Waiter<unknown>, Resumable {
  readonly result = new Future<T>()
  readonly #ready: Resumable[]
  readonly #owner: Owner
  readonly #task: Task<T>
  #value: unknown = undefined

  constructor(ready: Resumable[], owner: Owner, task: Task<T>) {
    this.#ready = ready
    this.#owner = owner
    this.#task = task
  }

  settle(value: unknown): void {
    this.#value = value
    this.#ready.push(this)
  }

  resume(): void {
    if (!this.#owner.alive) return
    let sent = this.#value
    this.#value = undefined
    for (;;) {
      const { done, value: next } = this.#task.next(sent)
      if (done) {
        this.result.resolve(next)
        return
      }
      if (!next.done) {
        next.awaitBy(this)
        return
      }
      sent = next.value
    }
  }
}

/** The outside: the source of commands. Index 0, never dead. */
class WorldClock implements Owner {
  readonly machine = 'world'
  readonly process = ''
  readonly index = 0
  alive = true
  nextSequence = 0
  readonly digest = new TraceDigest()
}
