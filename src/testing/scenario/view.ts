import { type KubeObject, type ResourceRef, resourcePath } from '../../api/object'
import type { ObjectList } from '../../client/api-client'
import { Reflector } from '../../client/reflector'
import type { ApiRequest, WatchEvent } from '../../client/request'
import type { Outside } from '../../cluster/outside'

/** How long a view that lost its server waits before it tries again, in microseconds. */
const retryMicros = 500_000

/**
 * What an API client outside the cluster knows of a resource, kept up to date by a watch. Reading
 * it takes no virtual time.
 */
export class View<T extends KubeObject> {
  readonly #outside: () => Outside
  readonly #ref: ResourceRef<T>
  readonly #onChange: () => void
  readonly #store = new Reflector<T>()

  /** `onChange` runs after every event, within the simulation's. */
  constructor(outside: () => Outside, ref: ResourceRef<T>, onChange: () => void) {
    this.#outside = outside
    this.#ref = ref
    this.#onChange = onChange
    this.#next()
  }

  get synced(): boolean {
    return this.#store.synced
  }

  get all(): readonly T[] {
    return [...this.#store.values()]
  }

  get(key: string): T | undefined {
    return this.#store.get(key)
  }

  #next(): void {
    const action = this.#store.next()
    if (action.type === 'list') this.#list()
    else this.#watch(action.resourceVersion)
  }

  #later(): void {
    this.#outside().env.clock.after(retryMicros, () => this.#next(), 'view.retry')
  }

  #list(): void {
    const request: ApiRequest = { method: 'GET', path: resourcePath(this.#ref) }
    this.#outside()
      .send<ObjectList<T>>(request)
      .onDone(({ status, body }) => {
        if (status !== 200) {
          this.#later()
          return
        }
        const { items, metadata } = body as ObjectList<T>
        this.#store.listed(items, metadata.resourceVersion)
        this.#onChange()
        this.#next()
      })
  }

  #watch(resourceVersion: string): void {
    let ended = false
    const query = { watch: 'true', resourceVersion, allowWatchBookmarks: 'true' }
    const request: ApiRequest = { method: 'GET', path: resourcePath(this.#ref), query }
    const handle = this.#outside().watch(request, {
      onEvent: (event) => {
        if (ended) return
        if (this.#store.observe(event as WatchEvent<T>)) {
          this.#onChange()
          return
        }
        ended = true
        handle.close()
        this.#next()
      },
      onClose: ({ status }) => {
        if (ended) return
        ended = true
        if (status === 410) {
          this.#store.expire()
        }
        if (status >= 200 && status < 300) this.#next()
        else this.#later()
      },
    })
  }
}
