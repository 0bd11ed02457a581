import type { Status } from '../api/generated/meta-v1'
import type { CallFailure } from '../sim/network'
import type { ApiError, ApiRequest, ApiResponse, Result } from './request'

const failureTexts: Record<CallFailure | 'closed', string> = {
  refused: 'connect: connection refused',
  reset: 'read: connection reset by peer',
  timeout: 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
  'no route': 'connect: no route to host',
  closed: 'unexpected EOF',
}

/** The body of an answer that never came, in the words of Go's HTTP client. */
export function failureOf(
  request: ApiRequest,
  server: string,
  failure: CallFailure | 'closed',
): Status {
  const dialled = failure === 'refused' || failure === 'no route' ? `dial tcp ${server}: ` : ''
  const verb = `${request.method[0]}${request.method.slice(1).toLowerCase()}`
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason: failure === 'timeout' ? 'Timeout' : 'ServiceUnavailable',
    message: `${verb} "https://${server}${request.path}": ${dialled}${failureTexts[failure]}`,
    code: 0,
  }
}

export function resultOf<T>(response: ApiResponse): Result<T> {
  if (response.status >= 200 && response.status < 300) {
    return { ok: true, value: response.body as T }
  }
  const status = response.body as Status
  const error: ApiError = {
    code: response.status,
    reason: status.reason ?? '',
    message: status.message ?? '',
    status,
  }
  return { ok: false, error }
}

export const isNotFound = (error: ApiError): boolean => error.reason === 'NotFound'
export const isConflict = (error: ApiError): boolean => error.reason === 'Conflict'
export const isAlreadyExists = (error: ApiError): boolean => error.reason === 'AlreadyExists'
/** The server has not come to the resource version asked for: `Too large resource version`. */
export const isTooLarge = (error: ApiError): boolean => error.code === 504
/** The resource version asked for is no longer in the server's history. */
export const isExpired = (error: ApiError): boolean =>
  error.reason === 'Expired' || error.reason === 'Gone'
