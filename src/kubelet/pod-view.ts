import type { Container, Pod } from '../api/generated/core-v1'
import type { ContainerStatus, PodRuntimeStatus, SandboxStatus } from '../runtime/cri'

/** What the kubelet knows of one container beyond what the runtime tells. */
export interface ProbeState {
  /** The startup probe succeeded, or there is none. */
  readonly started: boolean
  readonly ready: boolean
  /** The liveness or startup probe gave up on this container. */
  readonly unhealthy: 'liveness' | 'startup' | undefined
}

/** Why a container is not there: the waiting state's words. */
export interface WaitingReason {
  readonly reason: string
  readonly message: string
}

/** One pod on this node, as the pure parts see it. */
export interface PodView {
  readonly pod: Pod
  readonly runtime: PodRuntimeStatus
  readonly probe: (containerId: string) => ProbeState
  /** The last failed start of a container, by name. */
  readonly waiting: ReadonlyMap<string, WaitingReason>
}

export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always'
}

export function restartPolicyOf(pod: Pod): string {
  return pod.spec?.restartPolicy ?? 'Always'
}

export function initContainersOf(pod: Pod): readonly Container[] {
  return pod.spec?.initContainers ?? []
}

export function containersOf(pod: Pod): readonly Container[] {
  return pod.spec?.containers ?? []
}

/** The sandbox in use: the last one. */
export function sandboxOf(runtime: PodRuntimeStatus): SandboxStatus | undefined {
  return runtime.sandboxes.at(-1)
}

/** The newest container of a name; within one sandbox when given. */
export function latestContainer(
  runtime: PodRuntimeStatus,
  name: string,
  sandboxId?: string,
): ContainerStatus | undefined {
  for (let i = runtime.containers.length - 1; i >= 0; i--) {
    const status = runtime.containers[i] as ContainerStatus
    if (status.config.name !== name) continue
    if (sandboxId === undefined || status.sandboxId === sandboxId) return status
  }
  return undefined
}

/** The newest exited container of a name before another one. */
export function previousContainer(
  runtime: PodRuntimeStatus,
  status: ContainerStatus,
): ContainerStatus | undefined {
  let found: ContainerStatus | undefined
  for (const other of runtime.containers) {
    if (other.config.name !== status.config.name || other.id === status.id) continue
    if (other.config.attempt < status.config.attempt && other.state === 'exited') found = other
  }
  return found
}

/** Whether an exited container starts again, by the pod's policy (a sidecar's is Always). */
export function restartsAfter(pod: Pod, container: Container, exitCode: number): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false
  const policy = container.restartPolicy ?? restartPolicyOf(pod)
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}
