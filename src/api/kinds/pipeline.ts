import type { Node, Pod, Service, ServiceAccount } from '../generated/core-v1'
import type { ObjectMeta, Status } from '../generated/meta-v1'
import type { PriorityClass } from '../generated/scheduling-v1'
import { type Decoded, decodeBody, type FieldValidation } from '../machinery/decode'
import { type FieldError, invalidStatus } from '../machinery/field'
import { semanticEqual } from '../machinery/semantic-equal'
import {
  badRequestStatus,
  conflictStatus,
  forbiddenStatus,
  type GroupName,
  MODIFIED_MESSAGE,
  notFoundStatus,
  unknownErrorStatus,
} from '../machinery/status'
import type { KubeObject, ResourceRef } from '../object'
import { withNotReadyTaint, withProtection } from './admission/objects'
import { withDefaultTolerations, withPriority } from './admission/pod'
import { accountName, withServiceAccount } from './admission/service-account'
import { allocateService, type ServiceAllocator } from './admission/service-allocation'
import { generateName, randomSuffix } from './generate-name'
import { goShape } from './go-shape'
import { keepSystemMetadata } from './metadata'
import { strategyFor } from './registry'
import type { KindStrategy } from './strategy'

/** What admission asks of the cluster; answered from the API server's own storage. */
export interface AdmissionLookups {
  /** The phase of a namespace, or undefined when there is none. */
  namespacePhase(name: string): 'Active' | 'Terminating' | undefined
  serviceAccount(namespace: string, name: string): ServiceAccount | undefined
  /** The class of that name; without a name the global default. */
  priorityClass(name: string | undefined): PriorityClass | undefined
}

/** What the server brings to a write. */
export interface AdmissionContext {
  readonly resource: ResourceRef
  /** Of the path; undefined for cluster-scoped resources. */
  readonly namespace: string | undefined
  readonly lookups: AdmissionLookups
  readonly allocator: ServiceAllocator
  /** An integer in [0, below). */
  randomInt(below: number): number
}

interface CreateRequest {
  readonly body: unknown
  readonly fieldValidation?: FieldValidation
  /** Nothing will be stored. */
  readonly dryRun?: boolean
  /** RFC 3339, in seconds. */
  readonly now: string
  readonly uid: string
}

interface UpdateRequest {
  readonly body: unknown
  readonly fieldValidation?: FieldValidation
  /** Of the path. */
  readonly name: string
  readonly old: KubeObject
  /** The body is what a patch made of `old`: it was read into the kind's type already. */
  readonly isRead?: boolean
}

/** The object to store, or the answer to give. */
export type Admitted =
  | { readonly ok: true; readonly object: KubeObject; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly status: Status }

type Step = { readonly ok: true; readonly object: KubeObject } | Refused
interface Refused {
  readonly ok: false
  readonly status: Status
}

type Plain = Readonly<Record<string, unknown>>

function refuse(status: Status): Refused {
  return { ok: false, status }
}

/**
 * Everything that happens to a POSTed body before it is stored: decoding, defaults, admission,
 * names and system metadata, allocation, validation, and the form in which the server keeps it.
 * The resourceVersion is left to the store.
 */
export function admitCreate(request: CreateRequest, context: AdmissionContext): Admitted {
  const { resource } = context
  const decoded = decodeBody({
    body: request.body,
    group: resource.group,
    version: resource.version,
    kind: resource.kind,
    ...(request.fieldValidation ? { fieldValidation: request.fieldValidation } : undefined),
  })
  if (!decoded.ok) return decoded
  const strategy = strategyFor(resource.group, resource.resource, resource.namespaced)
  const placed = inNamespace(withMetadata(strategy.defaults(withMetadata(decoded.object))), context)
  if (!placed.ok) return placed
  const mutated = mutateForCreate(placed.object, context)
  if (!mutated.ok) return mutated
  const born = asNew(mutated.object, request, context, strategy)
  const allocated = allocate(born, undefined, context)
  if (!allocated.ok) return allocated
  const errors = strategy.validate(allocated.object)
  if (errors.length > 0) return refuse(invalidFor(allocated.object, errors, context))
  if (decoded.object.metadata?.resourceVersion && !request.dryRun) {
    return refuse(unknownErrorStatus('resourceVersion should not be set on objects to be created'))
  }
  return {
    ok: true,
    object: shaped(allocated.object, undefined, context),
    warnings: decoded.warnings,
  }
}

/**
 * A PUT, or what a patch made of the old object. An update that changes nothing gives back `old`
 * itself: nothing is to be written.
 */
export function admitUpdate(request: UpdateRequest, context: AdmissionContext): Admitted {
  const { resource } = context
  const strategy = strategyFor(resource.group, resource.resource, resource.namespaced)
  const decoded = decodeUpdate(request, context, strategy)
  if (!decoded.ok) return decoded
  const { old } = request
  const next = strategy.prepareForUpdate(decoded.object, old)
  const allocated = allocate(next, old, context)
  if (!allocated.ok) return allocated
  const errors = strategy.validateUpdate(allocated.object, old)
  return finishUpdate(allocated.object, old, errors, decoded.warnings, context)
}

/** A PUT or patch of the status subresource. */
export function admitStatusUpdate(request: UpdateRequest, context: AdmissionContext): Admitted {
  const { resource } = context
  const strategy = strategyFor(resource.group, resource.resource, resource.namespaced)
  const decoded = decodeUpdate(request, context, strategy)
  if (!decoded.ok) return decoded
  const { old } = request
  const next = strategy.prepareForStatusUpdate(decoded.object, old)
  const errors = strategy.validateStatusUpdate(next, old)
  return finishUpdate(next, old, errors, decoded.warnings, context)
}

function finishUpdate(
  next: KubeObject,
  old: KubeObject,
  errors: readonly FieldError[],
  warnings: readonly string[],
  context: AdmissionContext,
): Admitted {
  if (errors.length > 0) return refuse(invalidFor(next, errors, context))
  const object = shaped(next, old, context)
  return { ok: true, object: semanticEqual(object, old) ? old : object, warnings }
}

function decodeUpdate(
  request: UpdateRequest,
  context: AdmissionContext,
  strategy: KindStrategy,
): Admitted {
  const { resource } = context
  const decoded = decodeChanges(request, resource)
  if (!decoded.ok) return decoded
  const placed = inNamespace(withMetadata(strategy.defaults(withMetadata(decoded.object))), context)
  if (!placed.ok) return placed
  const mismatch = nameMismatch(placed.object.metadata.name, request.name)
  if (mismatch) return refuse(badRequestStatus(mismatch))
  const { old } = request
  const version = placed.object.metadata.resourceVersion
  const current = old.metadata.resourceVersion
  if (version && version !== current) {
    return refuse(conflictStatus(groupResource(resource), request.name, MODIFIED_MESSAGE))
  }
  const uid = placed.object.metadata.uid
  if (uid && uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`
    return refuse(conflictStatus(groupResource(resource), request.name, why))
  }
  let metadata: ObjectMeta = keepSystemMetadata(placed.object.metadata, old.metadata)
  if (!version && strategy.allowUnconditionalUpdate && current) {
    metadata = { ...metadata, resourceVersion: current }
  }
  const object = sameParts(withMetadataOf(placed.object, metadata), old)
  return { ok: true, object, warnings: decoded.warnings }
}

/** Decodes a body; parts of plain data that are the old object's own need no second look. */
function decodeChanges(request: UpdateRequest, resource: ResourceRef): Decoded {
  const { body, old, fieldValidation } = request
  const { group, version, kind } = resource
  const how = { group, version, kind, ...(fieldValidation ? { fieldValidation } : undefined) }
  if (request.isRead && isOfKind(body, old)) return { ok: true, object: body, warnings: noWarnings }
  return decodeBody({ ...how, body, known: old })
}

const noWarnings: readonly string[] = []

function isOfKind(body: unknown, old: KubeObject): body is KubeObject {
  const { apiVersion, kind } = body as Partial<KubeObject>
  return kind === old.kind && apiVersion === old.apiVersion
}

/** Parts that mean the same as before are the same as before, so that later steps skip them. */
function sameParts(next: KubeObject, old: KubeObject): KubeObject {
  const before = old as unknown as Plain
  const source = next as unknown as Plain
  let out: Record<string, unknown> | undefined
  for (const key of Object.keys(source)) {
    if (key === 'metadata' || source[key] === before[key]) continue
    if (!semanticEqual(source[key], before[key])) continue
    out ??= { ...source }
    out[key] = before[key]
  }
  return (out as KubeObject | undefined) ?? next
}

function nameMismatch(given: string | undefined, name: string): string | undefined {
  if (given === name) return undefined
  if (!given)
    return `the name of the object (${name} based on URL) was undeterminable: name must be provided`
  return `the name of the object (${given}) does not match the name on the URL (${name})`
}

function withMetadata(object: KubeObject): KubeObject {
  return object.metadata === undefined ? { ...(object as object), metadata: { name: '' } } : object
}

function withMetadataOf(object: KubeObject, metadata: ObjectMeta): KubeObject {
  return object.metadata === metadata ? object : { ...object, metadata }
}

function inNamespace(object: KubeObject, context: AdmissionContext): Step {
  const { namespace, resource } = context
  const given = object.metadata.namespace
  if (!resource.namespaced) {
    if (!given) return { ok: true, object }
    const { namespace: _, ...metadata } = object.metadata
    return { ok: true, object: { ...object, metadata } }
  }
  if (given === namespace) return { ok: true, object }
  if (!given) {
    return { ok: true, object: { ...object, metadata: { ...object.metadata, namespace } } }
  }
  const message =
    'the namespace of the provided object does not match the namespace sent on the request'
  return refuse(badRequestStatus(message))
}

function groupResource(resource: ResourceRef): GroupName {
  return { group: resource.group, name: resource.resource }
}

/** The mutating plugins, in the server's order. */
function mutateForCreate(object: KubeObject, context: AdmissionContext): Step {
  const { resource, lookups, namespace } = context
  const name = object.metadata.name ?? ''
  if (resource.namespaced && namespace !== undefined) {
    const phase = lookups.namespacePhase(namespace)
    if (phase === undefined) {
      return refuse(notFoundStatus({ group: '', name: 'namespaces' }, namespace))
    }
    if (phase === 'Terminating') return refuse(terminating(name, namespace, resource))
  }
  if (resource.group !== '') return { ok: true, object }
  switch (resource.resource) {
    case 'pods':
      return mutatePod(object as Pod, context)
    case 'nodes':
      return { ok: true, object: withNotReadyTaint(object as Node) }
    case 'persistentvolumeclaims':
      return { ok: true, object: withProtection(object, 'kubernetes.io/pvc-protection') }
    case 'persistentvolumes':
      return { ok: true, object: withProtection(object, 'kubernetes.io/pv-protection') }
    default:
      return { ok: true, object }
  }
}

function terminating(name: string, namespace: string, resource: ResourceRef): Status {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  const status = forbiddenStatus(groupResource(resource), name, why)
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  }
  return { ...status, details: { ...status.details, causes: [cause] } }
}

function mutatePod(given: Pod, context: AdmissionContext): Step {
  const { lookups, resource } = context
  const namespace = context.namespace ?? ''
  const forbid = (why: string) =>
    refuse(forbiddenStatus(groupResource(resource), given.metadata.name ?? '', why))
  let pod = given
  const account = accountName(pod)
  if (account !== undefined) {
    const found = lookups.serviceAccount(namespace, account)
    if (!found) {
      return forbid(
        `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`,
      )
    }
    pod = withServiceAccount(pod, found, () => randomSuffix(context.randomInt))
  }
  const prioritized = withPriority(pod, (name) => lookups.priorityClass(name))
  if (!prioritized.ok) return forbid(prioritized.why)
  return { ok: true, object: withDefaultTolerations(prioritized.pod) }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** What only the server may say about an object. */
const SYSTEM_FIELDS = [
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
  'resourceVersion',
] as const

/** System metadata, a generated name, and the kind's own preparation. */
function asNew(
  object: KubeObject,
  request: CreateRequest,
  context: AdmissionContext,
  strategy: KindStrategy,
): KubeObject {
  const metadata: Writable<ObjectMeta> = { ...object.metadata }
  for (const field of SYSTEM_FIELDS) if (metadata[field] !== undefined) delete metadata[field]
  metadata.uid = request.uid
  metadata.creationTimestamp = request.now
  if (!metadata.name && metadata.generateName) {
    metadata.name = generateName(metadata.generateName, context.randomInt)
  }
  return strategy.prepareForCreate({ ...object, metadata })
}

function allocate(
  object: KubeObject,
  old: KubeObject | undefined,
  context: AdmissionContext,
): Step {
  const { resource } = context
  if (resource.group !== '' || resource.resource !== 'services') return { ok: true, object }
  const result = allocateService(object as Service, old as Service | undefined, context.allocator)
  if (result.ok) return { ok: true, object: result.service }
  return refuse(invalidFor(object, result.errors, context))
}

function invalidFor(
  object: KubeObject,
  errors: readonly FieldError[],
  context: AdmissionContext,
): Status {
  const { group, kind } = context.resource
  return invalidStatus({ group, kind }, object.metadata.name ?? '', errors)
}

function shaped(
  object: KubeObject,
  old: KubeObject | undefined,
  context: AdmissionContext,
): KubeObject {
  const { group, version, kind } = context.resource
  return goShape(group, version, kind, object, old)
}
