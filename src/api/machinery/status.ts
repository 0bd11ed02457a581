import type { Status, StatusCause, StatusDetails } from '../generated/meta-v1'
import { goQuote } from './go-text'

/** A resource (plural) or a kind with its group; `''` is the core group. */
export interface GroupName {
  readonly group: string
  readonly name: string
}

/** `pods`, `deployments.apps`: how messages name a resource or a kind. */
function qualifiedName(what: GroupName): string {
  return what.group === '' ? what.name : `${what.name}.${what.group}`
}

/** Any failure as a Status object, fields in the server's order. */
export function failure(
  code: number,
  reason: string,
  message: string,
  details?: StatusDetails,
): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === '' ? undefined : { reason }),
    ...(details === undefined ? undefined : { details }),
    code,
  }
}

function detailsOf(what: GroupName, name: string): StatusDetails {
  return {
    ...(name === '' ? undefined : { name }),
    ...(what.group === '' ? undefined : { group: what.group }),
    ...(what.name === '' ? undefined : { kind: what.name }),
  }
}

/** `pods "x" not found` (404). */
export function notFoundStatus(resource: GroupName, name: string): Status {
  const message = `${qualifiedName(resource)} ${goQuote(name)} not found`
  return failure(404, 'NotFound', message, detailsOf(resource, name))
}

/** The 404 for a path that names no resource: `the server could not find the requested resource`. */
export function resourceNotFoundStatus(): Status {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {})
}

/** `pods "x" already exists` (409). */
export function alreadyExistsStatus(resource: GroupName, name: string): Status {
  const message = `${qualifiedName(resource)} ${goQuote(name)} already exists`
  return failure(409, 'AlreadyExists', message, detailsOf(resource, name))
}

/** The 409 after every generated name was taken; the client may retry after a second. */
export function generateNameConflictStatus(resource: GroupName, name: string): Status {
  const what = `${qualifiedName(resource)} ${goQuote(name)}`
  return failure(
    409,
    'AlreadyExists',
    `${what} already exists, the server was not able to generate a unique name for the object`,
    { ...detailsOf(resource, name), retryAfterSeconds: 1 },
  )
}

/** What a write that lost an optimistic-lock race is told. */
export const MODIFIED_MESSAGE =
  'the object has been modified; please apply your changes to the latest version and try again'

/** `Operation cannot be fulfilled on pods "x": <message>` (409). */
export function conflictStatus(
  resource: GroupName,
  name: string,
  message: string = MODIFIED_MESSAGE,
): Status {
  const what = `${qualifiedName(resource)} ${goQuote(name)}`
  return failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${what}: ${message}`,
    detailsOf(resource, name),
  )
}

/**
 * The 409 of a delete whose preconditions do not hold, for example
 * `Precondition failed: UID in precondition: a, UID in object meta: b`.
 */
export function preconditionStatus(
  resource: GroupName,
  name: string,
  field: 'UID' | 'ResourceVersion',
  values: { readonly wanted: string; readonly actual: string },
): Status {
  const { wanted, actual } = values
  return conflictStatus(
    resource,
    name,
    `Precondition failed: ${field} in precondition: ${wanted}, ${field} in object meta: ${actual}`,
  )
}

/** 410 with reason Expired: the resource version or continue token is older than history. */
export function expiredStatus(message: string): Status {
  return failure(410, 'Expired', message)
}

/** 410 of a watch or list from a revision that history no longer has. */
export function resourceVersionTooOldStatus(wanted: string, oldest: string): Status {
  return expiredStatus(`too old resource version: ${wanted} (${oldest})`)
}

/** `pods "x" is forbidden: <why>` (403); `pods is forbidden: …` without a name. */
export function forbiddenStatus(resource: GroupName, name: string, why: string): Status {
  let message = `forbidden: ${why}`
  if (resource.name !== '') {
    const what = qualifiedName(resource)
    message = name === '' ? `${what} is ${message}` : `${what} ${goQuote(name)} is ${message}`
  }
  return failure(403, 'Forbidden', message, detailsOf(resource, name))
}

/** 400. */
export function badRequestStatus(message: string): Status {
  return failure(400, 'BadRequest', message)
}

/** 405 when a served path does not have the HTTP method. */
export function methodNotAllowedStatus(): Status {
  return failure(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  )
}

/** The 415 of a patch whose content type no route takes. */
export function unsupportedPatchTypeStatus(): Status {
  return failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
}

/** 413. The limit is in bytes; the real server's is 3145728. */
export function requestEntityTooLargeStatus(limitBytes: number): Status {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes}`)
}

/** `Timeout: <message>` (504). */
export function timeoutStatus(message: string, retryAfterSeconds = 0): Status {
  return failure(504, 'Timeout', `Timeout: ${message}`, retryDetails(retryAfterSeconds))
}

/** The 504 of a request whose deadline passed inside the handler. */
export function requestTimeoutStatus(): Status {
  return timeoutStatus('request did not complete within the allotted timeout')
}

/** `The get operation against pods could not be completed at this time, please try again.` (500). */
export function serverTimeoutStatus(
  resource: GroupName,
  operation: string,
  retryAfterSeconds = 0,
): Status {
  return failure(
    500,
    'ServerTimeout',
    `The ${operation} operation against ${qualifiedName(resource)} could not be completed at ` +
      'this time, please try again.',
    { ...detailsOf(resource, operation), ...retryDetails(retryAfterSeconds) },
  )
}

/** 429. */
export function tooManyRequestsStatus(
  message: string,
  retryAfterSeconds: number,
  causes?: readonly StatusCause[],
): Status {
  return failure(429, 'TooManyRequests', message, {
    ...(causes === undefined ? undefined : { causes }),
    ...retryDetails(retryAfterSeconds),
  })
}

/** `Internal error occurred: <message>` (500). */
export function internalErrorStatus(message: string): Status {
  return failure(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  })
}

/** A Go error that no status wraps: 500 with the bare message and no reason. */
export function unknownErrorStatus(message: string): Status {
  return failure(500, '', message)
}

/** 422 of a JSON patch that could not be applied. */
export function unprocessableStatus(): Status {
  const message = 'the server rejected our request due to an error in our request'
  return failure(422, 'Invalid', message, {})
}

/** The answer to a delete that removed the object: `{status: Success, details: {name, kind, uid}}`. */
export function deletedStatus(resource: GroupName, name: string, uid: string): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { ...detailsOf(resource, name), uid },
  }
}

function retryDetails(retryAfterSeconds: number): StatusDetails {
  return retryAfterSeconds > 0 ? { retryAfterSeconds } : {}
}
