import type { Status } from '../../api/generated/meta-v1'
import type { AdmissionLookups } from '../../api/kinds/pipeline'
import type { RequestInfo } from '../../api/machinery/request-info'
import { failure, timeoutStatus, tooManyRequestsStatus } from '../../api/machinery/status'
import type { ApiRequest, ApiResponse, Identity } from '../../client/request'
import type { EtcdClient } from '../../etcd/client'
import type { ProcessEnv } from '../../sim/process'
import type { Freshness, WatchCache } from '../cache/watch-cache'
import type { ServedResource } from '../resources'
import type { ServicePools } from '../service/pools'
import type { LeasePool } from '../storage/lease-pool'
import { etcdFailureStatus, type ObjectStore } from '../storage/object-store'

/** What the handlers work with. */
export interface Backend {
  readonly env: ProcessEnv
  readonly etcd: EtcdClient
  readonly cache: WatchCache
  readonly store: ObjectStore
  /** Events live by these. */
  readonly eventLeases: LeasePool
  readonly pools: ServicePools
  readonly lookups: AdmissionLookups
}

/** One request for a resource, after routing and authentication. */
export interface ResourceRequest {
  readonly request: ApiRequest
  readonly info: RequestInfo
  readonly query: { readonly [name: string]: string | undefined }
  readonly user: Identity
  readonly resource: ServedResource
  /** Wall clock when the request came, microseconds. */
  readonly now: number
}

export function ok(body: unknown): ApiResponse {
  return { status: 200, body }
}

export function created(body: unknown): ApiResponse {
  return { status: 201, body }
}

export function refused(status: Status): ApiResponse {
  return { status: status.code ?? 500, body: status }
}

/** Why a read cannot be answered, as the real server words it. */
export function stalenessStatus(freshness: Exclude<Freshness, { ok: true }>): Status {
  if ('failure' in freshness) return etcdFailureStatus(freshness.failure)
  if ('initializing' in freshness) {
    return tooManyRequestsStatus('storage is (re)initializing', 1)
  }
  const { wanted, current } = freshness.behind
  const timeout = timeoutStatus(`Too large resource version: ${wanted}, current: ${current}`, 1)
  const message = 'Too large resource version'
  return {
    ...timeout,
    details: {
      ...timeout.details,
      causes: [{ reason: 'ResourceVersionTooLarge', message }],
    },
  }
}

/** `{kind: Status, status: Success}` of subresources that answer no object. */
export function successStatus(code: number): ApiResponse {
  const { message: _, status: __, code: ___, ...head } = failure(code, '', '')
  return { status: code, body: { ...head, status: 'Success', code } }
}
