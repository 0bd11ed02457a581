import type { Deployment, ReplicaSet, StatefulSet } from '../../api/generated/apps-v1'
import type { Pod, ReplicationController } from '../../api/generated/core-v1'
import type { OwnerReference } from '../../api/generated/meta-v1'
import type { PodDisruptionBudget } from '../../api/generated/policy-v1'
import { selectorMatches } from '../../api/machinery/selectors'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { controllerOf, type KubeObject, keyOf } from '../../api/object'
import {
  DEPLOYMENTS,
  PODDISRUPTIONBUDGETS,
  PODS,
  REPLICASETS,
  REPLICATIONCONTROLLERS,
  STATEFULSETS,
} from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { Reflector } from '../../client/reflector'
import { isNotFound } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import type { Controller, ControllerContext } from '../context'
import { resolveOwner } from '../owners'
import { budgetStatus, expectation } from './plan'

/** Keeps account of how many pods of a budget may be evicted now. */
export const disruptionController: Controller = {
  name: 'disruption-controller',
  wire: (context) => {
    const budgets = new Budgets(context)
    return () => budgets.run()
  },
}

class Budgets {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #budgets: Reflector<PodDisruptionBudget>
  readonly #pods: Reflector<Pod>
  readonly #deployments: Reflector<Deployment>
  readonly #replicaSets: Reflector<ReplicaSet>
  readonly #replicationControllers: Reflector<ReplicationController>
  readonly #statefulSets: Reflector<StatefulSet>
  readonly #queue: WorkQueue

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('disruption-controller')
    this.#recorder = context.recorder(this.#client, 'controllermanager')
    this.#queue = new WorkQueue(context.env.clock)
    this.#budgets = context.informer(PODDISRUPTIONBUDGETS).store
    this.#pods = context.informer(PODS).store
    this.#deployments = context.informer(DEPLOYMENTS).store
    this.#replicaSets = context.informer(REPLICASETS).store
    this.#replicationControllers = context.informer(REPLICATIONCONTROLLERS).store
    this.#statefulSets = context.informer(STATEFULSETS).store
    const add = (pdb: PodDisruptionBudget) => this.#queue.add(keyOf(pdb))
    this.#budgets.addHandler({ onAdd: add, onUpdate: add })
    const changed = (pod: Pod) => this.#podChanged(pod)
    this.#pods.addHandler({ onAdd: changed, onUpdate: changed, onDelete: changed })
  }

  run(): void {
    startWorkers(this.#context.env, this.#queue, 1, (key) => this.#sync(key))
  }

  #podChanged(pod: Pod): void {
    for (const pdb of this.#budgets.byIndex('namespace', pod.metadata.namespace ?? '')) {
      if (selectorMatches(pdb.spec.selector, pod.metadata.labels)) this.#queue.add(keyOf(pdb))
    }
  }

  *#sync(key: string): Task<SyncResult> {
    const pdb = this.#budgets.get(key)
    if (!pdb) return synced
    const pods = this.#pods
      .byIndex('namespace', pdb.metadata.namespace ?? '')
      .filter((pod) => selectorMatches(pdb.spec.selector, pod.metadata.labels))
    if (pods.length === 0) {
      this.#recorder.event(pdb, 'Normal', 'NoPods', 'No matching pods found')
    }
    const { expected, healthy } = expectation(pdb, pods.length, this.#scaleOf(pods))
    const wall = this.#context.wall()
    const view = { pods, expected, healthy, wall, now: this.#context.now() }
    const { status, recheck } = budgetStatus(pdb, view)
    if (!semanticEqual(pdb.status, status)) {
      const written = yield* this.#client.updateStatus(PODDISRUPTIONBUDGETS, { ...pdb, status })
      if (!written.ok && !isNotFound(written.error)) return written
    }
    return { ok: true, requeueAfter: recheck }
  }

  /** Wanted size of all that control these pods; pods without a controller count for nothing. */
  #scaleOf(pods: readonly Pod[]): number {
    const sizes = new Map<string, number>()
    for (const pod of pods) {
      const owner = controllerOf(pod)
      if (!owner || sizes.has(owner.uid)) continue
      const found = this.#sized(owner, pod.metadata.namespace)
      if (found) sizes.set(found.uid, found.size)
    }
    let total = 0
    for (const size of sizes.values()) total += size
    return total
  }

  #sized(owner: OwnerReference, namespace: string | undefined): Sized | undefined {
    const set = resolveOwner(REPLICASETS, this.#replicaSets, namespace, owner)
    if (set) {
      const above = controllerOf(set)
      return sizedOf(resolveOwner(DEPLOYMENTS, this.#deployments, namespace, above) ?? set)
    }
    const stateful = resolveOwner(STATEFULSETS, this.#statefulSets, namespace, owner)
    if (stateful) return sizedOf(stateful)
    const { kind } = owner
    if (kind !== 'ReplicationController') return undefined
    const store = this.#replicationControllers
    const found = resolveOwner(REPLICATIONCONTROLLERS, store, namespace, owner)
    return found && sizedOf(found)
  }
}

interface Sized {
  readonly uid: string
  readonly size: number
}

function sizedOf({
  metadata,
  spec,
}: KubeObject & { readonly spec: { readonly replicas?: number } }): Sized {
  return { uid: metadata.uid ?? '', size: spec.replicas ?? 1 }
}
