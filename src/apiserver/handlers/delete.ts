import type { DeleteOptions } from '../../api/generated/meta-v1'
import { deletedStatus, forbiddenStatus, notFoundStatus } from '../../api/machinery/status'
import type { KubeObject } from '../../api/object'
import type { ApiResponse } from '../../client/request'
import type { Task } from '../../sim/task'
import { selects } from '../cache/watcher'
import type { ServedResource } from '../resources'
import { listBody, objectBody } from '../response'
import type { Decision, WriteResult } from '../storage/object-store'
import { type Backend, type ResourceRequest, refused, stalenessStatus } from './backend'
import { deleteOptions } from './body'
import { companionsFor } from './create'
import { type DeletionPlan, planDeletion } from './deletion-plan'
import { listOptions } from './list-options'
import { writeAt } from './write'

/** Kinds whose delete answers the object instead of a Status. */
const returnsObject: ReadonlySet<string> = new Set([
  'pods.',
  'services.',
  'serviceaccounts.',
  'persistentvolumes.',
  'persistentvolumeclaims.',
  'podtemplates.',
  'resourcequotas.',
  'storageclasses.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
])

const immortalNamespaces: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public'])

/** DELETE of one object. */
export function* deleteObject(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const { resource, info } = request
  const options = deleteOptions(request)
  if (!options.ok) return refused(options.status)
  const removed = yield* removeObject(backend, request, options.value)
  if (!removed.ok) return refused(removed.status)
  const { object } = removed
  const { group, resource: plural } = resource
  if (removed.done !== 'deleted' || returnsObject.has(`${plural}.${group}`)) {
    return objectBody(request, object)
  }
  const status = deletedStatus(resource.groupResource, info.name, object.metadata.uid ?? '')
  return { status: 200, body: status }
}

/** Deletes by the rules of grace periods and finalizers; `done` tells whether the object is gone. */
export function* removeObject(
  backend: Backend,
  request: ResourceRequest,
  options: DeleteOptions,
): Task<WriteResult> {
  const { resource, info } = request
  const { name } = info
  if (resource.prefix === '/registry/namespaces/' && immortalNamespaces.has(name)) {
    const status = forbiddenStatus(
      resource.groupResource,
      name,
      'this namespace may not be deleted',
    )
    return { ok: false, status }
  }
  const dryRun = options.dryRun?.includes('All') ?? false
  let plan: DeletionPlan | undefined
  const first = yield* writeAt(backend, request, name, (current) => {
    if (!current) {
      return { type: 'refuse', status: notFoundStatus(resource.groupResource, name) }
    }
    const now = backend.env.clock.wall()
    plan = planDeletion({ current, options, resource: resource.groupResource, now })
    return decisionOf(backend, request, { plan, current, dryRun })
  })
  if (!first.ok || plan?.type !== 'mark' || !plan.removes) return first
  if (dryRun) return { ...first, done: 'deleted' }
  return yield* removeMarked(backend, request, first.object)
}

function decisionOf(
  backend: Backend,
  request: ResourceRequest,
  state: { readonly plan: DeletionPlan; readonly current: KubeObject; readonly dryRun: boolean },
): Decision {
  const { plan, current, dryRun } = state
  switch (plan.type) {
    case 'refuse':
      return { type: 'refuse', status: plan.status }
    case 'pending':
      return { type: 'answer', object: current }
    case 'mark':
      return dryRun ? { type: 'answer', object: plan.object } : { type: 'put', object: plan.object }
    case 'remove': {
      if (dryRun) return { type: 'answer', object: current }
      const companions = companionsFor(backend, request, current, undefined)
      return { type: 'delete', companions }
    }
  }
}

/** The second step of a deletion without grace: somebody else may have been faster. */
function* removeMarked(
  backend: Backend,
  request: ResourceRequest,
  marked: KubeObject,
): Task<WriteResult> {
  const { resource, info } = request
  let gone = false
  const second = yield* writeAt(backend, request, info.name, (current) => {
    gone = current === undefined || current.metadata.uid !== marked.metadata.uid
    if (gone || !current) {
      return { type: 'refuse', status: notFoundStatus(resource.groupResource, info.name) }
    }
    return { type: 'delete', companions: companionsFor(backend, request, current, undefined) }
  })
  return second.ok || !gone ? second : { ok: true, object: marked, done: 'deleted' }
}

/** DELETE of a collection: every object that the selectors choose, one after the other. */
export function* deleteCollection(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const { resource } = request
  const list = listOptions(request, false)
  if (!list.ok) return refused(list.status)
  const options = deleteOptions(request)
  if (!options.ok) return refused(options.status)
  const fresh = yield* backend.cache.fresh()
  if (!fresh.ok) return refused(stalenessStatus(fresh))
  const { filter } = list.value
  const { objects } = backend.cache.resource(resource.prefix)
  const { conversion } = resource
  const removed: KubeObject[] = []
  for (const object of objects.list(resource.namespaced ? filter.namespace : undefined)) {
    if (!selects(filter, conversion ? conversion.fromStored(object) : object)) continue
    const result = yield* removeObject(backend, forObject(request, resource, object), options.value)
    if (result.ok) removed.push(result.object)
    else if (result.status.code !== 404) return refused(result.status)
  }
  return listBody(request, removed, { resourceVersion: String(backend.cache.revision) })
}

/** The same request as if it were for one object. */
function forObject(
  request: ResourceRequest,
  resource: ServedResource,
  object: KubeObject,
): ResourceRequest {
  const { namespace = '', name } = object.metadata
  return { ...request, resource, info: { ...request.info, namespace, name, subresource: '' } }
}
