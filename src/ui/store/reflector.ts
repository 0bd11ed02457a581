import type { ListMeta, Status } from '../../api/generated/meta-v1'
import { apiVersionOf, type KubeObject, type ResourceRef, resourcePath } from '../../api/object'
import type { ApiResponse, WatchEvent } from '../../client/request'
import type { Transport, WatchHandle } from '../../client/transport'

/** Where the objects go. */
export interface ReflectorSink<T extends KubeObject> {
  replace(objects: readonly T[]): void
  put(object: T): void
  remove(object: T): void
}

/** `live`: listed, and the watch is open. `lost`: the last attempt failed, with the server's word. */
export type ReflectorHealth =
  | { readonly state: 'connecting' | 'live' }
  | { readonly state: 'lost'; readonly code: number; readonly message: string }

export interface ReflectorOptions<T extends KubeObject> {
  readonly transport: Transport
  readonly resource: ResourceRef<T>
  readonly sink: ReflectorSink<T>
  readonly onHealth?: (health: ReflectorHealth) => void
  /** The host's timer: runs `action` after some milliseconds, returns the canceller. */
  readonly later: (action: () => void, milliseconds: number) => () => void
}

interface ObjectList<T> {
  readonly metadata: ListMeta
  readonly items: readonly T[]
}

const PAGE_OBJECTS_MAX = 500
const BACK_OFF_FIRST_MS = 250
const BACK_OFF_MAX_MS = 4000
/** Until the first list the cluster is starting, and people look at the page. */
const BACK_OFF_FIRST_LIST_MAX_MS = 300

/**
 * Keeps a sink equal to a collection of the API: one list, then a watch from its resourceVersion.
 * A broken watch is resumed where it stopped; an expired one (410) lists anew; failures are
 * repeated after a growing pause. Returns the way to stop.
 */
export function reflect<T extends KubeObject>(options: ReflectorOptions<T>): { close(): void } {
  const reflector = new Reflector(options)
  reflector.start()
  return reflector
}

class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>
  #closed = false
  #failures = 0
  #version = ''
  #watch: WatchHandle | undefined
  #cancel: (() => void) | undefined

  constructor(options: ReflectorOptions<T>) {
    this.#options = options
  }

  start(): void {
    this.#health({ state: 'connecting' })
    void this.#list()
  }

  close(): void {
    this.#closed = true
    this.#watch?.close()
    this.#cancel?.()
  }

  async #list(): Promise<void> {
    const { transport, resource, sink } = this.#options
    const items: T[] = []
    let continueToken = ''
    do {
      const query: { [name: string]: string } = { limit: String(PAGE_OBJECTS_MAX) }
      if (continueToken !== '') query.continue = continueToken
      const answer = await transport.send<ObjectList<T>>({
        method: 'GET',
        path: resourcePath(resource),
        query,
      })
      if (this.#closed) return
      if (answer.status !== 200) return this.#fail(answer, () => void this.#list())
      const list = answer.body as ObjectList<T>
      for (const item of list.items ?? []) items.push(this.#named(item))
      this.#version = list.metadata.resourceVersion ?? ''
      continueToken = list.metadata.continue ?? ''
    } while (continueToken !== '')
    this.#failures = 0
    sink.replace(items)
    this.#open()
  }

  /** Items of a list carry no kind; what reads the table later wants one. */
  #named(item: T): T {
    if (item.kind) return item
    const { resource } = this.#options
    return { ...item, apiVersion: apiVersionOf(resource), kind: resource.kind }
  }

  #open(): void {
    const { transport, resource } = this.#options
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version,
    }
    let expired = false
    this.#watch = transport.watch<T>(
      { method: 'GET', path: resourcePath(resource), query },
      {
        onOpen: () => {
          this.#failures = 0
          this.#health({ state: 'live' })
        },
        onEvent: (event) => {
          if (this.#closed) return
          if (event.type === 'ERROR') expired = true
          else this.#take(event)
        },
        onClose: (end) => {
          if (this.#closed) return
          const gone = expired || end.status === 410
          if (gone) void this.#list()
          else this.#fail(end, () => this.#open())
        },
      },
    )
  }

  #take(event: WatchEvent<T>): void {
    const { sink } = this.#options
    const object = event.object
    this.#version = object.metadata.resourceVersion ?? this.#version
    if (event.type === 'DELETED') sink.remove(object)
    else if (event.type !== 'BOOKMARK') sink.put(this.#named(object))
  }

  #fail(end: ApiResponse, again: () => void): void {
    const ended = end.status === 200
    const message = (end.body as Status | undefined)?.message ?? 'the connection was closed'
    if (!ended) this.#health({ state: 'lost', code: end.status, message })
    const longest = this.#version === '' ? BACK_OFF_FIRST_LIST_MAX_MS : BACK_OFF_MAX_MS
    const wait = Math.min(longest, BACK_OFF_FIRST_MS * 2 ** this.#failures)
    this.#failures += ended ? 0 : 1
    this.#cancel = this.#options.later(again, wait)
  }

  #health(health: ReflectorHealth): void {
    this.#options.onHealth?.(health)
  }
}
