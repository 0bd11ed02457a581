import type { Service } from '../../api/generated/core-v1'
import type { Allocation, ServiceAllocator } from '../../api/kinds/admission/service-allocation'
import { formatIpv4, parseIpv4 } from '../../api/machinery/ipv4'
import type { KubeObject } from '../../api/object'
import type { Compare, KeyValue, RequestOp } from '../../etcd/client'
import type { ProcessEnv } from '../../sim/process'
import type { WatchCache } from '../cache/watch-cache'
import { nodePortPrefix } from '../storage/keys'
import type { Companions } from '../storage/object-store'
import { type AddressRange, parseRange } from './address-range'

/** Where the IPAddress objects are stored, one per cluster IP in use. */
export const ipAddressPrefix = '/registry/networking.k8s.io/ipaddresses/'

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** Random picks before the range is searched in order. */
const randomPicks = 16

type Seen = ReadonlyMap<string, KeyValue | undefined>

/**
 * Cluster IPs and node ports, unique over all API servers: each one in use is a key of its own in
 * etcd, made and removed in the same transaction as the Service that holds it. A cluster IP's key is
 * an IPAddress object, as in the real server; a node port's is internal. Nothing is kept in memory:
 * a pick that another server took in between makes the transaction fail and a new pick follow.
 */
export class ServicePools {
  readonly #env: ProcessEnv
  readonly #cache: WatchCache
  readonly #addresses: AddressRange
  readonly #ports: PortRange

  constructor(
    env: ProcessEnv,
    cache: WatchCache,
    options: { readonly serviceCidr: string; readonly nodePortRange: PortRange },
  ) {
    this.#env = env
    this.#cache = cache
    this.#addresses = parseRange(options.serviceCidr)
    this.#ports = options.nodePortRange
  }

  /** The address of the `kubernetes` Service: the range's first. */
  get firstAddress(): string {
    return formatIpv4(this.#addresses.first + 1)
  }

  /** For one try of one write; `seen` is what the last try found at the keys it wanted. */
  allocator(seen: Seen): ServiceAllocator {
    const picked = new Set<string>()
    return {
      clusterIP: (requested) => this.#clusterIP(requested, seen, picked),
      nodePort: (requested) => this.#nodePort(requested, seen, picked),
    }
  }

  #clusterIP(requested: string | undefined, seen: Seen, picked: Set<string>): Allocation<string> {
    const { first, size } = this.#addresses
    if (requested !== undefined) {
      const address = parseIpv4(requested)
      if (address === undefined || address <= first || address >= first + size - 1) {
        const range = `${formatIpv4(first)}/${this.#addresses.bits}`
        const detail = `the provided network does not match the current range (${range})`
        return {
          ok: false,
          detail: requested.includes(':') ? detail : outOfRange(requested, range),
        }
      }
      return this.#take(ipAddressPrefix + requested, requested, { seen, picked }, 'IP')
    }
    const usable = size - 2
    // The lower band is kept for those who ask for an address by name, as in the real allocator.
    const band = Math.min(Math.max(16, Math.floor(size / 16)), 256, usable >> 1)
    const isFree = (offset: number) => {
      const key = ipAddressPrefix + formatIpv4(first + 1 + offset)
      return this.#isFree(key, seen, picked)
    }
    const offset = this.#pick(usable, band, isFree)
    if (offset === undefined) return { ok: false, detail: 'range is full' }
    const text = formatIpv4(first + 1 + offset)
    picked.add(ipAddressPrefix + text)
    return { ok: true, value: text }
  }

  #nodePort(requested: number | undefined, seen: Seen, picked: Set<string>): Allocation<number> {
    const { first, last } = this.#ports
    if (requested !== undefined) {
      if (requested < first || requested > last) {
        const range = `The range of valid ports is ${first}-${last}`
        return { ok: false, detail: `provided port is not in the valid range. ${range}` }
      }
      return this.#take(nodePortPrefix + requested, requested, { seen, picked }, 'port')
    }
    const size = last - first + 1
    const band = Math.min(Math.max(16, Math.floor(size / 32)), 128, size >> 1)
    const isFree = (offset: number) => this.#isFree(nodePortPrefix + (first + offset), seen, picked)
    const offset = this.#pick(size, band, isFree)
    if (offset === undefined) return { ok: false, detail: 'range is full' }
    picked.add(nodePortPrefix + (first + offset))
    return { ok: true, value: first + offset }
  }

  #take<T>(
    key: string,
    value: T,
    by: { readonly seen: Seen; readonly picked: Set<string> },
    what: 'IP' | 'port',
  ): Allocation<T> {
    if (!this.#isFree(key, by.seen, by.picked)) {
      return { ok: false, detail: `provided ${what} is already allocated` }
    }
    by.picked.add(key)
    return { ok: true, value }
  }

  #isFree(key: string, seen: Seen, picked: ReadonlySet<string>): boolean {
    if (picked.has(key)) return false
    if (seen.has(key)) return seen.get(key) === undefined
    if (key.startsWith(nodePortPrefix)) return this.#cache.internal(key) === undefined
    const name = key.slice(ipAddressPrefix.length)
    return this.#cache.resource(ipAddressPrefix).objects.get('', name) === undefined
  }

  /** An offset at random above the band, else the first free one from there on, else below. */
  #pick(size: number, band: number, isFree: (offset: number) => boolean): number | undefined {
    const { random } = this.#env
    const above = size - band
    for (let i = 0; i < randomPicks; i++) {
      const offset = band + random.below(above)
      if (isFree(offset)) return offset
    }
    const start = random.below(above)
    for (let i = 0; i < above; i++) {
      const offset = band + ((start + i) % above)
      if (isFree(offset)) return offset
    }
    for (let offset = 0; offset < band; offset++) if (isFree(offset)) return offset
    return undefined
  }
}

function outOfRange(address: string, range: string): string {
  return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${range}`
}

/** The keys that come and go when a Service becomes another; undefined: none do. */
export function serviceCompanions(
  before: KubeObject | undefined,
  after: KubeObject | undefined,
  made: { readonly uid: string; readonly creationTimestamp: string },
): Companions | undefined {
  const held = keysOf(before as Service | undefined)
  const wanted = keysOf(after as Service | undefined)
  const compare: Compare[] = []
  const ops: RequestOp[] = []
  for (const key of wanted) {
    if (held.has(key)) continue
    compare.push({ key, target: 'version', result: '=', value: 0 })
    ops.push({ type: 'put', request: { key, value: holderOf(key, after as Service, made) } })
  }
  for (const key of held) {
    if (!wanted.has(key)) ops.push({ type: 'deleteRange', request: { key } })
  }
  return ops.length === 0 ? undefined : { compare, ops }
}

function keysOf(service: Service | undefined): ReadonlySet<string> {
  const keys = new Set<string>()
  const spec = service?.spec
  if (!spec) return keys
  for (const ip of spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : [])) {
    if (ip !== 'None' && ip !== '') keys.add(ipAddressPrefix + ip)
  }
  for (const { nodePort } of spec.ports ?? []) if (nodePort) keys.add(nodePortPrefix + nodePort)
  if (spec.healthCheckNodePort) keys.add(nodePortPrefix + spec.healthCheckNodePort)
  return keys
}

function holderOf(
  key: string,
  service: Service,
  made: { readonly uid: string; readonly creationTimestamp: string },
): object {
  const { namespace = '', name } = service.metadata
  if (key.startsWith(nodePortPrefix)) return { namespace, name, uid: service.metadata.uid }
  const address = key.slice(ipAddressPrefix.length)
  return {
    kind: 'IPAddress',
    apiVersion: 'networking.k8s.io/v1',
    metadata: {
      name: address,
      ...made,
      labels: {
        'ipaddress.kubernetes.io/ip-family': address.includes(':') ? 'IPv6' : 'IPv4',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { resource: 'services', namespace, name } },
  }
}
