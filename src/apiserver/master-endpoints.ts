import type { Endpoints, Service } from '../api/generated/core-v1'
import type { EndpointSlice } from '../api/generated/discovery-v1'
import { formatTime } from '../api/machinery/time'
import { type KubeObject, splitKey } from '../api/object'
import { type Task, wait } from '../sim/task'
import { type Micros, seconds } from '../sim/time'
import type { Backend } from './handlers/backend'
import { uuid } from './handlers/create'
import { resourceOfKind } from './resources'
import { serviceCompanions } from './service/pools'
import { masterLeasePrefix } from './storage/keys'
import type { WriteResult } from './storage/object-store'

const leaseSeconds = 15
const renewInterval: Micros = seconds(10)
const retryInterval: Micros = seconds(1)

export interface MasterEndpointsOptions {
  /** This server's address, as the endpoints will name it. */
  readonly address: string
  readonly port: number
  /** Cluster IP of the `kubernetes` Service. */
  readonly clusterIP: string
}

/**
 * Keeps the `kubernetes` Service in `default` and its endpoints: every server has a key that lives
 * by a lease of 15 s, and the addresses of those that are there are the endpoints (kubeadm's
 * default, the lease endpoint reconciler).
 */
export class MasterEndpoints {
  readonly #backend: Backend
  readonly #options: MasterEndpointsOptions
  #lease = 0
  #stopped = false
  #reconciling = false
  #again = false

  constructor(backend: Backend, options: MasterEndpointsOptions) {
    this.#backend = backend
    this.#options = options
  }

  /** Makes the Service, joins its endpoints, and goes on renewing. */
  *begin(): Task<void> {
    const { env } = this.#backend
    while (!(yield* this.#createService())) {
      yield* wait(env.clock.sleep(retryInterval, 'apiserver.endpoints'))
    }
    while (!(yield* this.#renew())) {
      yield* wait(env.clock.sleep(retryInterval, 'apiserver.endpoints'))
    }
    yield* this.#backend.cache.fresh()
    yield* this.#reconcile()
    env.spawn(this.#keepOn())
  }

  /** A server came or went. */
  keyChanged(key: string): void {
    if (!this.#stopped && key.startsWith(masterLeasePrefix)) {
      this.#backend.env.spawn(this.#reconcile())
    }
  }

  /** Leaves the endpoints before the server ends. */
  *leave(): Task<void> {
    this.#stopped = true
    yield* this.#backend.etcd.leaseRevoke(this.#lease)
  }

  *#keepOn(): Task<void> {
    const { clock } = this.#backend.env
    let interval = renewInterval
    for (;;) {
      yield* wait(clock.sleep(interval, 'apiserver.endpoints'))
      if (this.#stopped) return
      const renewed = yield* this.#renew()
      if (renewed) yield* this.#reconcile()
      interval = renewed ? renewInterval : retryInterval
    }
  }

  *#renew(): Task<boolean> {
    const { etcd, cache } = this.#backend
    const key = masterLeasePrefix + this.#options.address
    if (this.#lease !== 0 && cache.internal(key)?.lease === this.#lease) {
      const kept = yield* etcd.leaseKeepAlive(this.#lease)
      if (kept.ok && kept.value.ttlSeconds > 0) return true
      if (!kept.ok && kept.error !== 'lease not found') return false
    }
    const granted = yield* etcd.leaseGrant(leaseSeconds)
    if (!granted.ok) return false
    const value = { address: this.#options.address, port: this.#options.port }
    const put = yield* etcd.put({ key, value, lease: granted.value.id })
    if (put.ok) this.#lease = granted.value.id
    return put.ok
  }

  *#createService(): Task<boolean> {
    const service = this.#service()
    const result = yield* this.#write('v1', 'Service', (current) => current ?? service)
    return result.ok
  }

  *#reconcile(): Task<void> {
    if (this.#reconciling) {
      this.#again = true
      return
    }
    this.#reconciling = true
    do {
      this.#again = false
      const addresses = [...this.#backend.cache.internalWithPrefix(masterLeasePrefix)]
        .map(({ key }) => key.slice(masterLeasePrefix.length))
        .sort()
      if (addresses.length === 0) break
      yield* this.#write('v1', 'Endpoints', (old) => this.#endpoints(addresses, old))
      yield* this.#write('discovery.k8s.io/v1', 'EndpointSlice', (old) =>
        this.#slice(addresses, old),
      )
    } while (this.#again)
    this.#reconciling = false
  }

  *#write(
    apiVersion: string,
    kind: string,
    wanted: (current: KubeObject | undefined) => object,
  ): Task<WriteResult> {
    const { store, env, cache } = this.#backend
    const { namespace, name } = splitKey('default/kubernetes')
    const at = { prefix: resourceOfKind(apiVersion, kind)?.prefix ?? '', namespace, name }
    const cached = cache.resource(at.prefix).objects.get(namespace, name)
    if (cached && wanted(cached) === cached) return { ok: true, object: cached, done: 'unchanged' }
    return yield* store.write(at, (current) => {
      const object = wanted(current) as KubeObject
      if (object === current) return { type: 'answer', object }
      const born = current?.metadata ?? {
        uid: uuid(env),
        creationTimestamp: formatTime(env.clock.wall()),
      }
      const { uid = '', creationTimestamp = '' } = born
      const metadata = { ...object.metadata, namespace, name, uid, creationTimestamp }
      const next = { ...object, metadata }
      const made = { uid: uuid(env), creationTimestamp }
      const companions = kind === 'Service' ? serviceCompanions(current, next, made) : undefined
      return { type: 'put', object: next, companions }
    })
  }

  #service(): Service {
    const { clusterIP, port } = this.#options
    return {
      kind: 'Service',
      apiVersion: 'v1',
      metadata: {
        name: 'kubernetes',
        namespace: 'default',
        labels: { component: 'apiserver', provider: 'kubernetes' },
      },
      spec: {
        ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: port }],
        clusterIP,
        clusterIPs: [clusterIP],
        type: 'ClusterIP',
        sessionAffinity: 'None',
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        internalTrafficPolicy: 'Cluster',
      },
      status: { loadBalancer: {} },
    } as Service
  }

  #endpoints(addresses: readonly string[], old: KubeObject | undefined): object {
    const subset = (old as Endpoints | undefined)?.subsets?.[0]
    const present = (subset?.addresses ?? []).map(({ ip }) => ip).sort()
    if (old && sameTexts(present, addresses)) return old
    const { port } = this.#options
    return {
      kind: 'Endpoints',
      apiVersion: 'v1',
      metadata: {
        ...old?.metadata,
        labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
      },
      subsets: [
        {
          addresses: addresses.map((ip) => ({ ip })),
          ports: [{ name: 'https', port, protocol: 'TCP' }],
        },
      ],
    }
  }

  #slice(addresses: readonly string[], old: KubeObject | undefined): object {
    const slice = old as EndpointSlice | undefined
    const present = (slice?.endpoints ?? []).flatMap((endpoint) => endpoint.addresses).sort()
    if (old && sameTexts(present, addresses)) return old
    const { port } = this.#options
    return {
      kind: 'EndpointSlice',
      apiVersion: 'discovery.k8s.io/v1',
      metadata: {
        ...old?.metadata,
        generation: (old?.metadata.generation ?? 0) + 1,
        labels: { 'kubernetes.io/service-name': 'kubernetes' },
      },
      addressType: 'IPv4',
      endpoints: addresses.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
      ports: [{ name: 'https', protocol: 'TCP', port }],
    }
  }
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i])
}
