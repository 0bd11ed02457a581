import type { Pod, PodCondition } from '../api/generated/core-v1'
import { parseTime } from '../api/machinery/time'
import { type Micros, seconds } from '../sim/time'

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type)
}

export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True'
}

/** Succeeded or Failed: its containers will never run again. */
export function isPodTerminal(pod: Pod): boolean {
  const phase = pod.status?.phase
  return phase === 'Succeeded' || phase === 'Failed'
}

export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined
}

/** Being deleted and not yet ended. */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined
}

/** When the pod became ready, microseconds since 1970; undefined while it is not. */
export function readySince(pod: Pod): Micros | undefined {
  const ready = podCondition(pod, 'Ready')
  if (ready?.status !== 'True') return undefined
  return parseTime(ready.lastTransitionTime ?? '') ?? 0
}

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: Micros): boolean {
  const since = readySince(pod)
  if (since === undefined) return false
  return minReadySeconds === 0 || (since > 0 && since + seconds(minReadySeconds) <= now)
}

/** How long until a ready pod becomes available; undefined when waiting changes nothing. */
export function untilAvailable(pod: Pod, minReadySeconds: number, now: Micros): Micros | undefined {
  const since = readySince(pod)
  if (!since || minReadySeconds === 0) return undefined
  const left = since + seconds(minReadySeconds) - now
  return left > 0 ? left : undefined
}

/** The highest restart count among the pod's containers. */
export function maxRestarts(pod: Pod): number {
  let most = 0
  for (const status of pod.status?.containerStatuses ?? []) {
    most = Math.max(most, status.restartCount)
  }
  return most
}

/** Replaces the condition of the same type; an unchanged status keeps its transition time. */
export function withPodCondition(
  conditions: readonly PodCondition[] | undefined,
  next: PodCondition,
): readonly PodCondition[] {
  const list = conditions ?? []
  const at = list.findIndex((condition) => condition.type === next.type)
  if (at < 0) return [...list, next]
  const old = list[at] as PodCondition
  const kept =
    old.status === next.status && old.lastTransitionTime
      ? { ...next, lastTransitionTime: old.lastTransitionTime }
      : next
  return list.map((condition, i) => (i === at ? kept : condition))
}
