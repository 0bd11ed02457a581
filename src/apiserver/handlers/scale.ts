import type { Scale } from '../../api/generated/autoscaling-v1'
import type { LabelSelector } from '../../api/generated/meta-v1'
import { invalid, invalidStatus } from '../../api/machinery/field'
import { type StructType, structOfKind } from '../../api/machinery/schema'
import { requirementsText, selectorRequirements } from '../../api/machinery/selectors'
import { badRequestStatus, conflictStatus } from '../../api/machinery/status'
import type { KubeObject } from '../../api/object'
import type { ApiResponse } from '../../client/request'
import type { Task } from '../../sim/task'
import { type Backend, ok, type ResourceRequest, refused } from './backend'
import { readBody, withWarnings } from './body'
import type { Parsed } from './list-options'
import { findObject } from './read'
import { patchOf, patchTypeRefusal, writeObject } from './update'

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

type Scalable = KubeObject & {
  readonly spec?: {
    readonly replicas?: number
    readonly selector?: LabelSelector | { readonly [label: string]: string }
  }
  readonly status?: { readonly replicas?: number; readonly selector?: string }
}

/** GET, PUT and PATCH of the scale subresource. */
export function* serveScale(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  switch (request.info.verb) {
    case 'get': {
      const found = yield* findObject(backend, request)
      return found.ok ? ok(scaleOf(found.value)) : refused(found.status)
    }
    case 'update':
      return yield* updateScale(backend, request)
    default:
      return yield* patchScale(backend, request)
  }
}

function* updateScale(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const body = readBody(request, scaleKind)
  if (!body.ok) return refused(body.status)
  const scale = body.value.object as Scale
  const response = yield* writeScale(backend, request, () => ({ ok: true, value: scale }))
  return withWarnings(response, body.value.warnings)
}

function* patchScale(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const refusal = patchTypeRefusal(request)
  if (refusal) return refusal
  const type = structOfKind(scaleKind.group, scaleKind.version, scaleKind.kind) as StructType
  return yield* writeScale(backend, request, (current) => {
    const patched = patchOf(request, scaleOf(current), type)
    return patched.ok ? { ok: true, value: patched.object as Scale } : patched
  })
}

function* writeScale(
  backend: Backend,
  request: ResourceRequest,
  wanted: (current: Scalable) => Parsed<Scale>,
): Task<ApiResponse> {
  const plain = { ...request, request: { ...request.request, accept: undefined } }
  const main = { ...plain, info: { ...request.info, subresource: '' } }
  const response = yield* writeObject(backend, main, (current) => {
    const scale = wanted(current)
    return scale.ok ? applyScale(request, current, scale.value) : scale
  })
  if (response.status !== 200) return response
  return ok(scaleOf(response.body as Scalable))
}

function applyScale(request: ResourceRequest, current: Scalable, scale: Scale): Parsed<unknown> {
  const { info, resource } = request
  const { name } = scale.metadata
  if (name && name !== info.name) {
    const message = `the name of the object (${name}) does not match the name on the URL (${info.name})`
    return { ok: false, status: badRequestStatus(message) }
  }
  const replicas = scale.spec?.replicas ?? 0
  if (replicas < 0) {
    const errors = [invalid('spec.replicas', replicas, 'must be greater than or equal to 0')]
    return { ok: false, status: invalidStatus(scaleKind, info.name, errors) }
  }
  const { resourceVersion } = scale.metadata
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) {
    return { ok: false, status: conflictStatus(resource.groupResource, info.name) }
  }
  return { ok: true, value: { ...current, spec: { ...current.spec, replicas } } }
}

/** The Scale of a Deployment, ReplicaSet, StatefulSet or ReplicationController. */
function scaleOf(object: Scalable): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const { replicas } = object.spec ?? {}
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas ? { replicas } : {},
    status: { replicas: object.status?.replicas ?? 0, selector: selectorText(object) },
  } as Scale
}

function selectorText(object: Scalable): string {
  const selector = object.spec?.selector
  if (!selector) return ''
  const full =
    object.kind === 'ReplicationController'
      ? { matchLabels: selector as { readonly [label: string]: string } }
      : (selector as LabelSelector)
  return requirementsText(selectorRequirements(full) ?? [])
}
