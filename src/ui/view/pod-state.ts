import type { ContainerStatus, Pod } from '../../api/generated/core-v1'

/** The states that a pod can be seen in; LOOK.md's table has their shapes. */
export type PodState =
  | 'unscheduled'
  | 'creating'
  | 'running'
  | 'ready'
  | 'succeeded'
  | 'failed'
  | 'backing-off'
  | 'terminating'
  | 'unknown'

export interface PodView {
  readonly state: PodState
  /** One or two words, Kubernetes' own where it has one: `CrashLoopBackOff`, `Ready`. */
  readonly word: string
  /** What is going on, in a sentence. */
  readonly sentence: string
  /** Part of the containers that have started, 0 to 1, while the pod is being created. */
  readonly progress?: number
  readonly restarts: number
  /** A wait with a known end: the next try, or the end of the grace period. */
  readonly countdown?: Countdown
}

/** Wall-clock milliseconds of the simulated world. */
export interface Countdown {
  readonly startMs: number
  readonly endMs: number
  /** What happens at its end: `Next try`. */
  readonly what: string
}

export interface PodSurroundings {
  /** `status` of the node's Ready condition; undefined when the node does not exist. */
  readonly nodeReady?: string
}

interface Finding {
  readonly state: PodState
  readonly word: string
  readonly sentence: string
  readonly progress?: number
  readonly countdown?: Countdown
}

const PULL_FAULTS = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']

/** Where a pod stands. The order of the questions is the order of what matters to a person. */
export function podView(pod: Pod, around: PodSurroundings): PodView {
  const restarts = (pod.status?.containerStatuses ?? []).reduce((n, c) => n + c.restartCount, 0)
  const finding =
    ended(pod) ??
    terminating(pod, around) ??
    unscheduled(pod) ??
    lost(pod, around) ??
    waiting(pod) ??
    running(pod)
  return { ...finding, restarts }
}

function ended(pod: Pod): Finding | undefined {
  const { phase, reason, message } = pod.status ?? {}
  if (phase === 'Succeeded') {
    return {
      state: 'succeeded',
      word: 'Succeeded',
      sentence: 'All containers ended with exit code 0. They will not be started again.',
    }
  }
  if (phase !== 'Failed') return undefined
  if (reason) {
    return { state: 'failed', word: reason, sentence: message ?? `The pod failed: ${reason}.` }
  }
  const last = terminatedOf(pod)
  const word = last?.reason === 'OOMKilled' ? 'OOMKilled' : 'Failed'
  const how = last ? ` with exit code ${last.exitCode}` : ''
  return {
    state: 'failed',
    word,
    sentence: `A container ended${how} and will not be started again.`,
  }
}

function terminatedOf(pod: Pod) {
  return pod.status?.containerStatuses?.find((c) => c.state?.terminated)?.state?.terminated
}

function terminating(pod: Pod, around: PodSurroundings): Finding | undefined {
  if (!pod.metadata.deletionTimestamp) return undefined
  const finalizers = pod.metadata.finalizers ?? []
  const grace = pod.metadata.deletionGracePeriodSeconds ?? 30
  let sentence = `Stopping. Its containers have ${grace} s to end before they are killed.`
  if (around.nodeReady !== undefined && around.nodeReady !== 'True') {
    sentence = `Deleted, but ${pod.spec?.nodeName} does not answer: nobody can confirm that it stopped.`
  } else if (finalizers.length > 0) {
    sentence = `Deleted, and held back by the finalizer ${finalizers[0]}.`
  }
  const endMs = Date.parse(pod.metadata.deletionTimestamp)
  const lost = around.nodeReady !== undefined && around.nodeReady !== 'True'
  const countdown =
    grace > 0 && !lost ? { startMs: endMs - grace * 1000, endMs, what: 'Killed' } : undefined
  return { state: 'terminating', word: 'Terminating', sentence, countdown }
}

function unscheduled(pod: Pod): Finding | undefined {
  if (pod.spec?.nodeName) return undefined
  const gates = pod.spec?.schedulingGates ?? []
  if (gates.length > 0) {
    return {
      state: 'unscheduled',
      word: 'SchedulingGated',
      sentence: `Held back by the scheduling gate ${gates[0]!.name}.`,
    }
  }
  const condition = pod.status?.conditions?.find((c) => c.type === 'PodScheduled')
  if (condition?.reason === 'Unschedulable') {
    const sentence = condition.message ?? 'No node fits.'
    return { state: 'unscheduled', word: 'Unschedulable', sentence }
  }
  const sentence = 'Waiting for the scheduler to choose a node.'
  return { state: 'unscheduled', word: 'Pending', sentence }
}

function lost(pod: Pod, around: PodSurroundings): Finding | undefined {
  if (around.nodeReady === 'True' || around.nodeReady === 'False') return undefined
  const node = pod.spec?.nodeName
  const sentence =
    around.nodeReady === undefined
      ? `Its node ${node} does not exist any more.`
      : `${node} has stopped reporting. Whether this pod still runs is not known.`
  return { state: 'unknown', word: 'Unknown', sentence }
}

function waiting(pod: Pod): Finding | undefined {
  const inits = pod.status?.initContainerStatuses ?? []
  const containers = pod.status?.containerStatuses ?? []
  for (const status of [...inits, ...containers]) {
    const fault = faultOf(status)
    if (fault) return fault
  }
  const total = Math.max(1, (pod.spec?.containers ?? []).length)
  const initTotal = (pod.spec?.initContainers ?? []).length
  const initDone = inits.filter((c) => c.state?.terminated?.exitCode === 0 || c.started).length
  if (initDone < initTotal) {
    return {
      state: 'creating',
      word: `Init:${initDone}/${initTotal}`,
      sentence: `Running init containers: ${initDone} of ${initTotal} done.`,
      progress: initDone / (initTotal + total),
    }
  }
  const started = containers.filter((c) => c.state?.running || c.state?.terminated).length
  if (pod.status?.phase === 'Running' && started >= containers.length && started > 0) {
    return undefined
  }
  const reason = containers.find((c) => c.state?.waiting)?.state?.waiting?.reason
  const word = reason ?? (pod.status?.startTime ? 'ContainerCreating' : 'Scheduled')
  const node = pod.spec?.nodeName
  const sentence =
    word === 'Scheduled'
      ? `Bound to ${node}. Its kubelet has not begun yet.`
      : `The kubelet on ${node} pulls the image and creates the containers: ${started} of ${total} started.`
  return { state: 'creating', word, sentence, progress: (initDone + started) / (initTotal + total) }
}

function faultOf(status: ContainerStatus): Finding | undefined {
  const wait = status.state?.waiting
  const reason = wait?.reason ?? ''
  if (reason === 'CrashLoopBackOff') {
    const last = status.lastState?.terminated
    const oom = last?.reason === 'OOMKilled' ? ' (out of memory)' : ''
    const code = last ? `ended with exit code ${last.exitCode}${oom}` : 'keeps ending'
    const pause = /back-off (\S+) restarting/.exec(wait?.message ?? '')?.[1]
    const then = pause
      ? `Waiting ${goDuration(pause)} between tries`
      : 'Waiting before the next try'
    return {
      state: 'backing-off',
      word: reason,
      sentence: `${then}. Container ${status.name} ${code}; ${times(status.restartCount)} so far.`,
      countdown: pause ? nextTry(last?.finishedAt, pause) : undefined,
    }
  }
  if (PULL_FAULTS.includes(reason)) {
    const what = `The image ${status.image} of container ${status.name} cannot be pulled`
    const then = reason === 'ImagePullBackOff' ? '. Waiting before the next try.' : '.'
    return { state: 'backing-off', word: reason, sentence: `${what}${then}` }
  }
  if (reason.endsWith('Error')) {
    return {
      state: 'failed',
      word: reason,
      sentence: wait?.message ?? `Container ${status.name}: ${reason}.`,
    }
  }
  return undefined
}

/** The pause counts from the end of the last run. */
function nextTry(finishedAt: string | undefined, pause: string): Countdown | undefined {
  const startMs = Date.parse(finishedAt ?? '')
  if (Number.isNaN(startMs)) return undefined
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(pause)
  const [hours, minutes, seconds] = (parts ?? []).slice(1).map((part) => Number(part ?? 0))
  const lengthMs = (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000
  return { startMs, endMs: startMs + lengthMs, what: 'Next try' }
}

function times(count: number): string {
  if (count === 0) return 'not restarted'
  return count === 1 ? 'restarted once' : `restarted ${count} times`
}

/** `2m40s` → `2 min 40 s`. */
function goDuration(text: string): string {
  return text
    .replace(/(\d+)h/, '$1 h ')
    .replace(/(\d+)m(?!s)/, '$1 min ')
    .replace(/(\d+)s/, '$1 s')
    .replace(/ 0 (min|s)/g, '')
    .trim()
}

function running(pod: Pod): Finding {
  const containers = pod.status?.containerStatuses ?? []
  const ready = pod.status?.conditions?.find((c) => c.type === 'Ready')
  const readyCount = containers.filter((c) => c.ready).length
  if (ready?.status === 'True') {
    const all =
      containers.length === 1 ? 'Its container is' : `All ${containers.length} containers are`
    return {
      state: 'ready',
      word: 'Ready',
      sentence: `${all} ready. Services may send it requests.`,
    }
  }
  const over = containers.find((c) => c.state?.terminated)
  if (over) {
    const { exitCode, reason } = over.state!.terminated!
    const word = reason ?? (exitCode === 0 ? 'Completed' : 'Error')
    return {
      state: exitCode === 0 ? 'running' : 'failed',
      word,
      sentence: `Container ${over.name} ended with exit code ${exitCode}.`,
    }
  }
  return {
    state: 'running',
    word: 'Running',
    sentence: `Running, not ready: ${readyCount} of ${containers.length} containers ready. Services leave it out.`,
  }
}
