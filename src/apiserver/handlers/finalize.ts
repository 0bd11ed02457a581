import type { Namespace } from '../../api/generated/core-v1'
import { conflictStatus, notFoundStatus } from '../../api/machinery/status'
import type { ApiResponse } from '../../client/request'
import type { Task } from '../../sim/task'
import { addressOf } from '../resources'
import { objectBody } from '../response'
import { type Backend, type ResourceRequest, refused } from './backend'
import { checkName, readBody, withWarnings } from './body'

/** PUT of `namespaces/x/finalize`: the only way to change `spec.finalizers`. */
export function* finalizeNamespace(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const { resource, info } = request
  const body = readBody(request, resource)
  if (!body.ok) return refused(body.status)
  const named = checkName(request, body.value.object)
  if (!named.ok) return refused(named.status)
  const wanted = named.value as Namespace
  const finalizers = wanted.spec?.finalizers ?? []
  const result = yield* backend.store.write(addressOf(resource, '', info.name), (current) => {
    if (!current) {
      return { type: 'refuse', status: notFoundStatus(resource.groupResource, info.name) }
    }
    const { resourceVersion } = wanted.metadata
    if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) {
      const final = Number(current.metadata.resourceVersion) > Number(resourceVersion)
      const status = conflictStatus(resource.groupResource, info.name)
      return { type: 'refuse', status, final }
    }
    const { finalizers: _, ...spec } = (current as Namespace).spec ?? {}
    const next = { ...current, spec: finalizers.length > 0 ? { ...spec, finalizers } : spec }
    const { deletionTimestamp, finalizers: others = [] } = current.metadata
    if (deletionTimestamp !== undefined && finalizers.length === 0 && others.length === 0) {
      return { type: 'delete', answer: next }
    }
    return { type: 'put', object: next }
  })
  if (!result.ok) return refused(result.status)
  return withWarnings(objectBody(request, result.object), body.value.warnings)
}
