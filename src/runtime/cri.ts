import type { Future } from '../sim/task'
import type { Micros } from '../sim/time'

/** The name under which the runtime publishes its socket on a machine. */
export const criServiceName = 'containerd'

/** A failed call carries the runtime's own message. */
export type CriResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: string }

export interface SandboxConfig {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly attempt: number
  readonly hostname: string
  readonly hostNetwork: boolean
  /** Ports of the machine that lead into this sandbox. */
  readonly hostPorts: readonly { readonly hostPort: number; readonly containerPort: number }[]
}

export interface SandboxStatus {
  readonly id: string
  readonly config: SandboxConfig
  readonly ready: boolean
  /** Empty in the host's network. */
  readonly ip: string
  /** Wall clock, microseconds. */
  readonly createdAt: Micros
}

export interface ContainerConfig {
  readonly name: string
  /** As the pod spells it. */
  readonly image: string
  /** Counts from 0: the kubelet's restart count. */
  readonly attempt: number
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env: { readonly [name: string]: string }
  readonly ports: readonly { readonly containerPort: number; readonly protocol?: string }[]
  /** Mounted files by absolute path. */
  readonly files: { readonly [path: string]: string }
  readonly memoryLimitBytes?: number
  /** What the kubelet wants to find again: labels of the real CRI. */
  readonly labels: { readonly [key: string]: string }
}

export type ContainerStateName = 'created' | 'running' | 'exited'

export interface ContainerStatus {
  readonly id: string
  readonly sandboxId: string
  readonly podUid: string
  readonly config: ContainerConfig
  readonly state: ContainerStateName
  /** Wall clock, microseconds; 0 when it has not happened. */
  readonly createdAt: Micros
  readonly startedAt: Micros
  readonly finishedAt: Micros
  readonly exitCode: number
  /** `Completed`, `Error`, `OOMKilled`, `StartError`, `Unknown`; empty before the end. */
  readonly reason: string
  readonly message: string
  /** The image's full name, and its digest reference. */
  readonly imageName: string
  readonly imageId: string
  /** True when no program of this image is known and a generic server runs in its place. */
  readonly generic: boolean
}

export interface PodRuntimeStatus {
  readonly sandboxes: readonly SandboxStatus[]
  readonly containers: readonly ContainerStatus[]
}

export interface ImageStatus {
  /** `docker.io/library/nginx:1.27`: every name this image was pulled by. */
  readonly names: readonly string[]
  /** `docker.io/library/nginx@sha256:…`. */
  readonly id: string
  readonly sizeBytes: number
}

export interface ExecResult {
  readonly exitCode: number
  readonly output: string
}

export interface PodHttpRequest {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly headers?: { readonly [name: string]: string }
  readonly source?: string
}

/** `refused`: nothing listens; `timeout`: no answer in time. */
export type PodHttpResult =
  | { readonly ok: true; readonly status: number; readonly body: string }
  | { readonly ok: false; readonly error: 'refused' | 'timeout' }

export interface RuntimeStatus {
  readonly networkReady: boolean
  readonly networkReason: string
  readonly networkMessage: string
}

/** Something changed in a pod's containers or sandbox; the kubelet looks again. */
export interface RuntimeEvent {
  readonly podUid: string
}

/**
 * The container runtime interface: all that a kubelet knows of the runtime. Answers that take time
 * are futures; when the runtime's process dies they never come. Snapshots are read-only.
 */
export interface Cri {
  readonly version: string
  status(): RuntimeStatus
  /** The node's pod range, as the kubelet learned it. */
  updatePodCidr(podCidr: string): void

  /** Uids of the pods of which anything is left here. */
  podUids(): readonly string[]
  /** What a pod has here, oldest first. */
  pod(uid: string): PodRuntimeStatus
  runPodSandbox(config: SandboxConfig): Future<CriResult<SandboxStatus>>
  /** Kills what still runs in it and gives its address back. */
  stopPodSandbox(id: string): Future<CriResult<undefined>>
  removePodSandbox(id: string): Future<CriResult<undefined>>

  container(id: string): ContainerStatus | undefined
  createContainer(sandboxId: string, config: ContainerConfig): Future<CriResult<ContainerStatus>>
  startContainer(id: string): Future<CriResult<undefined>>
  /** SIGTERM, and SIGKILL after the grace; resolves when the container has exited. */
  stopContainer(id: string, grace: Micros): Future<CriResult<undefined>>
  removeContainer(id: string): Future<CriResult<undefined>>
  /** Runs a command in a running container. Exit code 124 with no output stands for a time-out. */
  exec(id: string, command: readonly string[], timeout: Micros): Future<ExecResult>
  /** The last lines a container wrote, oldest first. */
  logs(id: string, tail: number): readonly string[]

  /** HTTP and TCP into a sandbox's network from its own node: the way of probes. */
  http(
    sandboxId: string,
    port: number,
    request: PodHttpRequest,
    timeout: Micros,
  ): Future<PodHttpResult>
  connect(sandboxId: string, port: number): 'open' | 'refused'

  images(): readonly ImageStatus[]
  image(name: string): ImageStatus | undefined
  pullImage(name: string): Future<CriResult<ImageStatus>>
  removeImage(name: string): void

  /** One listener: the last one counts. */
  subscribe(listener: (event: RuntimeEvent) => void): void
}
