import type { Node, Pod, Service } from '../../api/generated/core-v1'
import type { EndpointSlice } from '../../api/generated/discovery-v1'
import { keyOf, splitKey } from '../../api/object'
import { ENDPOINTSLICES, NODES, PODS, SERVICES } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { Reflector } from '../../client/reflector'
import type { ApiError } from '../../client/request'
import { isNotFound } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import { seconds } from '../../sim/time'
import type { Controller, ControllerContext } from '../context'
import { isNamespaceTerminating } from '../pod-control'
import { selectsPod, TriggerTimes } from '../pod-endpoints'
import { byNode, nodeIndex } from '../pod-index'
import { PodMemo } from '../pod-memo'
import { enqueueServicesOfPods } from '../pod-services'
import {
  isOnUnknownNode,
  managedByLabel,
  managerName,
  type PodEndpoint,
  planSlices,
  podEndpoint,
  type SlicePlan,
  serviceNameLabel,
} from './plan'
import { SliceTracker } from './tracker'

const workers = 5
const byService = 'service'
/** A foreign change of a slice is looked at after this long, so that several count as one. */
const sliceChangeDelay = seconds(1)

/** Spreads the endpoints of every service with a selector over EndpointSlices. */
export const endpointSliceController: Controller = {
  name: 'endpointslice-controller',
  wire: (context) => {
    const writer = new SliceWriter(context)
    return () => writer.run()
  },
}

class SliceWriter {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #queue: WorkQueue
  readonly #services: Reflector<Service>
  readonly #pods: Reflector<Pod>
  readonly #nodes: Reflector<Node>
  readonly #slices: Reflector<EndpointSlice>
  readonly #triggers = new TriggerTimes()
  readonly #memos = new Map<string, PodMemo<PodEndpoint>>()
  readonly #tracker = new SliceTracker()

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('endpointslice-controller')
    this.#recorder = context.recorder(this.#client, 'endpoint-slice-controller')
    this.#queue = new WorkQueue(context.env.clock)
    this.#services = context.informer(SERVICES).store
    this.#pods = context.informer(PODS).store
    this.#nodes = context.informer(NODES).store
    this.#slices = context.informer(ENDPOINTSLICES).store
    this.#slices.addIndex(byService, (slice) => [serviceOf(slice) ?? ''])
    const add = (service: Service) => this.#queue.add(keyOf(service))
    this.#services.addHandler({ onAdd: add, onUpdate: add, onDelete: add })
    this.#slices.addHandler({
      onAdd: (slice) => this.#sliceChanged(slice),
      onUpdate: (slice) => this.#sliceChanged(slice),
      onDelete: (slice) => this.#sliceDeleted(slice),
    })
    enqueueServicesOfPods(this.#services, this.#pods, (key) => this.#queue.add(key))
    this.#nodes.addHandler({
      onAdd: (node) => this.#nodeChanged(node.metadata.name),
      onDelete: (node) => this.#nodeChanged(node.metadata.name),
    })
    this.#pods.addIndex(byNode, nodeIndex)
  }

  run(): void {
    startWorkers(this.#context.env, this.#queue, workers, (key) => this.#sync(key))
  }

  #sliceChanged(slice: EndpointSlice): void {
    const key = serviceOf(slice)
    if (key && this.#tracker.isForeign(key, slice)) this.#queue.addAfter(key, sliceChangeDelay)
  }

  #sliceDeleted(slice: EndpointSlice): void {
    const key = serviceOf(slice)
    if (key && this.#tracker.isForeignDelete(key, slice)) this.#queue.add(key)
  }

  #nodeChanged(name: string): void {
    for (const pod of this.#pods.byIndex(byNode, name)) {
      for (const service of this.#services.byIndex('namespace', pod.metadata.namespace ?? '')) {
        if (selectsPod(service, pod.metadata.labels)) this.#queue.add(keyOf(service))
      }
    }
  }

  *#sync(key: string): Task<SyncResult> {
    const service = this.#services.get(key)
    if (!service) {
      this.#triggers.forget(key)
      this.#tracker.forget(key)
      this.#memos.delete(key)
      return synced
    }
    if (service.spec.type === 'ExternalName' || !service.spec.selector) return synced
    const { namespace } = splitKey(key)
    const all = this.#slices.byIndex(byService, key)
    const existing = all.filter(({ metadata }) => !metadata.deletionTimestamp)
    if (this.#tracker.isStale(key, existing)) {
      return { ok: false, error: staleCache }
    }
    const pods = this.#pods
      .byIndex('namespace', namespace)
      .filter((pod) => selectsPod(service, pod.metadata.labels))
    const nodeOf = (pod: Pod) => this.#nodes.get(pod.spec.nodeName ?? '')
    const { values, fresh } = this.#memo(key).of(service, pods, nodeOf)
    const input = {
      service,
      pods: values,
      existing,
      triggerTime: this.#triggers.next(key, service, fresh, pods.length),
    }
    const error = yield* this.#carryOut(key, service, planSlices(input))
    if (error) {
      const text = `Error updating Endpoint Slices for Service ${key}: ${error.message}`
      this.#recorder.event(service, 'Warning', 'FailedToUpdateEndpointSlices', text)
      return { ok: false, error }
    }
    const isStranded = pods.some((pod) => isOnUnknownNode(pod, service, nodeOf(pod)))
    return isStranded ? { ok: false, error: unknownNode } : synced
  }

  #memo(key: string): PodMemo<PodEndpoint> {
    let memo = this.#memos.get(key)
    if (!memo) {
      memo = new PodMemo(podEndpoint)
      this.#memos.set(key, memo)
    }
    return memo
  }

  *#carryOut(key: string, service: Service, plan: SlicePlan): Task<ApiError | undefined> {
    for (const slice of plan.create) {
      if (service.metadata.deletionTimestamp) break
      const created = yield* this.#client.create(ENDPOINTSLICES, slice)
      if (created.ok) this.#tracker.wrote(key, created.value)
      else if (isNamespaceTerminating(created.error)) return undefined
      else return created.error
    }
    for (const slice of plan.update) {
      const updated = yield* this.#client.update(ENDPOINTSLICES, slice)
      if (!updated.ok) return updated.error
      this.#tracker.wrote(key, updated.value)
    }
    for (const slice of plan.delete) {
      const { namespace, name } = slice.metadata
      const deleted = yield* this.#client.delete(ENDPOINTSLICES, { namespace, name })
      if (!deleted.ok && !isNotFound(deleted.error)) return deleted.error
      this.#tracker.deleted(key, slice)
    }
    return undefined
  }
}

const staleCache: ApiError = {
  code: 0,
  reason: '',
  message: 'EndpointSlice informer cache is out of date',
}
const unknownNode: ApiError = {
  code: 0,
  reason: '',
  message: 'skipping Pod for Service: its Node is not found',
}

/** Key of the service whose slice this is, if this controller manages it. */
function serviceOf({ metadata }: EndpointSlice): string | undefined {
  const name = metadata.labels?.[serviceNameLabel]
  if (!name || metadata.labels?.[managedByLabel] !== managerName) return undefined
  return `${metadata.namespace ?? ''}/${name}`
}
