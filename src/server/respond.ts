import type { ServerResponse } from 'node:http'

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json')
  response.setHeader('cache-control', 'no-cache, private')
  response.end(`${JSON.stringify(body)}\n`)
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
