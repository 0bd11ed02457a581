import type { Status } from '../api/generated/meta-v1'

/** One HTTP request to a Kubernetes API server, as a value. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Absolute path without the query: `/api/v1/namespaces/default/pods/web`. */
  readonly path: string
  /** Decoded query parameters. `watch: 'true'` makes a GET of a collection a watch. */
  readonly query?: { readonly [name: string]: string }
  /** `application/json` unless given; patches name their type here. */
  readonly contentType?: string
  /** Accept header, for Table answers: `application/json;as=Table;v=v1;g=meta.k8s.io`. */
  readonly accept?: string
  /** A frozen object by reference, or the raw text that came over real HTTP. */
  readonly body?: unknown
  readonly userAgent?: string
  /** `Impersonate-User` and `-Group`. */
  readonly impersonate?: { readonly user: string; readonly groups?: readonly string[] }
}

/** `status` 0 means that no answer came: refused, reset or timed out; `body.message` says which. */
export interface ApiResponse<T = unknown> {
  readonly status: number
  readonly body: T | Status
  readonly headers?: { readonly [name: string]: string }
}

/** Who is asking, as the connection's client certificate or token proves. */
export interface Identity {
  readonly user: string
  readonly groups: readonly string[]
}

/** One line of a watch stream. `ERROR` carries a Status and ends the stream. */
export interface WatchEvent<T = unknown> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: T
}

/** Expected failures are values. `code` 0: no answer came; the request may or may not have acted. */
export interface ApiError {
  readonly code: number
  /** Kubernetes' machine word: NotFound, Conflict, AlreadyExists, Expired, Invalid … */
  readonly reason: string
  readonly message: string
  readonly status?: Status
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ApiError }
