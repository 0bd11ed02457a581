import type { OwnerReference } from '../../api/generated/meta-v1'
import type { KubeObject, ResourceRef } from '../../api/object'
import type { ApiClient } from '../../client/api-client'
import type { ApiError } from '../../client/request'
import { isConflict, isNotFound } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import { type Future, firstOf, type Task, wait } from '../../sim/task'
import { seconds } from '../../sim/time'
import type { Controller, ControllerContext } from '../context'
import { discover } from '../discovered'
import {
  foregroundFinalizer,
  type GraphNode,
  type Identity,
  isIrrelevant,
  OwnershipGraph,
  orphanFinalizer,
} from './graph'
import { judge, type OwnerState, ownerState, unlinkPatch } from './plan'

const workers = 20
/** Twice the usual: each deletion takes two calls. */
const limit = { qps: 40, burst: 60 }
const absentOwnersMax = 500
const initialSyncTimeout = seconds(30)
const finalizerAttemptsMax = 5
/** Too many, too short-lived, and never owned. */
const ignored = new Set(['/events', 'events.k8s.io/events'])

/** Deletes what all owners have left, in the background, in the foreground, or orphans it. */
export const garbageCollector: Controller = {
  name: 'garbage-collector-controller',
  wire: (context) => {
    const collector = new Collector(context)
    return () => collector.run()
  },
}

class Collector {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #deletions: WorkQueue
  readonly #orphans: WorkQueue
  readonly #graph: OwnershipGraph
  readonly #resources = new Map<string, ResourceRef>()
  readonly #monitored = new Set<string>()
  /** Uids of owners that the server did not have; the oldest are forgotten. */
  readonly #absent = new Set<string>()

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('generic-garbage-collector', limit)
    this.#deletions = new WorkQueue(context.env.clock)
    this.#orphans = new WorkQueue(context.env.clock)
    this.#graph = new OwnershipGraph({
      attemptToDelete: (uid) => this.#deletions.add(uid),
      attemptToOrphan: (uid) => this.#orphans.add(uid),
      resourceOf: (owner) => this.#resourceOf(owner),
    })
  }

  run(): void {
    this.#context.env.spawn(this.#start())
  }

  *#start(): Task<void> {
    const { env, settings } = this.#context
    let began = false
    for (;;) {
      const discovered = yield* discover(this.#client)
      if (discovered.ok) {
        for (const { ref } of discovered.value) {
          this.#resources.set(`${ref.group}/${ref.kind}`, ref)
        }
        const synced = discovered.value.flatMap(({ ref, verbs }) => {
          const wanted = ['delete', 'list', 'watch'].every((verb) => verbs.includes(verb))
          return wanted ? this.#monitor(ref) : []
        })
        if (!began) {
          const deadline = env.clock.sleep(initialSyncTimeout, 'gc.sync')
          for (const future of synced)
            yield* wait(firstOf(future as Future<unknown>, deadline as Future<unknown>))
          this.#begin()
          began = true
        }
      }
      yield* wait(env.clock.sleep(settings.garbageResyncPeriod, 'gc.discovery'))
    }
  }

  #begin(): void {
    const { env } = this.#context
    startWorkers(env, this.#deletions, workers, (uid) => this.#attemptToDelete(uid))
    startWorkers(env, this.#orphans, workers, (uid) => this.#attemptToOrphan(uid))
  }

  #monitor(ref: ResourceRef) {
    const name = `${ref.group}/${ref.resource}`
    if (this.#monitored.has(name) || ignored.has(name)) return []
    this.#monitored.add(name)
    const informer = this.#context.metadataInformer(ref)
    informer.store.addHandler({
      onAdd: (object) => this.#graph.observe(ref, object),
      onUpdate: (object, old) => {
        if (isIrrelevant(object, old)) return
        if (object.metadata.uid !== old.metadata.uid) this.#graph.remove(old.metadata.uid ?? '')
        this.#graph.observe(ref, object)
      },
      onDelete: ({ metadata }) => this.#gone(metadata.uid ?? ''),
    })
    informer.start()
    return [informer.hasSynced]
  }

  #resourceOf({ apiVersion, kind }: OwnerReference): ResourceRef | undefined {
    const slash = apiVersion.indexOf('/')
    return this.#resources.get(`${slash < 0 ? '' : apiVersion.slice(0, slash)}/${kind}`)
  }

  #gone(uid: string): void {
    if ((this.#graph.get(uid)?.dependents.size ?? 0) > 0) this.#noteAbsent(uid)
    this.#graph.remove(uid)
  }

  #noteAbsent(uid: string): void {
    if (this.#absent.size >= absentOwnersMax) {
      this.#absent.delete(this.#absent.values().next().value ?? '')
    }
    this.#absent.add(uid)
  }

  *#attemptToDelete(uid: string): Task<SyncResult> {
    const node = this.#graph.get(uid)
    if (!node || (node.isBeingDeleted && !node.isDeletingDependents)) return synced
    if (node.isDeletingDependents) return yield* this.#finishForeground(node)
    if (!node.isVirtual && node.owners.length === 0) return synced
    const found = yield* this.#client.get(node.identity.ref, whereOf(node.identity))
    if (!found.ok && !isNotFound(found.error)) return found
    if (!found.ok || found.value.metadata.uid !== uid) {
      this.#gone(uid)
      return synced
    }
    const outcome = yield* this.#decide(node, found.value)
    if (!outcome.ok) return outcome
    return node.isVirtual && this.#graph.get(uid) === node ? unobserved : synced
  }

  *#decide(node: GraphNode, object: KubeObject): Task<SyncResult> {
    const states: OwnerState[] = []
    for (const owner of object.metadata.ownerReferences ?? []) {
      const state = yield* this.#stateOf(owner, object.metadata.namespace)
      if (typeof state !== 'string') return { ok: false, error: state }
      states.push(state)
    }
    const verdict = judge(object, states, node.dependents.size > 0)
    if (verdict.type === 'keep') {
      this.#graph.confirm(node)
      return synced
    }
    if (verdict.type === 'unlink') return yield* this.#patchOwners(node.identity, verdict.uids)
    if (verdict.policy === 'Foreground' && states.includes('waiting')) {
      const circle = this.#graph.dependentsOf(node).some((d) => d.isDeletingDependents)
      if (circle) yield* this.#unblock(node, object)
    }
    const { uid, resourceVersion } = object.metadata
    const deleted = yield* this.#client.delete(node.identity.ref, whereOf(node.identity), {
      propagationPolicy: verdict.policy,
      preconditions: { uid, resourceVersion },
    })
    return settled(deleted)
  }

  /** In a circle of foreground deletions somebody must stop waiting. */
  *#unblock(node: GraphNode, object: KubeObject): Task<void> {
    const ownerReferences = (object.metadata.ownerReferences ?? []).map((owner) => ({
      ...owner,
      blockOwnerDeletion: false,
    }))
    const body = { metadata: { uid: object.metadata.uid, ownerReferences } }
    yield* this.#client.patch(node.identity.ref, whereOf(node.identity), 'strategic-merge', body)
  }

  *#stateOf(owner: OwnerReference, namespace: string | undefined): Task<OwnerState | ApiError> {
    if (this.#absent.has(owner.uid)) return 'absent'
    const ref = this.#resourceOf(owner)
    if (!ref) {
      const message = `no matches for kind "${owner.kind}" in version "${owner.apiVersion}"`
      return { code: 0, reason: '', message }
    }
    if (ref.namespaced && !namespace) {
      this.#noteAbsent(owner.uid)
      return 'absent'
    }
    const where = { namespace: ref.namespaced ? namespace : undefined, name: owner.name }
    const found = yield* this.#client.get(ref, where)
    if (!found.ok && !isNotFound(found.error)) return found.error
    const state = ownerState(found.ok ? found.value : undefined, owner.uid)
    if (state === 'absent') this.#noteAbsent(owner.uid)
    return state
  }

  *#finishForeground(node: GraphNode): Task<SyncResult> {
    const blocking = this.#graph.blockingDependents(node)
    if (blocking.length === 0) return yield* this.#dropFinalizer(node.identity, foregroundFinalizer)
    for (const { identity, isDeletingDependents } of blocking) {
      if (!isDeletingDependents) this.#deletions.add(identity.uid)
    }
    return synced
  }

  *#attemptToOrphan(uid: string): Task<SyncResult> {
    const node = this.#graph.get(uid)
    if (!node) return synced
    for (const { identity } of this.#graph.dependentsOf(node)) {
      const patched = yield* this.#patchOwners(identity, [uid])
      if (!patched.ok) return patched
    }
    return yield* this.#dropFinalizer(node.identity, orphanFinalizer)
  }

  *#patchOwners(identity: Identity, owners: readonly string[]): Task<SyncResult> {
    const patched = yield* this.#client.patch(
      identity.ref,
      whereOf(identity),
      'strategic-merge',
      unlinkPatch(identity.uid, owners),
    )
    return settled(patched)
  }

  *#dropFinalizer(identity: Identity, finalizer: string): Task<SyncResult> {
    for (let attempt = 1; ; attempt++) {
      const found = yield* this.#client.get(identity.ref, whereOf(identity))
      if (!found.ok) return settled(found)
      const { finalizers = [], uid, resourceVersion } = found.value.metadata
      if (uid !== identity.uid || !finalizers.includes(finalizer)) return synced
      const kept = finalizers.filter((other) => other !== finalizer)
      const body = { metadata: { resourceVersion, finalizers: kept } }
      const patched = yield* this.#client.patch(identity.ref, whereOf(identity), 'merge', body)
      if (patched.ok || isNotFound(patched.error)) return synced
      if (!isConflict(patched.error) || attempt === finalizerAttemptsMax) return patched
    }
  }
}

const unobserved: SyncResult = {
  ok: false,
  error: { code: 0, reason: '', message: 'the owner is not in the cache yet' },
}

const whereOf = ({ namespace, name }: Identity) => ({ namespace, name })

/** What is gone needs no more work. */
function settled(
  result: { readonly ok: true } | { readonly ok: false; readonly error: ApiError },
): SyncResult {
  return result.ok || isNotFound(result.error) ? synced : result
}
