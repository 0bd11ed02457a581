import type { Status } from '../../../api/generated/meta-v1'
import { goJson } from '../../../api/machinery/go-text'
import { type KubeObject, type ResourceRef, resourcePath } from '../../../api/object'
import type { ApiResponse } from '../../../client/request'
import type { Transport } from '../../../client/transport'
import { type FieldProblem, fieldProblems } from '../manifest/field-path'
import type { Discovery } from './discovery'
import { definitionOf, type SchemaData } from './patch-schema'
import { threeWayPatch } from './three-way-patch'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const QUERY = { fieldManager: 'kubectl-client-side-apply', fieldValidation: 'Strict' }
const PATCH_TRIES = 2

/** How one object fared, in kubectl's words. */
export type Outcome =
  | {
      readonly ok: true
      readonly verb: 'created' | 'configured' | 'unchanged' | 'deleted' | 'not found'
      /** `deployment.apps/web` */
      readonly name: string
    }
  | {
      readonly ok: false
      readonly name: string
      readonly problems: readonly FieldProblem[]
      /** Nobody answered: no line of the manifest is to blame. */
      readonly unanswered?: boolean
    }

export interface ApplyContext {
  readonly transport: Transport
  readonly discovery: Discovery
  readonly schema: SchemaData
}

type Manifest = { readonly [field: string]: unknown }

interface Target {
  readonly resource: ResourceRef
  readonly object: KubeObject
  readonly name: string
  readonly path: string
  readonly collection: string
}

function refusal(name: string, message: string): Outcome {
  return { ok: false, name, problems: [{ path: [], message }] }
}

function refusedBy(name: string, answer: ApiResponse): Outcome {
  const status = (answer.body ?? {}) as Status
  if (answer.status === 0) {
    const why = status.message ?? 'no connection'
    const message = `The API server did not answer: ${why}. Nothing is known to have changed.`
    return { ok: false, name, problems: [{ path: [], message }], unanswered: true }
  }
  return { ok: false, name, problems: fieldProblems(status) }
}

/**
 * As `kubectl apply -f` for one object: create it, or send the three-way patch. When somebody else
 * changed the object in between (409), it is read and patched once more.
 */
export async function applyObject(context: ApplyContext, manifest: Manifest): Promise<Outcome> {
  const target = await targetOf(context, manifest)
  if ('ok' in target) return target
  const { name, path } = target
  for (let tries = 1; ; tries += 1) {
    const live = await context.transport.send<KubeObject>({ method: 'GET', path })
    if (live.status === 404) return create(context, target)
    if (live.status !== 200) return refusedBy(name, live)
    const answer = await patchLive(context, target, live.body as KubeObject)
    if (!answer) return { ok: true, verb: 'unchanged', name }
    if (answer.status === 200) return { ok: true, verb: 'configured', name }
    if (answer.status !== 409 || tries === PATCH_TRIES) return refusedBy(name, answer)
  }
}

async function create({ transport }: ApplyContext, target: Target): Promise<Outcome> {
  const { name, collection, object } = target
  const body = annotated(object)
  const answer = await transport.send({ method: 'POST', path: collection, query: QUERY, body })
  return answer.status === 201 || answer.status === 200
    ? { ok: true, verb: 'created', name }
    : refusedBy(name, answer)
}

/** The server's answer, or undefined when there is nothing to change. */
async function patchLive(
  { transport, schema }: ApplyContext,
  { path, object }: Target,
  current: KubeObject,
): Promise<ApiResponse | undefined> {
  const definition = definitionOf(schema, object.apiVersion ?? '', object.kind ?? '')
  const sides = { original: lastApplied(current), modified: annotated(object), current }
  const patch = threeWayPatch(sides, definition, schema)
  if (!patch) return undefined
  return transport.send({
    method: 'PATCH',
    path,
    query: QUERY,
    contentType: definition
      ? 'application/strategic-merge-patch+json'
      : 'application/merge-patch+json',
    body: patch,
  })
}

/** As `kubectl delete -f` for one object. */
export async function deleteObject(context: ApplyContext, manifest: Manifest): Promise<Outcome> {
  const target = await targetOf(context, manifest)
  if ('ok' in target) return target
  const { name, path } = target
  const body = { propagationPolicy: 'Background' }
  const answer = await context.transport.send({ method: 'DELETE', path, body })
  if (answer.status === 404) return { ok: true, verb: 'not found', name }
  return answer.status === 200 || answer.status === 202
    ? { ok: true, verb: 'deleted', name }
    : refusedBy(name, answer)
}

async function targetOf(context: ApplyContext, manifest: Manifest): Promise<Target | Outcome> {
  const { apiVersion, kind, metadata } = manifest
  const unset = [
    ...(typeof apiVersion === 'string' && apiVersion !== '' ? [] : ['apiVersion not set']),
    ...(typeof kind === 'string' && kind !== '' ? [] : ['kind not set']),
  ]
  const given = (metadata ?? {}) as { readonly name?: unknown; readonly namespace?: unknown }
  const label = typeof given.name === 'string' ? given.name : ''
  if (unset.length > 0) return refusal(label, `error validating data: [${unset.join(', ')}]`)
  if (label === '') return refusal(String(kind), 'error: resource name may not be empty')
  const mapping = await context.discovery.map(String(apiVersion), String(kind))
  if (mapping.found === 'failure') return refusedBy(label, mapping.answer)
  if (mapping.found === 'nothing') {
    const message = `no matches for kind "${kind}" in version "${apiVersion}"`
    return { ok: false, name: label, problems: [{ path: ['kind'], message }] }
  }
  const { resource } = mapping
  const namespace = resource.namespaced
    ? typeof given.namespace === 'string'
      ? given.namespace
      : 'default'
    : undefined
  const object = {
    ...manifest,
    metadata: { ...given, ...(namespace ? { namespace } : {}) },
  } as unknown as KubeObject
  const group = resource.group === '' ? '' : `.${resource.group}`
  return {
    resource,
    object,
    name: `${resource.kind.toLowerCase()}${group}/${label}`,
    path: resourcePath(resource, { namespace, name: label }),
    collection: resourcePath(resource, { namespace }),
  }
}

/** The object with itself, as text, in the annotation that the next apply compares with. */
function annotated(object: KubeObject): KubeObject {
  const { [LAST_APPLIED]: _old, ...annotations } = object.metadata.annotations ?? {}
  const bare = { ...object, metadata: { ...object.metadata, annotations } }
  const text = `${goJson(bare)}\n`
  return {
    ...bare,
    metadata: { ...bare.metadata, annotations: { ...annotations, [LAST_APPLIED]: text } },
  }
}

function lastApplied(current: KubeObject): unknown {
  const text = current.metadata.annotations?.[LAST_APPLIED]
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
