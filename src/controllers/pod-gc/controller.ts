import type { Node, Pod } from '../../api/generated/core-v1'
import { NODES, PODS } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { Reflector } from '../../client/reflector'
import { isNotFound } from '../../client/result'
import { type Task, wait } from '../../sim/task'
import type { Micros } from '../../sim/time'
import type { Controller, ControllerContext } from '../context'
import {
  excessTerminated,
  failedStatus,
  type NodeView,
  outOfService,
  unscheduledTerminating,
} from './plan'

/** Removes pods that nobody else will: on vanished nodes, never bound, or terminated in excess. */
export const podGcController: Controller = {
  name: 'pod-garbage-collector-controller',
  wire: (context) => {
    const collector = new PodCollector(context)
    return () => collector.run()
  },
}

const orphaned = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' }

class PodCollector {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #pods: Reflector<Pod>
  readonly #nodes: Reflector<Node>
  /** When a node that pods name was first missed. */
  readonly #missing = new Map<string, Micros>()

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('pod-garbage-collector')
    this.#pods = context.informer(PODS).store
    this.#nodes = context.informer(NODES).store
  }

  run(): void {
    this.#context.env.spawn(this.#loop())
  }

  *#loop(): Task<void> {
    for (;;) {
      yield* this.#collect()
      const { clock } = this.#context.env
      yield* wait(clock.sleep(this.#context.settings.podGcPeriod, 'podgc.period'))
    }
  }

  *#collect(): Task<void> {
    const pods = [...this.#pods.values()]
    const { terminatedPodThreshold } = this.#context.settings
    for (const pod of excessTerminated(pods, terminatedPodThreshold)) yield* this.#remove(pod)
    for (const pod of outOfService(pods, (name) => this.#view(name))) yield* this.#remove(pod)
    const gone = yield* this.#vanishedNodes(pods)
    for (const pod of pods) {
      if (gone.has(pod.spec.nodeName ?? '')) yield* this.#remove(pod, orphaned)
    }
    for (const pod of unscheduledTerminating(pods)) yield* this.#remove(pod)
  }

  #view(name: string): NodeView | undefined {
    const node = this.#nodes.get(name)
    if (!node) return undefined
    const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
    return { ready, taints: (node.spec.taints ?? []).map(({ key }) => key) }
  }

  /** Nodes missed for the quarantine's length that the server does not know either. */
  *#vanishedNodes(pods: readonly Pod[]): Task<ReadonlySet<string>> {
    const now = this.#context.env.clock.monotonic()
    const named = new Set<string>()
    for (const { spec } of pods) {
      if (spec.nodeName && !this.#nodes.get(spec.nodeName)) named.add(spec.nodeName)
    }
    for (const name of this.#missing.keys()) if (!named.has(name)) this.#missing.delete(name)
    const gone = new Set<string>()
    for (const name of named) {
      const since = this.#missing.get(name)
      if (since === undefined) this.#missing.set(name, now)
      else if (now - since >= this.#context.settings.podGcNodeQuarantine) {
        const found = yield* this.#client.get(NODES, { name })
        if (!found.ok && isNotFound(found.error)) gone.add(name)
      }
    }
    return gone
  }

  *#remove(pod: Pod, why?: typeof orphaned): Task<void> {
    const { namespace, name, uid } = pod.metadata
    const status = failedStatus(pod, this.#context.now(), why)
    if (status) {
      const written = yield* this.#client.updateStatus(PODS, { ...pod, status })
      if (!written.ok) return
    }
    const options = { gracePeriodSeconds: 0, preconditions: { uid } }
    yield* this.#client.delete(PODS, { namespace, name }, options)
  }
}
