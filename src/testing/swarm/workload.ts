import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1'
import type { Pod, Service } from '../../api/generated/core-v1'
import { type KubeObject, type ResourceRef, resourcePath } from '../../api/object'
import { DEPLOYMENTS, NAMESPACES, PODS, REPLICASETS, SERVICES } from '../../api/resources'
import type { ApiRequest } from '../../client/request'
import type { Random } from '../../sim/random'
import type { EtcdHistory } from '../checkers/etcd-history'
import type { Ledger } from '../checkers/ledger'

const namespaces = ['default', 'team-a', 'team-b']
const apps = ['web', 'shop', 'blog']
const images = ['nginx:1.27', 'nginx:1.28', 'nginx:1.29', 'httpd:2.4']

/** What a user may ask for next, given what is stored. */
type Wish = (world: World, chance: Random) => ApiRequest | undefined

interface World {
  readonly history: EtcdHistory
  readonly ledger: Ledger
}

function stored<T extends KubeObject>({ history }: World, prefix: string): T[] {
  const found: T[] = []
  for (const [key, { value }] of history.state) {
    if (key.startsWith(prefix)) found.push(value as T)
  }
  return found
}

const pick = <T>(chance: Random, from: readonly T[]): T | undefined =>
  from[chance.below(Math.max(1, from.length))]

const isOurs = ({ metadata }: KubeObject): boolean => namespaces.includes(metadata.namespace ?? '')

const anyOf = <T extends KubeObject>(world: World, chance: Random, prefix: string): T | undefined =>
  pick(chance, stored<T>(world, prefix).filter(isOurs))

const anyDeployment = (world: World, chance: Random) =>
  anyOf<Deployment>(world, chance, '/registry/apps/deployments/')

function create(ref: ResourceRef, namespace: string | undefined, body: object): ApiRequest {
  return { method: 'POST', path: resourcePath(ref, { namespace }), body }
}

function change(ref: ResourceRef, { metadata }: KubeObject, body: object): ApiRequest {
  return {
    method: 'PATCH',
    path: resourcePath(ref, { namespace: metadata.namespace, name: metadata.name }),
    contentType: 'application/strategic-merge-patch+json',
    body,
  }
}

function remove(ref: ResourceRef, { metadata }: KubeObject, body?: object): ApiRequest {
  const where = { namespace: metadata.namespace, name: metadata.name }
  return { method: 'DELETE', path: resourcePath(ref, where), ...(body ? { body } : {}) }
}

/** Lost nodes are given up after seconds here, so that evictions fit into a short run. */
const tolerations = ['not-ready', 'unreachable'].map((condition) => ({
  key: `node.kubernetes.io/${condition}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 5,
}))

const podSpec = (image: string, chance: Random) => ({
  tolerations,
  terminationGracePeriodSeconds: chance.between(1, 10),
  containers: [
    {
      name: 'app',
      image,
      ports: [{ containerPort: 80 }],
      resources: { requests: { cpu: `${chance.between(1, 4) * 50}m`, memory: '64Mi' } },
      ...(chance.chance(500) ? { readinessProbe: { httpGet: { path: '/', port: 80 } } } : {}),
    },
  ],
})

/** Always possible: the rest needs something to work on. */
const creations: Readonly<Record<string, Wish>> = {
  createNamespace: (_, chance) => {
    const name = pick(chance, namespaces.slice(1)) as string
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
    return create(NAMESPACES, undefined, body)
  },
  createDeployment(_, chance) {
    const name = pick(chance, apps) as string
    const namespace = pick(chance, namespaces) as string
    const strategy = chance.chance(200)
      ? { type: 'Recreate' }
      : { rollingUpdate: { maxSurge: chance.between(0, 2), maxUnavailable: chance.between(1, 2) } }
    return create(DEPLOYMENTS, namespace, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: {
        replicas: chance.below(6),
        strategy,
        revisionHistoryLimit: chance.between(0, 3),
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: podSpec(pick(chance, images) as string, chance),
        },
      },
    })
  },
  createService(_, chance) {
    const name = pick(chance, apps) as string
    const namespace = pick(chance, namespaces) as string
    const type = chance.chance(300) ? 'NodePort' : 'ClusterIP'
    return create(SERVICES, namespace, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { type, selector: { app: name }, ports: [{ port: 80 }] },
    })
  },
}

/** Each run has a random half of these. */
export const wishes: Readonly<Record<string, Wish>> = {
  scale(world, chance) {
    const deployment = anyDeployment(world, chance)
    return deployment && change(DEPLOYMENTS, deployment, { spec: { replicas: chance.below(7) } })
  },
  roll(world, chance) {
    const deployment = anyDeployment(world, chance)
    const containers = [{ name: 'app', image: pick(chance, images) }]
    return (
      deployment &&
      change(DEPLOYMENTS, deployment, { spec: { template: { spec: { containers } } } })
    )
  },
  deleteDeployment(world, chance) {
    const deployment = anyDeployment(world, chance)
    const propagationPolicy = pick(chance, ['Background', 'Foreground'])
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy }
    return deployment && remove(DEPLOYMENTS, deployment, body)
  },
  deleteReplicaSet(world, chance) {
    const rs = anyOf<ReplicaSet>(world, chance, '/registry/apps/replicasets/')
    return rs && remove(REPLICASETS, rs)
  },
  deleteService(world, chance) {
    const service = anyOf<Service>(world, chance, '/registry/services/')
    return service?.spec.selector && remove(SERVICES, service)
  },
  deletePod(world, chance) {
    const pod = anyOf<Pod>(world, chance, '/registry/pods/')
    return pod && remove(PODS, pod)
  },
  /** The pod leaves its ReplicaSet, which makes another; at the end it is taken away. */
  orphanPod(world, chance) {
    const pod = anyOf<Pod>(world, chance, '/registry/pods/')
    if (!pod?.metadata.labels?.app || pod.metadata.deletionTimestamp) return undefined
    world.ledger.sometimes('a pod was orphaned by a label')
    return change(PODS, pod, { metadata: { labels: { app: 'debug' } } })
  },
  createPod(_, chance) {
    const namespace = pick(chance, namespaces) as string
    const name = `single-${chance.below(3)}`
    return create(PODS, namespace, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: { app: 'single' } },
      spec: podSpec(pick(chance, images) as string, chance),
    })
  },
  deleteNamespace(world, chance) {
    const name = pick(chance, namespaces.slice(1)) as string
    const full = stored<Pod>(world, `/registry/pods/${name}/`).length > 0
    if (full) world.ledger.sometimes('a namespace was removed with what was in it')
    return remove(NAMESPACES, { metadata: { name } } as KubeObject)
  },
}

const creationNames = Object.keys(creations)

/** One of the creations. */
export function createSomething(world: World, chance: Random): ApiRequest | undefined {
  return creations[pick(chance, creationNames) as string]?.(world, chance)
}
