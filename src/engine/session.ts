import type { ApiRequest, ApiResponse } from '../client/request'
import type { Transport, WatchHandle, WatchSink } from '../client/transport'
import { Cluster } from '../cluster/cluster'
import type { CommandResult, LabCommand } from '../control/commands'
import { parseDuration } from '../control/duration'
import type { LabChannel } from '../control/lab'
import type { ClusterSpec } from '../control/spec'
import type { LabState, TraceRecord } from '../control/state'
import { type Micros, millis, minutes, seconds } from '../sim/time'
import { type Goal, Pacer, type Speed } from './pacer'

export interface SessionOptions {
  readonly spec: ClusterSpec
  /** Speed once the cluster has booted. */
  readonly speed: Speed
  /** The simulation broke an invariant, or a handler threw: nothing runs any more. */
  readonly onFailure: (message: string) => void
}

const bootMax = minutes(10)
const settleDefault = minutes(10)
const checkEvery = seconds(1)
const answerEvery = millis(1)
const publishEveryMs = 100
const requestMax = minutes(2)
const stopped = {
  status: 0,
  body: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'the simulation has stopped',
    code: 0,
  },
} as const

/**
 * A cluster, its clock and its log of commands, for any host: the page's worker and Node. All that
 * comes from outside enters between two events, at the virtual time it came.
 */
export class Session implements LabChannel {
  readonly cluster: Cluster
  readonly transport: Transport
  readonly #pacer: Pacer
  readonly #options: SessionOptions
  readonly #listeners = new Set<(state: LabState) => void>()
  readonly #turn = new MessageChannel()
  #timer: ReturnType<typeof setTimeout> | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #activity: 'booting' | 'advancing' | 'settling' | 'steady' = 'booting'
  #publishedMs = 0
  #publishedTime = -1
  #stopped = false
  #asked = false

  /** Resolves when every machine has registered and is Ready, or after ten virtual minutes. */
  readonly booted: Promise<boolean>

  constructor(options: SessionOptions) {
    this.#options = options
    this.cluster = new Cluster(options.spec)
    this.#pacer = new Pacer(this.cluster.sim, () => performance.now())
    this.transport = {
      send: <T>(request: ApiRequest) => this.#send<T>(request),
      watch: <T>(request: ApiRequest, sink: WatchSink<T>) => this.#watch(request, sink),
    }
    this.#turn.port1.onmessage = () => this.#work()
    this.booted = this.#runTo(bootMax, () => this.cluster.ready()).then((inTime) => {
      this.#activity = 'steady'
      this.#pacer.speed = options.speed
      this.#wake()
      return inTime
    })
    this.#wake()
  }

  state(): Promise<LabState> {
    return Promise.resolve(this.#state())
  }

  subscribe(listener: (state: LabState) => void): () => void {
    this.#listeners.add(listener)
    listener(this.#state())
    return () => this.#listeners.delete(listener)
  }

  command(commands: readonly LabCommand[]): Promise<readonly CommandResult[]> {
    const run = this.#queue.then(async () => {
      await this.booted
      const results: CommandResult[] = []
      for (const command of commands) {
        results.push(await this.#perform(command))
        this.#wake()
      }
      this.#publish(true)
      return results
    })
    this.#queue = run.catch(() => {})
    return run
  }

  trace(from: number, limit: number): Promise<readonly TraceRecord[]> {
    return Promise.resolve(this.cluster.sim.trace(from, limit))
  }

  close(): void {
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
    this.#turn.port1.close()
  }

  async #perform(command: LabCommand): Promise<CommandResult> {
    switch (command.type) {
      case 'speed':
        this.#pacer.speed = command.speed
        return this.#done()
      case 'advance': {
        this.#activity = 'advancing'
        await this.#runTo(parseDuration(command.by) ?? 0)
        return this.#steady(undefined)
      }
      case 'settle': {
        this.#activity = 'settling'
        const within = command.within ?? ''
        const limit = parseDuration(within) ?? settleDefault
        const judge = this.cluster.judge()
        const settled = await this.#runTo(limit, () => judge.settled())
        return this.#steady(settled ? undefined : `not settled within ${limit / seconds(1)} s`)
      }
      case 'step':
        this.#guard(() => this.cluster.sim.step())
        return this.#done()
      case 'request': {
        const answer = this.#inject('lab.request', () =>
          this.cluster.request(command.from, command.url),
        )
        if (!answer) return this.#failed(stopped.body.message)
        await this.#runTo(requestMax, () => answer.done, answerEvery)
        const response = answer.value
        return response ? { ...this.#done(), response } : this.#failed('no answer')
      }
      default: {
        const error = this.#inject('lab.command', () => this.cluster.perform(command))
        return error ? this.#failed(error) : this.#done()
      }
    }
  }

  #done(): CommandResult & { ok: true } {
    return { ok: true, time: this.cluster.sim.now }
  }

  #failed(error: string): CommandResult {
    return { ok: false, time: this.cluster.sim.now, error }
  }

  #steady(error: string | undefined): CommandResult {
    this.#activity = 'steady'
    return error ? this.#failed(error) : this.#done()
  }

  #runTo(by: Micros, reached?: () => boolean, every = checkEvery): Promise<boolean> {
    return new Promise((resolve) => {
      const goal: Goal = {
        latest: this.cluster.sim.now + by,
        reached,
        every: reached && every,
        done: resolve,
      }
      this.#pacer.runTo(goal)
      this.#wake()
    })
  }

  #send<T>(request: ApiRequest): Promise<ApiResponse<T>> {
    return new Promise((resolve) => {
      const entered = this.#inject('client.request', () => {
        this.cluster.outside.send<T>(request).onDone(resolve)
        return true
      })
      if (!entered) resolve(stopped)
    })
  }

  #watch<T>(request: ApiRequest, sink: WatchSink<T>): WatchHandle {
    const handle = this.#inject('client.watch', () =>
      this.cluster.outside.watch(request, sink as WatchSink),
    )
    if (!handle) sink.onClose(stopped)
    return { close: () => this.#inject('client.close', () => handle?.close()) }
  }

  /** Runs between two events: at once, for the host calls only between slices. */
  #inject<T>(kind: string, action: () => T): T | undefined {
    let result: T | undefined
    this.#guard(() =>
      this.cluster.sim.inject(kind, () => {
        result = action()
      }),
    )
    this.#wake()
    return result
  }

  #guard(action: () => void): boolean {
    if (this.#stopped) return false
    try {
      action()
      return true
    } catch (error) {
      this.#stopped = true
      this.#options.onFailure(error instanceof Error ? error.message : String(error))
      return false
    }
  }

  #wake(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = undefined
    this.#post()
  }

  /** At most one turn is asked for at a time. */
  #post(): void {
    if (this.#asked || this.#stopped) return
    this.#asked = true
    this.#turn.port2.postMessage(0)
  }

  #work(): void {
    this.#asked = false
    if (this.#timer) clearTimeout(this.#timer)
    let waitMs = 0
    if (!this.#guard(() => (waitMs = this.#pacer.slice()))) return
    this.#publish(false)
    if (waitMs === 0) this.#post()
    else if (waitMs !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => this.#work(), waitMs)
    }
  }

  #publish(force: boolean): void {
    if (this.#listeners.size === 0) return
    const nowMs = performance.now()
    const { now } = this.cluster.sim
    if (!force && (nowMs - this.#publishedMs < publishEveryMs || now === this.#publishedTime))
      return
    this.#publishedMs = nowMs
    this.#publishedTime = now
    const state = this.#state()
    for (const listener of this.#listeners) listener(state)
  }

  #state(): LabState {
    const { speed } = this.#pacer
    const idle = speed === 0 ? 'paused' : 'playing'
    return {
      ...this.cluster.physicalState(),
      speed,
      activity: this.#activity === 'steady' ? idle : this.#activity,
    }
  }
}
