import { type IncomingMessage, type RequestOptions, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultSpec } from '../control/spec'
import { Session } from '../engine/session'
import { createHttpApi } from './http-api'
import { bodyBytesMax } from './http-request'
import { strangerReason } from './loopback'

describe('strangers', () => {
  const here = '127.0.0.1:8001'
  it.each<[string, { readonly [header: string]: string }, boolean]>([
    ['curl', { host: here }, true],
    ['kubectl by name', { host: 'localhost:8001' }, true],
    ['in capitals', { host: 'LOCALHOST:8001' }, true],
    ['IPv6', { host: '[::1]:8001' }, true],
    ['no port', { host: 'localhost' }, true],
    ['its own page', { host: here, origin: `http://${here}` }, true],
    ['its own script', { host: here, 'sec-fetch-site': 'same-origin' }, true],
    ['the address bar', { host: here, 'sec-fetch-site': 'none' }, true],
    [
      'a link elsewhere',
      { host: here, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
      true,
    ],
    ['no Host', {}, false],
    ['a rebound name', { host: 'evil.example:8001' }, false],
    ['a name that begins alike', { host: '127.0.0.1.evil.example' }, false],
    ['a name that ends alike', { host: 'evil-localhost' }, false],
    ['user info', { host: 'localhost@evil.example' }, false],
    ['another machine', { host: '192.168.0.7:8001' }, false],
    ['another page', { host: here, origin: 'https://evil.example' }, false],
    ['another port', { host: here, origin: 'http://127.0.0.1:3000' }, false],
    ['a sandboxed page', { host: here, origin: 'null' }, false],
    ['an extension', { host: here, origin: `chrome-extension://${here}` }, false],
    [
      'an image of another page',
      { host: here, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      false,
    ],
    ['a script of another port', { host: here, 'sec-fetch-site': 'same-site' }, false],
  ])('%s', (_, headers, isWelcome) => {
    expect(strangerReason({ headers, method: 'GET' }) === undefined).toBe(isWelcome)
  })
})

interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: IncomingMessage['headers']
}

let session: Session
let server: Server
let port: number

beforeAll(async () => {
  const spec = { ...defaultSpec, masters: 1, workers: 1 }
  const onFailure = (message: string) => {
    throw new Error(message)
  }
  session = new Session({ spec, speed: 'max', onFailure })
  server = createHttpApi(session)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
  expect(await session.booted).toBe(true)
  await session.command([{ type: 'speed', speed: 60 }])
})

afterAll(async () => {
  session.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

/** As sent, byte by byte: no client library puts the path or the headers right. */
function ask(options: RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, ...options }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const map = (name: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } })
const maps = '/api/v1/namespaces/default/configmaps'
const commands = '/lab/v1/commands'
const json = { 'content-type': 'application/json' }
const post = (path: string) => ({ method: 'POST', path, headers: json })
const huge = 'x'.repeat(4 * bodyBytesMax)

describe('HTTP API', () => {
  it.each<[string, RequestOptions, string | undefined, number, RegExp]>([
    ['serves the API', { path: '/api/v1/nodes' }, undefined, 200, /"kind":"NodeList"/],
    ['says how it is', { path: '/readyz' }, undefined, 200, /^ok$/],
    ['creates', post(maps), map('made'), 201, /"name":"made"/],
    ['refuses what is there', post(maps), map('made'), 409, /"reason":"AlreadyExists"/],
    ['gives the head alone', { method: 'HEAD', path: '/api/v1/nodes' }, undefined, 200, /^$/],
    ['reads an encoded path', { path: `${maps}/m%61de` }, undefined, 200, /"name":"made"/],
    ['reads an encoded colon', { path: `${maps}/a%3Ab` }, undefined, 404, /\\"a:b\\" not found/],
    ['decodes once', { path: `${maps}/m%2561de` }, undefined, 404, /\\"m%61de\\" not found/],
    ['refuses a malformed path', { path: `${maps}/%zz` }, undefined, 400, /path is malformed/],
    ['does not take a path for a host', { path: '//evil/version' }, undefined, 404, /"NotFound"/],
    ['refuses another Host', { headers: { host: 'evil.example' } }, undefined, 403, /"Forbidden"/],
    [
      'refuses another Origin',
      { ...post(commands), headers: { origin: 'http://evil.example' } },
      '{"type":"step"}',
      403,
      /"Forbidden"/,
    ],
    ['refuses a method', { method: 'OPTIONS', path: maps }, undefined, 405, /OPTIONS is not/],
    ['refuses 3 MiB and more', post(maps), huge, 413, /RequestEntityTooLarge/],
    ['refuses 3 MiB of commands', post(commands), huge, 413, /RequestEntityTooLarge/],
    ['refuses what is no JSON', post(maps), '{"kind":', 400, /"BadRequest"/],
    [
      'refuses what is no protobuf',
      { ...post(maps), headers: { 'content-type': 'application/vnd.kubernetes.protobuf' } },
      'x',
      415,
      /UnsupportedMediaType/,
    ],
    ['tells the state', { path: '/lab/v1/state' }, undefined, 200, /"machines":\[\{"id":/],
    ['tells the trace', { path: '/lab/v1/trace?from=0&limit=2' }, undefined, 200, /^\[\{.*\}\]\n$/],
    ['wants whole numbers', { path: '/lab/v1/trace?limit=-1' }, undefined, 400, /whole numbers/],
    ['knows the lab’s paths', { path: '/lab/v1/nothing' }, undefined, 404, /it has GET/],
    ['does one command', post(commands), '{"type":"step"}', 200, /^\{"ok":true,"time":\d+\}\n$/],
    ['does several', post(commands), '[{"type":"step"},{"type":"step"}]', 200, /^\[\{.*\}\]\n$/],
    ['does none', post(commands), '[]', 200, /^\[\]\n$/],
    ['wants JSON', post(commands), 'step', 400, /the body is not JSON/],
    ['wants a command', post(commands), '{"type":"explode"}', 400, /unknown command type/],
    [
      'tells what could not be done',
      post(commands),
      '{"type":"powerOn","machine":"worker-9"}',
      422,
      /there is no machine .*worker-9/,
    ],
  ])('%s', async (_, options, body, status, text) => {
    const answer = await ask(options, body)
    expect(answer.text).toMatch(text)
    expect(answer.status).toBe(status)
  })

  it('streams a watch, one line an event, and stops when the client leaves', async () => {
    const lines: string[] = []
    for (const path of [`${maps}?watch=1`, '/api/v1/watch/namespaces/default/configmaps']) {
      const line = await new Promise<string>((resolve, reject) => {
        const sent = request({ host: '127.0.0.1', port, path }, (response) => {
          expect(response.headers['content-type']).toBe('application/json')
          response.setEncoding('utf8')
          let text = ''
          response.on('data', (part: string) => {
            text += part
            const found = text.split('\n').find((each) => each.includes('"name":"made"'))
            if (!found) return
            sent.destroy()
            resolve(found)
          })
        })
        sent.on('error', reject)
        sent.end()
      })
      lines.push(line)
    }
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({ type: 'ADDED', object: { data: { a: 'b' } } })
    }
  })

  it.each([
    ['a kind that is none', '/api/v1/namespaces/default/nothing?watch=1', 404],
    ['a version that is none', `${maps}?watch=1&resourceVersion=x`, 400],
    ['a health check', '/healthz?watch=1', 200],
    ['watch=False', `${maps}?watch=False`, 200],
  ])('answers a watch of %s at once', async (_, path, status) => {
    expect((await ask({ path })).status).toBe(status)
  })

  it('advances by what it is asked, wherever the clock stands', async () => {
    const paused = '[{"type":"speed","speed":0},{"type":"advance","by":"30s"}]'
    const [before, after] = JSON.parse((await ask(post(commands), paused)).text)
    expect(after.time - before.time).toBe(30_000_000)
    const state = JSON.parse((await ask({ path: '/lab/v1/state' })).text)
    expect(state).toMatchObject({ time: after.time, speed: 0, activity: 'paused' })
    await ask(post(commands), '{"type":"speed","speed":60}')
  })
})
