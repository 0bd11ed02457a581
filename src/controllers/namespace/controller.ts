import type { Namespace, Pod } from '../../api/generated/core-v1'
import { parseTime } from '../../api/machinery/time'
import { apiVersionOf, type KubeObject, type ResourceRef, resourcePath } from '../../api/object'
import { NAMESPACES } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { ApiError } from '../../client/request'
import { isNotFound } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import { seconds } from '../../sim/time'
import type { Controller, ControllerContext } from '../context'
import { type Discovered, discover } from '../discovered'
import { countFinalizers, podsGraceSeconds, withDeletionConditions } from './plan'

const workers = 10
/** Late writes of other API servers get this long to become visible. */
const deletionGrace = seconds(5)
/** How long objects with finalizers are given before the next look. */
const finalizerEstimateSeconds = 15
/** The controller deletes a lot at once: its limit is 20 and 100 times the usual. */
const limit = { qps: 400, burst: 3000 }
const namespaceFinalizer = 'kubernetes'

/** Empties namespaces that are being deleted, pods first, and then lets them go. */
export const namespaceController: Controller = {
  name: 'namespace-controller',
  wire: (context) => {
    const cleaner = new NamespaceCleaner(context)
    return () => cleaner.run()
  },
}

interface Pass {
  readonly errors: string[]
  readonly remaining: Map<string, number>
  readonly finalizers: Map<string, number>
  /** Seconds until another look is worth it. */
  estimate: number
}

class NamespaceCleaner {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #queue: WorkQueue

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('namespace-controller', limit)
    this.#queue = new WorkQueue(context.env.clock)
    const enqueue = ({ metadata }: Namespace) => {
      if (metadata.deletionTimestamp) this.#queue.addAfter(metadata.name, deletionGrace)
    }
    context.informer(NAMESPACES).store.addHandler({ onAdd: enqueue, onUpdate: enqueue })
  }

  run(): void {
    startWorkers(this.#context.env, this.#queue, workers, (key) => this.#sync(key))
  }

  *#sync(name: string): Task<SyncResult> {
    const found = yield* this.#client.get(NAMESPACES, { name })
    if (!found.ok) return isNotFound(found.error) ? synced : found
    const namespace = found.value
    const { deletionTimestamp } = namespace.metadata
    if (!deletionTimestamp || !namespace.spec.finalizers?.includes(namespaceFinalizer)) {
      return synced
    }
    const discovered = yield* discover(this.#client)
    const pass: Pass = { errors: [], remaining: new Map(), finalizers: new Map(), estimate: 0 }
    if (discovered.ok) yield* this.#deleteContent(namespace, discovered.value, pass)
    const discoveryError = discovered.ok ? undefined : discovered.error.message
    const noted = withDeletionConditions(
      namespace,
      { ...pass, discoveryError },
      this.#context.now(),
    )
    let latest = namespace
    if (noted !== namespace) {
      const written = yield* this.#client.updateStatus(NAMESPACES, noted)
      if (!written.ok) return isNotFound(written.error) ? synced : written
      latest = written.value
    }
    if (!discovered.ok) return discovered
    if (pass.errors.length > 0) return { ok: false, error: incomplete(pass.errors.join(', ')) }
    if (pass.estimate > 0) {
      return { ok: true, requeueAfter: seconds(Math.floor(pass.estimate / 2) + 1) }
    }
    return yield* this.#finalize(latest)
  }

  *#finalize(namespace: Namespace): Task<SyncResult> {
    const finalizers = (namespace.spec.finalizers ?? []).filter((f) => f !== namespaceFinalizer)
    const next = { ...namespace, spec: { ...namespace.spec, finalizers } }
    const written = yield* this.#client.update(NAMESPACES, next, 'finalize')
    return written.ok || isNotFound(written.error) ? synced : written
  }

  /** Pods go first; while there are any, nothing else is touched. */
  *#deleteContent(namespace: Namespace, discovered: readonly Discovered[], pass: Pass): Task<void> {
    const content = discovered.filter(
      ({ ref, verbs }) => ref.namespaced && verbs.includes('delete'),
    )
    const isPods = ({ ref }: Discovered) => ref.group === '' && ref.resource === 'pods'
    for (const resource of content.filter(isPods)) {
      yield* this.#deleteAll(namespace, resource, pass)
      if (pass.remaining.size > 0) return
    }
    for (const resource of content) {
      if (!isPods(resource)) yield* this.#deleteAll(namespace, resource, pass)
    }
  }

  *#deleteAll(namespace: Namespace, { ref, verbs }: Discovered, pass: Pass): Task<void> {
    const { name } = namespace.metadata
    const where = `${apiVersionOf(ref).includes('/') ? ref.group : ''}/${ref.version}`
    const what = `${where}, Resource=${ref.resource}`
    let grace = 0
    if (ref.group === '' && ref.resource === 'pods') {
      const pods = yield* this.#client.list(ref as ResourceRef<Pod>, { namespace: name })
      if (!pods.ok) {
        pass.errors.push(pods.error.message)
        return
      }
      const deletedAt = parseTime(namespace.metadata.deletionTimestamp ?? '') ?? 0
      grace = podsGraceSeconds(pods.value.items, deletedAt, this.#context.wall())
    }
    pass.estimate = Math.max(pass.estimate, grace)
    const failed = verbs.includes('deletecollection')
      ? yield* this.#deleteCollection(ref, name)
      : yield* this.#deleteEach(ref, name)
    if (failed) {
      pass.errors.push(failed.message)
      return
    }
    if (!verbs.includes('list')) return
    const left = yield* this.#client.list(ref, { namespace: name })
    if (!left.ok) {
      if (!isUnsupported(left.error)) pass.errors.push(left.error.message)
      return
    }
    const { items } = left.value
    if (items.length === 0) return
    pass.remaining.set(`${ref.resource}.${ref.group}`, items.length)
    const finalized = countFinalizers(items, pass.finalizers)
    if (grace > 0) return
    if (finalized) pass.estimate = Math.max(pass.estimate, finalizerEstimateSeconds)
    else pass.errors.push(`unexpected items still remain in namespace: ${name} for gvr: ${what}`)
  }

  *#deleteCollection(ref: ResourceRef, namespace: string): Task<ApiError | undefined> {
    const deleted = yield* this.#client.request({
      method: 'DELETE',
      path: resourcePath(ref, { namespace }),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
    })
    return deleted.ok || isUnsupported(deleted.error) ? undefined : deleted.error
  }

  *#deleteEach(ref: ResourceRef, namespace: string): Task<ApiError | undefined> {
    const listed = yield* this.#client.list<KubeObject>(ref, { namespace })
    if (!listed.ok) return isUnsupported(listed.error) ? undefined : listed.error
    for (const { metadata } of listed.value.items) {
      const where = { namespace, name: metadata.name }
      const deleted = yield* this.#client.delete(ref, where, { propagationPolicy: 'Background' })
      if (!deleted.ok && !isUnsupported(deleted.error)) return deleted.error
    }
    return undefined
  }
}

const isUnsupported = (error: ApiError): boolean =>
  error.reason === 'MethodNotAllowed' || isNotFound(error)

const incomplete = (message: string): ApiError => ({ code: 0, reason: '', message })
