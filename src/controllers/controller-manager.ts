import { formatTime } from '../api/machinery/time'
import type { KubeObject, ResourceRef } from '../api/object'
import { ApiClient } from '../client/api-client'
import { EventRecorder } from '../client/event-recorder'
import { type Informer, InformerSet } from '../client/informer'
import { LeaderElection } from '../client/leader-election'
import type { Identity } from '../client/request'
import type { Process, ProcessEnv, ProcessFactory } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { controllers } from './catalogue'
import type { ClientLimit, Controller, ControllerContext } from './context'
import { type ControllerSettings, defaultSettings } from './settings'

export interface ControllerManagerOptions {
  /** `host:port` of the API server or the balancer before it. */
  readonly server: string
  /** Who the manager itself is; each controller has a service account of its own. */
  readonly identity?: Identity
  readonly settings?: Partial<ControllerSettings>
}

const version = 'kube-controller-manager/v1.36.3 (linux/amd64) kubernetes'
const managerIdentity: Identity = {
  user: 'system:kube-controller-manager',
  groups: ['system:authenticated'],
}
/** --kube-api-qps and --kube-api-burst: of every client, not of the process. */
const defaultLimit: ClientLimit = { qps: 20, burst: 30 }

/**
 * kube-controller-manager: stands for the lease kube-system/kube-controller-manager; the holder
 * starts shared informers and every controller, and ends with exit code 1 when it loses the lease.
 */
export function kubeControllerManager(options: ControllerManagerOptions): ProcessFactory {
  return (env) => new ControllerManagerProcess(env, options)
}

class ControllerManagerProcess implements Process {
  readonly #env: ProcessEnv
  readonly #options: ControllerManagerOptions
  readonly #identity: string
  readonly #settings: ControllerSettings
  #election: LeaderElection | undefined

  constructor(env: ProcessEnv, options: ControllerManagerOptions) {
    this.#env = env
    this.#options = options
    this.#settings = { ...defaultSettings, ...options.settings }
    this.#identity = `${env.self.machine}_${uuid(env)}`
  }

  start(): void {
    const client = this.#client('leader-election', { qps: 20, burst: 30 })
    this.#election = new LeaderElection(this.#env, client, {
      namespace: 'kube-system',
      name: 'kube-controller-manager',
      identity: this.#identity,
      recorder: new EventRecorder(this.#env, client, 'kube-controller-manager'),
      onStartedLeading: () => this.#lead(),
      onStoppedLeading: () => this.#env.exit(1),
    })
    this.#election.start()
  }

  inspect(): { leading: boolean; identity: string; holder: string } {
    return {
      leading: this.#election?.leading ?? false,
      identity: this.#identity,
      holder: this.#election?.holder ?? '',
    }
  }

  #client(name: string, limit: ClientLimit | undefined, identity?: Identity): ApiClient {
    return new ApiClient(this.#env, {
      server: this.#options.server,
      identity: identity ?? this.#options.identity ?? managerIdentity,
      userAgent: `${version}/${name}`,
      qps: limit?.qps,
      burst: limit?.burst,
    })
  }

  #lead(): void {
    const informers = new Informers(
      new InformerSet(this.#env, this.#client('shared-informers', defaultLimit)),
      new InformerSet(this.#env, this.#client('metadata-informers', defaultLimit)),
    )
    for (const controller of controllers) this.#wire(controller, informers)
    informers.shared.start()
  }

  #wire(controller: Controller, informers: Informers): void {
    const needed: Informer<KubeObject>[] = []
    const run = controller.wire(this.#context(informers, needed))
    this.#env.spawn(runSynced(needed, run))
  }

  #context(informers: Informers, needed: Informer<KubeObject>[]): ControllerContext {
    const env = this.#env
    return {
      env,
      settings: this.#settings,
      informer<T extends KubeObject>(ref: ResourceRef<T>): Informer<T> {
        const informer = informers.typed(ref)
        needed.push(informer as unknown as Informer<KubeObject>)
        return informer
      },
      metadataInformer: (ref) => informers.any(ref),
      client: (account, limit = defaultLimit) =>
        this.#client(
          `system:serviceaccount:kube-system:${account}`,
          limit,
          serviceAccount(account),
        ),
      recorder: (client, component) => new EventRecorder(env, client, component),
      now: () => formatTime(env.clock.wall()),
      wall: () => env.clock.wall(),
    }
  }
}

/** Informers of the resources that controllers name, and of all others. */
class Informers {
  readonly shared: InformerSet
  readonly #others: InformerSet
  readonly #named = new Set<string>()

  constructor(shared: InformerSet, others: InformerSet) {
    this.shared = shared
    this.#others = others
  }

  typed<T extends KubeObject>(ref: ResourceRef<T>): Informer<T> {
    this.#named.add(`${ref.group}/${ref.version}/${ref.resource}`)
    return this.shared.for(ref)
  }

  any(ref: ResourceRef): Informer<KubeObject> {
    const isNamed = this.#named.has(`${ref.group}/${ref.version}/${ref.resource}`)
    return isNamed ? this.shared.for(ref) : this.#others.for(ref)
  }
}

function* runSynced(needed: readonly Informer<KubeObject>[], run: () => void): Task<void> {
  for (const informer of needed) yield* wait(informer.hasSynced)
  run()
}

function serviceAccount(name: string): Identity {
  return {
    user: `system:serviceaccount:kube-system:${name}`,
    groups: [
      'system:serviceaccounts',
      'system:serviceaccounts:kube-system',
      'system:authenticated',
    ],
  }
}

/** A random uuid (version 4) of the process's own stream. */
function uuid(env: ProcessEnv): string {
  const hex = (bits: number) => env.random.next32().toString(16).padStart(8, '0').slice(0, bits)
  const variant = '89ab'[env.random.below(4)]
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(8)}${hex(4)}`
}
