// A headless cluster: the Kubernetes API and the lab channel over HTTP on loopback.
import { parseArgs } from 'node:util'
import { speedMax } from '../control/parse-command'
import { type ClusterSpec, defaultSpec, mastersMax, workersMax } from '../control/spec'
import { Session } from '../engine/session'
import { createHttpApi } from './http-api'

const usage = `usage: npm run serve -- --port N [--masters 1-${mastersMax}] [--workers 0-${workersMax}]
       [--hosted] [--seed S] [--speed X|max]`

function fail(message: string): never {
  console.error(`${message}\n${usage}`)
  process.exit(2)
}

function whole(name: string, text: string, low: number, high: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < low || value > high) {
    fail(`--${name} must be a whole number from ${low} to ${high}, not "${text}"`)
  }
  return value
}

function speedOf(text: string): number | 'max' {
  if (text === 'max') return text
  const value = Number(text)
  if (text === '' || !(value >= 0 && value <= speedMax)) {
    fail(`--speed must be "max" or a number from 0 to ${speedMax}, not "${text}"`)
  }
  return value
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: '8001' },
        masters: { type: 'string', default: String(defaultSpec.masters) },
        workers: { type: 'string', default: String(defaultSpec.workers) },
        hosted: { type: 'boolean', default: false },
        seed: { type: 'string', default: String(defaultSpec.seed) },
        speed: { type: 'string', default: '1' },
      },
    }).values
  } catch (error) {
    return fail((error as Error).message)
  }
}

/** Virtual time that a boot takes. */
const bootMs = 8_000

const options = readOptions()
const spec: ClusterSpec = {
  ...defaultSpec,
  masters: whole('masters', options.masters, 1, mastersMax),
  workers: whole('workers', options.workers, 0, workersMax),
  seed: whole('seed', options.seed, 0, Number.MAX_SAFE_INTEGER),
  hosted: options.hosted,
  // The boot runs ahead of the wall clock by about this much; afterwards the two agree.
  epochMs: Date.now() - bootMs,
}
const session = new Session({
  spec,
  speed: speedOf(options.speed),
  onFailure: (message) => {
    console.error(`The simulation stopped: ${message}`)
    process.exit(1)
  },
})
const port = whole('port', options.port, 0, 65_535)
const server = createHttpApi(session)
server.on('error', (error) => fail(`cannot listen on 127.0.0.1:${port}: ${error.message}`))
const booted = await session.booted
server.listen(port, '127.0.0.1', () => {
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`
  const state = booted ? 'is up' : 'has not become ready'
  console.log(`Kubarium ${state}: ${spec.masters} masters, ${spec.workers} workers, ${url}`)
  console.log(`  kubectl --server ${url} get nodes`)
  console.log(`  curl ${url}/lab/v1/state`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => process.exit(0))
}
