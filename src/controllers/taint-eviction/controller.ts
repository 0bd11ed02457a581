import type { Node, Pod, Taint } from '../../api/generated/core-v1'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { keyOf, splitKey } from '../../api/object'
import { NODES, PODS } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { Reflector } from '../../client/reflector'
import type { ApiError } from '../../client/request'
import { isNotFound } from '../../client/result'
import type { Timer } from '../../sim/process'
import { type Task, wait } from '../../sim/task'
import { type Micros, millis, seconds } from '../../sim/time'
import type { Controller, ControllerContext } from '../context'
import { byNode, nodeIndex } from '../pod-index'
import { withPodCondition } from '../pod-state'
import { noExecuteTaints, stayOf } from './plan'

const attemptsMax = 5
const attemptDelay = millis(10)

/**
 * Deletes pods from nodes with NoExecute taints that they do not tolerate, or no longer: the time
 * counts from when this controller first saw taint and pod together.
 */
export const taintEvictionController: Controller = {
  name: 'taint-eviction-controller',
  wire: (context) => {
    const evictor = new TaintEvictor(context)
    return () => evictor.run()
  },
}

interface Scheduled {
  readonly since: Micros
  readonly at: Micros
  readonly timer: Timer
}

class TaintEvictor {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #nodes: Reflector<Node>
  readonly #pods: Reflector<Pod>
  readonly #taints = new Map<string, readonly Taint[]>()
  readonly #scheduled = new Map<string, Scheduled>()
  #running = false

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('node-controller')
    this.#recorder = context.recorder(this.#client, 'taint-eviction-controller')
    this.#nodes = context.informer(NODES).store
    this.#pods = context.informer(PODS).store
    this.#pods.addIndex(byNode, nodeIndex)
    this.#nodes.addHandler({
      onAdd: (node) => this.#nodeChanged(node.metadata.name),
      onUpdate: (node) => this.#nodeChanged(node.metadata.name),
      onDelete: (node) => this.#taints.delete(node.metadata.name),
    })
    this.#pods.addHandler({
      onAdd: (pod) => this.#podChanged(pod),
      onUpdate: (pod, old) => {
        const same =
          pod.spec.nodeName === old.spec.nodeName &&
          semanticEqual(pod.spec.tolerations, old.spec.tolerations)
        if (!same) this.#podChanged(pod)
      },
      onDelete: (pod) => this.#cancel(keyOf(pod)),
    })
  }

  run(): void {
    this.#running = true
    for (const node of this.#nodes.values()) this.#nodeChanged(node.metadata.name)
  }

  #nodeChanged(name: string): void {
    if (!this.#running) return
    const taints = noExecuteTaints(this.#nodes.get(name))
    if (semanticEqual(taints, this.#taints.get(name))) return
    if (taints.length === 0) this.#taints.delete(name)
    else this.#taints.set(name, taints)
    for (const pod of this.#pods.byIndex(byNode, name)) this.#decide(pod, taints)
  }

  #podChanged(pod: Pod): void {
    const { nodeName } = pod.spec
    if (!this.#running || !nodeName) return
    this.#decide(pod, this.#taints.get(nodeName) ?? [])
  }

  #decide(pod: Pod, taints: readonly Taint[]): void {
    const key = keyOf(pod)
    const stay = stayOf(taints, pod.spec.tolerations ?? [])
    if (stay === 'forever') {
      this.#cancel(key)
      return
    }
    const now = this.#context.env.clock.monotonic()
    const before = this.#scheduled.get(key)
    const since = stay.seconds === 0 ? now : (before?.since ?? now)
    const at = since + seconds(stay.seconds)
    if (before && stay.seconds > 0 && at < now + seconds(stay.seconds)) return
    this.#cancel(key)
    const delay = Math.max(0, at - now)
    const timer = this.#context.env.clock.after(delay, () => this.#due(key), 'taint.eviction')
    this.#scheduled.set(key, { since, at, timer })
  }

  #cancel(key: string): void {
    const scheduled = this.#scheduled.get(key)
    if (!scheduled) return
    scheduled.timer.cancel()
    this.#scheduled.delete(key)
    this.#tell(key, `Cancelling deletion of Pod ${key}`)
  }

  #due(key: string): void {
    this.#scheduled.delete(key)
    this.#tell(key, `Marking for deletion Pod ${key}`)
    this.#context.env.spawn(this.#evict(key))
  }

  #tell(key: string, text: string): void {
    const subject = { apiVersion: 'v1', kind: 'Pod', metadata: splitKey(key) }
    this.#recorder.event(subject, 'Normal', 'TaintManagerEviction', text)
  }

  *#evict(key: string): Task<void> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const error = yield* this.#markAndDelete(key)
      if (!error || isNotFound(error)) return
      yield* wait(this.#context.env.clock.sleep(attemptDelay, 'taint.retry'))
    }
    const pod = this.#pods.get(key)
    if (pod && !pod.metadata.deletionTimestamp) this.#podChanged(pod)
  }

  *#markAndDelete(key: string): Task<ApiError | undefined> {
    const where = splitKey(key)
    const found = yield* this.#client.get(PODS, where)
    if (!found.ok) return found.error
    const pod = found.value
    const { generation } = pod.metadata
    const conditions = withPodCondition(pod.status?.conditions, {
      type: 'DisruptionTarget',
      ...(generation && { observedGeneration: generation }),
      status: 'True',
      lastTransitionTime: this.#context.now(),
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    })
    if (!semanticEqual(conditions, pod.status?.conditions)) {
      const status = { ...pod.status, conditions }
      const written = yield* this.#client.updateStatus(PODS, { ...pod, status })
      if (!written.ok) return written.error
    }
    const deleted = yield* this.#client.delete(PODS, where)
    return deleted.ok ? undefined : deleted.error
  }
}
