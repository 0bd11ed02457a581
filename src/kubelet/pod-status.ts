import type {
  ContainerStatus as ApiContainerStatus,
  Container,
  ContainerState,
  PodCondition,
  PodStatus,
} from '../api/generated/core-v1'
import { formatTime } from '../api/machinery/time'
import type { ContainerStatus } from '../runtime/cri'
import type { Micros } from '../sim/time'
import {
  containersOf,
  initContainersOf,
  isSidecar,
  latestContainer,
  type PodView,
  previousContainer,
  restartPolicyOf,
  restartsAfter,
  sandboxOf,
} from './pod-view'

export interface StatusContext {
  readonly hostIp: string
  /** Wall clock, microseconds. */
  readonly now: Micros
  /** The status written before, for times of transition. */
  readonly previous: PodStatus | undefined
  /** Every container is dead and none will start: phases are final. */
  readonly terminal: boolean
  /** Overrides the phase: DeadlineExceeded, Evicted and the like. */
  readonly failure?: { readonly reason: string; readonly message: string }
}

/** What a kubelet reports of a pod. Fields that belong to others are left out. */
export function podStatus(view: PodView, context: StatusContext): PodStatus {
  const { pod } = view
  const initContainerStatuses = initContainersOf(pod).map((c) =>
    containerStatus(view, c, true, context),
  )
  const containerStatuses = containersOf(pod).map((c) => containerStatus(view, c, false, context))
  const computed = phaseOf(view, initContainerStatuses, containerStatuses, context.terminal)
  const before = context.previous?.phase
  const over = before === 'Succeeded' || before === 'Failed'
  const phase = context.failure ? 'Failed' : over ? before : computed
  const generation = pod.metadata.generation
  const sandbox = sandboxOf(view.runtime)
  const ip = sandbox?.ready ? sandbox.ip : undefined
  const status: PodStatus = {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions: conditionsOf(view, phase, initContainerStatuses, containerStatuses, context),
    hostIP: context.hostIp,
    hostIPs: [{ ip: context.hostIp }],
    startTime: context.previous?.startTime ?? formatTime(context.now),
    containerStatuses,
  }
  const podIp = ip || (over || context.terminal ? context.previous?.podIP : undefined)
  return {
    ...status,
    ...(context.failure ?? {}),
    ...(podIp ? { podIP: podIp, podIPs: [{ ip: podIp }] } : {}),
    ...(initContainerStatuses.length > 0 ? { initContainerStatuses } : {}),
  }
}

function containerStatus(
  view: PodView,
  container: Container,
  init: boolean,
  context: StatusContext,
): ApiContainerStatus {
  const { pod, runtime } = view
  const status = latestContainer(runtime, container.name)
  const base = { name: container.name, image: container.image ?? '', imageID: '' }
  if (!status) {
    const hasInit = initContainersOf(pod).length > 0
    const first = view.waiting.get(container.name)
    const waiting = first ?? { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' }
    return {
      ...base,
      ready: false,
      restartCount: 0,
      started: false,
      state: { waiting: compact(waiting) },
      lastState: {},
    }
  }
  const probe = view.probe(status.id)
  const running = status.state === 'running'
  const previous = previousContainer(runtime, status)
  let state = stateOf(status)
  let lastState = previous ? stateOf(previous) : undefined
  const waiting = view.waiting.get(container.name)
  const restarts = status.state === 'exited' && restartsAfter(pod, container, status.exitCode)
  const pendingInit = init && !isSidecar(container) && status.exitCode === 0
  if (waiting && restarts && !pendingInit && !context.terminal) {
    lastState = state
    state = { waiting: compact(waiting) }
  }
  const ready = readyOf(container, init, status, probe.ready && running)
  return {
    ...base,
    image: status.imageName,
    imageID: status.imageId,
    containerID: `containerd://${status.id}`,
    ready,
    restartCount: status.config.attempt,
    started: running && probe.started,
    state,
    lastState: lastState ?? {},
    ...resourcesOf(container),
  }
}

/** What the container was given: the kubelet's record for in-place resizing. */
function resourcesOf(container: Container): Partial<ApiContainerStatus> {
  const { requests, limits } = container.resources ?? {}
  if (!requests && !limits) return {}
  return {
    ...(requests ? { allocatedResources: requests } : {}),
    resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) },
  }
}

function readyOf(
  container: Container,
  init: boolean,
  status: ContainerStatus,
  ready: boolean,
): boolean {
  if (!init || isSidecar(container)) return ready
  return status.state === 'exited' && status.exitCode === 0
}

function compact(waiting: { reason: string; message?: string }) {
  return waiting.message ? waiting : { reason: waiting.reason }
}

function stateOf(status: ContainerStatus): ContainerState {
  if (status.state === 'created') return { waiting: { reason: 'ContainerCreating' } }
  const startedAt = formatTime(status.startedAt)
  if (status.state === 'running') return { running: { startedAt } }
  const { exitCode, reason, message } = status
  return {
    terminated: {
      exitCode,
      reason,
      ...(message ? { message } : {}),
      startedAt,
      finishedAt: formatTime(status.finishedAt),
      containerID: `containerd://${status.id}`,
    },
  }
}

/** The kubelet's getPhase. */
function phaseOf(
  view: PodView,
  inits: readonly ApiContainerStatus[],
  mains: readonly ApiContainerStatus[],
  terminal: boolean,
): string {
  const { pod } = view
  const policy = restartPolicyOf(pod)
  const sandbox = sandboxOf(view.runtime)
  const begun = mains.some((status) => status.containerID !== undefined)
  const containers = initContainersOf(pod)
  for (let i = 0; i < inits.length; i++) {
    const status = inits[i] as ApiContainerStatus
    const container = containers[i] as Container
    const ended = status.state?.terminated ?? status.lastState?.terminated
    if (isSidecar(container)) {
      if (!begun && !status.started) return terminal ? endPhase(mains) : 'Pending'
      continue
    }
    if (status.state?.terminated?.exitCode === 0) continue
    if (begun && sandbox?.ready) continue
    if (status.state?.terminated && policy === 'Never') return 'Failed'
    if (terminal) return ended ? 'Failed' : endPhase(mains)
    return 'Pending'
  }
  let running = 0
  let waiting = 0
  let stopped = 0
  let succeeded = 0
  for (const { state, lastState } of mains) {
    const ended = state?.terminated ?? (state?.waiting ? lastState?.terminated : undefined)
    if (state?.running) running++
    else if (ended) {
      stopped++
      if (ended.exitCode === 0) succeeded++
    } else waiting++
  }
  if (terminal && running === 0) return endPhase(mains)
  running += inits.filter((status, i) => {
    return isSidecar(containers[i] as Container) && status.state?.running !== undefined
  }).length
  if (waiting > 0) return 'Pending'
  if (running > 0) return 'Running'
  if (policy === 'Always') return 'Running'
  if (stopped === succeeded) return 'Succeeded'
  return policy === 'Never' ? 'Failed' : 'Running'
}

function endPhase(mains: readonly ApiContainerStatus[]): string {
  const failed = mains.some(({ state, lastState }) => {
    const ended = state?.terminated ?? lastState?.terminated
    return ended === undefined || ended.exitCode !== 0
  })
  return failed ? 'Failed' : 'Succeeded'
}

interface Verdict {
  readonly status: 'True' | 'False'
  readonly reason?: string
  readonly message?: string
}

const yes: Verdict = { status: 'True' }

function conditionsOf(
  view: PodView,
  phase: string | undefined,
  inits: readonly ApiContainerStatus[],
  mains: readonly ApiContainerStatus[],
  context: StatusContext,
): PodCondition[] {
  const { pod } = view
  const sandbox = sandboxOf(view.runtime)
  const networked: Verdict = sandbox?.ready && sandbox.ip !== '' ? yes : { status: 'False' }
  const containersReady = readyVerdict(view, phase, inits, mains)
  const verdicts: [string, Verdict][] = [
    ['PodReadyToStartContainers', networked],
    ['Initialized', initializedVerdict(view, phase, inits, mains)],
    ['Ready', withGates(view, containersReady)],
    ['ContainersReady', containersReady],
    ['PodScheduled', yes],
  ]
  const { generation } = pod.metadata
  return verdicts.map(([type, verdict]) => {
    const old = context.previous?.conditions?.find((condition) => condition.type === type)
    const same = old?.status === verdict.status
    return {
      type,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...verdict,
      lastTransitionTime: (same ? old?.lastTransitionTime : undefined) ?? formatTime(context.now),
    }
  })
}

function initializedVerdict(
  view: PodView,
  phase: string | undefined,
  inits: readonly ApiContainerStatus[],
  mains: readonly ApiContainerStatus[],
): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' }
  const begun = mains.some((status) => status.containerID !== undefined)
  const containers = initContainersOf(view.pod)
  const open = inits.filter((status, i) => {
    if (isSidecar(containers[i] as Container)) return !status.started
    return status.state?.terminated?.exitCode !== 0
  })
  if (open.length === 0 || begun) return yes
  const names = open.map((status) => status.name).join(' ')
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${names}]`,
  }
}

function readyVerdict(
  view: PodView,
  phase: string | undefined,
  inits: readonly ApiContainerStatus[],
  mains: readonly ApiContainerStatus[],
): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const containers = initContainersOf(view.pod)
  const sidecars = inits.filter((_, i) => isSidecar(containers[i] as Container))
  const unready = [...sidecars, ...mains].filter((status) => !status.ready)
  if (unready.length === 0) return yes
  const names = unready.map((status) => status.name).join(' ')
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names}]`,
  }
}

function withGates(view: PodView, containersReady: Verdict): Verdict {
  if (containersReady.status === 'False') return containersReady
  const { spec, status } = view.pod
  const messages: string[] = []
  for (const { conditionType } of spec?.readinessGates ?? []) {
    const condition = status?.conditions?.find((c) => c.type === conditionType)
    if (!condition) {
      messages.push(
        `corresponding condition of pod readiness gate "${conditionType}" does not exist.`,
      )
    } else if (condition.status !== 'True') {
      messages.push(
        `the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`,
      )
    }
  }
  if (messages.length === 0) return yes
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') }
}
