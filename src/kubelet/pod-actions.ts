import type { Container } from '../api/generated/core-v1'
import type { ContainerStatus, SandboxStatus } from '../runtime/cri'
import {
  containersOf,
  initContainersOf,
  isSidecar,
  latestContainer,
  type PodView,
  restartPolicyOf,
  restartsAfter,
  sandboxOf,
} from './pod-view'

export interface ContainerKill {
  readonly container: Container
  readonly status: ContainerStatus
  readonly message: string
  /** `definition`: the container's image was changed in place. */
  readonly cause: 'liveness' | 'startup' | 'definition'
}

/** What to do for a pod now. An empty plan means that there is nothing to do but wait. */
export interface PodActions {
  /** Attempt number of the sandbox to make. */
  readonly createSandbox: number | undefined
  /** The pod is over: stop what still runs, sidecars included. */
  readonly killPod: boolean
  readonly kill: readonly ContainerKill[]
  /** In this order, one after the other. */
  readonly start: readonly Container[]
}

const nothing: PodActions = { createSandbox: undefined, killPod: false, kill: [], start: [] }

/**
 * The kubelet's computePodActions: sandbox first, then init containers in order (a sidecar counts
 * when it has started), then all others; failed probes kill; exited containers come back as the
 * restart policy says.
 */
export function podActions(view: PodView): PodActions {
  const sandbox = sandboxOf(view.runtime)
  if (!sandbox?.ready) return withoutSandbox(view, sandbox)
  if (hasFailedInit(view) || isFinished(view)) return { ...nothing, killPod: true }
  const plan = { kill: [] as ContainerKill[], start: [] as Container[] }
  const initialized = planInit(view, sandbox, plan)
  if (initialized) {
    for (const container of containersOf(view.pod)) planMain(view, sandbox, container, plan)
  }
  return { ...nothing, ...plan }
}

function withoutSandbox(view: PodView, last: SandboxStatus | undefined): PodActions {
  const { pod } = view
  if (isFinished(view) || hasFailedInit(view)) return { ...nothing, killPod: last !== undefined }
  if (last && restartPolicyOf(pod) === 'Never' && anyStarted(view)) {
    return { ...nothing, killPod: true }
  }
  return { ...nothing, createSandbox: last ? last.config.attempt + 1 : 0 }
}

function anyStarted(view: PodView): boolean {
  return containersOf(view.pod).some((c) => latestContainer(view.runtime, c.name) !== undefined)
}

/** All main containers have exited for good. */
export function isFinished(view: PodView): boolean {
  const containers = containersOf(view.pod)
  return containers.every((container) => {
    const status = latestContainer(view.runtime, container.name)
    return status?.state === 'exited' && !restartsAfter(view.pod, container, status.exitCode)
  })
}

/** An init container failed and may not be tried again. */
function hasFailedInit(view: PodView): boolean {
  return initContainersOf(view.pod).some((container) => {
    if (isSidecar(container)) return false
    const status = latestContainer(view.runtime, container.name)
    const failed = status?.state === 'exited' && status.exitCode !== 0
    return failed && !restartsAfter(view.pod, container, status.exitCode)
  })
}

interface Plan {
  readonly kill: ContainerKill[]
  readonly start: Container[]
}

/** True when the main containers may run. */
function planInit(view: PodView, sandbox: SandboxStatus, plan: Plan): boolean {
  const { runtime } = view
  const begun = containersOf(view.pod).some(
    (c) => latestContainer(runtime, c.name, sandbox.id) !== undefined,
  )
  for (const container of initContainersOf(view.pod)) {
    const status = latestContainer(runtime, container.name, sandbox.id)
    if (isSidecar(container)) {
      if (status?.state === 'running') {
        planProbes(view, container, status, plan)
        if (!begun && !view.probe(status.id).started) return false
      } else if (status?.state !== 'created') {
        plan.start.push(container)
        if (!begun) return false
      }
      continue
    }
    if (begun) continue
    if (status?.state === 'exited' && status.exitCode === 0) continue
    if (!status || status.state === 'exited') plan.start.push(container)
    else if (status.state === 'running') planProbes(view, container, status, plan)
    return false
  }
  return true
}

function planMain(view: PodView, sandbox: SandboxStatus, container: Container, plan: Plan): void {
  const status = latestContainer(view.runtime, container.name)
  if (status?.sandboxId === sandbox.id && status.state === 'running') {
    planProbes(view, container, status, plan)
    return
  }
  const over = status?.state === 'exited' && !restartsAfter(view.pod, container, status.exitCode)
  if (!over && status?.state !== 'running') plan.start.push(container)
}

function planProbes(
  view: PodView,
  container: Container,
  status: ContainerStatus,
  plan: Plan,
): void {
  const { unhealthy } = view.probe(status.id)
  if (status.config.image !== (container.image ?? '')) {
    const text = `Container ${container.name} definition changed, will be restarted`
    plan.kill.push({ container, status, cause: 'definition', message: text })
    return
  }
  if (!unhealthy) return
  const message = `Container ${container.name} failed ${unhealthy} probe`
  const again = restartsAfter(view.pod, container, 137)
  plan.kill.push({
    container,
    status,
    cause: unhealthy,
    message: again ? `${message}, will be restarted` : message,
  })
}
