import type { IncomingMessage } from 'node:http'
import { PROTOBUF, readProtobuf } from '../api/machinery/protobuf'
import { requestInfo } from '../api/machinery/request-info'
import type { ApiRequest } from '../client/request'

/** The API server's own limit for a request body. */
export const bodyBytesMax = 3 * 1024 * 1024

const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])

/** The body is not what its content type says; the API answers 415. */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody'
}

export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    bytes += (part as Buffer).length
    if (bytes > bodyBytesMax) throw new BodyTooLarge(`limit is ${bodyBytesMax}`)
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts)
}

export class MalformedPath extends Error {
  override readonly name = 'MalformedPath'
}

/** The address asked for. Two slashes at its start do not name another host. */
export function urlOf(request: IncomingMessage): URL {
  const target = request.url ?? '/'
  try {
    const url = new URL(target.startsWith('/') ? `http://localhost${target}` : target)
    decodeURIComponent(url.pathname)
    return url
  } catch (error) {
    throw new MalformedPath(`the request's path is malformed: ${(error as Error).message}`)
  }
}

/** JSON and YAML stay text; kubectl's binary form becomes the object it stands for. */
function decodedBody(bytes: Buffer, contentType: string | undefined): unknown {
  if (bytes.length === 0) return undefined
  if (contentType?.split(';')[0]?.trim() !== PROTOBUF) return bytes.toString('utf8')
  const read = readProtobuf(bytes)
  if (!read.ok) throw new UnreadableBody(read.error)
  return read.object
}

const first = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value

function impersonation(request: IncomingMessage): ApiRequest['impersonate'] {
  const user = first(request.headers['impersonate-user'])
  if (!user) return undefined
  const groups: string[] = []
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() !== 'impersonate-group') continue
    groups.push(request.rawHeaders[i + 1] as string)
  }
  return { user, groups }
}

/** The request as a value; `undefined` for a method that no API server knows. */
export function toApiRequest(
  request: IncomingMessage,
  url: URL,
  bytes: Buffer,
): ApiRequest | undefined {
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '')
  if (!methods.has(method)) return undefined
  const query: { [name: string]: string } = Object.create(null)
  for (const [name, value] of url.searchParams) query[name] ??= value
  const contentType = first(request.headers['content-type'])
  const body = decodedBody(bytes, contentType)
  return {
    method: method as ApiRequest['method'],
    path: url.pathname,
    query,
    contentType: contentType?.startsWith(PROTOBUF) ? 'application/json' : contentType,
    accept: first(request.headers.accept),
    body,
    userAgent: first(request.headers['user-agent']),
    impersonate: impersonation(request),
  }
}

/** Streams instead of one answer: `?watch=1` of a collection, or the old `/watch/` paths. */
export function isWatch({ method, path, query }: ApiRequest): boolean {
  return requestInfo(method, path, query).verb === 'watch'
}
