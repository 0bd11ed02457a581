import type { KubeObject, ResourceRef } from '../api/object'
import type { ApiClient } from '../client/api-client'
import type { EventRecorder } from '../client/event-recorder'
import type { Informer } from '../client/informer'
import type { ProcessEnv } from '../sim/process'
import type { Micros } from '../sim/time'
import type { ControllerSettings } from './settings'

/** What one controller of the manager gets to work with. */
export interface ControllerContext {
  readonly env: ProcessEnv
  readonly settings: ControllerSettings
  /** The manager's shared informer of a resource; the controller runs once its informers have synced. */
  informer<T extends KubeObject>(ref: ResourceRef<T>): Informer<T>
  /**
   * The shared informer if there is one, else one of the manager's second set, which has a client
   * and rate limit of its own. May be asked for while running; the caller starts it.
   */
  metadataInformer(ref: ResourceRef): Informer<KubeObject>
  /** A client of its own: `account` is a service account in kube-system, with its own rate limit. */
  client(account: string, limit?: ClientLimit): ApiClient
  recorder(client: ApiClient, component: string): EventRecorder
  /** The wall clock as a metav1.Time. */
  now(): string
  /** Wall clock in microseconds since 1970: what timestamps in objects are compared with. */
  wall(): Micros
}

export interface ClientLimit {
  readonly qps: number
  readonly burst: number
}

/**
 * One controller. `wire` asks for informers and registers handlers before anything runs; what it
 * returns starts the work, once every informer asked for has its first list.
 */
export interface Controller {
  readonly name: string
  wire(context: ControllerContext): () => void
}
