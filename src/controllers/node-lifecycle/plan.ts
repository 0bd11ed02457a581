import type { Node, NodeCondition, Taint } from '../../api/generated/core-v1'
import { parseTime } from '../../api/machinery/time'
import type { Micros } from '../../sim/time'
import { sameTaint } from '../taints'

export const notReadyTaint: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }
export const unreachableTaint: Taint = {
  key: 'node.kubernetes.io/unreachable',
  effect: 'NoExecute',
}

export function readyCondition(node: Node): NodeCondition | undefined {
  return node.status?.conditions?.find(({ type }) => type === 'Ready')
}

/** What the controller remembers of a node; times are of its own monotonic clock. */
export interface NodeHealth {
  /** Heartbeat of the Ready condition as last seen; undefined when there was no condition. */
  readonly heartbeat: string | undefined
  readonly renewTime: string | undefined
  /** When a sign of life was last seen. */
  readonly probedAt: Micros
}

export interface Clocks {
  readonly now: Micros
  readonly wall: Micros
}

/**
 * A change of the heartbeat or of the lease's renew time is a sign of life, at the time the
 * controller sees it: the clocks of nodes do not matter. A node that never posted a status counts
 * from its creation.
 */
export function observeHealth(
  before: NodeHealth | undefined,
  node: Node,
  renewTime: string | undefined,
  { now, wall }: Clocks,
): NodeHealth {
  const ready = readyCondition(node)
  const heartbeat = ready && (ready.lastHeartbeatTime ?? '')
  const renewed = renewTime !== undefined && (!before?.renewTime || before.renewTime < renewTime)
  return {
    heartbeat,
    renewTime: renewed ? renewTime : before?.renewTime,
    probedAt: renewed || (before && before.heartbeat !== heartbeat) ? now : quietSince(),
  }

  function quietSince(): Micros {
    if (before) return before.probedAt
    if (ready) return now
    return now - (wall - (parseTime(node.metadata.creationTimestamp ?? '') ?? wall))
  }
}

const watchedConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** The conditions of a node that fell silent; undefined when they say so already. */
export function silentConditions(node: Node, now: string): readonly NodeCondition[] | undefined {
  if (readyCondition(node)?.status === 'Unknown') return undefined
  const conditions = [...(node.status?.conditions ?? [])]
  for (const type of watchedConditions) {
    const at = conditions.findIndex((condition) => condition.type === type)
    const old = conditions[at]
    if (!old) {
      conditions.push({
        type,
        status: 'Unknown',
        lastHeartbeatTime: node.metadata.creationTimestamp,
        lastTransitionTime: now,
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
      })
    } else if (old.status !== 'Unknown') {
      conditions[at] = {
        ...old,
        status: 'Unknown',
        lastTransitionTime: now,
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
      }
    }
  }
  return conditions
}

/** Condition type → status → key of the NoSchedule taint that it calls for. */
const taintKeys: { readonly [type: string]: { readonly [status: string]: string } } = {
  Ready: {
    False: 'node.kubernetes.io/not-ready',
    Unknown: 'node.kubernetes.io/unreachable',
  },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
}
const unschedulableKey = 'node.kubernetes.io/unschedulable'
const ownKeys = new Set([
  unschedulableKey,
  ...Object.values(taintKeys).flatMap((keys) => Object.values(keys)),
])

/** NoSchedule taints to add and remove so that they agree with the node's conditions. */
export function conditionTaints(
  node: Node,
  now: string,
): { readonly add: readonly Taint[]; readonly remove: readonly Taint[] } {
  const wanted: Taint[] = []
  const want = (key: string) => wanted.push({ key, effect: 'NoSchedule', timeAdded: now })
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = taintKeys[type]?.[status]
    if (key) want(key)
  }
  if (node.spec.unschedulable) want(unschedulableKey)
  const present = (node.spec.taints ?? []).filter(
    ({ key, effect }) => effect === 'NoSchedule' && ownKeys.has(key),
  )
  return {
    add: wanted.filter((taint) => !present.some((old) => sameTaint(old, taint))),
    remove: present.filter((taint) => !wanted.some((next) => sameTaint(next, taint))),
  }
}

export type ZoneState = 'Initial' | 'Normal' | 'PartialDisruption' | 'FullDisruption'

export interface ZoneCount {
  readonly ready: number
  readonly notReady: number
}

/** A zone is fully disrupted without any ready node, partly with many and more than two. */
export function zoneState({ ready, notReady }: ZoneCount, threshold: number): ZoneState {
  if (ready === 0 && notReady > 0) return 'FullDisruption'
  if (notReady > 2 && notReady / (ready + notReady) >= threshold) return 'PartialDisruption'
  return 'Normal'
}

export interface EvictionRates {
  readonly normal: number
  readonly secondary: number
  readonly largeZone: number
}

/** Nodes a second that may be tainted NoExecute in a zone. */
export function evictionRate(state: ZoneState, { ready, notReady }: ZoneCount, r: EvictionRates) {
  if (state !== 'PartialDisruption') return r.normal
  return ready + notReady > r.largeZone ? r.secondary : 0
}

/** How the whole cluster's zones change: `stop` all evictions, `resume` them, or zone by zone. */
export function disruptionChange(
  before: readonly ZoneState[],
  after: readonly ZoneState[],
): 'stop' | 'resume' | 'zones' | 'none' {
  const isFull = after.every((state) => state === 'FullDisruption')
  const wasFull = before.every((state) => state === 'FullDisruption')
  if (isFull && wasFull) return 'none'
  if (isFull) return 'stop'
  return wasFull ? 'resume' : 'zones'
}

/** Region and zone; '' when the node has neither label. */
export function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {}
  const region = labels['topology.kubernetes.io/region'] ?? ''
  const zone = labels['topology.kubernetes.io/zone'] ?? ''
  return region === '' && zone === '' ? '' : `${region}:\0:${zone}`
}
