import type { Node, Service } from '../api/generated/core-v1'
import type { EndpointSlice } from '../api/generated/discovery-v1'
import { keyOf } from '../api/object'
import { ENDPOINTSLICES, NODES, SERVICES } from '../api/resources'
import { ApiClient } from '../client/api-client'
import { InformerSet } from '../client/informer'
import type { Reflector } from '../client/reflector'
import type { Process, ProcessEnv, ProcessFactory } from '../sim/process'
import type { Task } from '../sim/task'
import { type Micros, seconds } from '../sim/time'
import { type KernelNetwork, kernelNetwork } from './kernel'
import { serviceRules } from './rules'

export interface KubeProxyOptions {
  /** `host:port` of the API server or the balancer before it. */
  readonly server: string
  readonly nodeName: string
}

/** At most one pass over the rules in this time: iptables' minSyncPeriod. */
const syncPeriodMin: Micros = seconds(1)
const serviceIndex = 'service'
const serviceLabel = 'kubernetes.io/service-name'

/**
 * The node's service proxy. Watches Services, EndpointSlices and Nodes, and keeps the kernel's rules
 * and routes in line; the kernel goes on with the last ones when this process dies. Routes to other
 * nodes' pods are written here too, for want of a network daemon of their own.
 */
export function kubeProxy(options: KubeProxyOptions): ProcessFactory {
  return (env) => new KubeProxy(env, options)
}

export class KubeProxy implements Process {
  readonly #env: ProcessEnv
  readonly #options: KubeProxyOptions
  readonly #kernel: KernelNetwork
  readonly #informers: InformerSet
  readonly #services: Reflector<Service>
  readonly #slices: Reflector<EndpointSlice>
  readonly #dirty = new Set<string>()
  #synced = false
  #scheduled = false
  #lastSync: Micros = -1

  constructor(env: ProcessEnv, options: KubeProxyOptions) {
    this.#env = env
    this.#options = options
    this.#kernel = kernelNetwork(env.host)
    const client = new ApiClient(env, {
      server: options.server,
      identity: {
        user: 'system:serviceaccount:kube-system:kube-proxy',
        groups: [
          'system:serviceaccounts',
          'system:serviceaccounts:kube-system',
          'system:authenticated',
        ],
      },
      userAgent: 'kube-proxy/v1.36.3 (linux/amd64)',
    })
    this.#informers = new InformerSet(env, client)
    this.#services = this.#informers.for<Service>(SERVICES).store
    this.#slices = this.#informers.for<EndpointSlice>(ENDPOINTSLICES).store
  }

  start(): void {
    this.#slices.addIndex(serviceIndex, (slice) => [serviceOf(slice)])
    const service = (object: Service) => this.#touch(keyOf(object))
    this.#services.addHandler({ onAdd: service, onUpdate: service, onDelete: service })
    const slice = (object: EndpointSlice) => this.#touch(serviceOf(object))
    this.#slices.addHandler({ onAdd: slice, onUpdate: slice, onDelete: slice })
    const node = (object: Node) => this.#route(object)
    this.#informers.for<Node>(NODES).store.addHandler({
      onAdd: node,
      onUpdate: node,
      onDelete: ({ metadata }) => this.#kernel.routes.delete(metadata.name),
    })
    this.#informers.start()
    this.#env.spawn(this.#firstSync())
  }

  inspect(): unknown {
    return { node: this.#options.nodeName, rules: this.#kernel.rules.list() }
  }

  *#firstSync(): Task<void> {
    yield* this.#informers.synced()
    for (const key of this.#kernel.rules.services()) this.#dirty.add(key)
    for (const name of this.#kernel.routes.nodes()) {
      if (!this.#informers.for<Node>(NODES).store.get(name)) this.#kernel.routes.delete(name)
    }
    this.#synced = true
    this.#sync()
  }

  #touch(key: string): void {
    this.#dirty.add(key)
    if (!this.#synced || this.#scheduled) return
    this.#scheduled = true
    const { clock } = this.#env
    const next = this.#lastSync < 0 ? 0 : this.#lastSync + syncPeriodMin - clock.monotonic()
    clock.after(Math.max(0, next), () => this.#sync(), 'proxy.sync')
  }

  #sync(): void {
    this.#scheduled = false
    this.#lastSync = this.#env.clock.monotonic()
    for (const key of this.#dirty) {
      const service = this.#services.get(key)
      if (!service) this.#kernel.rules.delete(key)
      else {
        const slices = this.#slices.byIndex(serviceIndex, key)
        this.#kernel.rules.set(key, serviceRules(service, slices, this.#options.nodeName))
      }
    }
    this.#dirty.clear()
  }

  #route(node: Node): void {
    const { podCIDR, podCIDRs } = node.spec ?? {}
    const address = node.status?.addresses?.find((a) => a.type === 'InternalIP')?.address
    if (address === undefined) return
    const ranges = podCIDRs ?? (podCIDR ? [podCIDR] : [])
    this.#kernel.routes.set(node.metadata.name, address, ranges)
  }
}

function serviceOf(slice: EndpointSlice): string {
  return `${slice.metadata.namespace}/${slice.metadata.labels?.[serviceLabel] ?? ''}`
}
