import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1'
import type { Pod } from '../../api/generated/core-v1'
import { selectorMatches } from '../../api/machinery/selectors'
import { controllerOf, keyOf } from '../../api/object'
import { DEPLOYMENTS, PODS, REPLICASETS } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { Reflector } from '../../client/reflector'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import type { Controller, ControllerContext } from '../context'
import {
  byController,
  claim,
  controllerIndex,
  orphanIn,
  planClaims,
  resolveOwner,
  selectsEverything,
} from '../owners'
import { Rollout } from './rollout'

const workers = 5

export const deploymentController: Controller = {
  name: 'deployment-controller',
  wire: (context) => {
    const deployments = new Deployments(context)
    return () => deployments.run()
  },
}

class Deployments {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #queue: WorkQueue
  readonly #deployments: Reflector<Deployment>
  readonly #sets: Reflector<ReplicaSet>
  readonly #pods: Reflector<Pod>

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('deployment-controller')
    this.#recorder = context.recorder(this.#client, 'deployment-controller')
    this.#queue = new WorkQueue(context.env.clock)
    this.#deployments = context.informer(DEPLOYMENTS).store
    this.#sets = context.informer(REPLICASETS).store
    this.#pods = context.informer(PODS).store
    this.#sets.addIndex(byController, controllerIndex)
    this.#pods.addIndex(byController, controllerIndex)
    this.#deployments.addHandler({
      onAdd: (d) => this.#queue.add(keyOf(d)),
      onUpdate: (d) => this.#queue.add(keyOf(d)),
      onDelete: (d) => this.#queue.add(keyOf(d)),
    })
    this.#sets.addHandler({
      onAdd: (rs) => this.#setChanged(rs),
      onUpdate: (rs, old) => {
        if (controllerOf(old)?.uid !== controllerOf(rs)?.uid) this.#setChanged(old)
        this.#setChanged(rs)
      },
      onDelete: (rs) => this.#setChanged(rs),
    })
    this.#pods.addHandler({ onDelete: (pod) => this.#podDeleted(pod) })
  }

  run(): void {
    startWorkers(this.#context.env, this.#queue, workers, (key) => this.#sync(key))
  }

  #setChanged(rs: ReplicaSet): void {
    const { namespace, labels } = rs.metadata
    const controller = controllerOf(rs)
    if (controller) {
      const owner = resolveOwner(DEPLOYMENTS, this.#deployments, namespace, controller)
      if (owner) this.#queue.add(keyOf(owner))
      return
    }
    if (!labels) return
    for (const d of this.#deployments.byIndex('namespace', namespace ?? '')) {
      if (selects(d, labels)) this.#queue.add(keyOf(d))
    }
  }

  /** A Deployment that recreates its pods waits for the last of the old ones. */
  #podDeleted(pod: Pod): void {
    const { namespace } = pod.metadata
    const rs = resolveOwner(REPLICASETS, this.#sets, namespace, controllerOf(pod))
    const d = rs && resolveOwner(DEPLOYMENTS, this.#deployments, namespace, controllerOf(rs))
    if (d?.spec.strategy?.type === 'Recreate') this.#queue.add(keyOf(d))
  }

  *#sync(key: string): Task<SyncResult> {
    const d = this.#deployments.get(key)
    if (!d) return synced
    if (selectsEverything(d.spec.selector)) return yield* this.#refuseSelector(d)
    const { namespace, uid } = d.metadata
    const candidates = this.#sets
      .byIndex(byController, uid ?? '')
      .concat(this.#sets.byIndex(byController, orphanIn(namespace)))
    const plan = planClaims(d, candidates, (rs) => selects(d, rs.metadata.labels))
    const kinds = { client: this.#client, ownerRef: DEPLOYMENTS, objectRef: REPLICASETS }
    const claimed = yield* claim(kinds, d, plan)
    if (!claimed.ok) return claimed
    const tools = {
      client: this.#client,
      recorder: this.#recorder,
      instant: { wall: this.#context.wall(), now: this.#context.now() },
      cached: (name: string) => this.#sets.get(`${namespace}/${name}`),
      podsOf: (owner: string) => this.#pods.byIndex(byController, owner),
    }
    const outcome = yield* new Rollout(tools, d, claimed.value).sync()
    if (!outcome.ok) return outcome
    return { ok: true, requeueAfter: outcome.value.after }
  }

  *#refuseSelector(d: Deployment): Task<SyncResult> {
    const text = 'This deployment is selecting all pods. A non-empty selector is required.'
    this.#recorder.event(d, 'Warning', 'SelectingAll', text)
    const { generation = 0 } = d.metadata
    if ((d.status?.observedGeneration ?? 0) >= generation) return synced
    const status = { ...d.status, observedGeneration: generation }
    const written = yield* this.#client.updateStatus(DEPLOYMENTS, { ...d, status })
    return written.ok ? synced : written
  }
}

function selects(d: Deployment, labels: { readonly [key: string]: string } | undefined): boolean {
  return !selectsEverything(d.spec.selector) && selectorMatches(d.spec.selector, labels)
}
