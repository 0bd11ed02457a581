import type { Process, ProcessEnv, ProcessFactory } from '../sim/process'
import { Future } from '../sim/task'
import { type Micros, millis, seconds } from '../sim/time'
import { type ProcessProbe, type ProcessProgramFactory, RunningContainer } from './container'
import { ContainerRecords } from './container-records'
import {
  type ContainerConfig,
  type ContainerStatus,
  type Cri,
  type CriResult,
  criServiceName,
  type ExecResult,
  type ImageStatus,
  type PodHttpRequest,
  type PodHttpResult,
  type PodRuntimeStatus,
  type RuntimeEvent,
  type RuntimeStatus,
  type SandboxConfig,
  type SandboxStatus,
} from './cri'
import { parseImageName, repositoryOf } from './image-name'
import { ImageStore, type PullSpeed } from './image-store'
import type { PodNetworkPlugin } from './pod-network'

export interface ContainerdOptions {
  readonly network: (env: ProcessEnv) => PodNetworkPlugin
  /** Real processes behind images, by repository: `registry.k8s.io/kube-apiserver`. */
  readonly processPrograms?: { readonly [repository: string]: ProcessProgramFactory }
  readonly processProbes?: { readonly [repository: string]: ProcessProbe }
  /** Names of images that the machine was installed with. */
  readonly preloadedImages?: readonly string[]
  readonly pullSpeed?: PullSpeed
}

export const containerdVersion = '2.2.0'
const podCidrFile = 'containerd/pod-cidr'
const logLinesMax = 200
const shutdownGrace: Micros = seconds(10)

const defaultSpeed: PullSpeed = {
  downloadBytesPerSecond: 60_000_000,
  unpackBytesPerSecond: 150_000_000,
}

/**
 * The container runtime of a machine. Containers survive the kubelet's death, and end with this
 * process (the real one leaves them to their shims) or with the machine's power. What existed is on
 * disk: a new run finds it as exited with 255, reason `Unknown`, as containerd does after a reboot.
 */
export function containerd(options: ContainerdOptions): ProcessFactory {
  return (env) => new Containerd(env, options)
}

export class Containerd implements Process, Cri {
  readonly version = containerdVersion
  readonly #env: ProcessEnv
  readonly #options: ContainerdOptions
  readonly #network: PodNetworkPlugin
  readonly #images: ImageStore
  readonly #records: ContainerRecords
  readonly #running = new Map<string, RunningContainer>()
  readonly #logs = new Map<string, string[]>()
  #listener: ((event: RuntimeEvent) => void) | undefined

  constructor(env: ProcessEnv, options: ContainerdOptions) {
    this.#env = env
    this.#options = options
    this.#network = options.network(env)
    this.#images = new ImageStore(env, options.pullSpeed ?? defaultSpeed)
    this.#records = new ContainerRecords(env)
  }

  start(): void {
    this.#network.reset()
    const cidr = this.#env.disk.read(podCidrFile)?.[0]
    if (typeof cidr === 'string') this.#network.configure(cidr)
    this.#images.preload(this.#options.preloadedImages ?? [])
    this.#records.recover()
    this.#env.host.provide(criServiceName, this)
  }

  /** SIGTERM reaches every container too: this is how an orderly shutdown ends them. */
  stop(): void {
    const finish = () => this.#env.exit(0)
    let left = this.#running.size
    if (left === 0) finish()
    for (const container of [...this.#running.values()]) {
      container.exited.onDone(() => {
        if (--left === 0) finish()
      })
      container.terminate()
    }
    this.#env.clock.after(shutdownGrace, finish, 'containerd.stop')
  }

  inspect(): unknown {
    return {
      images: this.#images.list(),
      pods: this.#records.podUids().map((uid) => this.#records.pod(uid)),
    }
  }

  status(): RuntimeStatus {
    if (this.#network.ready) return { networkReady: true, networkReason: '', networkMessage: '' }
    return {
      networkReady: false,
      networkReason: 'NetworkPluginNotReady',
      networkMessage: 'Network plugin returns error: cni plugin not initialized',
    }
  }

  updatePodCidr(podCidr: string): void {
    if (podCidr === '' || this.#env.disk.read(podCidrFile)?.[0] === podCidr) return
    this.#env.disk.put(podCidrFile, [podCidr])
    this.#env.disk.sync()
    this.#network.configure(podCidr)
  }

  podUids(): readonly string[] {
    return this.#records.podUids()
  }

  pod(uid: string): PodRuntimeStatus {
    return this.#records.pod(uid)
  }

  container(id: string): ContainerStatus | undefined {
    return this.#records.container(id)
  }

  runPodSandbox(config: SandboxConfig): Future<CriResult<SandboxStatus>> {
    return this.#later(this.#env.random.between(118, 122), () => {
      const id = this.#newId()
      const { hostNetwork, hostPorts, namespace, name } = config
      const port = {
        namespace,
        name,
        listens: (n: number) => this.connect(id, n) === 'open',
        answer: (n: number, request: PodHttpRequest) => this.#answer(id, n, request),
      }
      const ip = this.#network.attach(id, port, { hostNetwork, hostPorts })
      if (ip === undefined) {
        const error = this.#network.ready
          ? `failed to setup network for sandbox "${id}": plugin type="host-local" failed (add): no IP addresses available in range set`
          : `failed to setup network for sandbox "${id}": cni plugin not initialized`
        return failure(`rpc error: code = Unknown desc = ${error}`)
      }
      const status = { id, config, ready: true, ip, createdAt: this.#env.clock.wall() }
      this.#records.putSandbox(status)
      return success(status)
    })
  }

  stopPodSandbox(id: string): Future<CriResult<undefined>> {
    for (const { id: containerId } of this.#records.containersOf(id)) {
      this.#running.get(containerId)?.kill()
    }
    return this.#later(this.#env.random.between(29, 31), () => {
      const sandbox = this.#records.sandbox(id)
      this.#network.detach(id)
      if (sandbox?.ready) this.#records.putSandbox({ ...sandbox, ready: false, ip: '' })
      return success(undefined)
    })
  }

  removePodSandbox(id: string): Future<CriResult<undefined>> {
    for (const { id: containerId } of this.#records.containersOf(id)) this.#forget(containerId)
    this.#network.detach(id)
    this.#records.removeSandbox(id)
    return done
  }

  createContainer(sandboxId: string, config: ContainerConfig): Future<CriResult<ContainerStatus>> {
    return this.#later(this.#env.random.between(19, 21), () => {
      const sandbox = this.#records.sandbox(sandboxId)
      if (!sandbox?.ready) {
        return failure(`rpc error: code = Unknown desc = sandbox "${sandboxId}" is not running`)
      }
      const manifest = this.#images.manifest(config.image)
      if (!manifest) {
        return failure(
          `rpc error: code = NotFound desc = failed to resolve image "${config.image}": not found`,
        )
      }
      const status: ContainerStatus = {
        id: this.#newId(),
        sandboxId,
        podUid: sandbox.config.uid,
        config,
        state: 'created',
        createdAt: this.#env.clock.wall(),
        startedAt: 0,
        finishedAt: 0,
        exitCode: 0,
        reason: '',
        message: '',
        imageName: this.#images.status(config.image)?.names[0] ?? config.image,
        imageId: manifest.id,
        generic: manifest.generic,
      }
      this.#records.putContainer(status)
      return success(status)
    })
  }

  startContainer(id: string): Future<CriResult<undefined>> {
    return this.#later(this.#env.random.between(29, 31), () => {
      const status = this.#records.container(id)
      const sandbox = status && this.#records.sandbox(status.sandboxId)
      const manifest = status && this.#images.manifest(status.config.image)
      if (!status || !sandbox || !manifest) {
        return failure(
          `rpc error: code = NotFound desc = an error occurred when try to find container "${id}": not found`,
        )
      }
      const { config } = status
      const imageName = parseImageName(config.image)
      const repository = repositoryOf(imageName)
      const running = new RunningContainer({
        env: this.#env,
        pod: sandbox.config,
        ip: sandbox.ip,
        config,
        imageName,
        manifest,
        processProgram: this.#mayBeProcess(sandbox.config)
          ? this.#options.processPrograms?.[repository]
          : undefined,
        processProbe: this.#options.processProbes?.[repository],
        http: (url, timeout) => this.#network.http(sandbox.ip, url, timeout),
        log: (line) => this.#log(id, line),
      })
      const now = this.#env.clock.wall()
      this.#running.set(id, running)
      const error = running.start()
      if (error) {
        this.#running.delete(id)
        const { exitCode, message } = error
        const ended = { startedAt: now, finishedAt: now, exitCode, message, reason: 'StartError' }
        this.#records.putContainer({ ...status, ...ended, state: 'exited' })
        return failure(message)
      }
      this.#records.putContainer({ ...status, state: 'running', startedAt: now })
      this.#env.note(
        'container.start',
        `${sandbox.config.namespace}/${sandbox.config.name} ${config.name}`,
      )
      running.exited.onDone((exit) => this.#ended(id, exit.code, exit.reason))
      return success(undefined)
    })
  }

  stopContainer(id: string, grace: Micros): Future<CriResult<undefined>> {
    const result = new Future<CriResult<undefined>>()
    const running = this.#running.get(id)
    if (!running) {
      result.resolve(success(undefined))
      return result
    }
    running.exited.onDone(() => result.resolve(success(undefined)))
    if (grace > 0) running.terminate()
    if (!running.exited.done) {
      const timer = this.#env.clock.after(grace, () => running.kill(), 'container.kill')
      running.exited.onDone(() => timer.cancel())
    }
    return result
  }

  removeContainer(id: string): Future<CriResult<undefined>> {
    this.#forget(id)
    return done
  }

  exec(id: string, command: readonly string[], timeout: Micros): Future<ExecResult> {
    const running = this.#running.get(id)
    if (running) return running.exec(command, timeout)
    const result = new Future<ExecResult>()
    result.resolve({ exitCode: 1, output: `container "${id}" is not running` })
    return result
  }

  logs(id: string, tail: number): readonly string[] {
    return (this.#logs.get(id) ?? []).slice(-tail)
  }

  http(
    sandboxId: string,
    port: number,
    request: PodHttpRequest,
    timeout: Micros,
  ): Future<PodHttpResult> {
    const result = new Future<PodHttpResult>()
    if (this.connect(sandboxId, port) === 'refused') {
      result.resolve({ ok: false, error: 'refused' })
      return result
    }
    const answer = this.#answer(sandboxId, port, request)
    const delay = Math.min(timeout, answer ? millis(1) : timeout)
    this.#env.clock.after(
      delay,
      () => result.resolve(answer ? { ok: true, ...answer } : { ok: false, error: 'timeout' }),
      'pod.http',
    )
    return result
  }

  connect(sandboxId: string, port: number): 'open' | 'refused' {
    for (const { id } of this.#records.containersOf(sandboxId)) {
      if (this.#running.get(id)?.listens(port)) return 'open'
    }
    return 'refused'
  }

  images(): readonly ImageStatus[] {
    return this.#images.list()
  }

  image(name: string): ImageStatus | undefined {
    return this.#images.status(name)
  }

  pullImage(name: string): Future<CriResult<ImageStatus>> {
    return this.#images.pull(name)
  }

  removeImage(name: string): void {
    this.#images.remove(name)
  }

  subscribe(listener: (event: RuntimeEvent) => void): void {
    this.#listener = listener
  }

  /** SIGKILL from outside: the lab's way to make a container crash. False when none runs. */
  crashContainer(namespace: string, pod: string, container: string | undefined): boolean {
    for (const [id, running] of this.#running) {
      const status = this.#records.container(id)
      const sandbox = status && this.#records.sandbox(status.sandboxId)?.config
      if (!sandbox || sandbox.namespace !== namespace || sandbox.name !== pod) continue
      if (container !== undefined && status.config.name !== container) continue
      running.kill()
      return true
    }
    return false
  }

  /** Only the control plane's own pods become processes of the machine. */
  #mayBeProcess(pod: SandboxConfig): boolean {
    return pod.hostNetwork && pod.namespace === 'kube-system'
  }

  #answer(sandboxId: string, port: number, request: PodHttpRequest) {
    for (const { id } of this.#records.containersOf(sandboxId)) {
      const answer = this.#running.get(id)?.answer(port, request)
      if (answer) return answer
    }
    return undefined
  }

  #ended(id: string, exitCode: number, reason: string | undefined): void {
    this.#running.delete(id)
    const status = this.#records.container(id)
    if (!status) return
    this.#records.putContainer({
      ...status,
      state: 'exited',
      finishedAt: this.#env.clock.wall(),
      exitCode,
      reason: reason ?? (exitCode === 0 ? 'Completed' : 'Error'),
    })
    const sandbox = this.#records.sandbox(status.sandboxId)?.config
    this.#env.note(
      'container.exit',
      `${sandbox?.namespace}/${sandbox?.name} ${status.config.name} ${exitCode}`,
    )
    this.#listener?.({ podUid: status.podUid })
  }

  #forget(id: string): void {
    this.#running.get(id)?.kill()
    this.#running.delete(id)
    this.#logs.delete(id)
    this.#records.removeContainer(id)
  }

  #log(id: string, line: string): void {
    const lines = this.#logs.get(id)
    if (!lines) this.#logs.set(id, [line])
    else {
      lines.push(line)
      if (lines.length > logLinesMax * 2) lines.splice(0, lines.length - logLinesMax)
    }
  }

  #later<T>(delayMillis: number, action: () => CriResult<T>): Future<CriResult<T>> {
    const result = new Future<CriResult<T>>()
    this.#env.clock.after(millis(delayMillis), () => result.resolve(action()), 'cri.work')
    return result
  }

  #newId(): string {
    let id = ''
    for (let i = 0; i < 8; i++) id += this.#env.random.next32().toString(16).padStart(8, '0')
    return id
  }
}

const success = <T>(value: T): CriResult<T> => ({ ok: true, value })
const failure = (error: string): { ok: false; error: string } => ({ ok: false, error })

const done = new Future<CriResult<undefined>>()
done.resolve(success(undefined))
