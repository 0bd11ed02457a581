import type { Identity } from '../client/request'
import { failureOf } from '../client/result'
import { apiServerPort, type WireRequest } from '../client/wire'
import type { CallFailure, Peer, StreamEnd } from '../sim/network'
import type { Process, ProcessEnv, ProcessFactory } from '../sim/process'
import { type Micros, seconds } from '../sim/time'

export interface LoadBalancerOptions {
  /** `host:port` of each API server. */
  readonly backends: readonly string[]
  readonly listen?: number
  readonly healthPath?: string
  readonly healthInterval?: Micros
}

const intervalDefault: Micros = seconds(2)
const healthTimeout: Micros = seconds(1)
const failuresToDown = 2
/** No request is held longer than this. */
const callTimeout: Micros = seconds(300)

const nobody: Identity = { user: 'system:anonymous', groups: ['system:unauthenticated'] }

interface Backend {
  readonly address: string
  healthy: boolean
  failures: number
  /** Breaks off what runs over this backend. */
  readonly breakers: Set<() => void>
  clients: number
}

/**
 * A balancer of connections before the API servers. A client (a process of a machine) stays with one
 * healthy backend, the one with the fewest clients when it came. A backend that fails two health
 * checks in a row loses its clients: what is under way is reset, and the next request goes elsewhere.
 * A request that never reached a backend is tried once more at another one; a GET also when its
 * connection was reset.
 */
export function loadBalancer(options: LoadBalancerOptions): ProcessFactory {
  return (env) => new LoadBalancer(env, options)
}

export class LoadBalancer implements Process {
  readonly #env: ProcessEnv
  readonly #options: LoadBalancerOptions
  readonly #backends: readonly Backend[]
  readonly #assigned = new Map<string, Backend>()

  constructor(env: ProcessEnv, options: LoadBalancerOptions) {
    this.#env = env
    this.#options = options
    this.#backends = options.backends.map((address) => ({
      address,
      healthy: false,
      failures: 0,
      breakers: new Set(),
      clients: 0,
    }))
  }

  start(): void {
    this.#env.network.listen(this.#options.listen ?? apiServerPort, {
      onCall: (request, reply, peer) => this.#call(request as WireRequest, reply, peer),
      onStream: (request, stream, peer) => this.#stream(request, stream, peer, 1),
    })
    for (const backend of this.#backends) this.#check(backend)
  }

  inspect(): unknown {
    return {
      backends: this.#backends.map(({ address, healthy, clients, breakers }) => ({
        address,
        healthy,
        clients,
        connections: breakers.size,
      })),
    }
  }

  #check(backend: Backend): void {
    const { healthPath = '/readyz', healthInterval = intervalDefault } = this.#options
    const probe: WireRequest = { request: { method: 'GET', path: healthPath }, identity: nobody }
    const { network, clock } = this.#env
    network.call(backend.address, probe, healthTimeout, 'lb.health').onDone((answer) => {
      const status = answer.ok ? (answer.value as { readonly status?: number }).status : 0
      if (status === 200) this.#up(backend)
      else if (++backend.failures >= failuresToDown) this.#down(backend)
      clock.after(healthInterval, () => this.#check(backend), 'lb.check')
    })
  }

  #up(backend: Backend): void {
    backend.failures = 0
    if (backend.healthy) return
    backend.healthy = true
    this.#env.note('lb.up', backend.address)
  }

  #down(backend: Backend): void {
    if (!backend.healthy) return
    backend.healthy = false
    this.#env.note('lb.down', backend.address)
    this.#release(backend)
    for (const stop of [...backend.breakers]) stop()
    backend.breakers.clear()
  }

  #release(backend: Backend): void {
    for (const [client, assigned] of this.#assigned) {
      if (assigned === backend) this.#assigned.delete(client)
    }
    backend.clients = 0
  }

  #choose(peer: Peer, not: Backend | undefined): Backend | undefined {
    const client = `${peer.machine}/${peer.process}`
    const present = this.#assigned.get(client)
    if (present?.healthy && present !== not) return present
    let best: Backend | undefined
    for (const backend of this.#backends) {
      if (!backend.healthy || backend === not) continue
      if (!best || backend.clients < best.clients) best = backend
    }
    if (!best) return undefined
    if (present) present.clients--
    best.clients++
    this.#assigned.set(client, best)
    return best
  }

  #call(request: WireRequest, reply: (response: unknown) => void, peer: Peer): void {
    this.#forward(request, reply, peer, undefined)
  }

  #forward(
    request: WireRequest,
    reply: (response: unknown) => void,
    peer: Peer,
    not: Backend | undefined,
  ): void {
    const backend = this.#choose(peer, not)
    const fail = (failure: CallFailure) => reply(this.#failure(request, failure))
    if (!backend) {
      fail('refused')
      return
    }
    let over = false
    const broken = (failure: CallFailure) => {
      if (over) return
      over = true
      backend.breakers.delete(onBreak)
      const safe = failure === 'refused' || request.request.method === 'GET'
      if (!not && safe && failure !== 'timeout') this.#forward(request, reply, peer, backend)
      else fail(failure)
    }
    const onBreak = () => broken('reset')
    backend.breakers.add(onBreak)
    const call = this.#env.network.call(backend.address, request, callTimeout, 'api.request')
    call.onDone((answer) => {
      if (!answer.ok) broken(answer.error)
      else if (!over) {
        over = true
        backend.breakers.delete(onBreak)
        reply(answer.value)
      }
    })
  }

  /** What a client sees of a broken connection: no status, the reason in Go's words. */
  #failure(request: WireRequest, failure: CallFailure): object {
    const { machine } = this.#env.self
    const address = `${machine}:${this.#options.listen ?? apiServerPort}`
    return { status: 0, body: failureOf(request.request, address, failure) }
  }

  #stream(request: unknown, client: StreamEnd, peer: Peer, triesLeft: number): void {
    const backend = this.#choose(peer, undefined)
    if (!backend) {
      client.close()
      return
    }
    const server = this.#env.network.stream(backend.address, request, 'api.watch')
    let answered = false
    const stop = () => {
      server.close()
      client.close()
    }
    backend.breakers.add(stop)
    server.onMessage = (message) => {
      answered = true
      client.send(message)
    }
    server.onClose = (reason) => {
      backend.breakers.delete(stop)
      if (reason === 'refused' && !answered && triesLeft > 0) {
        this.#leave(peer, backend)
        this.#stream(request, client, peer, triesLeft - 1)
      } else client.close()
    }
    client.onMessage = (message) => server.send(message)
    client.onClose = () => {
      backend.breakers.delete(stop)
      server.close()
    }
  }

  /** The client's connection was refused: another backend gets it, this one not twice. */
  #leave(peer: Peer, backend: Backend): void {
    const other = this.#choose(peer, backend)
    if (!other) this.#assigned.delete(`${peer.machine}/${peer.process}`)
  }
}
