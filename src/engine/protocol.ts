import type { ApiRequest, ApiResponse, WatchEvent } from '../client/request'
import type { CommandResult, LabCommand } from '../control/commands'
import type { ClusterSpec } from '../control/spec'
import type { LabState, TraceRecord } from '../control/state'

/** From the page to its engine worker. `id` ties answers and watch events to what was asked. */
export type ToEngine =
  | { readonly type: 'start'; readonly spec: ClusterSpec; readonly speed: number | 'max' }
  | { readonly type: 'send'; readonly id: number; readonly request: ApiRequest }
  | { readonly type: 'watch'; readonly id: number; readonly request: ApiRequest }
  | { readonly type: 'unwatch'; readonly id: number }
  | { readonly type: 'command'; readonly id: number; readonly commands: readonly LabCommand[] }
  | { readonly type: 'state'; readonly id: number }
  | { readonly type: 'trace'; readonly id: number; readonly from: number; readonly limit: number }

/** One key's change since the last batch; what happened in between has been folded together. */
export interface WatchBatch {
  readonly id: number
  readonly events: readonly WatchEvent[]
}

export type FromEngine =
  | { readonly type: 'answer'; readonly id: number; readonly response: ApiResponse }
  | { readonly type: 'opened'; readonly id: number }
  | { readonly type: 'events'; readonly batches: readonly WatchBatch[] }
  | { readonly type: 'closed'; readonly id: number; readonly end: ApiResponse }
  | { readonly type: 'commanded'; readonly id: number; readonly results: readonly CommandResult[] }
  | { readonly type: 'state'; readonly id: number; readonly state: LabState }
  | { readonly type: 'trace'; readonly id: number; readonly records: readonly TraceRecord[] }
  | { readonly type: 'changed'; readonly state: LabState }
  | { readonly type: 'failed'; readonly message: string }
