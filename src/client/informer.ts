import type { KubeObject, ResourceRef } from '../api/object'
import type { ProcessEnv } from '../sim/process'
import { Future, type Task, wait } from '../sim/task'
import { type Micros, millis, seconds } from '../sim/time'
import type { ApiClient, ListOptions } from './api-client'
import { Reflector } from './reflector'
import type { ApiResponse } from './request'
import { isExpired, isTooLarge, resultOf } from './result'

const backoffFirst: Micros = millis(800)
const backoffMax: Micros = seconds(30)
/** A watch is asked for this long, and up to twice it, before it is renewed. */
const watchTimeoutSeconds = 300

/** A watch that ends well but sooner than this, with nothing told, counts as a failure. */
const shortWatch: Micros = seconds(1)

/** Keeps a reflector filled: lists, watches, and begins again after whatever breaks. */
export class Informer<T extends KubeObject> {
  readonly store = new Reflector<T>()
  readonly #env: ProcessEnv
  readonly #client: ApiClient
  readonly #ref: ResourceRef<T>
  readonly #options: ListOptions
  readonly #hasSynced = new Future<void>()
  #started = false

  constructor(env: ProcessEnv, client: ApiClient, ref: ResourceRef<T>, options: ListOptions = {}) {
    this.#env = env
    this.#client = client
    this.#ref = ref
    this.#options = options
    this.store.addIndex('namespace', (object) => [object.metadata.namespace ?? ''])
  }

  /** Resolves after the first list. */
  get hasSynced(): Future<void> {
    return this.#hasSynced
  }

  start(): void {
    if (this.#started) return
    this.#started = true
    this.#env.spawn(this.#run())
  }

  *#run(): Task<void> {
    let backoff = backoffFirst
    for (;;) {
      const began = this.#env.clock.monotonic()
      const action = this.store.next()
      if (action.type === 'list') {
        if (yield* this.#list(action.resourceVersion)) continue
      } else if (yield* this.#watch(action.resourceVersion)) {
        backoff = backoffFirst
        continue
      }
      if (this.#env.clock.monotonic() - began > backoffMax * 2) backoff = backoffFirst
      const jitter = this.#env.random.below(backoff)
      yield* wait(this.#env.clock.sleep(backoff + jitter, 'informer.backoff'))
      backoff = Math.min(backoff * 2, backoffMax)
    }
  }

  *#list(resourceVersion: string): Task<boolean> {
    const from = resourceVersion === '' ? undefined : { resourceVersion }
    const listed = yield* this.#client.list(this.#ref, { ...this.#options, ...from })
    if (!listed.ok) {
      const { error } = listed
      if (resourceVersion === '' || !(isExpired(error) || isTooLarge(error))) return false
      this.store.listLatest()
      return true
    }
    this.store.listed(listed.value.items, listed.value.metadata.resourceVersion)
    this.#hasSynced.resolve(undefined)
    return true
  }

  *#watch(resourceVersion: string): Task<boolean> {
    const ended = new Future<ApiResponse>()
    const began = this.#env.clock.monotonic()
    const timeoutSeconds = watchTimeoutSeconds + this.#env.random.below(watchTimeoutSeconds)
    const options = { ...this.#options, resourceVersion, timeoutSeconds }
    const handle = this.#client.watch(this.#ref, options, {
      onEvent: (event) => {
        if (ended.done || this.store.observe(event)) return
        handle.close()
        ended.resolve({ status: 410, body: event.object })
      },
      onClose: (end) => ended.resolve(end),
    })
    const end = resultOf(yield* wait(ended))
    if (!end.ok) {
      if (end.error.code === 410 || isExpired(end.error)) this.store.expire()
      return false
    }
    const told = this.store.resourceVersion !== resourceVersion
    return told || this.#env.clock.monotonic() - began >= shortWatch
  }
}

/** The informers of one process, one per resource and filter, started together. */
export class InformerSet {
  readonly #env: ProcessEnv
  readonly #client: ApiClient
  readonly #informers = new Map<string, Informer<KubeObject>>()

  constructor(env: ProcessEnv, client: ApiClient) {
    this.#env = env
    this.#client = client
  }

  for<T extends KubeObject>(ref: ResourceRef<T>, options: ListOptions = {}): Informer<T> {
    const filter = `${options.namespace ?? ''}?${options.labelSelector ?? ''}&${options.fieldSelector ?? ''}`
    const name = `${ref.group}/${ref.resource}/${filter}`
    let informer = this.#informers.get(name) as Informer<T> | undefined
    if (!informer) {
      informer = new Informer(this.#env, this.#client, ref, options)
      this.#informers.set(name, informer as unknown as Informer<KubeObject>)
    }
    return informer
  }

  start(): void {
    for (const informer of this.#informers.values()) informer.start()
  }

  /** Waits until every informer has seen its first list. */
  *synced(): Task<void> {
    for (const informer of this.#informers.values()) yield* wait(informer.hasSynced)
  }
}
