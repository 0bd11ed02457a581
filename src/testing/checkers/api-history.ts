import type { KubeObject, ResourceRef } from '../../api/object'
import { storagePrefix } from '../../apiserver/storage/keys'
import type { WatchEvent } from '../../client/request'
import { isEqual } from './equal'
import type { EtcdHistory } from './etcd-history'
import type { Ledger } from './ledger'

type Told =
  | { readonly type: 'event'; readonly event: WatchEvent<KubeObject>; readonly revision: number }
  | { readonly type: 'bookmark'; readonly revision: number }
  | { readonly type: 'list'; readonly items: readonly KubeObject[]; readonly revision: number }

export const prefixOf = ({ group, resource }: ResourceRef): string => storagePrefix(group, resource)

/**
 * What one API server tells one client of one resource, held against etcd's history: A2 versions
 * are etcd's revisions, A4 a list is the fold of what happened up to its version, A5 so is the watch
 * cache of every server, A6 a watch goes forward, leaves nothing out, and bookmarks are true.
 */
export class ApiStream {
  readonly #ledger: Ledger
  readonly #history: EtcdHistory
  readonly #server: string
  readonly #resource: string
  readonly #prefix: string
  /** Told by the server before etcd's own watches told us. */
  #waiting: Told[] = []
  #revision = 0

  constructor(ledger: Ledger, history: EtcdHistory, server: string, ref: ResourceRef) {
    this.#ledger = ledger
    this.#history = history
    this.#server = server
    this.#resource = ref.resource
    this.#prefix = prefixOf(ref)
  }

  listed(items: readonly KubeObject[], revision: number): void {
    this.#take({ type: 'list', items, revision })
  }

  observed(event: WatchEvent<KubeObject>): void {
    const revision = Number(event.object.metadata.resourceVersion)
    if (event.type === 'BOOKMARK') this.#take({ type: 'bookmark', revision })
    else this.#take({ type: 'event', event, revision })
  }

  /** To be called when the history has grown. */
  catchUp(): void {
    while (this.#waiting.length > 0) {
      const told = this.#waiting[0] as Told
      if (told.revision > this.#history.revision) return
      this.#waiting.shift()
      this.#check(told)
    }
  }

  /** Says what is not confirmed by etcd though it should be by now. */
  conclude(): void {
    const [first] = this.#waiting
    this.#demand(first === undefined, 'A2', () => `told of ${first?.revision}, unknown to etcd`)
  }

  #take(told: Told): void {
    this.#waiting.push(told)
    this.catchUp()
  }

  #check(told: Told): void {
    const { revision } = told
    if (told.type === 'list') this.#checkList(told.items, revision)
    else if (told.type === 'bookmark') {
      const missing = this.#history.nextTouching(this.#prefix, this.#revision)
      const complete = missing === undefined || missing > revision
      this.#demand(complete, 'A6', () => `bookmark ${revision} before telling ${missing}`)
    } else {
      const due = this.#history.nextTouching(this.#prefix, this.#revision)
      this.#demand(due === revision, 'A6', () => `told ${revision} where ${due} was due`)
      this.#checkEvent(told.event, revision)
    }
    this.#revision = Math.max(this.#revision, revision)
  }

  #checkEvent({ type, object }: WatchEvent<KubeObject>, revision: number): void {
    const { name, namespace } = object.metadata
    const key = `${this.#prefix}${namespace ? `${namespace}/` : ''}${name}`
    const found = this.#history.at(revision).find(({ kv }) => kv.key === key)
    this.#demand(found !== undefined, 'A2', () => `${key} did not change at ${revision}`)
    if (!found) return
    const isNew = found.kv.createRevision === revision
    const due = found.type === 'delete' ? 'DELETED' : isNew ? 'ADDED' : 'MODIFIED'
    this.#demand(type === due, 'A6', () => `${key} at ${revision} is ${type}, not ${due}`)
    const stored = (found.type === 'delete' ? found.prevKv : found.kv)?.value as KubeObject
    const same =
      stored.metadata.uid === object.metadata.uid && sameContent(stored as Body, object as Body)
    this.#demand(same, 'A2', () => `${key} at ${revision} is not what etcd has`)
  }

  #checkList(items: readonly KubeObject[], revision: number): void {
    const living = this.#history.livingAt(this.#prefix, revision)
    const shown = new Map<string, number>()
    for (const { metadata } of items) {
      const { name, namespace, resourceVersion } = metadata
      shown.set(
        `${this.#prefix}${namespace ? `${namespace}/` : ''}${name}`,
        Number(resourceVersion),
      )
    }
    for (const [key, at] of living) {
      const what = () => `list at ${revision} has ${key} of ${shown.get(key)}, not ${at}`
      this.#demand(shown.get(key) === at, 'A4', what)
    }
    for (const key of shown.keys()) {
      this.#demand(living.has(key), 'A4', () => `list at ${revision} has ${key}, etcd has not`)
    }
  }

  #demand(holds: boolean, rule: string, what: () => string): void {
    this.#ledger.demand(holds, rule, () => `${this.#server}, ${this.#resource}: ${what()}`)
  }
}

type Body = KubeObject & {
  readonly spec?: unknown
  readonly status?: unknown
  readonly data?: unknown
}

function sameContent(a: Body, b: Body): boolean {
  return isEqual(a.spec, b.spec) && isEqual(a.status, b.status) && isEqual(a.data, b.data)
}
