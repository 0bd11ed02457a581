import { parseIpv4 } from '../api/machinery/ipv4'
import type { CallFailure } from '../sim/network'
import type { Process, ProcessEnv, ProcessFactory } from '../sim/process'
import { Future } from '../sim/task'
import { type Micros, millis, seconds } from '../sim/time'
import { type KernelNetwork, kernelNetwork, type PodPort } from './kernel'
import type { Backend, Destination } from './rules'
import { resolveName } from './service-names'
import { parseUrl } from './url'

/** Pod traffic between machines travels to this port, as in a VXLAN overlay. */
export const datapathPort = 4789
export const datapathServiceName = 'kernel-network'

/** How one simulated HTTP request ended. `status` 0: no answer; `error` says why, as curl does. */
export interface HttpOutcome {
  readonly status: number
  readonly body: string
  /** `namespace/name` of the pod that answered. */
  readonly pod?: string
  readonly node?: string
  readonly error?: string
  readonly latencyMicros: Micros
}

/** Who asks: a pod by its address, or the machine itself. */
export interface HttpSource {
  readonly ip: string
}

interface Packet {
  readonly source: string
  readonly ip: string
  readonly port: number
  readonly method: string
  readonly path: string
  readonly host: string
  /** The destination was rewritten already: no service rule applies twice. */
  readonly translated: boolean
}

type Reply =
  | {
      readonly type: 'answer'
      readonly status: number
      readonly body: string
      readonly pod: string
      readonly node: string
    }
  | { readonly type: 'failed'; readonly error: string }
  | { readonly type: 'silence' }

const failed = (error: string): Reply => ({ type: 'failed', error })
const refused = failed('Connection refused')
const silence: Reply = { type: 'silence' }
const connectTimeout: Micros = seconds(5)
/** Three gateways that keep silent fit into one connect time-out. */
const gatewayTimeout: Micros = millis(1_500)
const gatewayTriesMax = 3
const serveTime: Micros = millis(1)
const affinityMax = 4096

const failureTexts: Record<CallFailure, string> = {
  refused: 'Connection refused',
  reset: 'Connection reset by peer',
  timeout: 'Connection timed out',
  'no route': 'No route to host',
}

export interface DatapathOptions {
  /**
   * For a machine outside the cluster: addresses of nodes through which names and addresses of the
   * cluster are reached, as through a tunnel. Tried in turn. Without it such names do not resolve.
   */
  readonly gateways?: () => readonly string[]
}

/**
 * The packet path of a machine's kernel. It knows no API: rules, routes and pods are what kube-proxy
 * and the network plugin left in the kernel. Runs from boot to power-off.
 */
export function datapath(options: DatapathOptions = {}): ProcessFactory {
  return (env) => new Datapath(env, options)
}

export class Datapath implements Process {
  readonly #env: ProcessEnv
  readonly #options: DatapathOptions
  readonly #kernel: KernelNetwork
  #turn = 0

  constructor(env: ProcessEnv, options: DatapathOptions) {
    this.#env = env
    this.#options = options
    this.#kernel = kernelNetwork(env.host)
  }

  start(): void {
    this.#env.host.provide(datapathServiceName, this)
    this.#env.network.listen(datapathPort, {
      onCall: (message, reply) => {
        if (isTunnelled(message)) this.#fromOutside(message, reply)
        else {
          const answer = this.#forward(message as Packet)
          answer.onDone((value) => {
            if (value.type !== 'silence') reply(value)
          })
        }
      },
    })
  }

  inspect(): unknown {
    const { rules, routes, pods } = this.#kernel
    return { rules: rules.list(), routes: routes.list(), pods: [...pods.keys()] }
  }

  /** An HTTP request from a pod of this machine, or from the machine itself. */
  request(
    from: HttpSource | 'node',
    url: string,
    timeout: Micros = connectTimeout,
  ): Future<HttpOutcome> {
    const result = new Future<HttpOutcome>()
    const began = this.#env.clock.monotonic()
    const finish = (reply: Reply) => {
      const latencyMicros = this.#env.clock.monotonic() - began
      if (reply.type === 'answer') {
        const { status, body, pod, node } = reply
        result.resolve({ status, body, pod, node, latencyMicros })
      } else {
        const error = reply.type === 'failed' ? reply.error : 'Connection timed out'
        result.resolve({ status: 0, body: '', error, latencyMicros })
      }
    }
    const timer = this.#env.clock.after(timeout, () => finish(silence), 'http.timeout')
    result.onDone(() => timer.cancel())
    this.#begin(from, url).onDone((reply) => {
      if (reply.type !== 'silence') finish(reply)
    })
    return result
  }

  #begin(from: HttpSource | 'node', text: string): Future<Reply> {
    const url = parseUrl(text)
    if (!url) return soon(failed(`URL rejected: ${text}`))
    const source = from === 'node' ? this.#env.self.ip : from.ip
    const namespace = this.#kernel.pods.get(source)?.namespace ?? 'default'
    const ip = this.#resolve(url.host, from === 'node' ? undefined : namespace)
    if (ip === undefined || this.#isFar(ip)) {
      if (this.#options.gateways) return this.#throughGateway(text, this.#options.gateways(), 0)
      if (ip === undefined) return soon(failed(`Could not resolve host: ${url.host}`))
    }
    const { port, path, authority } = url
    return this.#forward({
      source,
      ip: ip as string,
      port,
      method: 'GET',
      path,
      host: authority,
      translated: false,
    })
  }

  /** True for an address that this machine has no way to. */
  #isFar(ip: string): boolean {
    const { routes, rules } = this.#kernel
    if (ip === this.#env.self.ip || routes.hasMachine(ip)) return false
    return routes.machineOf(ip) === undefined && rules.services().length === 0
  }

  #resolve(host: string, namespace: string | undefined): string | undefined {
    if (parseIpv4(host) !== undefined) return host
    if (host === 'localhost') return this.#env.self.ip
    const { rules, routes } = this.#kernel
    const addresses = resolveName(rules, host, namespace ?? 'default')
    if (addresses.length > 0) return addresses[this.#env.random.below(addresses.length)]
    return routes.nodeIp(host)
  }

  #throughGateway(url: string, gateways: readonly string[], tries: number): Future<Reply> {
    const gateway = gateways[this.#turn++ % Math.max(1, gateways.length)]
    if (gateway === undefined) return soon(failed('No route to host'))
    const result = new Future<Reply>()
    const call = this.#env.network.call(
      `${gateway}:${datapathPort}`,
      { tunnelled: url },
      gatewayTimeout,
      'http.tunnel',
    )
    call.onDone((answer) => {
      if (answer.ok) result.resolve(answer.value as Reply)
      else if (tries + 1 < Math.min(gateways.length, gatewayTriesMax)) {
        this.#throughGateway(url, gateways, tries + 1).onDone((reply) => result.resolve(reply))
      } else result.resolve(failed(failureTexts[answer.error]))
    })
    return result
  }

  #fromOutside(message: { tunnelled: string }, reply: (response: Reply) => void): void {
    const answer = this.#begin('node', message.tunnelled)
    answer.onDone((value) => {
      if (value.type !== 'silence') reply(value)
    })
  }

  #forward(packet: Packet): Future<Reply> {
    const translated = packet.translated ? packet : this.#translate(packet)
    if (translated === undefined) return soon(refused)
    if (translated === 'drop') return new Future<Reply>()
    const { ip, port } = translated
    const pod = this.#kernel.pods.get(ip)
    if (pod) return this.#serve(pod, port, translated)
    const { self } = this.#env
    if (ip === self.ip || ip === '127.0.0.1') {
      const target = this.#kernel.hostPorts.get(port)
      if (target)
        return this.#forward({ ...translated, ip: target.ip, port: target.port, translated: true })
      for (const hostPod of this.#kernel.hostPods.values()) {
        if (hostPod.listens(port)) return this.#serve(hostPod, port, translated)
      }
      return soon(refused)
    }
    const machine = this.#kernel.routes.machineOf(ip) ?? (this.#isMachine(ip) ? ip : undefined)
    if (machine === undefined || machine === self.ip) return soon(failed('No route to host'))
    return this.#send(machine, translated)
  }

  #isMachine(ip: string): boolean {
    return this.#kernel.routes.hasMachine(ip) || this.#kernel.routes.nodes().length === 0
  }

  #send(machine: string, packet: Packet): Future<Reply> {
    const result = new Future<Reply>()
    const to = `${machine}:${datapathPort}`
    this.#env.network.call(to, packet, connectTimeout, 'http.request').onDone((answer) => {
      result.resolve(answer.ok ? (answer.value as Reply) : failed(failureTexts[answer.error]))
    })
    return result
  }

  #serve(pod: PodPort, port: number, packet: Packet): Future<Reply> {
    if (!pod.listens(port)) return soon(refused)
    const result = new Future<Reply>()
    const { method, path, host, source } = packet
    const answer = pod.answer(port, { method, path, host, source })
    const reply: Reply = answer
      ? {
          type: 'answer',
          ...answer,
          pod: `${pod.namespace}/${pod.name}`,
          node: this.#env.self.machine,
        }
      : failed('Empty reply from server')
    this.#env.clock.after(serveTime, () => result.resolve(reply), 'http.serve')
    return result
  }

  /** DNAT by the service rules; undefined: rejected. */
  #translate(packet: Packet): Packet | 'drop' | undefined {
    const { rules } = this.#kernel
    const { ip, port } = packet
    const own = ip === this.#env.self.ip || ip === '127.0.0.1'
    const destination = rules.byAddress(ip, port) ?? (own ? rules.byNodePort(port) : undefined)
    if (!destination) return packet
    if (destination.dropped) return 'drop'
    const backend = this.#choose(destination, packet.source)
    if (!backend) return undefined
    return { ...packet, ip: backend.ip, port: backend.port, translated: true }
  }

  #choose(destination: Destination, client: string): Backend | undefined {
    const { backends, affinitySeconds } = destination
    if (backends.length === 0) return undefined
    const { affinity } = this.#kernel.rules
    const now = this.#env.clock.monotonic()
    const key = `${destination.service}:${destination.portName}|${client}`
    if (affinitySeconds > 0) {
      const kept = affinity.get(key)
      const backend = backends.find((b) => `${b.ip}:${b.port}` === kept?.backend)
      if (kept && backend && kept.until > now) return backend
    }
    const backend = backends[this.#env.random.below(backends.length)] as Backend
    if (affinitySeconds > 0) {
      if (affinity.size >= affinityMax) affinity.delete(affinity.keys().next().value ?? '')
      const until = now + seconds(affinitySeconds)
      affinity.set(key, { backend: `${backend.ip}:${backend.port}`, until })
    }
    return backend
  }
}

function isTunnelled(message: unknown): message is { tunnelled: string } {
  return typeof (message as { tunnelled?: unknown }).tunnelled === 'string'
}

function soon(reply: Reply): Future<Reply> {
  const future = new Future<Reply>()
  future.resolve(reply)
  return future
}
