import type { ApiRequest, ApiResponse, WatchEvent } from './request'

export interface WatchSink<T = unknown> {
  /** The server accepted the watch. */
  onOpen?(): void
  onEvent(event: WatchEvent<T>): void
  /** Called once, last. A refused watch has the server's answer; a broken stream has status 0. */
  onClose(end: ApiResponse): void
}

export interface WatchHandle {
  close(): void
}

/**
 * The page's, kubectl's and Node's way to an API server. A dozen lines attach it to another one
 * (`kubectl proxy`). `send` never rejects: no answer is `status` 0.
 */
export interface Transport {
  send<T = unknown>(request: ApiRequest, signal?: AbortSignalLike): Promise<ApiResponse<T>>
  watch<T = unknown>(request: ApiRequest, sink: WatchSink<T>): WatchHandle
}

/** The part of the host's AbortSignal that a transport needs. */
export interface AbortSignalLike {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
}
