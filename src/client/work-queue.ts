import type { Clock, ProcessEnv } from '../sim/process'
import { Future, type Task, wait } from '../sim/task'
import { type Micros, millis, seconds } from '../sim/time'
import { TokenBucket } from './rate-limit'
import type { ApiError } from './request'

const retryFirst: Micros = millis(5)
const retryMax: Micros = seconds(1000)

/**
 * Client-go's rate-limiting queue: a key waits once however often it is added, is never worked on
 * twice at a time, and comes back later and later while its work fails.
 */
export class WorkQueue {
  readonly #clock: Clock
  readonly #waiting = new Set<string>()
  readonly #processing = new Set<string>()
  readonly #dirty = new Set<string>()
  readonly #later = new Map<string, { at: Micros; cancel: () => void }>()
  readonly #failures = new Map<string, number>()
  readonly #bucket: TokenBucket
  readonly #idle: Future<string>[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#bucket = new TokenBucket(clock, 10, 100)
  }

  get length(): number {
    return this.#waiting.size
  }

  add(key: string): void {
    if (this.#processing.has(key)) {
      this.#dirty.add(key)
      return
    }
    const worker = this.#idle.shift()
    if (worker && !this.#waiting.has(key)) {
      this.#processing.add(key)
      worker.resolve(key)
      return
    }
    if (worker) this.#idle.unshift(worker)
    this.#waiting.add(key)
  }

  /** The earlier of two waits for the same key counts. */
  addAfter(key: string, delay: Micros): void {
    if (delay <= 0) {
      this.add(key)
      return
    }
    const at = this.#clock.monotonic() + delay
    const pending = this.#later.get(key)
    if (pending && pending.at <= at) return
    pending?.cancel()
    const timer = this.#clock.after(
      delay,
      () => {
        this.#later.delete(key)
        this.add(key)
      },
      'queue.delay',
    )
    this.#later.set(key, { at, cancel: () => timer.cancel() })
  }

  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    const backoff = Math.min(retryFirst * 2 ** Math.min(failures, 30), retryMax)
    this.addAfter(key, Math.max(backoff, this.#bucket.reserve()))
  }

  /** The work on this key went well: the next failure starts with the shortest wait. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  /** The next key; call `done` with it after the work. */
  take(): Future<string> {
    const future = new Future<string>()
    const next = this.#waiting.values().next()
    if (next.done) {
      this.#idle.push(future)
      return future
    }
    this.#waiting.delete(next.value)
    this.#processing.add(next.value)
    future.resolve(next.value)
    return future
  }

  done(key: string): void {
    this.#processing.delete(key)
    if (this.#dirty.delete(key)) this.add(key)
  }
}

/** How a sync ended: well (perhaps to come back after a while) or with an error to retry. */
export type SyncResult =
  | { readonly ok: true; readonly requeueAfter?: Micros }
  | { readonly ok: false; readonly error: ApiError }

export const synced: SyncResult = { ok: true }

/** Starts `workers` tasks that take keys and sync them, for as long as the process lives. */
export function startWorkers(
  env: ProcessEnv,
  queue: WorkQueue,
  workers: number,
  sync: (key: string) => Task<SyncResult>,
): void {
  function* work(): Task<void> {
    for (;;) {
      const key = yield* wait(queue.take())
      const result = yield* sync(key)
      if (!result.ok) queue.addRateLimited(key)
      else {
        queue.forget(key)
        if (result.requeueAfter !== undefined) queue.addAfter(key, result.requeueAfter)
      }
      queue.done(key)
    }
  }
  for (let i = 0; i < workers; i++) env.spawn(work())
}
