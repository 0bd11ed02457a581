import type { ApiClient } from '../client/api-client'
import type { EventRecorder } from '../client/event-recorder'
import type { ProcessEnv } from '../sim/process'
import type { Backoff } from './backoff'
import type { ImagePuller } from './image-puller'
import type { KubeletOptions } from './options'
import type { RuntimeConnection } from './runtime-connection'
import type { StatusWriter } from './status-writer'

/** What all pod workers of a kubelet share. */
export interface PodContext {
  readonly env: ProcessEnv
  readonly options: KubeletOptions
  readonly client: ApiClient
  readonly recorder: EventRecorder
  readonly puller: ImagePuller
  readonly statuses: StatusWriter
  readonly crashes: Backoff
  readonly runtime: RuntimeConnection
}
