import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { ApiRequest, ApiResponse } from '../client/request'
import type { Session } from '../engine/session'
import {
  BodyTooLarge,
  isWatch,
  MalformedPath,
  readBody,
  toApiRequest,
  UnreadableBody,
  urlOf,
} from './http-request'
import { handleLab } from './lab-routes'
import { strangerReason } from './loopback'
import { sendJson, sendStatus } from './respond'

function answer(response: ServerResponse, api: ApiResponse): void {
  if (api.status === 0) {
    const { message = 'no answer' } = api.body as { message?: string }
    sendStatus(response, 504, 'Timeout', message)
    return
  }
  for (const [name, value] of Object.entries(api.headers ?? {})) response.setHeader(name, value)
  if (typeof api.body === 'string') {
    response.statusCode = api.status
    if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain')
    response.end(api.body)
  } else sendJson(response, api.status, api.body)
}

/** A client that lets this much of its watch wait unread is cut off; it may begin again. */
const unreadBytesMax = 64 * 1024 * 1024

function watch(session: Session, request: ApiRequest, response: ServerResponse): void {
  const open = () => {
    if (response.headersSent) return
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
  }
  const handle = session.transport.watch(request, {
    onOpen: open,
    onEvent: (event) => {
      open()
      response.write(`${JSON.stringify(event)}\n`)
      if (response.writableLength > unreadBytesMax) response.destroy()
    },
    onClose: (end) => {
      if (response.headersSent || end.status === 200) {
        open()
        response.end()
      } else answer(response, end)
    },
  })
  response.on('close', () => handle.close())
}

async function handle(
  session: Session,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const stranger = strangerReason(request)
  if (stranger) {
    sendStatus(response, 403, 'Forbidden', stranger)
    return
  }
  const url = urlOf(request)
  const body = await readBody(request)
  if (url.pathname.startsWith('/lab/')) {
    await handleLab(session, request.method ?? 'GET', url, body.toString('utf8'), response)
    return
  }
  const api = toApiRequest(request, url, body)
  if (!api) {
    sendStatus(response, 405, 'MethodNotAllowed', `${request.method} is not a method of this API`)
  } else if (isWatch(api)) watch(session, api, response)
  else answer(response, await session.transport.send(api))
}

/** The cluster's Kubernetes API and its lab channel over plain HTTP, for loopback only. */
export function createHttpApi(session: Session): Server {
  return createServer((request, response) => {
    handle(session, request, response).catch((error: unknown) => {
      if (response.headersSent) {
        response.destroy()
      } else if (error instanceof BodyTooLarge) {
        const text = `Request entity too large: ${error.message}`
        sendStatus(response, 413, 'RequestEntityTooLarge', text)
      } else if (error instanceof UnreadableBody) {
        sendStatus(response, 415, 'UnsupportedMediaType', error.message)
      } else if (error instanceof MalformedPath) {
        sendStatus(response, 400, 'BadRequest', error.message)
      } else {
        const text = error instanceof Error ? error.message : String(error)
        sendStatus(response, 500, 'InternalError', text)
      }
    })
  })
}
