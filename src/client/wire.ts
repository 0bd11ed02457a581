import type { ApiRequest, ApiResponse, Identity, WatchEvent } from './request'

/** What travels to an API server inside the simulation: the request and who the TLS layer proved. */
export interface WireRequest {
  readonly request: ApiRequest
  readonly identity: Identity
}

/** What comes back on a watch stream. The last frame is `end`, unless the stream breaks. */
export type WatchFrame =
  | { readonly type: 'open' }
  | { readonly type: 'events'; readonly events: readonly WatchEvent[] }
  | { readonly type: 'end'; readonly response: ApiResponse }

export const apiServerPort = 6443
