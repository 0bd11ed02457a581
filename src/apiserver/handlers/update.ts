import { strategyFor } from '../../api/kinds/registry'
import {
  applyPatch,
  JSON_PATCH,
  MERGE_PATCH,
  STRATEGIC_MERGE_PATCH,
} from '../../api/machinery/patch'
import { type StructType, structOfKind } from '../../api/machinery/schema'
import { failure, notFoundStatus, unsupportedPatchTypeStatus } from '../../api/machinery/status'
import type { KubeObject } from '../../api/object'
import type { ApiResponse } from '../../client/request'
import type { Task } from '../../sim/task'
import { objectBody } from '../response'
import type { Decision } from '../storage/object-store'
import { admitChange, type Seen } from './admit'
import { type Backend, type ResourceRequest, refused } from './backend'
import { checkName, fieldValidation, isDryRun, readBody, withWarnings } from './body'
import { companionsFor, createObject, leaseAtHand, leaseFor } from './create'
import type { Parsed } from './list-options'
import { writeAt } from './write'

/**
 * What a write makes of the object as it is: the body of an update, with its resourceVersion.
 * `isRead`: the body has been read into the kind's type.
 */
export type Transform = (current: KubeObject) => Parsed<unknown> & { readonly isRead?: boolean }

const applyTypes: ReadonlySet<string> = new Set([
  'application/apply-patch+yaml',
  'application/apply-patch+cbor',
])
const patchTypes: ReadonlySet<string> = new Set([JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH])

/** PUT of an object or of its status. */
export function* updateObject(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const { resource, info } = request
  let { body } = request.request
  let warnings: readonly string[] = []
  if (typeof body === 'string') {
    const read = readBody(request, resource)
    if (!read.ok) return refused(read.status)
    body = read.value.object
    warnings = read.value.warnings
  }
  const named = checkName(request, body)
  if (!named.ok) return refused(named.status)
  const { allowCreateOnUpdate } = strategyFor(resource.group, resource.resource)
  let creates = false
  const update = { ok: true, value: body } as const
  const response = yield* writeObject(
    backend,
    request,
    () => update,
    () => {
      const metadata = (body as Partial<KubeObject>).metadata
      const isNew = !metadata?.resourceVersion && !metadata?.uid
      creates = allowCreateOnUpdate && info.subresource === '' && isNew
    },
  )
  if (!creates) return withWarnings(response, warnings)
  return withWarnings(yield* createObject(backend, request, body), warnings)
}

/** PATCH of an object or of its status: JSON, merge or strategic merge. */
export function* patchObject(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const { resource } = request
  const type = structOfKind(resource.group, resource.version, resource.kind)
  const refusal = patchTypeRefusal(request)
  if (refusal) return refusal
  let warnings: readonly string[] = []
  const response = yield* writeObject(backend, request, (current) => {
    const patched = patchOf(request, current, type as StructType)
    if (!patched.ok) return patched
    warnings = patched.warnings
    return { ok: true, value: patched.object, isRead: true }
  })
  return withWarnings(response, warnings)
}

/** Refuses what is no patch that this server knows. */
export function patchTypeRefusal(request: ResourceRequest): ApiResponse | undefined {
  const contentType = (request.request.contentType ?? '').split(';')[0]?.trim() ?? ''
  if (applyTypes.has(contentType)) {
    const message =
      'server-side apply is not supported by this server; use a strategic merge, merge or JSON patch'
    return refused(failure(415, 'UnsupportedMediaType', message, {}))
  }
  return patchTypes.has(contentType) ? undefined : refused(unsupportedPatchTypeStatus())
}

export function patchOf(request: ResourceRequest, original: KubeObject, type: StructType) {
  return applyPatch({
    contentType: request.request.contentType ?? '',
    patch: request.request.body,
    original,
    type,
    fieldValidation: fieldValidation(request),
  })
}

/**
 * Reads, changes and writes one object with optimistic locking. What `transform` gives is checked
 * against the resourceVersion and uid it carries, then admitted and validated.
 */
export function* writeObject(
  backend: Backend,
  request: ResourceRequest,
  transform: Transform,
  onMissing?: () => void,
): Task<ApiResponse> {
  const { resource, info } = request
  const lease = leaseAtHand(backend, request) ?? (yield* leaseFor(backend, request))
  if (!lease.ok) return refused(lease.status)
  let warnings: readonly string[] = []
  const onWarnings = (given: readonly string[]) => {
    warnings = given
  }
  const result = yield* writeAt(backend, request, info.name, (current, seen) => {
    if (!current) {
      onMissing?.()
      return { type: 'refuse', status: notFoundStatus(resource.groupResource, info.name) }
    }
    return decideUpdate(backend, request, { current, seen, transform, lease: lease.id, onWarnings })
  })
  if (!result.ok) return refused(result.status)
  return withWarnings(objectBody(request, result.object), warnings)
}

interface UpdateState {
  readonly current: KubeObject
  readonly seen: Seen
  readonly transform: Transform
  readonly lease: number | undefined
  readonly onWarnings?: (warnings: readonly string[]) => void
}

function decideUpdate(backend: Backend, request: ResourceRequest, state: UpdateState): Decision {
  const { current, seen, transform, lease } = state
  const changed = transform(current)
  if (!changed.ok) return { type: 'refuse', status: changed.status }
  const body = changed.value
  const { isRead } = changed
  const admitted = admitChange(backend, request, { body, old: current, seen, isRead })
  if (!admitted.ok) {
    const final = admitted.status.reason === 'Conflict' && isOutdated(body, current)
    return { type: 'refuse', status: admitted.status, final }
  }
  state.onWarnings?.(admitted.warnings)
  const { object } = admitted
  if (isDryRun(request)) return { type: 'answer', object }
  if (isDeletedByUpdate(object, current)) {
    const companions = companionsFor(backend, request, current, undefined)
    return { type: 'delete', companions, answer: object }
  }
  const companions = companionsFor(backend, request, current, object)
  return { type: 'put', object, companions, lease }
}

/** The caller speaks of a version that is surely past, however old the cache may be. */
function isOutdated(body: unknown, current: KubeObject): boolean {
  const wanted = Number((body as KubeObject).metadata?.resourceVersion)
  return wanted > 0 && Number(current.metadata.resourceVersion) > wanted
}

/** The last finalizer of an object that waits for its deletion was taken away. */
function isDeletedByUpdate(next: KubeObject, current: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = next.metadata
  if (deletionTimestamp === undefined || (finalizers?.length ?? 0) > 0) return false
  if ((deletionGracePeriodSeconds ?? 0) > 0) return false
  const before = current.metadata.finalizers?.length ?? 0
  if (next.kind !== 'Namespace') return before > 0
  const { spec } = next as { readonly spec?: { readonly finalizers?: readonly string[] } }
  return (spec?.finalizers?.length ?? 0) === 0
}
