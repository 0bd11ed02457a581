/** Port of a member's client service. */
export const clientPort = 2379
/** Port of a member's Raft traffic. */
export const peerPort = 2380

/** As `rangeEnd`: every key from `key` on. */
export const fromKeyOn = '\0'

/** The `rangeEnd` that, with `key` = `prefix`, covers the keys with that prefix. */
export function prefixEnd(prefix: string): string {
  const last = prefix.length - 1
  if (last < 0) return fromKeyOn
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1)
}

/** One version of one key. Of a deleted key only `key` and `modRevision` are set. */
export interface KeyValue {
  readonly key: string
  readonly value: unknown
  /** Revision of the put that made the key; 0 in a tombstone. */
  readonly createRevision: number
  readonly modRevision: number
  /** Puts since the creation: 1 at the creation, 0 in a tombstone. */
  readonly version: number
  /** Id of the attached lease, 0 without. */
  readonly lease: number
}

export interface ResponseHeader {
  readonly memberId: number
  /** Revision of the store when the request was applied. */
  readonly revision: number
  readonly raftTerm: number
}

/** Keys in [key, rangeEnd), or `key` alone without `rangeEnd`; sorted by key. */
export interface RangeRequest {
  readonly key: string
  readonly rangeEnd?: string
  /** 0 or absent: no limit. */
  readonly limit?: number
  /** 0 or absent: the present. */
  readonly revision?: number
  /** Answer from the member's own state, which may lag behind. */
  readonly serializable?: boolean
  readonly keysOnly?: boolean
  readonly countOnly?: boolean
}

export interface RangeResponse {
  readonly header: ResponseHeader
  readonly kvs: readonly KeyValue[]
  /** Keys in the range, whatever the limit. */
  readonly count: number
  readonly more: boolean
}

export interface PutRequest {
  readonly key: string
  /** Frozen data, kept by reference. */
  readonly value?: unknown
  readonly lease?: number
  readonly prevKv?: boolean
  /** Keep the present value and change the lease only. */
  readonly ignoreValue?: boolean
  readonly ignoreLease?: boolean
}

export interface PutResponse {
  readonly header: ResponseHeader
  readonly prevKv?: KeyValue
}

export interface DeleteRangeRequest {
  readonly key: string
  readonly rangeEnd?: string
  readonly prevKv?: boolean
}

export interface DeleteRangeResponse {
  readonly header: ResponseHeader
  readonly deleted: number
  readonly prevKvs: readonly KeyValue[]
}

export type CompareResult = '=' | '>' | '<' | '!='
export type CompareTarget = 'version' | 'create' | 'mod' | 'value' | 'lease'

/**
 * A missing key has version, create and mod revision 0 and fails every compare of its value. With
 * `rangeEnd` every key of the range must satisfy it. Values are compared by content; `>` and `<`
 * hold between two strings or two numbers only.
 */
export interface Compare {
  readonly key: string
  readonly rangeEnd?: string
  readonly target: CompareTarget
  readonly result: CompareResult
  readonly value: unknown
}

export type RequestOp =
  | { readonly type: 'range'; readonly request: RangeRequest }
  | { readonly type: 'put'; readonly request: PutRequest }
  | { readonly type: 'deleteRange'; readonly request: DeleteRangeRequest }
  | { readonly type: 'txn'; readonly request: TxnRequest }

export type ResponseOp =
  | { readonly type: 'range'; readonly response: RangeResponse }
  | { readonly type: 'put'; readonly response: PutResponse }
  | { readonly type: 'deleteRange'; readonly response: DeleteRangeResponse }
  | { readonly type: 'txn'; readonly response: TxnResponse }

/** If all of `compare` hold, `success` is done, else `failure`: all at one revision. */
export interface TxnRequest {
  readonly compare: readonly Compare[]
  readonly success: readonly RequestOp[]
  readonly failure: readonly RequestOp[]
}

export interface TxnResponse {
  readonly header: ResponseHeader
  readonly succeeded: boolean
  readonly responses: readonly ResponseOp[]
}

export interface CompactResponse {
  readonly header: ResponseHeader
}

export interface LeaseGrantRequest {
  readonly ttlSeconds: number
  /** 0 or absent: the member chooses. */
  readonly id?: number
}

export interface LeaseResponse {
  readonly header: ResponseHeader
  readonly id: number
  /** Seconds the lease lives from now without a renewal. */
  readonly ttlSeconds: number
}

export interface LeaseTimeToLiveResponse extends LeaseResponse {
  readonly grantedTtlSeconds: number
  /** Keys attached to the lease, sorted. */
  readonly keys: readonly string[]
}

export interface StatusResponse {
  readonly header: ResponseHeader
  readonly version: string
  /** Member id of the leader, 0 when there is none. */
  readonly leader: number
  readonly raftIndex: number
  readonly raftAppliedIndex: number
  readonly isLearner: boolean
  /** Live keys. */
  readonly keys: number
  readonly compactRevision: number
}

export interface HashKvResponse {
  readonly header: ResponseHeader
  /** Hex digest of the whole history up to the asked revision. */
  readonly hash: string
  readonly hashRevision: number
  readonly compactRevision: number
}

export interface CurrentRevisionResponse {
  readonly header: ResponseHeader
}

/** What travels to `clientPort` by a call; answered by an `EtcdResult`. */
export type EtcdRequest =
  | { readonly type: 'range'; readonly request: RangeRequest }
  | { readonly type: 'put'; readonly request: PutRequest }
  | { readonly type: 'deleteRange'; readonly request: DeleteRangeRequest }
  | { readonly type: 'txn'; readonly request: TxnRequest }
  | { readonly type: 'compact'; readonly revision: number }
  | { readonly type: 'leaseGrant'; readonly request: LeaseGrantRequest }
  | { readonly type: 'leaseRevoke'; readonly id: number }
  | { readonly type: 'leaseKeepAlive'; readonly id: number }
  | { readonly type: 'leaseTimeToLive'; readonly id: number }
  | { readonly type: 'currentRevision' }
  | { readonly type: 'status' }
  /** Revision 0: the present. */
  | { readonly type: 'hashKv'; readonly revision: number }

/** The response to each request type. */
export interface EtcdResponses {
  readonly range: RangeResponse
  readonly put: PutResponse
  readonly deleteRange: DeleteRangeResponse
  readonly txn: TxnResponse
  readonly compact: CompactResponse
  readonly leaseGrant: LeaseResponse
  readonly leaseRevoke: CompactResponse
  readonly leaseKeepAlive: LeaseResponse
  readonly leaseTimeToLive: LeaseTimeToLiveResponse
  readonly currentRevision: CurrentRevisionResponse
  readonly status: StatusResponse
  readonly hashKv: HashKvResponse
}

/** etcd's own words for each error (api/v3rpc/rpctypes; `unavailable` is the connection's). */
export const etcdErrorMessages = {
  unavailable: 'etcdserver: member is not reachable',
  timeout: 'etcdserver: request timed out',
  'timeout due to leader failure':
    'etcdserver: request timed out, possibly due to previous leader failure',
  'no leader': 'etcdserver: no leader',
  'too many requests': 'etcdserver: too many requests',
  compacted: 'etcdserver: mvcc: required revision has been compacted',
  'future revision': 'etcdserver: mvcc: required revision is a future revision',
  'lease not found': 'etcdserver: requested lease not found',
  'lease exists': 'etcdserver: lease already exists',
  'lease ttl too large': 'etcdserver: too large lease TTL',
  'key not provided': 'etcdserver: key is not provided',
  'key not found': 'etcdserver: key not found',
  'value provided': 'etcdserver: value is provided',
  'lease provided': 'etcdserver: lease is provided',
  'too many operations': 'etcdserver: too many operations in txn request',
  'duplicate key': 'etcdserver: duplicate key given in txn request',
} as const

export type EtcdError = keyof typeof etcdErrorMessages

export interface EtcdFailure {
  readonly ok: false
  readonly error: EtcdError
  readonly message: string
}

/**
 * After `timeout…` or `unavailable` a write may or may not have been done, now or later; all other
 * errors mean that nothing was changed.
 */
export type EtcdResult<T> = { readonly ok: true; readonly value: T } | EtcdFailure

export function etcdFailure(
  error: EtcdError,
  message: string = etcdErrorMessages[error],
): EtcdFailure {
  return { ok: false, error, message }
}

/** `kv` of a delete is the tombstone: its `modRevision` is the revision of the deletion. */
export interface WatchEvent {
  readonly type: 'put' | 'delete'
  readonly kv: KeyValue
  readonly prevKv?: KeyValue
}

/** What travels to `clientPort` to open a stream. */
export interface WatchRequest {
  readonly key: string
  readonly rangeEnd?: string
  /** First revision to deliver; 0 or absent: from now on. May lie in the future. */
  readonly startRevision?: number
  /** Tell the revision now and then while there are no events. */
  readonly progressNotify?: boolean
  readonly prevKv?: boolean
  readonly noPut?: boolean
  readonly noDelete?: boolean
  /** Close the watch when the member knows no leader for three election times. */
  readonly requireLeader?: boolean
}

/** From the member on a watch's stream. All events of one revision are in one message. */
export type WatchMessage =
  | { readonly type: 'created'; readonly revision: number }
  | { readonly type: 'events'; readonly events: readonly WatchEvent[]; readonly revision: number }
  | { readonly type: 'progress'; readonly revision: number }
  | { readonly type: 'cancelled'; readonly reason: WatchClosed }

/** From the client on a watch's stream. */
export type WatchCommand =
  | { readonly type: 'progress' }
  /** That many events were taken since the last acknowledgement. */
  | { readonly type: 'ack'; readonly events: number }

export type WatchClosed =
  /** The history from the start or next revision is gone: list again. */
  | { readonly reason: 'compacted'; readonly compactRevision: number }
  /** The member has no leader: try another member. */
  | { readonly reason: 'no leader' }
  /** The member or the way to it is gone. */
  | { readonly reason: 'reset' | 'unavailable' }

/** Events a client lets come before it acknowledges; a member sends at most four times as many. */
export const watchAckEvents = 1_000
