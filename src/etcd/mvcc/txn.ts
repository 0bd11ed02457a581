import type {
  Compare,
  DeleteRangeRequest,
  DeleteRangeResponse,
  EtcdError,
  KeyValue,
  PutRequest,
  RequestOp,
  ResponseHeader,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from '../rpc'
import { rangeBound } from './key-index'
import type { KvStore } from './store'
import { sameValue } from './value'

/** Operations of one branch, as etcd's `--max-txn-ops`. */
const txnOpsMax = 128

/** What a transaction must know of leases. */
export interface LeaseBook {
  has(lease: number): boolean
  /** The key's lease changed from `before` to `after`; 0 is none. */
  moved(key: string, before: number, after: number): void
}

/** Why a put is refused whatever the store holds. */
export function putFormError(put: PutRequest): EtcdError | undefined {
  if (put.key === '') return 'key not provided'
  if (put.ignoreValue && put.value !== undefined) return 'value provided'
  return put.ignoreLease && put.lease ? 'lease provided' : undefined
}

/** Why a transaction is refused whatever the store holds: its form, its size, double writes. */
export function txnFormError(txn: TxnRequest): EtcdError | undefined {
  const { compare, success, failure } = txn
  if (Math.max(compare.length, success.length, failure.length) > txnOpsMax) {
    return 'too many operations'
  }
  for (const { key } of compare) if (key === '') return 'key not provided'
  for (const op of [...success, ...failure]) {
    const error = opFormError(op)
    if (error) return error
  }
  return hasDoubleWrite(success) || hasDoubleWrite(failure) ? 'duplicate key' : undefined
}

function opFormError(op: RequestOp): EtcdError | undefined {
  if (op.type === 'txn') return txnFormError(op.request)
  if (op.type === 'put') return putFormError(op.request)
  return op.request.key === '' ? 'key not provided' : undefined
}

interface Writes {
  readonly puts: Set<string>
  readonly deletes: DeleteRangeRequest[]
}

/** No key may be put twice, nor put and deleted, in one branch with all that is nested in it. */
function hasDoubleWrite(ops: readonly RequestOp[]): boolean {
  if (ops.length < 2 && ops[0]?.type !== 'txn') return false
  return writesOf(ops) === undefined
}

function writesOf(ops: readonly RequestOp[]): Writes | undefined {
  const all: Writes = { puts: new Set(), deletes: [] }
  for (const op of ops) {
    if (op.type === 'deleteRange') all.deletes.push(op.request)
    else if (op.type === 'put') {
      if (all.puts.has(op.request.key)) return undefined
      all.puts.add(op.request.key)
    } else if (op.type === 'txn') {
      const success = writesOf(op.request.success)
      const failure = writesOf(op.request.failure)
      if (!success || !failure) return undefined
      const nested = new Set([...success.puts, ...failure.puts])
      for (const key of nested) if (all.puts.has(key)) return undefined
      for (const key of nested) all.puts.add(key)
      all.deletes.push(...success.deletes, ...failure.deletes)
    }
  }
  for (const { key, rangeEnd } of all.deletes) {
    const bound = rangeBound(key, rangeEnd)
    for (const put of all.puts) {
      if (put >= key && (bound === undefined || put < bound)) return undefined
    }
  }
  return all
}

/** Which branch of a transaction is done, and which of those nested in it. */
export interface TxnPath {
  readonly succeeded: boolean
  readonly nested: readonly TxnPath[]
}

/** The header as it stands after what was done so far. */
type HeaderSource = () => ResponseHeader

export function deleteResponse(
  request: DeleteRangeRequest,
  deleted: readonly KeyValue[],
  header: ResponseHeader,
): DeleteRangeResponse {
  return { header, deleted: deleted.length, prevKvs: request.prevKv ? deleted : [] }
}

/** Does requests on a store. All of a request or nothing of it is done. */
export class TxnExecutor {
  readonly #store: KvStore
  readonly #leases: LeaseBook

  constructor(store: KvStore, leases: LeaseBook) {
    this.#store = store
    this.#leases = leases
  }

  /** Why the store refuses the put now. */
  putError(put: PutRequest): EtcdError | undefined {
    if ((put.ignoreValue || put.ignoreLease) && !this.#store.get(put.key)) return 'key not found'
    return put.lease && !this.#leases.has(put.lease) ? 'lease not found' : undefined
  }

  /** Returns the version before. To be followed by the store's `commit`. */
  put(put: PutRequest): KeyValue | undefined {
    const store = this.#store
    const before = put.ignoreValue || put.ignoreLease ? store.get(put.key) : undefined
    const value = put.ignoreValue ? before?.value : put.value
    const lease = put.ignoreLease ? (before?.lease ?? 0) : (put.lease ?? 0)
    const previous = store.put(put.key, value, lease)
    const old = previous?.lease ?? 0
    if (old !== lease) this.#leases.moved(put.key, old, lease)
    return previous
  }

  deleteRange(request: DeleteRangeRequest): readonly KeyValue[] {
    const deleted = this.#store.deleteRange(request.key, request.rangeEnd)
    for (const kv of deleted) if (kv.lease !== 0) this.#leases.moved(kv.key, kv.lease, 0)
    return deleted
  }

  /** Chooses the branches, nested ones too, by the state before any of the operations. */
  choose(txn: TxnRequest): TxnPath {
    const succeeded = txn.compare.every((compare) => this.#compareHolds(compare))
    const nested: TxnPath[] = []
    for (const op of succeeded ? txn.success : txn.failure) {
      if (op.type === 'txn') nested.push(this.choose(op.request))
    }
    return { succeeded, nested }
  }

  /** Why the store refuses the chosen branches. */
  txnError(txn: TxnRequest, path: TxnPath): EtcdError | undefined {
    let nested = 0
    for (const op of path.succeeded ? txn.success : txn.failure) {
      let error: EtcdError | undefined
      if (op.type === 'range') error = this.#store.readError(op.request.revision ?? 0)
      else if (op.type === 'put') error = this.putError(op.request)
      else if (op.type === 'txn') {
        error = this.txnError(op.request, path.nested[nested++] as TxnPath)
      }
      if (error) return error
    }
    return undefined
  }

  /**
   * To be followed by the store's `commit`; `txnError` must have had no objection. Without `header` nobody wants
   * the responses, so reads are left out.
   */
  txn(txn: TxnRequest, path: TxnPath, header: HeaderSource | undefined): TxnResponse | undefined {
    const responses: ResponseOp[] = []
    let nested = 0
    for (const op of path.succeeded ? txn.success : txn.failure) {
      if (op.type === 'txn') {
        const response = this.txn(op.request, path.nested[nested++] as TxnPath, header)
        if (response) responses.push({ type: 'txn', response })
      } else {
        const response = this.#do(op, header)
        if (response) responses.push(response)
      }
    }
    return header && { header: header(), succeeded: path.succeeded, responses }
  }

  #do(
    op: Exclude<RequestOp, { type: 'txn' }>,
    header: HeaderSource | undefined,
  ): ResponseOp | undefined {
    switch (op.type) {
      case 'range': {
        if (!header) return undefined
        return { type: 'range', response: { header: header(), ...this.#store.range(op.request) } }
      }
      case 'put': {
        const previous = this.put(op.request)
        if (!header) return undefined
        const prevKv = op.request.prevKv ? previous : undefined
        return { type: 'put', response: { header: header(), prevKv } }
      }
      case 'deleteRange': {
        const prevKvs = this.deleteRange(op.request)
        if (!header) return undefined
        const response = deleteResponse(op.request, prevKvs, header())
        return { type: 'deleteRange', response }
      }
    }
  }

  #compareHolds(compare: Compare): boolean {
    if (compare.rangeEnd === undefined) return holdsFor(this.#store.get(compare.key), compare)
    const { kvs } = this.#store.range({ key: compare.key, rangeEnd: compare.rangeEnd })
    if (kvs.length === 0) return holdsFor(undefined, compare)
    return kvs.every((kv) => holdsFor(kv, compare))
  }
}

function holdsFor(kv: KeyValue | undefined, { target, result, value }: Compare): boolean {
  if (target === 'value' && !kv) return false
  const actual = targetOf(kv, target)
  switch (result) {
    case '=':
      return sameValue(actual, value)
    case '!=':
      return !sameValue(actual, value)
    case '>':
      return comparable(actual, value) && (actual as string) > (value as string)
    case '<':
      return comparable(actual, value) && (actual as string) < (value as string)
  }
}

function targetOf(kv: KeyValue | undefined, target: Compare['target']): unknown {
  switch (target) {
    case 'version':
      return kv?.version ?? 0
    case 'create':
      return kv?.createRevision ?? 0
    case 'mod':
      return kv?.modRevision ?? 0
    case 'lease':
      return kv?.lease ?? 0
    case 'value':
      return kv?.value
  }
}

function comparable(a: unknown, b: unknown): boolean {
  return typeof a === typeof b && (typeof a === 'string' || typeof a === 'number')
}
