import { pathToFileURL } from 'node:url'
import { bundled } from './bundle'
import { fleet, fleetImage } from './fleet'
import { costOf, type Measurement, repeated } from './measurement'

/** What this benchmark uses of `@ngrok/webernetes`. */
interface RivalCluster {
  registerImage(image: unknown): void
  init(): Promise<void>
  apply(objects: readonly object[]): Promise<unknown>
  informer(kind: string, callback: (type: string, object: RivalPod) => void): { stop(): unknown }
  close(): unknown
}

interface RivalPod {
  readonly metadata?: { readonly name?: string }
  readonly status?: { readonly conditions?: readonly { type: string; status: string }[] }
}

type RivalImage = new () => {
  exec(context: { waitUntilKilled(): Promise<number> }): Promise<number>
}

interface Rival {
  readonly Cluster: new (options: { nodes: number }) => RivalCluster
  readonly BaseImage: RivalImage
}

const patienceMs = 180_000

/** Its modules name each other without extensions: bundled first, plain Node can load it. */
async function loadRival(): Promise<Rival> {
  const outfile = await bundled('node_modules/@ngrok/webernetes/dist/index.js', 'rival.mjs')
  return (await import(pathToFileURL(outfile).href)) as Rival
}

/** The same fleet on `@ngrok/webernetes`: from apply until every pod is Ready. */
export async function rivalFleet(pods: number, nodes: number): Promise<Measurement[]> {
  const { Cluster, BaseImage } = await loadRival()
  class Sleeper extends BaseImage {
    static readonly imageName = fleetImage.name
    static readonly imageVersion = fleetImage.tag
    readonly defaultCommand = ['serve']
    override exec(context: { waitUntilKilled(): Promise<number> }): Promise<number> {
      return context.waitUntilKilled()
    }
  }
  return repeated(`rival-${pods}-pods-${nodes}-nodes`, async () => {
    const cluster = new Cluster({ nodes })
    cluster.registerImage(Sleeper)
    await cluster.init()
    const cost = await costOf(() => allReady(cluster, pods))
    await cluster.close()
    return cost
  })
}

function allReady(cluster: RivalCluster, pods: number): Promise<void> {
  const ready = new Set<string>()
  return new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${ready.size} Ready in time`)), patienceMs)
    cluster.informer('pods', (_type, pod) => {
      const isReady = pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True')
      const name = pod.metadata?.name ?? ''
      if (!isReady || !name.startsWith('fleet-')) return
      ready.add(name)
      if (ready.size < pods) return
      clearTimeout(late)
      resolve()
    })
    cluster.apply(fleet(pods)).catch(reject)
  })
}
