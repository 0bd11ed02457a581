import type { ContainerStatus, Pod } from '../generated/core-v1'
import { AGE, type Cell, NAME, NONE, type Printer, since, text, wide } from './table-column'
import { humanDuration, parseTime } from './time'

/** kubectl's view of a pod: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ */
interface PodSummary {
  readonly ready: number
  readonly total: number
  readonly reason: string
  readonly restarts: number
  /** Microseconds since 1970 of the last restart; 0 when there was none. */
  readonly lastRestart: number
}

export const POD_PRINTER: Printer = {
  columns: [
    NAME,
    text('Ready', 'How many of the containers are ready.'),
    text('Status', 'The state of the pod and its containers in one word.'),
    text('Restarts', 'How often containers were restarted, and when last.'),
    AGE,
    wide(text('IP', "The pod's address.")),
    wide(text('Node', 'The node that the pod is bound to.')),
    wide(text('Nominated Node', 'The node where preemption makes room for the pod.')),
    wide(text('Readiness Gates', 'How many of the readiness gates are true.')),
  ],
  cells: (object, now) => podCells(object as Pod, now),
  conditions: (object) => podConditions(object as Pod),
}

function podCells(pod: Pod, now: number): readonly Cell[] {
  const { ready, total, reason, restarts, lastRestart } = summarize(pod)
  const ago = restarts !== 0 && lastRestart > 0 ? ` (${humanDuration(now - lastRestart)} ago)` : ''
  return [
    pod.metadata.name,
    `${ready}/${total}`,
    reason,
    `${restarts}${ago}`,
    since(pod.metadata.creationTimestamp, now),
    pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || NONE,
    pod.spec?.nodeName || NONE,
    pod.status?.nominatedNodeName || NONE,
    readinessGates(pod),
  ]
}

function podConditions(pod: Pod): ReturnType<NonNullable<Printer['conditions']>> {
  const phase = pod.status?.phase
  if (phase !== 'Succeeded' && phase !== 'Failed') return undefined
  const message = phase === 'Failed' ? 'The pod failed.' : 'The pod has completed successfully.'
  return [{ type: 'Completed', status: 'True', reason: phase, message }]
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? []
  if (gates.length === 0) return NONE
  let met = 0
  for (const { conditionType } of gates) if (hasCondition(pod, conditionType)) met += 1
  return `${met}/${gates.length}`
}

function hasCondition(pod: Pod, type: string): boolean {
  return (
    pod.status?.conditions?.some(
      (condition) => condition.type === type && condition.status === 'True',
    ) ?? false
  )
}

function isSidecar(pod: Pod, name: string): boolean {
  return (
    pod.spec?.initContainers?.some(
      (container) => container.name === name && container.restartPolicy === 'Always',
    ) ?? false
  )
}

class Restarts {
  count = 0
  last = 0

  add(status: ContainerStatus): void {
    this.count += status.restartCount
    const finished = status.lastState?.terminated?.finishedAt
    const micros = finished ? (parseTime(finished) ?? 0) : 0
    if (micros > this.last) this.last = micros
  }
}

function summarize(pod: Pod): PodSummary {
  const { spec, status } = pod
  let total = spec?.containers.length ?? 0
  for (const container of spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') total += 1
  }
  let reason: string = status?.reason || status?.phase || ''
  if (
    status?.conditions?.some(
      ({ type, reason: why }) => type === 'PodScheduled' && why === 'SchedulingGated',
    )
  ) {
    reason = 'SchedulingGated'
  }
  const init = summarizeInit(pod)
  let restarts = init.all
  let ready = init.ready
  if (init.reason !== undefined) reason = init.reason
  if (init.reason === undefined || hasCondition(pod, 'Initialized')) {
    const main = summarizeMain(pod, init.sidecars)
    restarts = init.sidecars
    ready += main.ready
    if (main.reason !== undefined) reason = main.reason
    if (reason === 'Completed' && main.hasRunning) {
      reason = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady'
    }
  }
  if (pod.metadata.deletionTimestamp) {
    const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed'
    if (status?.reason === 'NodeLost') reason = 'Unknown'
    else if (!isOver) reason = 'Terminating'
  }
  return { ready, total, reason, restarts: restarts.count, lastRestart: restarts.last }
}

function summarizeInit(pod: Pod): {
  readonly reason: string | undefined
  readonly ready: number
  readonly all: Restarts
  readonly sidecars: Restarts
} {
  const all = new Restarts()
  const sidecars = new Restarts()
  let ready = 0
  for (const [i, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = isSidecar(pod, container.name)
    all.add(container)
    if (sidecar) sidecars.add(container)
    const { terminated, waiting } = container.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (sidecar && container.started === true) {
      if (container.ready) ready += 1
      continue
    }
    let reason = `Init:${i}/${pod.spec?.initContainers?.length ?? 0}`
    if (terminated) reason = `Init:${terminatedText(terminated)}`
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') {
      reason = `Init:${waiting.reason}`
    }
    return { reason, ready, all, sidecars }
  }
  return { reason: undefined, ready, all, sidecars }
}

function summarizeMain(
  pod: Pod,
  restarts: Restarts,
): { readonly reason: string | undefined; readonly ready: number; readonly hasRunning: boolean } {
  let reason: string | undefined
  let ready = 0
  for (const container of (pod.status?.containerStatuses ?? []).toReversed()) {
    restarts.add(container)
    const { terminated, waiting, running } = container.state ?? {}
    if (waiting?.reason) reason = waiting.reason
    else if (terminated) reason = terminatedText(terminated)
    else if (container.ready && running) ready += 1
  }
  return { reason, ready, hasRunning: ready > 0 }
}

function terminatedText(state: {
  readonly reason?: string
  readonly signal?: number
  readonly exitCode: number
}): string {
  if (state.reason) return state.reason
  return state.signal ? `Signal:${state.signal}` : `ExitCode:${state.exitCode}`
}
