import type { ApiRequest, ApiResponse } from '../client/request'
import type { AbortSignalLike, Transport, WatchSink } from '../client/transport'
import type { CommandResult, LabCommand } from '../control/commands'
import type { LabChannel } from '../control/lab'
import type { ClusterSpec } from '../control/spec'
import type { LabState, TraceRecord } from '../control/state'
import type { FromEngine, ToEngine } from './protocol'

/** The page's end of an engine worker. */
export interface EngineClient {
  readonly transport: Transport
  readonly lab: LabChannel
  /** The worker threw or could not load: nothing more will come from it. */
  onFailure(listener: (message: string) => void): void
  close(): void
}

const noAnswer = (message: string): ApiResponse => ({
  status: 0,
  body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 0 },
})

const cancelled = 'the request was cancelled'

/** Starts a cluster in a worker of its own. It boots at once and then runs at 1×. */
export function startEngine(spec: ClusterSpec, speed: number | 'max' = 1): EngineClient {
  const worker = new Worker(new URL('./engine.worker.ts', import.meta.url), { type: 'module' })
  const link = new WorkerLink(worker)
  link.post({ type: 'start', spec, speed })
  return {
    transport: {
      send: <T>(request: ApiRequest, signal?: AbortSignalLike) => link.send<T>(request, signal),
      watch: <T>(request: ApiRequest, sink: WatchSink<T>) => link.watch(request, sink as WatchSink),
    },
    lab: {
      state: () => link.ask<LabState>((id) => ({ type: 'state', id })),
      subscribe: (listener) => link.subscribe(listener),
      command: (commands: readonly LabCommand[]) =>
        link.ask<readonly CommandResult[]>((id) => ({ type: 'command', id, commands })),
      trace: (from, limit) =>
        link.ask<readonly TraceRecord[]>((id) => ({ type: 'trace', id, from, limit })),
    },
    onFailure: (listener) => link.onFailure(listener),
    close: () => link.close('the cluster was closed'),
  }
}

interface Waiting {
  answer(value: unknown): void
  fail(reason: string): void
}

class WorkerLink {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #watches = new Map<number, WatchSink>()
  readonly #stateListeners = new Set<(state: LabState) => void>()
  readonly #failureListeners = new Set<(message: string) => void>()
  #lastState: LabState | undefined
  #failure: string | undefined
  #lastId = 0

  constructor(worker: Worker) {
    this.#worker = worker
    worker.onmessage = ({ data }: MessageEvent<FromEngine>) => this.#receive(data)
    worker.onerror = (event) => this.#fail(event.message || 'the engine could not be loaded')
    worker.onmessageerror = () => this.#fail('the engine sent something unreadable')
  }

  post(message: ToEngine): void {
    this.#worker.postMessage(message)
  }

  ask<T>(message: (id: number) => ToEngine): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(new Error(this.#failure))
        return
      }
      const id = ++this.#lastId
      this.#waiting.set(id, {
        answer: resolve as (value: unknown) => void,
        fail: (reason) => reject(new Error(reason)),
      })
      this.post(message(id))
    })
  }

  send<T>(request: ApiRequest, signal?: AbortSignalLike): Promise<ApiResponse<T>> {
    return new Promise((resolve) => {
      const id = ++this.#lastId
      const answer = (response: unknown) => {
        this.#waiting.delete(id)
        resolve(response as ApiResponse<T>)
      }
      if (this.#failure || signal?.aborted) {
        answer(noAnswer(this.#failure ?? cancelled))
        return
      }
      this.#waiting.set(id, { answer, fail: (reason) => answer(noAnswer(reason)) })
      signal?.addEventListener('abort', () => answer(noAnswer(cancelled)))
      this.post({ type: 'send', id, request })
    })
  }

  watch(request: ApiRequest, sink: WatchSink): { close(): void } {
    const id = ++this.#lastId
    if (this.#failure) {
      sink.onClose(noAnswer(this.#failure))
      return { close: () => {} }
    }
    this.#watches.set(id, sink)
    this.post({ type: 'watch', id, request })
    return {
      close: () => {
        if (this.#watches.delete(id)) this.post({ type: 'unwatch', id })
      },
    }
  }

  subscribe(listener: (state: LabState) => void): () => void {
    this.#stateListeners.add(listener)
    if (this.#lastState) listener(this.#lastState)
    return () => this.#stateListeners.delete(listener)
  }

  onFailure(listener: (message: string) => void): void {
    this.#failureListeners.add(listener)
    if (this.#failure) listener(this.#failure)
  }

  close(reason: string): void {
    this.#worker.terminate()
    this.#failure ??= reason
    const watches = [...this.#watches.values()]
    this.#watches.clear()
    for (const sink of watches) sink.onClose(noAnswer(this.#failure))
    for (const waiting of this.#waiting.values()) waiting.fail(this.#failure)
    this.#waiting.clear()
  }

  #fail(message: string): void {
    if (this.#failure) return
    this.#failure = message
    this.close(message)
    for (const listener of this.#failureListeners) listener(message)
  }

  #receive(message: FromEngine): void {
    switch (message.type) {
      case 'events':
        for (const { id, events } of message.batches) {
          for (const event of events) this.#watches.get(id)?.onEvent(event)
        }
        break
      case 'opened':
        this.#watches.get(message.id)?.onOpen?.()
        break
      case 'closed': {
        const sink = this.#watches.get(message.id)
        this.#watches.delete(message.id)
        sink?.onClose(message.end)
        break
      }
      case 'changed':
        this.#lastState = message.state
        for (const listener of this.#stateListeners) listener(message.state)
        break
      case 'failed':
        this.#fail(message.message)
        break
      default:
        this.#settle(message)
    }
  }

  #settle(message: Extract<FromEngine, { readonly id: number }>): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.type === 'answer') waiting?.answer(message.response)
    else if (message.type === 'commanded') waiting?.answer(message.results)
    else if (message.type === 'state') waiting?.answer(message.state)
    else if (message.type === 'trace') waiting?.answer(message.records)
  }
}
