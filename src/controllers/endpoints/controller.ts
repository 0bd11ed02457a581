import type { Endpoints, Pod, Service } from '../../api/generated/core-v1'
import { keyOf, splitKey } from '../../api/object'
import { ENDPOINTS, PODS, SERVICES } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { Reflector } from '../../client/reflector'
import { isAlreadyExists, isNotFound } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import type { Controller, ControllerContext } from '../context'
import { selectsPod, TriggerTimes } from '../pod-endpoints'
import { PodMemo } from '../pod-memo'
import { enqueueServicesOfPods } from '../pod-services'
import { type PodAddress, planEndpoints, podAddress } from './plan'

const workers = 5

/** Writes one Endpoints object per service with a selector (the API before EndpointSlices). */
export const endpointsController: Controller = {
  name: 'endpoints-controller',
  wire: (context) => {
    const writer = new EndpointsWriter(context)
    return () => writer.run()
  },
}

class EndpointsWriter {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #queue: WorkQueue
  readonly #services: Reflector<Service>
  readonly #pods: Reflector<Pod>
  readonly #endpoints: Reflector<Endpoints>
  readonly #triggers = new TriggerTimes()
  readonly #memos = new Map<string, PodMemo<PodAddress>>()
  /** What was written last, per service: the cache may not show it yet. */
  readonly #written = new Map<string, Endpoints>()

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('endpoint-controller')
    this.#recorder = context.recorder(this.#client, 'endpoint-controller')
    this.#queue = new WorkQueue(context.env.clock)
    this.#services = context.informer(SERVICES).store
    this.#pods = context.informer(PODS).store
    this.#endpoints = context.informer(ENDPOINTS).store
    const add = (object: Service | Endpoints) => this.#queue.add(keyOf(object))
    this.#services.addHandler({ onAdd: add, onUpdate: add, onDelete: add })
    this.#endpoints.addHandler({
      onDelete: (endpoints) => {
        this.#written.delete(keyOf(endpoints))
        add(endpoints)
      },
    })
    enqueueServicesOfPods(this.#services, this.#pods, (key) => this.#queue.add(key))
  }

  run(): void {
    for (const endpoints of this.#endpoints.values()) {
      if (isManaged(endpoints)) this.#queue.add(keyOf(endpoints))
    }
    startWorkers(this.#context.env, this.#queue, workers, (key) => this.#sync(key))
  }

  *#sync(key: string): Task<SyncResult> {
    const service = this.#services.get(key)
    const { namespace, name } = splitKey(key)
    if (!service) {
      this.#triggers.forget(key)
      this.#written.delete(key)
      this.#memos.delete(key)
      if (!this.#endpoints.get(key)) return synced
      const deleted = yield* this.#client.delete(ENDPOINTS, { namespace, name })
      return deleted.ok || isNotFound(deleted.error) ? synced : deleted
    }
    if (service.spec.type === 'ExternalName' || !service.spec.selector) return synced
    const pods = this.#pods
      .byIndex('namespace', namespace)
      .filter((pod) => selectsPod(service, pod.metadata.labels))
    const { values, fresh } = this.#memo(key).of(service, pods, () => undefined)
    const triggerTime = this.#triggers.next(key, service, fresh, pods.length)
    const current = this.#latest(key)
    const next = planEndpoints(service, values, current, triggerTime)
    if (!next) return synced
    const written = current
      ? yield* this.#client.update(ENDPOINTS, next)
      : yield* this.#client.create(ENDPOINTS, next)
    if (written.ok) {
      this.#written.set(key, written.value)
      return synced
    }
    this.#written.delete(key)
    if (written.error.reason === 'Forbidden') return synced
    if (isAlreadyExists(written.error)) return written
    const reason = current ? 'FailedToUpdateEndpoint' : 'FailedToCreateEndpoint'
    const verb = current ? 'update' : 'create'
    const text = `Failed to ${verb} endpoint ${namespace}/${name}: ${written.error.message}`
    this.#recorder.event(next, 'Warning', reason, text)
    return written
  }

  #memo(key: string): PodMemo<PodAddress> {
    let memo = this.#memos.get(key)
    if (!memo) {
      memo = new PodMemo(podAddress)
      this.#memos.set(key, memo)
    }
    return memo
  }

  /** The newer of the cache's object and the one written last. */
  #latest(key: string): Endpoints | undefined {
    const cached = this.#endpoints.get(key)
    const written = this.#written.get(key)
    if (!written || (cached && versionOf(cached) >= versionOf(written))) {
      this.#written.delete(key)
      return cached
    }
    return written
  }
}

const versionOf = ({ metadata }: Endpoints): number => Number(metadata.resourceVersion)

/** Written by this controller: left over when its service vanished while nobody looked. */
function isManaged(endpoints: Endpoints): boolean {
  return endpoints.metadata.labels?.['endpoints.kubernetes.io/managed-by'] !== undefined
}
