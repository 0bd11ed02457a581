// npm run bench: one JSON line per figure. Names of groups as arguments run only those.
import { spawnSync } from 'node:child_process'
import { bundled } from './bundle'
import { etcdIdleCost, etcdWritesPerSecond } from './etcd-writes'
import type { Measurement } from './measurement'
import { bootTime, idleSpeed, ownFleet } from './own-fleet'
import { rivalFleet } from './rival'

const now = () => performance.now()
const groups: { readonly [name: string]: () => Measurement[] | Promise<Measurement[]> } = {
  boot: bootTime,
  idle: idleSpeed,
  etcd: () => [etcdWritesPerSecond(now), etcdIdleCost(now)],
  'fleet-300': () => ownFleet(300, 10),
  'fleet-1000': () => ownFleet(1_000, 100),
  rival: () => rivalFleet(300, 10),
}
/** The same work on both sides: how many times more the rival takes. */
const rivalry = '300-pods-10-nodes'

/**
 * Each group in a process of its own, so that no one finds code that another has warmed up; both
 * sides as one bundle in plain Node, as a page would load them.
 */
async function run(): Promise<void> {
  const [mode, ...rest] = process.argv.slice(2)
  if (mode === '--here') {
    for (const name of rest) for (const figure of (await groups[name]?.()) ?? []) print(figure)
    process.exit(0)
  }
  const wanted = mode === undefined ? Object.keys(groups) : [mode, ...rest]
  const unknown = wanted.filter((name) => !Object.hasOwn(groups, name))
  if (unknown.length > 0) {
    console.error(`no group ${unknown.join(', ')}: there are ${Object.keys(groups).join(', ')}`)
    process.exit(2)
  }
  const script = await bundled('src/testing/bench/main.ts', 'bench.mjs')
  const values = new Map<string, number>()
  for (const group of wanted) {
    for (const figure of measuredApart(script, group)) {
      values.set(figure.name, figure.value)
      print(figure)
    }
  }
  for (const what of ['cold-wall', 'cold-cpu', 'wall', 'cpu']) {
    const own = values.get(`${rivalry}-${what}`)
    const rival = values.get(`rival-${rivalry}-${what}`)
    if (!own || !rival) continue
    const value = Math.round((rival / own) * 10) / 10
    print({ name: `rival-${what}-over-own-${what}`, value, unit: 'x' })
  }
  process.exit(0)
}

function measuredApart(script: string, group: string): Measurement[] {
  const child = spawnSync(process.execPath, [script, '--here', group], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  if (child.status !== 0) throw new Error(`${group} ended with ${child.status ?? child.signal}`)
  const lines = child.stdout.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line) as Measurement)
}

function print(figure: Measurement): void {
  console.log(JSON.stringify(figure))
}

void run()
