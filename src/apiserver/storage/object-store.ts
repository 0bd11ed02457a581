import type { Status } from '../../api/generated/meta-v1'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { requestTimeoutStatus, unknownErrorStatus } from '../../api/machinery/status'
import type { KubeObject } from '../../api/object'
import type {
  Compare,
  EtcdClient,
  EtcdFailure,
  KeyValue,
  RequestOp,
  TxnResponse,
} from '../../etcd/client'
import type { Task } from '../../sim/task'
import { withRevision } from '../cache/cache-event'
import { objectKey } from '../cache/ordered-objects'
import type { WatchCache } from '../cache/watch-cache'

/** Where an object is stored. */
export interface ObjectAddress {
  readonly prefix: string
  /** '' for cluster-scoped objects. */
  readonly namespace: string
  readonly name: string
}

/** Keys besides the object's own that change with it, all or nothing. */
export interface Companions {
  readonly compare: readonly Compare[]
  readonly ops: readonly RequestOp[]
}

/** What a write wants to do to the object as it is. */
export type Decision =
  | {
      readonly type: 'put'
      readonly object: KubeObject
      readonly companions?: Companions
      /** Id of the lease that the key lives by. */
      readonly lease?: number
    }
  /** Answers with the object as it was, or with `answer`. */
  | { readonly type: 'delete'; readonly companions?: Companions; readonly answer?: KubeObject }
  /** Answers without writing: `object` as it would be. */
  | { readonly type: 'answer'; readonly object: KubeObject }
  | {
      readonly type: 'refuse'
      readonly status: Status
      /** Also true of every later state: no need to look whether the cache is behind. */
      readonly final?: boolean
    }

/**
 * `current` carries its resourceVersion and is missing when there is no such object. `companions`
 * has what was found at the companions' keys when a former try failed on them.
 */
export type Decide = (
  current: KubeObject | undefined,
  companions: ReadonlyMap<string, KeyValue | undefined>,
) => Decision

export type WriteResult =
  | {
      readonly ok: true
      readonly object: KubeObject
      readonly done: 'created' | 'updated' | 'deleted' | 'unchanged' | 'answered'
    }
  | { readonly ok: false; readonly status: Status }

/** Tries before a write that always loses the race is given up. */
const triesMax = 64
const nothingSeen: ReadonlyMap<string, KeyValue | undefined> = new Map()

interface Current {
  readonly object: KubeObject | undefined
  readonly revision: number
  /** Read from etcd, not from the cache. */
  readonly certain: boolean
}

/** Objects in etcd with optimistic locking: a write that lost a race decides again. */
export class ObjectStore {
  readonly #etcd: EtcdClient
  readonly #cache: WatchCache

  constructor(etcd: EtcdClient, cache: WatchCache) {
    this.#etcd = etcd
    this.#cache = cache
  }

  /** The object as etcd has it, past the cache. */
  *read(at: ObjectAddress): Task<{ ok: true; object: KubeObject | undefined } | Refused> {
    const result = yield* this.#etcd.range({ key: keyAt(at) })
    if (!result.ok) return { ok: false, status: etcdFailureStatus(result) }
    const kv = result.value.kvs[0]
    return { ok: true, object: kv && objectOf(kv) }
  }

  /**
   * Begins with the cached object; a refusal or a change of nothing counts only once etcd has
   * confirmed what it was decided upon.
   */
  *write(at: ObjectAddress, decide: Decide): Task<WriteResult> {
    const key = keyAt(at)
    let current = this.#cached(at)
    let seen = nothingSeen
    for (let tries = 0; tries < triesMax; tries++) {
      const decision = decide(current.object, seen)
      const settled = settle(decision, current)
      if (settled) {
        if (current.certain || (decision.type === 'refuse' && decision.final)) return settled
        const read = yield* this.#etcd.range({ key })
        if (!read.ok) return { ok: false, status: etcdFailureStatus(read) }
        const kv = read.value.kvs[0]
        if ((kv?.modRevision ?? 0) === current.revision) return settled
        current = currentOf(kv)
        continue
      }
      const outcome = yield* this.#commit(key, current, decision as Change)
      if ('ok' in outcome) return outcome
      current = outcome.current
      seen = outcome.companions
    }
    return { ok: false, status: requestTimeoutStatus() }
  }

  #cached(at: ObjectAddress): Current {
    const object = this.#cache.resource(at.prefix).objects.get(at.namespace, at.name)
    const revision = object ? Number(object.metadata.resourceVersion) : 0
    return { object, revision, certain: false }
  }

  *#commit(key: string, current: Current, change: Change): Task<WriteResult | Lost> {
    const { companions } = change
    const value = change.type === 'put' ? withoutRevision(change.object) : undefined
    const write: RequestOp =
      change.type === 'put'
        ? { type: 'put', request: { key, value, lease: change.lease ?? 0 } }
        : { type: 'deleteRange', request: { key } }
    const read = (wanted: string): RequestOp => ({ type: 'range', request: { key: wanted } })
    const result = yield* this.#etcd.txn({
      compare: [
        { key, target: 'mod', result: '=', value: current.revision },
        ...(companions?.compare ?? []),
      ],
      success: companions ? [write, ...companions.ops] : [write],
      failure: [read(key), ...(companions?.compare ?? []).map((compare) => read(compare.key))],
    })
    if (!result.ok) return { ok: false, status: etcdFailureStatus(result) }
    const { succeeded, header } = result.value
    if (succeeded && value) {
      const done = current.revision === 0 ? 'created' : 'updated'
      return { ok: true, object: withRevision(value, header.revision), done }
    }
    if (succeeded) return deleted(change, current, header.revision)
    return {
      current: currentOf(firstKv(result.value, 0)),
      companions: seenIn(result.value, companions),
    }
  }
}

type Change = Extract<Decision, { type: 'put' | 'delete' }>
type Refused = { readonly ok: false; readonly status: Status }

interface Lost {
  readonly current: Current
  readonly companions: ReadonlyMap<string, KeyValue | undefined>
}

export function keyAt(at: ObjectAddress): string {
  return at.prefix + objectKey(at.namespace, at.name)
}

export function objectOf(kv: KeyValue): KubeObject {
  return withRevision(kv.value as KubeObject, kv.modRevision)
}

/** What the real server answers when etcd fails: etcd's words, or a time-out of its own. */
export function etcdFailureStatus(failure: EtcdFailure): Status {
  if (failure.error === 'timeout' && failure.message === 'context deadline exceeded') {
    return requestTimeoutStatus()
  }
  return unknownErrorStatus(failure.message)
}

/** The result of a decision that needs no write. */
function settle(decision: Decision, current: Current): WriteResult | undefined {
  switch (decision.type) {
    case 'refuse':
      return { ok: false, status: decision.status }
    case 'answer':
      return { ok: true, object: decision.object, done: 'answered' }
    case 'put':
      if (!current.object || !isSame(decision.object, current.object)) return undefined
      return { ok: true, object: current.object, done: 'unchanged' }
    case 'delete':
      return undefined
  }
}

function isSame(next: KubeObject, current: KubeObject): boolean {
  if (next === current) return true
  return semanticEqual(next, current)
}

function deleted(change: Change, current: Current, revision: number): WriteResult {
  const answer = change.type === 'delete' ? change.answer : undefined
  const object = answer ?? withRevision(current.object as KubeObject, revision)
  return { ok: true, object, done: 'deleted' }
}

/** Stored objects do not know their revision: the store does. */
function withoutRevision(object: KubeObject): KubeObject {
  if (object.metadata.resourceVersion === undefined) return object
  const { resourceVersion: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

function currentOf(kv: KeyValue | undefined): Current {
  return { object: kv && objectOf(kv), revision: kv?.modRevision ?? 0, certain: true }
}

function firstKv(response: TxnResponse, position: number): KeyValue | undefined {
  const answer = response.responses[position]
  return answer?.type === 'range' ? answer.response.kvs[0] : undefined
}

function seenIn(
  response: TxnResponse,
  companions: Companions | undefined,
): ReadonlyMap<string, KeyValue | undefined> {
  if (!companions || companions.compare.length === 0) return nothingSeen
  const seen = new Map<string, KeyValue | undefined>()
  companions.compare.forEach(({ key }, i) => {
    seen.set(key, firstKv(response, i + 1))
  })
  return seen
}
