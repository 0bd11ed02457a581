import type { ControllerRevision, DaemonSet } from '../../api/generated/apps-v1'
import type { Node, Pod } from '../../api/generated/core-v1'
import { selectorMatches } from '../../api/machinery/selectors'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { controllerOf, keyOf } from '../../api/object'
import { CONTROLLERREVISIONS, DAEMONSETS, NODES, PODS } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { Reflector } from '../../client/reflector'
import type { ApiError } from '../../client/request'
import { isNotFound } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import { type Micros, minutes, seconds } from '../../sim/time'
import type { Controller, ControllerContext } from '../context'
import { Expectations } from '../expectations'
import {
  byController,
  claim,
  controllerIndex,
  orphanIn,
  planClaims,
  resolveOwner,
  selectsEverything,
} from '../owners'
import { isNamespaceTerminating, PodControl } from '../pod-control'
import { untilAvailable } from '../pod-state'
import { currentRevision, trimRevisions } from '../revisions'
import { allAtOnce, slowStartBatch } from '../slow-start'
import {
  type DaemonView,
  daemonPod,
  daemonSpec,
  daemonStatus,
  generationAnnotation,
  hashLabel,
  planPlacement,
  planRollingUpdate,
  targetNode,
} from './plan'

const workers = 2
const burst = 250
const failedBackoffFirst: Micros = seconds(1)
const failedBackoffMax: Micros = minutes(15)

/** Runs one pod of each DaemonSet on every node that it is for. */
export const daemonSetController: Controller = {
  name: 'daemonset-controller',
  wire: (context) => {
    const daemons = new Daemons(context)
    return () => daemons.run()
  },
}

class Daemons {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #podControl: PodControl
  readonly #sets: Reflector<DaemonSet>
  readonly #revisions: Reflector<ControllerRevision>
  readonly #pods: Reflector<Pod>
  readonly #nodes: Reflector<Node>
  readonly #queue: WorkQueue
  readonly #expectations: Expectations
  /** By DaemonSet and node. */
  readonly #backoff = new Map<string, { readonly delay: Micros; readonly until: Micros }>()

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('daemon-set-controller')
    this.#recorder = context.recorder(this.#client, 'daemonset-controller')
    this.#podControl = new PodControl(this.#client, this.#recorder)
    this.#queue = new WorkQueue(context.env.clock)
    this.#expectations = new Expectations(context.env.clock)
    this.#sets = context.informer(DAEMONSETS).store
    this.#revisions = context.informer(CONTROLLERREVISIONS).store
    this.#pods = context.informer(PODS).store
    this.#nodes = context.informer(NODES).store
    this.#revisions.addIndex(byController, controllerIndex)
    this.#pods.addIndex(byController, controllerIndex)
    const add = (ds: DaemonSet) => this.#queue.add(keyOf(ds))
    this.#sets.addHandler({ onAdd: add, onUpdate: add, onDelete: add })
    this.#pods.addHandler({
      onAdd: (pod) => this.#podChanged(pod, true),
      onUpdate: (pod, old) => {
        if (controllerOf(old)?.uid !== controllerOf(pod)?.uid) this.#podChanged(old, false)
        this.#podChanged(pod, false)
      },
      onDelete: (pod) => this.#podGone(pod),
    })
    this.#nodes.addHandler({
      onAdd: () => this.#enqueueAll(),
      onUpdate: (node, old) => {
        const same =
          semanticEqual(node.metadata.labels, old.metadata.labels) &&
          semanticEqual(node.spec.taints, old.spec.taints)
        if (!same) this.#enqueueAll()
      },
      onDelete: () => this.#enqueueAll(),
    })
  }

  run(): void {
    startWorkers(this.#context.env, this.#queue, workers, (key) => this.#sync(key))
  }

  #enqueueAll(): void {
    for (const ds of this.#sets.values()) this.#queue.add(keyOf(ds))
  }

  #ownerOf(pod: Pod): DaemonSet | undefined {
    return resolveOwner(DAEMONSETS, this.#sets, pod.metadata.namespace, controllerOf(pod))
  }

  #podChanged(pod: Pod, isNew: boolean): void {
    if (pod.metadata.deletionTimestamp) {
      this.#podGone(pod)
      return
    }
    const owner = this.#ownerOf(pod)
    if (owner) {
      if (isNew) this.#expectations.creationObserved(keyOf(owner))
      this.#queue.add(keyOf(owner))
    } else if (!controllerOf(pod) && pod.metadata.labels) {
      for (const ds of this.#sets.byIndex('namespace', pod.metadata.namespace ?? '')) {
        if (selectorMatches(ds.spec.selector, pod.metadata.labels)) this.#queue.add(keyOf(ds))
      }
    }
  }

  #podGone(pod: Pod): void {
    const owner = this.#ownerOf(pod)
    if (!owner) return
    this.#expectations.deletionObserved(keyOf(owner), keyOf(pod))
    this.#queue.add(keyOf(owner))
  }

  *#sync(key: string): Task<SyncResult> {
    const ds = this.#sets.get(key)
    if (!ds) {
      this.#expectations.forget(key)
      return synced
    }
    if (selectsEverything(ds.spec.selector)) {
      const text = 'This daemon set is selecting all pods. A non-empty selector is required.'
      this.#recorder.event(ds, 'Warning', 'SelectingAll', text)
      return synced
    }
    const { uid = '', deletionTimestamp } = ds.metadata
    if (deletionTimestamp) return synced
    const revisions = this.#revisions.byIndex(byController, uid)
    const { labels = {} } = ds.spec.template.metadata ?? {}
    const generation = ds.metadata.annotations?.[generationAnnotation]
    const owner = {
      ref: DAEMONSETS,
      object: ds,
      template: ds.spec.template,
      labels,
      ...(generation && { annotations: { [generationAnnotation]: generation } }),
      hashLabel,
    }
    const current = yield* currentRevision(this.#client, owner, revisions)
    if (!current.ok) return current
    const hash = current.value.metadata.labels?.[hashLabel] ?? ''
    const satisfied = this.#expectations.satisfied(key)
    if (satisfied) {
      const error = yield* this.#manage(key, ds, hash)
      if (error) return { ok: false, error }
      const inUse = this.#revisionsInUse(uid, current.value.metadata.name, revisions)
      const limit = ds.spec.revisionHistoryLimit ?? 10
      const trimmed = yield* trimRevisions(this.#client, revisions, inUse, limit)
      if (!trimmed.ok) return trimmed
    }
    return yield* this.#writeStatus(ds, hash, satisfied)
  }

  #revisionsInUse(
    uid: string,
    current: string,
    revisions: readonly ControllerRevision[],
  ): ReadonlySet<string> {
    const hashes = new Set(
      this.#pods.byIndex(byController, uid).map(({ metadata }) => metadata.labels?.[hashLabel]),
    )
    const used = revisions.filter(({ metadata }) => hashes.has(metadata.labels?.[hashLabel]))
    return new Set([current, ...used.map(({ metadata }) => metadata.name)])
  }

  *#view(ds: DaemonSet, hash: string): Task<DaemonView | ApiError> {
    const { uid = '', namespace } = ds.metadata
    const candidates = this.#pods
      .byIndex(byController, uid)
      .concat(this.#pods.byIndex(byController, orphanIn(namespace)))
    const plan = planClaims(ds, candidates, (pod) =>
      selectorMatches(ds.spec.selector, pod.metadata.labels),
    )
    const kinds = { client: this.#client, ownerRef: DAEMONSETS, objectRef: PODS }
    const claimed = yield* claim(kinds, ds, plan)
    if (!claimed.ok) return claimed.error
    const pods = new Map<string, Pod[]>()
    for (const pod of claimed.value) {
      const node = targetNode(pod)
      const here = pods.get(node)
      if (here) here.push(pod)
      else pods.set(node, [pod])
    }
    const nodes = [...this.#nodes.values()]
    return { ds, spec: daemonSpec(ds), nodes, pods, hash, wall: this.#context.wall() }
  }

  *#manage(key: string, ds: DaemonSet, hash: string): Task<ApiError | undefined> {
    const view = yield* this.#view(ds, hash)
    if ('code' in view) return view
    const plan = planPlacement(view)
    const failed = plan.failed.filter((pod) => this.#mayKill(key, pod))
    for (const pod of failed) this.#tellEnded(ds, pod, 'Warning', 'failed', 'kill')
    for (const pod of plan.succeeded) this.#tellEnded(ds, pod, 'Normal', 'succeeded', 'delete')
    const remove = [...plan.remove, ...failed, ...plan.succeeded]
    const error = yield* this.#change(key, view, plan.create, remove)
    if (error) return error
    if (ds.spec.updateStrategy?.type === 'OnDelete' || !this.#expectations.satisfied(key)) {
      return undefined
    }
    return yield* this.#change(key, view, [], planRollingUpdate(view))
  }

  /** Pods that fail on one node again and again are replaced later and later. */
  #mayKill(key: string, pod: Pod): boolean {
    const { env } = this.#context
    const now = env.clock.monotonic()
    const place = `${key}/${pod.metadata.ownerReferences?.[0]?.uid}/${pod.spec.nodeName}`
    const before = this.#backoff.get(place)
    if (before && now < before.until) {
      this.#queue.addAfter(key, before.until - now)
      return false
    }
    const isOld = !before || now - before.until > 2 * failedBackoffMax
    const delay = isOld ? failedBackoffFirst : Math.min(before.delay * 2, failedBackoffMax)
    this.#backoff.set(place, { delay, until: now + delay })
    return true
  }

  #tellEnded(
    ds: DaemonSet,
    pod: Pod,
    type: 'Warning' | 'Normal',
    how: 'failed' | 'succeeded',
    verb: string,
  ): void {
    const reason = how === 'failed' ? 'FailedDaemonPod' : 'SucceededDaemonPod'
    const where = `${keyOf(pod)} on node ${pod.spec.nodeName ?? ''}`
    this.#recorder.event(
      ds,
      type,
      reason,
      `Found ${how} daemon pod ${where}, will try to ${verb} it`,
    )
  }

  *#change(
    key: string,
    { ds, spec, hash }: DaemonView,
    create: readonly string[],
    remove: readonly Pod[],
  ): Task<ApiError | undefined> {
    const wanted = create.slice(0, burst)
    const doomed = remove.slice(0, burst)
    if (wanted.length === 0 && doomed.length === 0) return undefined
    this.#expectations.expect(key, wanted.length, doomed.map(keyOf))
    const [control, expectations] = [this.#podControl, this.#expectations]
    let next = 0
    function* createOne(): Task<ApiError | undefined> {
      const pod = daemonPod(ds, spec, wanted[next++] as string, hash)
      const error = yield* control.create(pod, ds)
      return error && isNamespaceTerminating(error) ? undefined : error
    }
    const made = yield* slowStartBatch(this.#context.env, wanted.length, createOne)
    for (let i = made.successes; i < wanted.length; i++) expectations.creationObserved(key)
    function* deleteOne(pod: Pod): Task<ApiError | undefined> {
      const error = yield* control.delete(pod, ds)
      if (error) expectations.deletionObserved(key, keyOf(pod))
      return error && !isNotFound(error) ? error : undefined
    }
    const errors = yield* allAtOnce(this.#context.env, doomed.map(deleteOne))
    return made.error ?? errors[0]
  }

  *#writeStatus(ds: DaemonSet, hash: string, observed: boolean): Task<SyncResult> {
    const view = yield* this.#view(ds, hash)
    if ('code' in view) return { ok: false, error: view }
    const status = daemonStatus(view, observed)
    if (!semanticEqual(ds.status, status)) {
      const written = yield* this.#client.updateStatus(DAEMONSETS, { ...ds, status })
      if (!written.ok) return isNotFound(written.error) ? synced : written
    }
    const minReady = ds.spec.minReadySeconds ?? 0
    const waits = [...view.pods.values()]
      .flat()
      .flatMap((pod) => untilAvailable(pod, minReady, view.wall) ?? [])
    return waits.length > 0 ? { ok: true, requeueAfter: Math.min(...waits) } : synced
  }
}
