import type { Entry } from '../raft'
import type { Micros } from '../sim/time'
import type { LeaseRecord, Lessor } from './lessor'
import type { KvStore, StorePicture } from './mvcc/store'
import { deleteResponse, TxnExecutor } from './mvcc/txn'
import {
  type CompactResponse,
  type DeleteRangeResponse,
  type EtcdRequest,
  type EtcdResult,
  etcdFailure,
  type LeaseGrantRequest,
  type LeaseResponse,
  type PutRequest,
  type PutResponse,
  type ResponseHeader,
  type TxnRequest,
  type TxnResponse,
} from './rpc'
import type { WatchHub } from './watch-hub'

type WriteType = 'put' | 'deleteRange' | 'txn' | 'compact' | 'leaseGrant' | 'leaseRevoke'

/** A request that goes through the log. */
export type WriteRequest = Extract<EtcdRequest, { type: WriteType }>

export type WriteResponse =
  | PutResponse
  | DeleteRangeResponse
  | TxnResponse
  | CompactResponse
  | LeaseResponse

/** The data of a log entry. */
export interface Proposal {
  /** The member that waits for the outcome, and its number for it: never used twice. */
  readonly memberId: number
  readonly id: number
  readonly request: WriteRequest
  /** Counts only if the entry was made in this term: what a leader does on its own account. */
  readonly onlyInTerm?: number
}

/** All that was ever applied, as a snapshot keeps it. */
export interface MemberPicture {
  readonly store: StorePicture
  readonly leases: readonly LeaseRecord[]
}

export interface ApplierParts {
  readonly memberId: number
  readonly store: KvStore
  readonly lessor: Lessor
  readonly hub: WatchHub
  readonly now: () => Micros
}

/** Does committed requests, in log order, to store, leases and watchers. */
export class Applier {
  readonly #parts: ApplierParts
  readonly #executor: TxnExecutor
  #term = 0
  readonly #header = (): ResponseHeader => ({
    memberId: this.#parts.memberId,
    revision: this.#parts.store.pendingRevision,
    raftTerm: this.#term,
  })

  constructor(parts: ApplierParts) {
    this.#parts = parts
    this.#executor = new TxnExecutor(parts.store, parts.lessor)
  }

  /** The outcome; undefined if it is not `wanted` or the entry is void. */
  apply(entry: Entry, wanted: boolean): EtcdResult<WriteResponse> | undefined {
    const { request, onlyInTerm } = entry.data as Proposal
    if (onlyInTerm !== undefined && onlyInTerm !== entry.term) return undefined
    this.#term = entry.term
    switch (request.type) {
      case 'put':
        return this.#put(request.request, wanted)
      case 'deleteRange': {
        const deleted = this.#executor.deleteRange(request.request)
        this.#commit()
        if (!wanted) return undefined
        return { ok: true, value: deleteResponse(request.request, deleted, this.#header()) }
      }
      case 'txn':
        return this.#txn(request.request, wanted)
      case 'compact': {
        const error = this.#parts.store.compact(request.revision)
        return error ? etcdFailure(error) : this.#done()
      }
      case 'leaseGrant':
        return this.#grant(request.request)
      case 'leaseRevoke':
        return this.#revoke(request.id)
    }
  }

  /** A transaction without writes, done at the present without the log. */
  read(txn: TxnRequest, term: number): EtcdResult<TxnResponse> {
    this.#term = term
    return this.#txn(txn, true) as EtcdResult<TxnResponse>
  }

  picture(): MemberPicture {
    return { store: this.#parts.store.picture(), leases: this.#parts.lessor.picture() }
  }

  restore(picture: MemberPicture): void {
    const { store, lessor, hub, now } = this.#parts
    store.restore(picture.store)
    lessor.restore(picture.leases, now())
    store.forEachLive((kv) => lessor.moved(kv.key, 0, kv.lease))
    hub.resync()
  }

  #put(put: PutRequest, wanted: boolean): EtcdResult<PutResponse> | undefined {
    const error = this.#executor.putError(put)
    if (error) return etcdFailure(error)
    const previous = this.#executor.put(put)
    this.#commit()
    if (!wanted) return undefined
    return {
      ok: true,
      value: { header: this.#header(), prevKv: put.prevKv ? previous : undefined },
    }
  }

  #txn(txn: TxnRequest, wanted: boolean): EtcdResult<TxnResponse> | undefined {
    const path = this.#executor.choose(txn)
    const error = this.#executor.txnError(txn, path)
    if (error) return etcdFailure(error)
    const value = this.#executor.txn(txn, path, wanted ? this.#header : undefined)
    this.#commit()
    return value && { ok: true, value }
  }

  #grant({ ttlSeconds, id = 0 }: LeaseGrantRequest): EtcdResult<LeaseResponse> {
    const { lessor, now } = this.#parts
    if (lessor.has(id)) return etcdFailure('lease exists')
    const granted = lessor.grant(id, ttlSeconds, now())
    return { ok: true, value: { header: this.#header(), id, ttlSeconds: granted } }
  }

  #revoke(id: number): EtcdResult<CompactResponse> {
    const keys = this.#parts.lessor.revoke(id)
    if (!keys) return etcdFailure('lease not found')
    for (const key of keys) this.#parts.store.delete(key)
    this.#commit()
    return this.#done()
  }

  #done(): EtcdResult<CompactResponse> {
    return { ok: true, value: { header: this.#header() } }
  }

  #commit(): void {
    const events = this.#parts.store.commit()
    if (events) this.#parts.hub.add(events)
  }
}
