import type { Status } from '../../api/generated/meta-v1'
import { findResource } from '../../api/machinery/discovery'
import { methodNotAllowedStatus, resourceNotFoundStatus } from '../../api/machinery/status'
import type { ApiResponse } from '../../client/request'
import type { Task } from '../../sim/task'
import { type Backend, type ResourceRequest, refused } from './backend'
import { bindPod } from './binding'
import { createObject } from './create'
import { deleteCollection, deleteObject } from './delete'
import { evictPod } from './eviction'
import { finalizeNamespace } from './finalize'
import { getObject, listObjects } from './read'
import { answerReview } from './reviews'
import { serveScale } from './scale'
import { patchObject, updateObject } from './update'

/** The object itself, of which only the status can be written. */
const statusLike: ReadonlySet<string> = new Set(['status', 'approval'])

/** Serves every request for a resource but watches. */
export function serveResource(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const { info, resource } = request
  if (!isRouted(request)) {
    return refusal(info.name === '' ? methodNotAllowedStatus() : resourceNotFoundStatus())
  }
  if (info.subresource !== '') return serveSubresource(backend, request)
  if (!resource.verbs.has(info.verb)) return refusal(methodNotAllowedStatus())
  const { body } = request.request
  const hasName = info.name !== '' && info.verb !== 'list' && info.verb !== 'deletecollection'
  switch (info.verb) {
    case 'get':
      return getObject(backend, request)
    case 'list':
      return listObjects(backend, request)
    case 'create':
      if (hasName) return refusal(methodNotAllowedStatus())
      return createOrReview(backend, request, body)
    case 'update':
      return hasName ? updateObject(backend, request) : refusal(methodNotAllowedStatus())
    case 'patch':
      return hasName ? patchObject(backend, request) : refusal(methodNotAllowedStatus())
    case 'delete':
      return deleteObject(backend, request)
    case 'deletecollection':
      return deleteCollection(backend, request)
    default:
      return refusal(methodNotAllowedStatus())
  }
}

/** Objects of namespaces are reached through theirs; only reading goes across all of them. */
function isRouted({ info, resource }: ResourceRequest): boolean {
  if (!resource.namespaced || info.namespace !== '') return true
  return info.verb === 'list' || info.verb === 'watch'
}

function serveSubresource(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const { resource, info } = request
  const found = findResource(resource.group, resource.version, resource.resource, info.subresource)
  if (!found) return refusal(resourceNotFoundStatus())
  if (!found.verbs.includes(info.verb)) return refusal(methodNotAllowedStatus())
  switch (info.subresource) {
    case 'scale':
      return serveScale(backend, request)
    case 'binding':
      return bindPod(backend, request)
    case 'eviction':
      return evictPod(backend, request)
    case 'finalize':
      return finalizeNamespace(backend, request)
  }
  if (!statusLike.has(info.subresource)) return refusal(resourceNotFoundStatus())
  switch (info.verb) {
    case 'get':
      return getObject(backend, request)
    case 'update':
      return updateObject(backend, request)
    default:
      return patchObject(backend, request)
  }
}

function createOrReview(backend: Backend, request: ResourceRequest, body: unknown) {
  const review = answerReview(backend, request)
  return review ? settled(review) : createObject(backend, request, body)
}

function refusal(status: Status): Task<ApiResponse> {
  return settled(refused(status))
}

/** An answer that nothing has to be waited for. */
// biome-ignore lint/correctness/useYield: a task that does not wait is a task too
function* settled(response: ApiResponse): Task<ApiResponse> {
  return response
}
