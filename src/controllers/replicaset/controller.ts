import type { Pod } from '../../api/generated/core-v1'
import { matchesLabels, type Requirements } from '../../api/machinery/selectors'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { controllerOf, type KubeObject, keyOf } from '../../api/object'
import { PODS } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { Reflector } from '../../client/reflector'
import type { ApiError } from '../../client/request'
import { isNotFound } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import type { Micros } from '../../sim/time'
import type { Controller, ControllerContext } from '../context'
import { Expectations } from '../expectations'
import {
  byController,
  claim,
  controllerIndex,
  controllerRef,
  orphanIn,
  planClaims,
  resolveOwner,
} from '../owners'
import { isNamespaceTerminating, PodControl, podFromTemplate } from '../pod-control'
import { podsToDelete } from '../pod-ranking'
import { isPodActive, isPodTerminating } from '../pod-state'
import { allAtOnce, slowStartBatch } from '../slow-start'
import { type ReplicaKind, replicaSetKind, replicationControllerKind } from './kinds'
import { nextAvailability, planReplicas, replicaSetStatus, sameStatus } from './plan'

const workers = 5

export const replicaSetController: Controller = controllerFor(replicaSetKind)
export const replicationController: Controller = controllerFor(replicationControllerKind)

function controllerFor<T extends KubeObject>(kind: ReplicaKind<T>): Controller {
  return {
    name: kind.name,
    wire: (context) => {
      const replicas = new Replicas(context, kind)
      return () => replicas.run()
    },
  }
}

/** Keeps as many pods alive as each object of the kind asks for. */
class Replicas<T extends KubeObject> {
  readonly #context: ControllerContext
  readonly #kind: ReplicaKind<T>
  readonly #client: ApiClient
  readonly #podControl: PodControl
  readonly #objects: Reflector<T>
  readonly #pods: Reflector<Pod>
  readonly #queue: WorkQueue
  readonly #expectations: Expectations

  constructor(context: ControllerContext, kind: ReplicaKind<T>) {
    this.#context = context
    this.#kind = kind
    this.#client = context.client(kind.account)
    this.#podControl = new PodControl(this.#client, context.recorder(this.#client, kind.account))
    this.#queue = new WorkQueue(context.env.clock)
    this.#expectations = new Expectations(context.env.clock)
    this.#objects = context.informer(kind.ref).store
    this.#pods = context.informer(PODS).store
    this.#objects.addIndex(byController, controllerIndex)
    this.#pods.addIndex(byController, controllerIndex)
    this.#objects.addHandler({
      onAdd: (object) => this.#queue.add(keyOf(object)),
      onUpdate: (object) => this.#queue.add(keyOf(object)),
      onDelete: (object) => {
        this.#expectations.forget(keyOf(object))
        this.#queue.add(keyOf(object))
      },
    })
    this.#pods.addHandler({
      onAdd: (pod) => this.#podAdded(pod),
      onUpdate: (pod, old) => this.#podUpdated(pod, old),
      onDelete: (pod) => this.#podDeleted(pod),
    })
  }

  run(): void {
    startWorkers(this.#context.env, this.#queue, workers, (key) => this.#sync(key))
  }

  #ownerOf(pod: Pod): T | undefined {
    const { namespace } = pod.metadata
    return resolveOwner(this.#kind.ref, this.#objects, namespace, controllerOf(pod))
  }

  #podAdded(pod: Pod): void {
    if (pod.metadata.deletionTimestamp) {
      this.#podDeleted(pod)
      return
    }
    if (!controllerOf(pod)) {
      this.#enqueueMatching(pod)
      return
    }
    const owner = this.#ownerOf(pod)
    if (!owner) return
    this.#expectations.creationObserved(keyOf(owner))
    this.#queue.add(keyOf(owner))
  }

  #podUpdated(pod: Pod, old: Pod): void {
    if (pod.metadata.uid !== old.metadata.uid) {
      this.#podDeleted(old)
      this.#podAdded(pod)
      return
    }
    if (pod.metadata.deletionTimestamp) {
      this.#podDeleted(pod)
      return
    }
    if (controllerOf(old)?.uid !== controllerOf(pod)?.uid) {
      const former = this.#ownerOf(old)
      if (former) this.#queue.add(keyOf(former))
    }
    const owner = this.#ownerOf(pod)
    if (owner) this.#queue.add(keyOf(owner))
    else if (!controllerOf(pod) && !sameClaims(pod, old)) this.#enqueueMatching(pod)
  }

  #podDeleted(pod: Pod): void {
    const owner = this.#ownerOf(pod)
    if (!owner) return
    this.#expectations.deletionObserved(keyOf(owner), keyOf(pod))
    this.#queue.add(keyOf(owner))
  }

  #enqueueMatching(pod: Pod): void {
    if (!pod.metadata.labels) return
    for (const object of this.#objects.byIndex('namespace', pod.metadata.namespace ?? '')) {
      const selector = this.#kind.selector(object)
      if (selector && matchesLabels(selector, pod.metadata.labels)) this.#queue.add(keyOf(object))
    }
  }

  *#sync(key: string): Task<SyncResult> {
    const object = this.#objects.get(key)
    if (!object) {
      this.#expectations.forget(key)
      return synced
    }
    const selector = this.#kind.selector(object)
    if (!selector) return synced
    const mayManage = this.#expectations.satisfied(key)
    const { uid, namespace, deletionTimestamp } = object.metadata
    const owned = this.#pods.byIndex(byController, uid ?? '')
    const candidates = owned.concat(this.#pods.byIndex(byController, orphanIn(namespace)))
    const claimed = yield* this.#claim(object, selector, candidates.filter(isPodActive))
    if (!claimed.ok) return claimed
    let failure: ApiError | undefined
    if (mayManage && !deletionTimestamp) {
      failure = yield* this.#manage(key, object, claimed.value)
    }
    const terminating = this.#kind.countsTerminating
      ? owned.filter((pod) => isPodTerminating(pod) && matchesLabels(selector, pod.metadata.labels))
          .length
      : undefined
    const wall = this.#context.wall()
    const spec = this.#kind.spec(object)
    const status = replicaSetStatus(spec, this.#kind.status(object), {
      active: claimed.value,
      terminating,
      failure,
      wall,
      now: this.#context.now(),
    })
    const written = yield* this.#writeStatus(object, status)
    if (written) return { ok: false, error: written }
    if (failure) return { ok: false, error: failure }
    return { ok: true, requeueAfter: this.#nextSync(claimed.value, spec.minReadySeconds, wall) }
  }

  #claim(object: T, selector: Requirements, pods: readonly Pod[]) {
    const plan = planClaims(object, pods, (pod) => matchesLabels(selector, pod.metadata.labels))
    const kinds = { client: this.#client, ownerRef: this.#kind.ref, objectRef: PODS }
    return claim(kinds, object, plan)
  }

  #nextSync(pods: readonly Pod[], minReadySeconds: number, wall: Micros): Micros | undefined {
    return minReadySeconds > 0 ? nextAvailability(pods, minReadySeconds, wall) : undefined
  }

  *#manage(key: string, object: T, active: readonly Pod[]): Task<ApiError | undefined> {
    const plan = planReplicas(active.length, this.#kind.spec(object).replicas)
    if (plan.type === 'create') return yield* this.#create(key, object, plan.count)
    if (plan.type === 'delete') return yield* this.#delete(key, object, active, plan.count)
    return undefined
  }

  *#create(key: string, object: T, count: number): Task<ApiError | undefined> {
    const template = this.#kind.template(object)
    if (!template) return undefined
    const pod = podFromTemplate(template, object, controllerRef(this.#kind.ref, object))
    this.#expectations.expect(key, count, [])
    const control = this.#podControl
    function* createOne(): Task<ApiError | undefined> {
      const error = yield* control.create(pod, object)
      return error && isNamespaceTerminating(error) ? undefined : error
    }
    const { successes, error } = yield* slowStartBatch(this.#context.env, count, createOne)
    for (let i = successes; i < count; i++) this.#expectations.creationObserved(key)
    return error
  }

  *#delete(
    key: string,
    object: T,
    active: readonly Pod[],
    count: number,
  ): Task<ApiError | undefined> {
    const chosen = podsToDelete(active, this.#related(object), count, this.#context.wall())
    this.#expectations.expect(key, 0, chosen.map(keyOf))
    const [control, expectations] = [this.#podControl, this.#expectations]
    function* deleteOne(pod: Pod): Task<ApiError | undefined> {
      const error = yield* control.delete(pod, object)
      if (error) expectations.deletionObserved(key, keyOf(pod))
      return error && !isNotFound(error) ? error : undefined
    }
    const errors = yield* allAtOnce(this.#context.env, chosen.map(deleteOne))
    return errors[0]
  }

  /** Active pods of every object under the same controller: of all ReplicaSets of a Deployment. */
  #related(object: T): readonly Pod[] {
    const controller = controllerOf(object)
    const family = controller ? this.#objects.byIndex(byController, controller.uid) : [object]
    return family
      .flatMap(({ metadata }) => this.#pods.byIndex(byController, metadata.uid ?? ''))
      .filter(isPodActive)
  }

  *#writeStatus(
    object: T,
    status: ReturnType<typeof replicaSetStatus>,
  ): Task<ApiError | undefined> {
    const { ref } = this.#kind
    if (sameStatus(this.#kind.status(object), status)) return undefined
    const first = yield* this.#client.updateStatus(ref, this.#kind.withStatus(object, status))
    if (first.ok) return undefined
    const { namespace, name, uid } = object.metadata
    const fresh = yield* this.#client.get(ref, { namespace, name })
    if (!fresh.ok) return isNotFound(fresh.error) ? undefined : fresh.error
    if (fresh.value.metadata.uid !== uid) return undefined
    const second = yield* this.#client.updateStatus(ref, this.#kind.withStatus(fresh.value, status))
    return second.ok ? undefined : second.error
  }
}

function sameClaims(a: Pod, b: Pod): boolean {
  return (
    semanticEqual(a.metadata.labels, b.metadata.labels) &&
    controllerOf(a)?.uid === controllerOf(b)?.uid
  )
}
