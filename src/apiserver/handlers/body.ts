import type { DeleteOptions } from '../../api/generated/meta-v1'
import { decodeBody, type FieldValidation } from '../../api/machinery/decode'
import { decodeValue } from '../../api/machinery/decode-value'
import { type FieldError, invalid, invalidStatus, notSupported } from '../../api/machinery/field'
import { parseJson } from '../../api/machinery/json'
import { isTrue } from '../../api/machinery/request-info'
import { typeOf } from '../../api/machinery/schema'
import { badRequestStatus } from '../../api/machinery/status'
import type { KubeObject } from '../../api/object'
import type { ApiResponse } from '../../client/request'
import type { ResourceRequest } from './backend'
import type { Parsed } from './list-options'

export interface Body {
  readonly object: KubeObject
  readonly warnings: readonly string[]
}

/** The request's body as an object of the given kind; `name` and namespace are not checked yet. */
export function readBody(
  request: ResourceRequest,
  kind: { readonly group: string; readonly version: string; readonly kind: string },
): Parsed<Body> {
  const decoded = decodeBody({
    body: request.request.body,
    group: kind.group,
    version: kind.version,
    kind: kind.kind,
    fieldValidation: fieldValidation(request),
  })
  if (!decoded.ok) return decoded
  const { object, warnings } = decoded
  const complete = object.metadata ? object : { ...object, metadata: {} as KubeObject['metadata'] }
  return { ok: true, value: { object: complete, warnings } }
}

export function fieldValidation(request: ResourceRequest): FieldValidation {
  const { fieldValidation: wanted } = request.query
  return wanted === 'Strict' || wanted === 'Ignore' ? wanted : 'Warn'
}

export function isDryRun(request: ResourceRequest): boolean {
  return request.query.dryRun === 'All'
}

/** Body and path must name the same object. */
export function checkName<T>(request: ResourceRequest, body: T): Parsed<T> {
  const { name, namespace } = request.info
  const own = (body as { readonly metadata?: { readonly [key: string]: unknown } } | null)?.metadata
  let message: string | undefined
  if (!own?.name) {
    const why = 'was undeterminable: name must be provided'
    message = `the name of the object (${name} based on URL) ${why}`
  } else if (own.name !== name) {
    message = `the name of the object (${own.name}) does not match the name on the URL (${name})`
  } else if (request.resource.namespaced && own.namespace && own.namespace !== namespace) {
    const where = `the namespace on the request (${namespace})`
    message = `the namespace of the object (${own.namespace}) does not match ${where}`
  }
  if (message === undefined) return { ok: true, value: body }
  return { ok: false, status: badRequestStatus(message) }
}

/** Options of a delete, from the body or, without one, from the query. */
export function deleteOptions(request: ResourceRequest): Parsed<DeleteOptions> {
  const { body } = request.request
  const { query } = request
  let options: DeleteOptions = {}
  if (body !== undefined && body !== '') {
    const read = readDeleteOptions(body)
    if (!read.ok) return read
    options = read.value
  } else {
    if (query.gracePeriodSeconds) {
      options = { ...options, gracePeriodSeconds: Number(query.gracePeriodSeconds) }
    }
    if (query.propagationPolicy) {
      options = { ...options, propagationPolicy: query.propagationPolicy }
    }
    if (query.orphanDependents) {
      options = { ...options, orphanDependents: isTrue(query.orphanDependents) }
    }
  }
  if (isDryRun(request)) options = { ...options, dryRun: ['All'] }
  // Negative values stand for one second, as in the real server.
  if ((options.gracePeriodSeconds ?? 0) < 0) options = { ...options, gracePeriodSeconds: 1 }
  const errors = deleteOptionErrors(options)
  if (errors.length === 0) return { ok: true, value: options }
  const kind = { group: 'meta.k8s.io', kind: 'DeleteOptions' }
  return { ok: false, status: invalidStatus(kind, '', errors) }
}

/** Every group has its own DeleteOptions; they are all alike. */
function readDeleteOptions(body: unknown): Parsed<DeleteOptions> {
  let plain = body
  if (typeof body === 'string') {
    const parsed = parseJson(body)
    if (!parsed.ok) return { ok: false, status: badRequestStatus(parsed.error) }
    plain = parsed.value
  }
  const read = decodeValue(typeOf('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'), plain)
  if (read.error !== undefined) {
    const why = `DeleteOptions in version "v1" cannot be handled as a DeleteOptions: ${read.error}`
    return { ok: false, status: badRequestStatus(why) }
  }
  return { ok: true, value: (read.value ?? {}) as DeleteOptions }
}

const policies = ['Foreground', 'Background', 'Orphan']

function deleteOptionErrors(options: DeleteOptions): FieldError[] {
  const { propagationPolicy: policy, orphanDependents } = options
  const errors: FieldError[] = []
  if (orphanDependents !== undefined && policy !== undefined) {
    const why = 'orphanDependents and deletionPropagation cannot be both set'
    errors.push(invalid('propagationPolicy', policy, why))
  }
  if (policy !== undefined && !policies.includes(policy)) {
    errors.push(notSupported('propagationPolicy', policy, [...policies, 'nil']))
  }
  return errors
}

/** Adds `Warning` headers, as the real server does for unknown and duplicate fields. */
export function withWarnings(response: ApiResponse, warnings: readonly string[]): ApiResponse {
  if (warnings.length === 0) return response
  const warning = warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(', ')
  return { ...response, headers: { ...response.headers, Warning: warning } }
}
