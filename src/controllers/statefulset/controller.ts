import type { ControllerRevision, StatefulSet } from '../../api/generated/apps-v1'
import type { PersistentVolumeClaim, Pod } from '../../api/generated/core-v1'
import { selectorMatches } from '../../api/machinery/selectors'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { controllerOf, keyOf } from '../../api/object'
import {
  CONTROLLERREVISIONS,
  PERSISTENTVOLUMECLAIMS,
  PODS,
  STATEFULSETS,
} from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { Reflector } from '../../client/reflector'
import type { ApiError } from '../../client/request'
import { isAlreadyExists, isNotFound } from '../../client/result'
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
import { untilAvailable } from '../pod-state'
import { currentRevision, templateOf, trimRevisions } from '../revisions'
import {
  claimsOf,
  hashLabel,
  ordinalOf,
  planSet,
  revisionLabel,
  type SetStep,
  type SetView,
  setStatus,
  statefulPod,
} from './plan'

const workers = 5

/**
 * Gives every StatefulSet its pods with stable names, in order. Claims are created and kept
 * (persistentVolumeClaimRetentionPolicy other than Retain has no effect).
 */
export const statefulSetController: Controller = {
  name: 'statefulset-controller',
  wire: (context) => {
    const sets = new StatefulSets(context)
    return () => sets.run()
  },
}

class StatefulSets {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #sets: Reflector<StatefulSet>
  readonly #revisions: Reflector<ControllerRevision>
  readonly #pods: Reflector<Pod>
  readonly #claims: Reflector<PersistentVolumeClaim>
  readonly #queue: WorkQueue

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('statefulset-controller')
    this.#recorder = context.recorder(this.#client, 'statefulset-controller')
    this.#queue = new WorkQueue(context.env.clock)
    this.#sets = context.informer(STATEFULSETS).store
    this.#revisions = context.informer(CONTROLLERREVISIONS).store
    this.#pods = context.informer(PODS).store
    this.#claims = context.informer(PERSISTENTVOLUMECLAIMS).store
    this.#revisions.addIndex(byController, controllerIndex)
    this.#pods.addIndex(byController, controllerIndex)
    const add = (set: StatefulSet) => this.#queue.add(keyOf(set))
    this.#sets.addHandler({ onAdd: add, onUpdate: add, onDelete: add })
    const changed = (pod: Pod) => this.#podChanged(pod)
    this.#pods.addHandler({
      onAdd: changed,
      onUpdate: (pod, old) => {
        if (controllerOf(old)?.uid !== controllerOf(pod)?.uid) changed(old)
        changed(pod)
      },
      onDelete: changed,
    })
  }

  run(): void {
    startWorkers(this.#context.env, this.#queue, workers, (key) => this.#sync(key))
  }

  #podChanged(pod: Pod): void {
    const { namespace, labels } = pod.metadata
    const controller = controllerOf(pod)
    if (controller) {
      const owner = resolveOwner(STATEFULSETS, this.#sets, namespace, controller)
      if (owner) this.#queue.add(keyOf(owner))
      return
    }
    if (!labels) return
    for (const set of this.#sets.byIndex('namespace', namespace ?? '')) {
      if (selectorMatches(set.spec.selector, labels)) this.#queue.add(keyOf(set))
    }
  }

  *#sync(key: string): Task<SyncResult> {
    const set = this.#sets.get(key)
    if (!set || selectsEverything(set.spec.selector)) return synced
    const { uid = '', namespace } = set.metadata
    const candidates = this.#pods
      .byIndex(byController, uid)
      .concat(this.#pods.byIndex(byController, orphanIn(namespace)))
    const plan = planClaims(
      set,
      candidates,
      (pod) =>
        selectorMatches(set.spec.selector, pod.metadata.labels) &&
        ordinalOf(set, pod) !== undefined,
    )
    const kinds = { client: this.#client, ownerRef: STATEFULSETS, objectRef: PODS }
    const claimed = yield* claim(kinds, set, plan)
    if (!claimed.ok) return claimed
    const revisions = this.#revisions.byIndex(byController, uid)
    const { labels = {} } = set.spec.template.metadata ?? {}
    const { template } = set.spec
    const owner = { ref: STATEFULSETS, object: set, template, labels, hashLabel }
    const update = yield* currentRevision(this.#client, owner, revisions)
    if (!update.ok) return update
    const known = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision)
    const current = known ?? update.value
    const view: SetView = {
      set,
      pods: claimed.value,
      current: current.metadata.name,
      update: update.value.metadata.name,
      wall: this.#context.wall(),
    }
    return yield* this.#apply(view, current, revisions)
  }

  *#apply(
    view: SetView,
    current: ControllerRevision,
    revisions: readonly ControllerRevision[],
  ): Task<SyncResult> {
    const { set } = view
    const done: SetStep[] = []
    let failure: ApiError | undefined
    if (!set.metadata.deletionTimestamp) {
      for (const step of planSet(view)) {
        failure = yield* this.#carryOut(view, step, current)
        if (failure) break
        done.push(step)
      }
    }
    const status = setStatus(view, done)
    if (!semanticEqual(set.status, status)) {
      const written = yield* this.#client.updateStatus(STATEFULSETS, { ...set, status })
      if (!written.ok) return isNotFound(written.error) ? synced : written
    }
    if (failure) return { ok: false, error: failure }
    const used = view.pods.map(({ metadata }) => metadata.labels?.[revisionLabel] ?? '')
    const inUse = new Set([view.current, view.update, ...used])
    const limit = set.spec.revisionHistoryLimit ?? 10
    const trimmed = yield* trimRevisions(this.#client, revisions, inUse, limit)
    if (!trimmed.ok) return trimmed
    const minReady = set.spec.minReadySeconds ?? 0
    const waits = view.pods.flatMap((pod) => untilAvailable(pod, minReady, view.wall) ?? [])
    return waits.length > 0 ? { ok: true, requeueAfter: Math.min(...waits) } : synced
  }

  *#carryOut(
    view: SetView,
    step: SetStep,
    current: ControllerRevision,
  ): Task<ApiError | undefined> {
    const { set } = view
    if (step.type === 'delete') {
      if (step.why === 'ended') this.#tellEnded(set, step.pod)
      const { namespace, name, uid } = step.pod.metadata
      const options = { preconditions: { uid } }
      const deleted = yield* this.#client.delete(PODS, { namespace, name }, options)
      if (!deleted.ok && isNotFound(deleted.error)) return undefined
      return this.#tell(set, 'Delete', `Pod ${name}`, deleted.ok ? undefined : deleted.error)
    }
    const failed = yield* this.#createClaims(set, step.ordinal)
    if (failed) return failed
    const template = step.isUpdate ? set.spec.template : (templateOf(current) ?? set.spec.template)
    const revision = step.isUpdate ? view.update : view.current
    const pod = statefulPod(set, template, step.ordinal, revision)
    const created = yield* this.#client.create(PODS, pod)
    if (!created.ok && isAlreadyExists(created.error)) return created.error
    const what = `Pod ${set.metadata.name}-${step.ordinal}`
    return this.#tell(set, 'Create', what, created.ok ? undefined : created.error)
  }

  #tellEnded(set: StatefulSet, pod: Pod): void {
    const failed = pod.status?.phase === 'Failed'
    const [type, reason] = failed
      ? (['Warning', 'RecreatingFailedPod'] as const)
      : (['Normal', 'RecreatingTerminatedPod'] as const)
    const how = failed ? 'failed' : 'terminated'
    const text = `StatefulSet ${keyOf(set)} is recreating ${how} Pod ${pod.metadata.name}`
    this.#recorder.event(set, type, reason, text)
  }

  #tell(
    set: StatefulSet,
    verb: 'Create' | 'Delete',
    what: string,
    error: ApiError | undefined,
  ): ApiError | undefined {
    const where = `${verb} ${what} in StatefulSet ${set.metadata.name}`
    if (error) {
      const text = `${where} failed error: ${error.message}`
      this.#recorder.event(set, 'Warning', `Failed${verb}`, text)
    } else this.#recorder.event(set, 'Normal', `Successful${verb}`, `${where} successful`)
    return error
  }

  *#createClaims(set: StatefulSet, ordinal: number): Task<ApiError | undefined> {
    const pod = `${set.metadata.name}-${ordinal}`
    for (const wanted of claimsOf(set, ordinal)) {
      if (this.#claims.get(keyOf(wanted))) continue
      const created = yield* this.#client.create(PERSISTENTVOLUMECLAIMS, wanted)
      if (!created.ok && isAlreadyExists(created.error)) continue
      const what = `Claim ${wanted.metadata.name} Pod ${pod} in StatefulSet ${set.metadata.name}`
      if (!created.ok) {
        const text = `Create ${what} failed error: ${created.error.message}`
        this.#recorder.event(set, 'Warning', 'FailedCreate', text)
        return created.error
      }
      this.#recorder.event(set, 'Normal', 'SuccessfulCreate', `Create ${what} success`)
    }
    return undefined
  }
}
