import { type Cidr, formatIpv4, parseCidr } from '../api/machinery/ipv4'
import type { ProcessEnv } from '../sim/process'
import { Future } from '../sim/task'
import type { Micros } from '../sim/time'
import { type Datapath, datapathServiceName, type HttpOutcome } from './datapath'
import { type KernelNetwork, kernelNetwork, type PodPort } from './kernel'

/** The first two addresses of a range are the network's and the bridge's. */
const firstUsable = 2

/**
 * The CNI plugin of a node (bridge and host-local in one): addresses from the node's pod range, the
 * next free one after the last given, so that an address is not used again at once.
 */
export class PodNetwork {
  readonly #env: ProcessEnv
  readonly #kernel: KernelNetwork
  readonly #bySandbox = new Map<string, string>()
  readonly #portsOf = new Map<string, readonly number[]>()
  #range: Cidr | undefined
  #next = firstUsable

  constructor(env: ProcessEnv) {
    this.#env = env
    this.#kernel = kernelNetwork(env.host)
  }

  get ready(): boolean {
    return this.#range !== undefined
  }

  configure(podCidr: string): void {
    this.#range = parseCidr(podCidr)
    this.#next = firstUsable
  }

  attach(
    sandboxId: string,
    pod: PodPort,
    options: {
      readonly hostNetwork: boolean
      readonly hostPorts: readonly { readonly hostPort: number; readonly containerPort: number }[]
    },
  ): string | undefined {
    if (options.hostNetwork) {
      this.#kernel.hostPods.set(sandboxId, pod)
      return this.#env.self.ip
    }
    const ip = this.#allocate()
    if (ip === undefined) return undefined
    this.#kernel.pods.set(ip, pod)
    this.#bySandbox.set(sandboxId, ip)
    for (const { hostPort, containerPort } of options.hostPorts) {
      this.#kernel.hostPorts.set(hostPort, { ip, port: containerPort })
    }
    this.#portsOf.set(
      sandboxId,
      options.hostPorts.map((port) => port.hostPort),
    )
    return ip
  }

  detach(sandboxId: string): void {
    this.#kernel.hostPods.delete(sandboxId)
    for (const port of this.#portsOf.get(sandboxId) ?? []) this.#kernel.hostPorts.delete(port)
    this.#portsOf.delete(sandboxId)
    const ip = this.#bySandbox.get(sandboxId)
    if (ip === undefined) return
    this.#bySandbox.delete(sandboxId)
    this.#kernel.pods.delete(ip)
  }

  reset(): void {
    this.#kernel.pods.clear()
    this.#kernel.hostPods.clear()
    this.#kernel.hostPorts.clear()
    this.#bySandbox.clear()
    this.#portsOf.clear()
  }

  /** A request that a pod's program makes. */
  http(fromIp: string, url: string, timeout: Micros): Future<HttpOutcome> {
    const datapath = this.#env.host.find<Datapath>(datapathServiceName)
    if (datapath) return datapath.request({ ip: fromIp }, url, timeout)
    const none = new Future<HttpOutcome>()
    none.resolve({ status: 0, body: '', error: 'Network is unreachable', latencyMicros: 0 })
    return none
  }

  #allocate(): string | undefined {
    const range = this.#range
    if (!range) return undefined
    const usable = range.size - firstUsable - 1
    for (let tries = 0; tries < usable; tries++) {
      const offset = firstUsable + ((this.#next - firstUsable + tries) % usable)
      const ip = formatIpv4(range.first + offset)
      if (this.#kernel.pods.has(ip)) continue
      this.#next = offset + 1
      return ip
    }
    return undefined
  }
}
