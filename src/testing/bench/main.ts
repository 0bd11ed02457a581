// npm run bench: one JSON line per figure. Names of groups as arguments run only those.
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

async function run(): Promise<void> {
  const wanted = process.argv.slice(2)
  const unknown = wanted.filter((name) => !Object.hasOwn(groups, name))
  if (unknown.length > 0) {
    console.error(`no group ${unknown.join(', ')}: there are ${Object.keys(groups).join(', ')}`)
    process.exit(2)
  }
  const values = new Map<string, number>()
  for (const [name, measure] of Object.entries(groups)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    for (const figure of await measure()) {
      values.set(figure.name, figure.value)
      console.log(JSON.stringify(figure))
    }
  }
  const [own, rival] = [
    values.get('300-pods-10-nodes-cpu'),
    values.get('rival-300-pods-10-nodes-cpu'),
  ]
  if (own && rival) {
    const value = Math.round((rival / own) * 10) / 10
    console.log(JSON.stringify({ name: 'rival-cpu-over-own-cpu', value, unit: 'x' }))
  }
  process.exit(0)
}

void run()
