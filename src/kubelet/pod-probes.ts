import type { Container, Pod } from '../api/generated/core-v1'
import type { Cri, PodRuntimeStatus } from '../runtime/cri'
import { fieldPathOf } from './container-starter'
import type { PodContext } from './pod-context'
import { containersOf, initContainersOf, isSidecar, type ProbeState, sandboxOf } from './pod-view'
import { ContainerProbes } from './prober'

const absent: ProbeState = { started: true, ready: false, unhealthy: undefined }
const unprobed: ProbeState = { started: true, ready: true, unhealthy: undefined }

/** The probes of a pod's running containers: one set per container that has any. */
export class PodProbes {
  readonly #context: PodContext
  readonly #pod: () => Pod
  readonly #changed: () => void
  readonly #byId = new Map<string, ContainerProbes>()
  readonly #running = new Set<string>()

  constructor(context: PodContext, pod: () => Pod, changed: () => void) {
    this.#context = context
    this.#pod = pod
    this.#changed = changed
  }

  state(containerId: string): ProbeState {
    const probes = this.#byId.get(containerId)
    if (probes) return probes.state
    return this.#running.has(containerId) ? unprobed : absent
  }

  /** Starts probes for containers that run, ends those of containers that do not. */
  reconcile(cri: Cri, runtime: PodRuntimeStatus): void {
    this.#running.clear()
    for (const status of runtime.containers) {
      if (status.state !== 'running') continue
      this.#running.add(status.id)
      if (this.#byId.has(status.id)) continue
      const container = this.#find(status.config.name)
      if (!container || !hasProbes(container)) continue
      const podIp = sandboxOf(runtime)?.ip ?? ''
      const target = { cri, container, status, podIp }
      const probes = new ContainerProbes(
        this.#context.env.clock,
        target,
        { changed: this.#changed, failed: (message) => this.#failed(container, message) },
        this.#wasReady(status.id),
      )
      this.#byId.set(status.id, probes)
    }
    for (const [id, probes] of this.#byId) {
      if (this.#running.has(id)) continue
      probes.stop()
      this.#byId.delete(id)
    }
  }

  stop(): void {
    for (const probes of this.#byId.values()) probes.stop()
    this.#byId.clear()
    this.#running.clear()
  }

  /** A container that an earlier kubelet found ready stays so until a probe says otherwise. */
  #wasReady(containerId: string): boolean {
    const status = this.#context.statuses.status(this.#pod().metadata.uid ?? '')
    const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
    return all.some((s) => s.containerID === `containerd://${containerId}` && s.ready)
  }

  #failed(container: Container, message: string): void {
    const pod = this.#pod()
    const { recorder, env } = this.#context
    recorder.event(pod, 'Warning', 'Unhealthy', message, fieldPathOf(pod, container))
    env.note('probe.fail', `${pod.metadata.namespace}/${pod.metadata.name} ${message}`)
  }

  #find(name: string): Container | undefined {
    const pod = this.#pod()
    const sidecars = initContainersOf(pod).filter(isSidecar)
    return [...containersOf(pod), ...sidecars].find((container) => container.name === name)
  }
}

function hasProbes(container: Container): boolean {
  const { livenessProbe, readinessProbe, startupProbe } = container
  return Boolean(livenessProbe ?? readinessProbe ?? startupProbe)
}
