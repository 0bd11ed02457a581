import type { KubeObject } from '../../api/object'
import {
  type EtcdClient,
  type WatchEvent as EtcdEvent,
  type EtcdFailure,
  type KeyValue,
  prefixEnd,
  type WatchHandle,
} from '../../etcd/client'
import type { ProcessEnv } from '../../sim/process'
import { Future, type Task, wait } from '../../sim/task'
import { type Micros, millis, seconds } from '../../sim/time'
import { parseKey, registryPrefix } from '../storage/keys'
import { withRevision } from './cache-event'
import { waitAtMost } from './deadline'
import { ResourceCache } from './resource-cache'
import type { Watcher } from './watcher'

/** Wait before etcd is asked again after it failed; doubled up to the maximum. */
const retryFirst: Micros = millis(100)
const retryMax: Micros = seconds(2)
/** How often etcd is asked for its progress while requests wait for a revision. */
const progressInterval: Micros = millis(100)
/** A request waits this long for the cache to reach a revision. */
export const freshnessTimeout: Micros = seconds(3)

export type Freshness =
  | { readonly ok: true }
  /** etcd could not tell the present revision. */
  | { readonly ok: false; readonly failure: EtcdFailure }
  /** The cache did not get there in time. */
  | { readonly ok: false; readonly behind: { readonly wanted: number; readonly current: number } }
  /** The cache is not filled yet. */
  | { readonly ok: false; readonly initializing: true }

interface RevisionWaiter {
  readonly revision: number
  readonly reached: Future<unknown>
}

/**
 * All that etcd stores, fed by one watch: the objects of each resource with their history, and the
 * keys that hold no objects. `revision` never goes back while the process lives.
 */
export class WatchCache {
  readonly #env: ProcessEnv
  readonly #etcd: EtcdClient
  readonly #corePlurals: ReadonlySet<string>
  readonly #resources = new Map<string, ResourceCache>()
  readonly #internal = new Map<string, KeyValue>()
  #revision = 0
  /** The revision of the last list from etcd; histories begin there. */
  #base = 0
  #ready = new Future<unknown>()
  #watch: WatchHandle | undefined
  readonly #waiters: RevisionWaiter[] = []
  #progressTimer = false
  #touched: Watcher[] = []
  /** Called after each batch of changes, for those who follow keys without objects. */
  onInternalChange: ((key: string) => void) | undefined

  constructor(env: ProcessEnv, etcd: EtcdClient, corePlurals: ReadonlySet<string>) {
    this.#env = env
    this.#etcd = etcd
    this.#corePlurals = corePlurals
  }

  get revision(): number {
    return this.#revision
  }

  get ready(): boolean {
    return this.#ready.done
  }

  get watchers(): number {
    let count = 0
    for (const resource of this.#resources.values()) count += resource.watchers
    return count
  }

  start(): void {
    this.#env.spawn(this.#follow())
  }

  /** The cache of the resource stored below a prefix. */
  resource(prefix: string): ResourceCache {
    let resource = this.#resources.get(prefix)
    if (!resource) {
      resource = new ResourceCache(this.#base, prefix === '/registry/pods/')
      this.#resources.set(prefix, resource)
    }
    return resource
  }

  internal(key: string): KeyValue | undefined {
    return this.#internal.get(key)
  }

  *internalWithPrefix(prefix: string): IterableIterator<KeyValue> {
    for (const [key, kv] of this.#internal) if (key.startsWith(prefix)) yield kv
  }

  *allWatchers(): IterableIterator<Watcher> {
    for (const resource of this.#resources.values()) yield* resource.allWatchers()
  }

  /** Waits until the first list from etcd is in, for at most the given time. */
  *untilReady(timeout: Micros): Task<boolean> {
    return yield* waitAtMost(this.#env.clock, this.#ready, timeout)
  }

  /** Waits until the cache shows every write acknowledged before the call. */
  *fresh(): Task<Freshness> {
    const barrier = yield* this.#etcd.currentRevision()
    if (!barrier.ok) return { ok: false, failure: barrier }
    return yield* this.reach(barrier.value)
  }

  /** Waits until the cache has seen a revision. */
  *reach(revision: number): Task<Freshness> {
    if (!this.#ready.done && !(yield* this.untilReady(freshnessTimeout))) {
      return { ok: false, initializing: true }
    }
    if (this.#revision >= revision) return { ok: true }
    const waiter = { revision, reached: new Future<unknown>() }
    this.#waiters.push(waiter)
    this.#askProgress()
    if (yield* waitAtMost(this.#env.clock, waiter.reached, freshnessTimeout)) return { ok: true }
    const at = this.#waiters.indexOf(waiter)
    if (at >= 0) this.#waiters.splice(at, 1)
    return { ok: false, behind: { wanted: revision, current: this.#revision } }
  }

  *#follow(): Task<void> {
    let delay = retryFirst
    for (;;) {
      const began = this.#env.clock.monotonic()
      const listed = this.#ready.done && this.#base > 0 ? true : yield* this.#list()
      if (listed) yield* this.#watchUntilClosed()
      if (this.#env.clock.monotonic() - began > retryMax * 2) delay = retryFirst
      yield* wait(this.#env.clock.sleep(delay, 'apiserver.rewatch'))
      delay = Math.min(delay * 2, retryMax)
    }
  }

  /** Reads everything and begins all histories anew. */
  *#list(): Task<boolean> {
    const result = yield* this.#etcd.range({
      key: registryPrefix,
      rangeEnd: prefixEnd(registryPrefix),
    })
    if (!result.ok) return false
    const { header, kvs } = result.value
    if (header.revision < this.#revision) return false
    for (const watcher of [...this.allWatchers()]) watcher.end()
    this.#resources.clear()
    this.#internal.clear()
    this.#base = header.revision
    for (const kv of kvs) {
      const parsed = parseKey(kv.key, this.#corePlurals)
      if (!parsed) this.#internal.set(kv.key, kv)
      else {
        const object = withRevision(kv.value as KubeObject, kv.modRevision)
        this.resource(parsed.prefix).seed(parsed.namespace, parsed.name, object)
      }
    }
    this.#advance(header.revision)
    this.#ready.resolve(undefined)
    return true
  }

  /** Resolves when the watch is over. */
  *#watchUntilClosed(): Task<void> {
    const closed = new Future<unknown>()
    this.#watch = this.#etcd.watch(
      {
        key: registryPrefix,
        rangeEnd: prefixEnd(registryPrefix),
        startRevision: this.#revision + 1,
        progressNotify: true,
      },
      {
        onEvents: (events, revision) => this.#take(events, revision),
        onProgress: (revision) => this.#advance(revision),
        onClosed: (reason) => {
          if (reason.reason === 'compacted') this.#base = 0
          closed.resolve(undefined)
        },
      },
    )
    if (this.#waiters.length > 0) this.#askProgress()
    yield* wait(closed)
    this.#watch = undefined
  }

  #take(events: readonly EtcdEvent[], revision: number): void {
    const touched = this.#touched
    const time = this.#env.clock.monotonic()
    for (const { type, kv } of events) {
      const parsed = parseKey(kv.key, this.#corePlurals)
      if (parsed) {
        const object =
          type === 'put' ? withRevision(kv.value as KubeObject, kv.modRevision) : undefined
        const at = { revision: kv.modRevision, time }
        this.resource(parsed.prefix).apply(parsed, object, at, touched)
      } else {
        if (type === 'put') this.#internal.set(kv.key, kv)
        else this.#internal.delete(kv.key)
        this.onInternalChange?.(kv.key)
      }
    }
    this.#advance(revision)
    if (touched.length === 0) return
    this.#touched = []
    for (const watcher of touched) watcher.flush()
  }

  #advance(revision: number): void {
    if (revision <= this.#revision) return
    this.#revision = revision
    const waiters = this.#waiters
    if (waiters.length === 0) return
    let kept = 0
    for (const waiter of waiters) {
      if (waiter.revision <= revision) waiter.reached.resolve(undefined)
      else waiters[kept++] = waiter
    }
    waiters.length = kept
  }

  /** The member's watch may have nothing to send: its progress tells that the cache is there. */
  #askProgress(): void {
    if (this.#progressTimer) return
    this.#progressTimer = true
    this.#env.clock.after(
      progressInterval,
      () => {
        this.#progressTimer = false
        if (this.#waiters.length === 0) return
        this.#watch?.requestProgress()
        this.#askProgress()
      },
      'apiserver.progress',
    )
  }
}
