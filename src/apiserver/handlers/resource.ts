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
export function* serveResource(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const { info, resource } = request
  if (!isRouted(request)) {
    return refused(info.name === '' ? methodNotAllowedStatus() : resourceNotFoundStatus())
  }
  if (info.subresource !== '') return yield* serveSubresource(backend, request)
  if (!resource.verbs.has(info.verb)) return refused(methodNotAllowedStatus())
  const { body } = request.request
  const hasName = info.name !== '' && info.verb !== 'list' && info.verb !== 'deletecollection'
  switch (info.verb) {
    case 'get':
      return yield* getObject(backend, request)
    case 'list':
      return yield* listObjects(backend, request)
    case 'create':
      if (hasName) return refused(methodNotAllowedStatus())
      return answerReview(backend, request) ?? (yield* createObject(backend, request, body))
    case 'update':
      return hasName ? yield* updateObject(backend, request) : refused(methodNotAllowedStatus())
    case 'patch':
      return hasName ? yield* patchObject(backend, request) : refused(methodNotAllowedStatus())
    case 'delete':
      return yield* deleteObject(backend, request)
    case 'deletecollection':
      return yield* deleteCollection(backend, request)
    default:
      return refused(methodNotAllowedStatus())
  }
}

/** Objects of namespaces are reached through theirs; only reading goes across all of them. */
function isRouted({ info, resource }: ResourceRequest): boolean {
  if (!resource.namespaced || info.namespace !== '') return true
  return info.verb === 'list' || info.verb === 'watch'
}

function* serveSubresource(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const { resource, info } = request
  const found = findResource(resource.group, resource.version, resource.resource, info.subresource)
  if (!found) return refused(resourceNotFoundStatus())
  if (!found.verbs.includes(info.verb)) return refused(methodNotAllowedStatus())
  switch (info.subresource) {
    case 'scale':
      return yield* serveScale(backend, request)
    case 'binding':
      return yield* bindPod(backend, request)
    case 'eviction':
      return yield* evictPod(backend, request)
    case 'finalize':
      return yield* finalizeNamespace(backend, request)
  }
  if (!statusLike.has(info.subresource)) return refused(resourceNotFoundStatus())
  switch (info.verb) {
    case 'get':
      return yield* getObject(backend, request)
    case 'update':
      return yield* updateObject(backend, request)
    default:
      return yield* patchObject(backend, request)
  }
}
