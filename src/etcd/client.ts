import type { CallResult, StreamEnd } from '../sim/network'
import type { ProcessEnv } from '../sim/process'
import { Future, type Task, wait } from '../sim/task'
import { type Micros, millis } from '../sim/time'
import {
  type CompactResponse,
  clientPort,
  type DeleteRangeRequest,
  type DeleteRangeResponse,
  type EtcdRequest,
  type EtcdResponses,
  type EtcdResult,
  etcdFailure,
  type HashKvResponse,
  type LeaseResponse,
  type LeaseTimeToLiveResponse,
  type PutRequest,
  type PutResponse,
  type RangeRequest,
  type RangeResponse,
  type StatusResponse,
  type TxnRequest,
  type TxnResponse,
  type WatchClosed,
  type WatchCommand,
  type WatchEvent,
  type WatchMessage,
  type WatchRequest,
  watchAckEvents,
} from './rpc'

export type {
  Compare,
  EtcdFailure,
  EtcdResult,
  KeyValue,
  RangeRequest,
  RangeResponse,
  RequestOp,
  TxnRequest,
  TxnResponse,
  WatchClosed,
  WatchEvent,
  WatchRequest,
} from './rpc'
export { prefixEnd } from './rpc'

export interface EtcdClientOptions {
  /** Longer than a member's own time-out of 7 s, so that the member's error is heard. */
  readonly timeoutMs?: number
}

/** Calls in the order they may come: created, then events and progress, then at most one closed. */
export interface WatchSink {
  /** Whole revisions in ascending order; `revision` is the last one of the batch. */
  onEvents(events: readonly WatchEvent[], revision: number): void
  /** Every event up to `revision` has been delivered. */
  onProgress(revision: number): void
  /** The member's revision when the watch began. */
  onCreated?(revision: number): void
  /** The watch is over; begin again after the last revision heard of (compacted: list first). */
  onClosed(closed: WatchClosed): void
}

export interface WatchHandle {
  /** Ends the watch; the sink hears nothing more. */
  close(): void
  /** Asks for an `onProgress` after all events up to the member's present revision. */
  requestProgress(): void
}

/** A process's connection to an etcd cluster. Endpoints are hosts or `host:port`, tried in turn. */
export class EtcdClient {
  readonly #env: ProcessEnv
  readonly #endpoints: readonly string[]
  readonly #timeout: Micros
  #current = 0
  #barrier: Future<EtcdResult<number>> | undefined
  #nextBarrier: Future<EtcdResult<number>> | undefined

  constructor(env: ProcessEnv, endpoints: readonly string[], options: EtcdClientOptions = {}) {
    this.#env = env
    this.#endpoints = endpoints.map((e) => (e.includes(':') ? e : `${e}:${clientPort}`))
    this.#timeout = millis(options.timeoutMs ?? 8_000)
  }

  /** Linearizable unless `serializable`. Errors: compacted, future revision. */
  range(request: RangeRequest): Task<EtcdResult<RangeResponse>> {
    return this.#call({ type: 'range', request }, true)
  }

  /** Errors: lease not found; key not found with `ignoreValue` or `ignoreLease`. */
  put(request: PutRequest): Task<EtcdResult<PutResponse>> {
    return this.#call({ type: 'put', request }, false)
  }

  deleteRange(request: DeleteRangeRequest): Task<EtcdResult<DeleteRangeResponse>> {
    return this.#call({ type: 'deleteRange', request }, false)
  }

  /** Errors: too many operations (128), duplicate key, and those of its operations. */
  txn(request: TxnRequest): Task<EtcdResult<TxnResponse>> {
    return this.#call({ type: 'txn', request }, false)
  }

  /** Drops the history before `revision`. Errors: compacted, future revision. */
  compact(revision: number): Task<EtcdResult<CompactResponse>> {
    return this.#call({ type: 'compact', revision }, false)
  }

  /** The granted time may be longer than asked for. */
  leaseGrant(ttlSeconds: number, id = 0): Task<EtcdResult<LeaseResponse>> {
    return this.#call({ type: 'leaseGrant', request: { ttlSeconds, id } }, false)
  }

  /** Deletes the lease's keys, all at one revision. */
  leaseRevoke(id: number): Task<EtcdResult<CompactResponse>> {
    return this.#call({ type: 'leaseRevoke', id }, false)
  }

  leaseKeepAlive(id: number): Task<EtcdResult<LeaseResponse>> {
    return this.#call({ type: 'leaseKeepAlive', id }, true)
  }

  leaseTimeToLive(id: number): Task<EtcdResult<LeaseTimeToLiveResponse>> {
    return this.#call({ type: 'leaseTimeToLive', id }, true)
  }

  /** Of the member that answers; needs no quorum. */
  status(): Task<EtcdResult<StatusResponse>> {
    return this.#call({ type: 'status' }, true)
  }

  /** Digest of the answering member's history up to `revision` (0: all of it). */
  hashKv(revision = 0): Task<EtcdResult<HashKvResponse>> {
    return this.#call({ type: 'hashKv', revision }, true)
  }

  /**
   * Linearizable read barrier: a revision not below that of any write acknowledged before the call.
   * Callers that wait at the same time share one request.
   */
  *currentRevision(): Task<EtcdResult<number>> {
    if (!this.#barrier) {
      this.#barrier = this.#env.spawn(this.#readRevision())
      return yield* wait(this.#barrier)
    }
    if (!this.#nextBarrier) {
      const next = new Future<EtcdResult<number>>()
      this.#nextBarrier = next
      this.#barrier.onDone(() => {
        this.#barrier = next
        this.#nextBarrier = undefined
        this.#env.spawn(this.#readRevision()).onDone((result) => next.resolve(result))
      })
    }
    return yield* wait(this.#nextBarrier)
  }

  /** Events of a range, from `startRevision` on. Not resumed by itself: see `WatchSink.onClosed`. */
  watch(request: WatchRequest, sink: WatchSink): WatchHandle {
    const stream = this.#env.network.stream(
      this.#endpoint(),
      { requireLeader: true, ...request },
      'etcd.watch',
    )
    let unacknowledged = 0
    stream.onMessage = (raw) => {
      const message = raw as WatchMessage
      if (message.type === 'events') {
        unacknowledged += message.events.length
        if (unacknowledged >= watchAckEvents) {
          command(stream, { type: 'ack', events: unacknowledged })
          unacknowledged = 0
        }
        sink.onEvents(message.events, message.revision)
      } else if (message.type === 'progress') sink.onProgress(message.revision)
      else if (message.type === 'created') sink.onCreated?.(message.revision)
      else {
        stream.close()
        if (message.reason.reason === 'no leader') this.#rotate()
        sink.onClosed(message.reason)
      }
    }
    stream.onClose = (reason) => {
      this.#rotate()
      const reset = reason === 'closed' || reason === 'reset'
      sink.onClosed({ reason: reset ? 'reset' : 'unavailable' })
    }
    return {
      close: () => stream.close(),
      requestProgress: () => command(stream, { type: 'progress' }),
    }
  }

  *#readRevision(): Task<EtcdResult<number>> {
    const result = yield* this.#call({ type: 'currentRevision' }, true)
    // A later caller begins a round of its own: this one's answer may be older than its writes.
    if (!this.#nextBarrier) this.#barrier = undefined
    return result.ok ? { ok: true, value: result.value.header.revision } : result
  }

  /** One call; the next endpoint is tried where that cannot do a write twice. */
  *#call<R extends EtcdRequest>(
    request: R,
    repeatable: boolean,
  ): Task<EtcdResult<EtcdResponses[R['type']]>> {
    for (let tried = 1; ; tried++) {
      const to = this.#endpoint()
      const call = this.#env.network.call(to, request, this.#timeout, callKinds[request.type])
      const answer = (yield call) as CallResult
      if (answer.ok) return answer.value as EtcdResult<EtcdResponses[R['type']]>
      this.#rotate()
      if (answer.error === 'timeout') return etcdFailure('timeout', 'context deadline exceeded')
      const safe = repeatable || answer.error !== 'reset'
      if (!safe || tried >= this.#endpoints.length) {
        return etcdFailure('unavailable', `etcdserver: ${to}: connection ${answer.error}`)
      }
    }
  }

  #endpoint(): string {
    return this.#endpoints[this.#current % this.#endpoints.length] as string
  }

  #rotate(): void {
    this.#current++
  }
}

const callKinds: { readonly [type in EtcdRequest['type']]: string } = {
  range: 'etcd.range',
  put: 'etcd.put',
  deleteRange: 'etcd.deleteRange',
  txn: 'etcd.txn',
  compact: 'etcd.compact',
  leaseGrant: 'etcd.leaseGrant',
  leaseRevoke: 'etcd.leaseRevoke',
  leaseKeepAlive: 'etcd.leaseKeepAlive',
  leaseTimeToLive: 'etcd.leaseTimeToLive',
  currentRevision: 'etcd.currentRevision',
  status: 'etcd.status',
  hashKv: 'etcd.hashKv',
}

function command(stream: StreamEnd, message: WatchCommand): void {
  stream.send(message)
}
