import type { ServerResponse } from 'node:http'

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json')
  response.setHeader('cache-control', 'no-cache, private')
  response.end(`${JSON.stringify(written(body))}\n`)
}

interface TypedList {
  readonly kind?: unknown
  readonly items?: unknown
}

/** As the real server writes lists of one kind: the items do not repeat apiVersion and kind. */
function written(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body
  const { kind, items } = body as TypedList
  const typed = typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
  if (!typed || kind === 'PartialObjectMetadataList') return body
  const bare = items.map(
    ({ apiVersion: _, kind: __, ...item }: TypedList & { apiVersion?: unknown }) => item,
  )
  return { ...body, items: bare }
}

export function sendStatus(
  response: ServerResponse,
  code: number,
  reason: string,
  message: string,
): void {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' }
  sendJson(response, code, { ...status, message, reason, code })
}
