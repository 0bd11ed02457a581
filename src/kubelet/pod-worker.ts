import type { Container, Pod, PodStatus } from '../api/generated/core-v1'
import { parseTime } from '../api/machinery/time'
import type { ContainerStatus, Cri } from '../runtime/cri'
import type { Timer } from '../sim/process'
import { Future, firstOf, type Task, wait } from '../sim/task'
import { type Micros, seconds } from '../sim/time'
import { type Footprint, footprintOf } from './admission'
import { ContainerStarter } from './container-starter'
import { type PodActions, podActions } from './pod-actions'
import type { PodContext } from './pod-context'
import { killContainers } from './pod-killer'
import { PodProbes } from './pod-probes'
import { podStatus } from './pod-status'
import { initContainersOf, type PodView, sandboxOf, type WaitingReason } from './pod-view'
import { sameData } from './same-data'
import { sandboxConfig } from './sandbox-config'
import { type MountedFiles, mountVolumes } from './volumes'

const retrySandbox: Micros = seconds(10)
const retryMount: Micros = seconds(5)
const deadlineMessage = 'Pod was active on the node longer than the specified deadline'

interface Termination {
  graceSeconds: number
  /** The object is gone from the API server already. */
  readonly orphan: boolean
}

/**
 * Everything the kubelet does for one pod, in one task: looks at the pod and at the runtime, does
 * what is missing, waits to be woken. Nothing is scheduled while there is nothing to do.
 */
export class PodWorker {
  readonly uid: string
  readonly isStatic: boolean
  /** Resolves when nothing of the pod is left on this node. */
  readonly gone = new Future<void>()
  readonly #context: PodContext
  readonly #starter: ContainerStarter
  readonly #probes: PodProbes
  readonly #waiting = new Map<string, WaitingReason>()
  #pod: Pod
  #footprint: Footprint | undefined
  #wake = new Future<void>()
  #interrupt = new Future<void>()
  #timer: Timer | undefined
  #timerAt = 0
  #termination: Termination | undefined
  #dead = false
  #removed = false
  #failure: { reason: string; message: string } | undefined
  #files: MountedFiles | undefined

  constructor(context: PodContext, pod: Pod, isStatic: boolean) {
    this.#context = context
    this.#pod = pod
    this.uid = pod.metadata.uid ?? ''
    this.isStatic = isStatic
    this.#starter = new ContainerStarter(context)
    this.#probes = new PodProbes(
      context,
      () => this.#pod,
      () => this.wake(),
    )
  }

  get pod(): Pod {
    return this.#pod
  }

  /** What the pod takes from the node. */
  get footprint(): Footprint {
    this.#footprint ??= footprintOf(this.#pod)
    return this.#footprint
  }

  /** Counts in admission: it uses the node's resources. */
  get isActive(): boolean {
    return !this.#dead && !this.#isOver()
  }

  start(): void {
    this.#context.env.spawn(this.#run())
  }

  update(pod: Pod): void {
    const before = this.#pod
    this.#pod = pod
    if (pod.metadata.generation !== before.metadata.generation) this.#footprint = undefined
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
    if (deletionTimestamp !== undefined) this.terminate(deletionGracePeriodSeconds ?? 30, false)
    else if (mattersTo(before, pod)) this.wake()
  }

  /** The kubelet refuses to run this pod. */
  reject(reason: string, message: string): void {
    this.#failure = { reason, message: `Pod was rejected: ${message}` }
    this.wake()
  }

  /** Ends the pod; a second call can only shorten the grace. */
  terminate(graceSeconds: number, orphan: boolean): void {
    const before = this.#termination
    if (before && (before.graceSeconds <= graceSeconds || this.#dead)) return
    if (before) {
      before.graceSeconds = graceSeconds
      const cri = this.#context.runtime.cri
      for (const status of cri?.pod(this.uid).containers ?? []) {
        if (status.state === 'running') cri?.stopContainer(status.id, seconds(graceSeconds))
      }
      return
    }
    this.#termination = { graceSeconds, orphan }
    this.interrupt()
  }

  /** The API server has no such pod any more: ends it if needed, then cleans up after it. */
  remove(): void {
    this.#removed = true
    if (this.#termination) this.wake()
    else this.terminate(this.#pod.spec?.terminationGracePeriodSeconds ?? 30, true)
  }

  wake(): void {
    this.#wake.resolve(undefined)
  }

  /** Breaks off whatever the worker waits for, then wakes it. */
  interrupt(): void {
    this.#interrupt.resolve(undefined)
    this.wake()
  }

  *#run(): Task<void> {
    for (;;) {
      this.#wake = new Future()
      this.#interrupt = new Future()
      const cri = this.#context.runtime.cri
      if (cri && !(yield* this.#step(cri))) return
      yield* wait(this.#wake)
    }
  }

  /** False when the work is over for ever. */
  *#step(cri: Cri): Task<boolean> {
    this.#probes.reconcile(cri, cri.pod(this.uid))
    if (!this.#termination) yield* this.#sync(cri)
    if (this.#termination && !this.#dead) yield* this.#end(cri)
    if (!this.#dead || !this.#removed) return true
    this.#cleanUp(cri)
    return false
  }

  *#end(cri: Cri): Task<void> {
    const termination = this.#termination as Termination
    this.#report(cri, false)
    yield* killContainers(
      this.#context,
      cri,
      this.#pod,
      this.#running(cri),
      () => termination.graceSeconds,
    )
    if (this.#running(cri).length > 0 && this.#context.runtime.cri === cri) return this.wake()
    yield* this.#stopSandboxes(cri)
    this.#probes.stop()
    this.#dead = true
    this.#report(cri, true)
  }

  *#sync(cri: Cri): Task<void> {
    if (this.#failure || this.#isOver() || this.#pastDeadline()) {
      yield* this.#finish(cri)
      return
    }
    this.#report(cri, false)
    let actions = podActions(this.#view(cri))
    if (actions.killPod) {
      yield* this.#finish(cri)
      return
    }
    yield* this.#killUnhealthy(cri, actions)
    if (this.#interrupt.done) return
    if (actions.createSandbox !== undefined) {
      if (!(yield* this.#makeSandbox(cri, actions.createSandbox))) return
      actions = podActions(this.#view(cri))
    }
    const started = actions.start.length > 0 && (yield* this.#startAll(cri, actions.start))
    if (started || actions.kill.length > 0) this.wake()
  }

  /** The pod has ended by itself or by the kubelet's decision. */
  *#finish(cri: Cri): Task<void> {
    const running = this.#running(cri)
    const grace = this.#pod.spec?.terminationGracePeriodSeconds ?? 30
    if (running.length > 0)
      yield* killContainers(this.#context, cri, this.#pod, running, () => grace)
    yield* this.#stopSandboxes(cri)
    this.#probes.stop()
    this.#report(cri, true)
  }

  *#killUnhealthy(cri: Cri, actions: PodActions): Task<void> {
    for (const { container, status, message, cause } of actions.kill) {
      const own = cause === 'startup' ? container.startupProbe : container.livenessProbe
      const podGrace = this.#pod.spec?.terminationGracePeriodSeconds ?? 30
      const grace =
        (cause === 'definition' ? undefined : own?.terminationGracePeriodSeconds) ?? podGrace
      yield* killContainers(this.#context, cri, this.#pod, [status], () => grace, message)
    }
  }

  *#makeSandbox(cri: Cri, attempt: number): Task<boolean> {
    const { recorder, runtime } = this.#context
    const { networkReady, networkReason, networkMessage } = cri.status()
    if (!networkReady && !this.#pod.spec?.hostNetwork) {
      const why = `NetworkReady=false reason:${networkReason} message:${networkMessage}`
      const message = `network is not ready: container runtime network not ready: ${why}`
      recorder.event(this.#pod, 'Warning', 'NetworkNotReady', message)
      this.#wakeAfter(retryMount)
      return false
    }
    if (!(yield* this.#mount())) return false
    const last = sandboxOf(cri.pod(this.uid))
    if (last) {
      const text = 'Pod sandbox changed, it will be killed and re-created.'
      recorder.event(this.#pod, 'Normal', 'SandboxChanged', text)
      yield* this.#stopSandboxes(cri)
    }
    const made = yield* runtime.guard(cri.runPodSandbox(sandboxConfig(this.#pod, attempt)))
    this.#dropOldSandboxes(cri)
    if (made?.ok) return !this.#interrupt.done
    if (made) {
      const text = `Failed to create pod sandbox: ${made.error}`
      recorder.event(this.#pod, 'Warning', 'FailedCreatePodSandBox', text)
    }
    this.#wakeAfter(retrySandbox)
    return false
  }

  *#mount(): Task<boolean> {
    const mounted = yield* mountVolumes(this.#context.client, this.#pod)
    if (mounted.ok) {
      this.#files = mounted.files
      return true
    }
    this.#context.recorder.event(this.#pod, 'Warning', 'FailedMount', mounted.message)
    this.#wakeAfter(retryMount)
    return false
  }

  /** True when a container was started. */
  *#startAll(cri: Cri, containers: readonly Container[]): Task<boolean> {
    let any = false
    if (!this.#files && !(yield* this.#mount())) return any
    for (const container of containers) {
      const sandbox = sandboxOf(cri.pod(this.uid))
      if (!sandbox?.ready || this.#interrupt.done || !this.#files) return any
      const outcome = yield* this.#starter.start(
        cri,
        this.#pod,
        container,
        sandbox,
        this.#files,
        (future) => this.#until(future),
      )
      this.#probes.reconcile(cri, cri.pod(this.uid))
      if (outcome.ok) {
        this.#waiting.delete(container.name)
        any = true
        continue
      }
      if (outcome.waiting) this.#waiting.set(container.name, outcome.waiting)
      this.#wakeAfter(outcome.retryAfter)
      this.#report(cri, false)
      if (initContainersOf(this.#pod).includes(container)) return any
    }
    this.#report(cri, false)
    return any
  }

  *#stopSandboxes(cri: Cri): Task<void> {
    for (const sandbox of cri.pod(this.uid).sandboxes) {
      if (sandbox.ready) yield* this.#context.runtime.guard(cri.stopPodSandbox(sandbox.id))
    }
  }

  #dropOldSandboxes(cri: Cri): void {
    const { sandboxes, containers } = cri.pod(this.uid)
    for (const sandbox of sandboxes.slice(0, -1)) {
      if (containers.some((status) => status.sandboxId === sandbox.id)) continue
      cri.removePodSandbox(sandbox.id)
    }
  }

  #cleanUp(cri: Cri): void {
    for (const sandbox of cri.pod(this.uid).sandboxes) cri.removePodSandbox(sandbox.id)
    for (const status of cri.pod(this.uid).containers) cri.removeContainer(status.id)
    const { puller, crashes, statuses } = this.#context
    this.#timer?.cancel()
    puller.forget(this.uid)
    crashes.forget(`${this.uid}_`)
    statuses.forget(this.uid)
    this.gone.resolve(undefined)
  }

  #running(cri: Cri): ContainerStatus[] {
    return cri.pod(this.uid).containers.filter((status) => status.state === 'running')
  }

  #view(cri: Cri): PodView {
    return {
      pod: this.#pod,
      runtime: cri.pod(this.uid),
      probe: (id) => this.#probes.state(id),
      waiting: this.#waiting,
    }
  }

  #previous(): PodStatus | undefined {
    return this.#context.statuses.status(this.uid)
  }

  #isOver(): boolean {
    const phase = this.#previous()?.phase
    return phase === 'Succeeded' || phase === 'Failed'
  }

  #report(cri: Cri, terminal: boolean): void {
    const { statuses, env, options } = this.#context
    const status = podStatus(this.#view(cri), {
      hostIp: options.ip,
      now: env.clock.wall(),
      previous: this.#previous(),
      terminal,
      ...(this.#failure ? { failure: this.#failure } : {}),
    })
    const remove = this.#dead && this.#termination !== undefined && !this.#termination.orphan
    if (!this.#termination?.orphan) statuses.set(this.uid, status, remove)
  }

  #pastDeadline(): boolean {
    const limit = this.#pod.spec?.activeDeadlineSeconds
    if (limit === undefined) return false
    const began = this.#previous()?.startTime
    const startedAt = began === undefined ? undefined : parseTime(began)
    const now = this.#context.env.clock.wall()
    const left = (startedAt ?? now) + seconds(limit) - now
    if (left > 0) {
      this.#wakeAfter(left)
      return false
    }
    this.#failure = { reason: 'DeadlineExceeded', message: deadlineMessage }
    this.#context.recorder.event(this.#pod, 'Normal', 'DeadlineExceeded', deadlineMessage)
    return true
  }

  #wakeAfter(delay: Micros): void {
    const { clock } = this.#context.env
    const at = clock.monotonic() + delay
    if (this.#timer && this.#timerAt <= at && this.#timerAt > clock.monotonic()) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = clock.after(
      delay,
      () => {
        this.#timer = undefined
        this.wake()
      },
      'kubelet.pod-retry',
    )
  }

  *#until<T>(future: Future<T>): Task<T | undefined> {
    const first = firstOf(future as Future<unknown>, this.#interrupt as Future<unknown>)
    if ((yield* wait(first)) === 0) return future.value as T
    return undefined
  }
}

/** The kubelet's own status writes come back as updates: they are no reason to look again. */
function mattersTo(before: Pod, after: Pod): boolean {
  if ((after.spec?.readinessGates ?? []).length > 0) return true
  const { generation } = after.metadata
  if (generation !== undefined) return generation !== before.metadata.generation
  return !sameData(before.spec, after.spec)
}
