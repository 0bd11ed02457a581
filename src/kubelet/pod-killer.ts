import type { Container, Pod } from '../api/generated/core-v1'
import type { ContainerStatus, Cri } from '../runtime/cri'
import { Future, firstOf, type Task, wait } from '../sim/task'
import { type Micros, seconds } from '../sim/time'
import { fieldPathOf } from './container-starter'
import { runHook } from './hooks'
import type { PodContext } from './pod-context'
import { containersOf, initContainersOf, isSidecar } from './pod-view'

/** However long a preStop hook took, SIGTERM gets this much. */
const graceMin: Micros = seconds(2)

/**
 * Stops containers: preStop, SIGTERM, SIGKILL after the grace. The main ones together; then the
 * sidecars, the last started first, in what is left of the grace.
 */
export function* killContainers(
  context: PodContext,
  cri: Cri,
  pod: Pod,
  running: readonly ContainerStatus[],
  graceSeconds: () => number,
  message?: string,
): Task<void> {
  const began = context.env.clock.monotonic()
  const sidecars = initContainersOf(pod).filter(isSidecar)
  const isLate = (status: ContainerStatus) => sidecars.some((c) => c.name === status.config.name)
  const left = () => seconds(graceSeconds()) - (context.env.clock.monotonic() - began)
  const ends = running
    .filter((status) => !isLate(status))
    .map((status) => context.env.spawn(killOne(context, cri, pod, status, left, message)))
  for (const end of ends) yield* wait(end)
  for (const container of [...sidecars].reverse()) {
    const status = running.find((s) => s.config.name === container.name)
    if (status) yield* killOne(context, cri, pod, status, left, message)
  }
}

function* killOne(
  context: PodContext,
  cri: Cri,
  pod: Pod,
  status: ContainerStatus,
  left: () => Micros,
  message: string | undefined,
): Task<void> {
  const container = find(pod, status.config.name)
  const text = message ?? `Stopping container ${status.config.name}`
  const path = container && fieldPathOf(pod, container)
  context.recorder.event(pod, 'Normal', 'Killing', text, path)
  const immediate = left() <= 0
  const hook = container?.lifecycle?.preStop
  if (hook && container && !immediate) {
    const { env, recorder } = context
    const done = env.spawn(runHook(env, cri, container, status, hook))
    const limit = new Future<void>()
    const timer = env.clock.after(left(), () => limit.resolve(undefined), 'kubelet.prestop')
    const either = firstOf(done as Future<unknown>, limit as Future<unknown>)
    yield* context.runtime.guard(either)
    timer.cancel()
    if (done.done && done.value && !done.value.ok) {
      recorder.event(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', path)
    }
  }
  const grace = immediate ? 0 : Math.max(graceMin, left())
  yield* context.runtime.guard(cri.stopContainer(status.id, grace))
}

function find(pod: Pod, name: string): Container | undefined {
  return [...containersOf(pod), ...initContainersOf(pod)].find((c) => c.name === name)
}
