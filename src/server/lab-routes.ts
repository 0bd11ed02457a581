import type { ServerResponse } from 'node:http'
import { parseCommands } from '../control/parse-command'
import type { Session } from '../engine/session'
import { sendJson, sendStatus } from './respond'

const traceLimitDefault = 1_000
const traceLimitMax = 65_536

/** A query's whole number, or `undefined` when it is none. */
function wholeNumber(text: string | null, fallback: number): number | undefined {
  if (text === null) return fallback
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

async function command(session: Session, body: string, response: ServerResponse): Promise<void> {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (error) {
    sendStatus(response, 400, 'BadRequest', `the body is not JSON: ${(error as Error).message}`)
    return
  }
  const parsed = parseCommands(value)
  if (!parsed.ok) {
    sendStatus(response, 400, 'BadRequest', parsed.error)
    return
  }
  const results = await session.command(parsed.commands)
  const refused = results.some((result) => !result.ok)
  sendJson(response, refused ? 422 : 200, Array.isArray(value) ? results : results[0])
}

/** `/lab/v1/state`, `/lab/v1/commands` and `/lab/v1/trace`. */
export async function handleLab(
  session: Session,
  method: string,
  url: URL,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const route = `${method} ${url.pathname}`
  if (route === 'GET /lab/v1/state') sendJson(response, 200, await session.state())
  else if (route === 'POST /lab/v1/commands') await command(session, body, response)
  else if (route === 'GET /lab/v1/trace') {
    const from = wholeNumber(url.searchParams.get('from'), 0)
    const limit = wholeNumber(url.searchParams.get('limit'), traceLimitDefault)
    if (from === undefined || limit === undefined) {
      sendStatus(response, 400, 'BadRequest', '"from" and "limit" must be whole numbers')
      return
    }
    sendJson(response, 200, await session.trace(from, Math.min(limit, traceLimitMax)))
  } else {
    const known = 'GET /lab/v1/state, POST /lab/v1/commands, GET /lab/v1/trace'
    sendStatus(response, 404, 'NotFound', `no "${route}" in the lab channel: it has ${known}`)
  }
}
