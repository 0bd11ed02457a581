import type { Node, Pod } from '../api/generated/core-v1'
import { keyOf } from '../api/object'
import { NODES, PODS } from '../api/resources'
import { ApiClient } from '../client/api-client'
import { EventRecorder } from '../client/event-recorder'
import { Informer } from '../client/informer'
import type { Cri } from '../runtime/cri'
import type { Process, ProcessEnv, ProcessFactory } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { admitPod } from './admission'
import { Backoff } from './backoff'
import { ImagePuller } from './image-puller'
import { NodeAgent } from './node-agent'
import { kubeletVersion, type NodeFacts } from './node-object'
import type { KubeletOptions } from './options'
import { cleanUpOrphan } from './orphans'
import type { PodContext } from './pod-context'
import { PodWorker } from './pod-worker'
import { RuntimeConnection } from './runtime-connection'
import { hashAnnotation, isMirror, MirrorPods, mirrorAnnotation, staticPod } from './static-pods'
import { StatusWriter } from './status-writer'

/** Client limits of the kubelet's configuration. */
const clientQps = 50
const clientBurst = 100

/** The node agent. Needs a runtime on the same machine, published as `containerd`. */
export function kubelet(options: KubeletOptions): ProcessFactory {
  return (env) => new Kubelet(env, options)
}

export class Kubelet implements Process {
  readonly #env: ProcessEnv
  readonly #options: KubeletOptions
  readonly #pods: Informer<Pod>
  readonly #nodes: Informer<Node>
  readonly #runtime: RuntimeConnection
  readonly #context: PodContext
  readonly #agent: NodeAgent
  readonly #mirrors: MirrorPods
  readonly #staticPods: readonly Pod[]
  readonly #workers = new Map<string, PodWorker>()
  readonly #orphans = new Set<string>()

  constructor(env: ProcessEnv, options: KubeletOptions) {
    this.#env = env
    this.#options = options
    const { nodeName } = options
    const client = new ApiClient(env, {
      server: options.server,
      identity: {
        user: `system:node:${nodeName}`,
        groups: ['system:nodes', 'system:authenticated'],
      },
      userAgent: `kubelet/${kubeletVersion} (linux/amd64)`,
      qps: clientQps,
      burst: clientBurst,
    })
    this.#pods = new Informer(env, client, PODS, { fieldSelector: `spec.nodeName=${nodeName}` })
    this.#nodes = new Informer(env, client, NODES, { fieldSelector: `metadata.name=${nodeName}` })
    const recorder = new EventRecorder(env, client, 'kubelet', nodeName)
    this.#runtime = new RuntimeConnection(
      env,
      (cri) => this.#runtimeUp(cri),
      () => this.#runtimeDown(),
    )
    this.#context = {
      env,
      options,
      client,
      recorder,
      puller: new ImagePuller(env, recorder),
      statuses: new StatusWriter(env, client, (uid) => this.#apiPod(uid)),
      crashes: new Backoff(),
      runtime: this.#runtime,
    }
    this.#staticPods = (options.staticPods ?? []).map((pod) => staticPod(pod, nodeName))
    this.#agent = new NodeAgent(env, client, recorder, {
      options,
      nodes: this.#nodes.store,
      facts: () => this.#facts(),
    })
    this.#mirrors = new MirrorPods(env, client, this.#staticPods, {
      find: (key) => this.#pods.store.get(key),
      node: () => this.#agent.node,
    })
  }

  start(): void {
    for (const pod of this.#staticPods) this.#addWorker(pod, true)
    this.#runtime.connect()
    this.#pods.store.addHandler({
      onAdd: (pod) => this.#podChanged(pod),
      onUpdate: (pod, old) => {
        if (pod.metadata.uid !== old.metadata.uid) this.#podGone(old)
        this.#podChanged(pod)
      },
      onDelete: (pod) => this.#podGone(pod),
    })
    this.#nodes.store.addHandler({
      onAdd: (node) => this.#nodeChanged(node),
      onUpdate: (node) => this.#nodeChanged(node),
    })
    this.#nodes.start()
    this.#pods.start()
    this.#agent.start()
    this.#env.spawn(this.#afterFirstList())
  }

  inspect(): unknown {
    return {
      node: this.#options.nodeName,
      pods: [...this.#workers.values()].map((worker) => keyOf(worker.pod)),
      runtime: this.#runtime.cri !== undefined,
    }
  }

  *#afterFirstList(): Task<void> {
    yield* wait(this.#pods.hasSynced)
    yield* wait(this.#nodes.hasSynced)
    this.#mirrors.check()
    this.#sweep()
  }

  #podChanged(pod: Pod): void {
    if (isMirror(pod)) {
      this.#mirrorChanged(pod)
      return
    }
    const uid = pod.metadata.uid ?? ''
    const worker = this.#workers.get(uid)
    if (worker) {
      worker.update(pod)
      this.#context.statuses.reconcile(uid, pod)
    } else this.#addWorker(pod, false)
  }

  #podGone(pod: Pod): void {
    if (isMirror(pod)) {
      this.#mirrorChanged(pod)
      return
    }
    this.#workers.get(pod.metadata.uid ?? '')?.remove()
  }

  #mirrorChanged(mirror: Pod): void {
    if (this.#pods.store.synced) this.#mirrors.check()
    const uid = mirror.metadata.annotations?.[mirrorAnnotation] ?? ''
    if (!this.#workers.has(uid)) return
    if (this.#pods.store.get(keyOf(mirror)) === mirror) {
      this.#context.statuses.flush(uid)
      this.#context.statuses.reconcile(uid, mirror)
    } else this.#context.statuses.forgetWritten(uid)
  }

  #addWorker(pod: Pod, isStatic: boolean): void {
    const worker = new PodWorker(this.#context, pod, isStatic)
    const others = [...this.#workers.values()]
    this.#workers.set(worker.uid, worker)
    worker.gone.onDone(() => {
      if (this.#workers.get(worker.uid) === worker) this.#workers.delete(worker.uid)
    })
    if (!isStatic) this.#admit(worker, others)
    worker.start()
    if (pod.metadata.deletionTimestamp !== undefined) worker.update(pod)
  }

  /** A pod that was bound here must still fit, unless it runs already or is over. */
  #admit(worker: PodWorker, others: readonly PodWorker[]): void {
    const { pod } = worker
    const { phase = 'Pending' } = pod.status ?? {}
    if (phase !== 'Pending' || pod.metadata.deletionTimestamp !== undefined) return
    if ((this.#runtime.cri?.pod(worker.uid).sandboxes.length ?? 0) > 0) return
    const active = others.filter((other) => other.isActive).map((other) => other.footprint)
    const rejection = admitPod(this.#agent.node, pod, worker.footprint, active)
    if (!rejection) return
    worker.reject(rejection.reason, rejection.message)
    this.#context.recorder.event(pod, 'Warning', rejection.reason, rejection.message)
  }

  /** The pod in the API server for a uid of this node: a static pod's is its mirror. */
  #apiPod(uid: string): Pod | undefined {
    const worker = this.#workers.get(uid)
    if (!worker) return undefined
    const found = this.#pods.store.get(keyOf(worker.pod))
    if (!worker.isStatic) return found?.metadata.uid === uid ? found : undefined
    return found?.metadata.annotations?.[hashAnnotation] === uid ? found : undefined
  }

  #nodeChanged(node: Node): void {
    const podCidr = node.spec?.podCIDR
    const cri = this.#runtime.cri
    if (podCidr && cri && !cri.status().networkReady) {
      cri.updatePodCidr(podCidr)
      this.#wakeAll()
      this.#agent.check()
    }
    if (this.#pods.store.synced) this.#mirrors.check()
  }

  #runtimeUp(cri: Cri): void {
    cri.subscribe(({ podUid }) => this.#workers.get(podUid)?.wake())
    const node = this.#nodes.store.get(this.#options.nodeName)
    const podCidr = node?.spec?.podCIDR ?? this.#options.podCidr
    if (podCidr) cri.updatePodCidr(podCidr)
    this.#wakeAll()
    this.#agent.check()
    if (this.#pods.store.synced) this.#sweep()
  }

  #runtimeDown(): void {
    // First the workers: one that waits for its turn to pull must not take it now.
    for (const worker of this.#workers.values()) worker.interrupt()
    this.#context.puller.reset()
    this.#agent.check()
  }

  #wakeAll(): void {
    for (const worker of this.#workers.values()) worker.wake()
  }

  /** Ends what runs here for pods that nobody knows any more. */
  #sweep(): void {
    const { cri } = this.#runtime
    for (const uid of cri?.podUids() ?? []) {
      if (!cri || this.#workers.has(uid) || this.#orphans.has(uid)) continue
      this.#orphans.add(uid)
      const done = this.#env.spawn(cleanUpOrphan(this.#runtime, cri, uid))
      done.onDone(() => this.#orphans.delete(uid))
    }
  }

  #facts(): NodeFacts {
    const { cri } = this.#runtime
    return {
      bootCount: this.#env.host.bootCount,
      runtimeVersion: cri?.version ?? 'Unknown',
      problem: this.#problem(cri),
      images: cri?.images() ?? [],
      now: this.#env.clock.wall(),
    }
  }

  #problem(cri: Cri | undefined): string | undefined {
    if (!cri) return 'container runtime is down'
    const { networkReady, networkReason, networkMessage } = cri.status()
    if (networkReady) return undefined
    const why = `NetworkReady=false reason:${networkReason} message:${networkMessage}`
    return `container runtime network not ready: ${why}`
  }
}
