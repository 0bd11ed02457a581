import type { Node, Pod } from '../../api/generated/core-v1'
import { type Cluster, type Rejection, type SchedulerPlugin, scoreMax } from '../framework'
import { type NodeInfo, type PodInfo, priorityOf } from '../node-info'
import { type Resources, resourcesOf } from '../resources'

const name = 'NodeResourcesFit'

/** Full nodes are many and their reasons few: each combination is made once. */
const rejections = new Map<string, Rejection>()

function rejectionFor(reasons: readonly string[], unresolvable: boolean): Rejection {
  const key = `${reasons.join()}${unresolvable}`
  let rejection = rejections.get(key)
  if (!rejection) {
    rejection = { plugin: name, reasons, unresolvable }
    rejections.set(key, rejection)
  }
  return rejection
}

interface Shortage {
  readonly reasons: string[]
  unresolvable: boolean
}

/** Nothing is ever short of what is not asked for, however overcommitted the node is. */
function lacks(wanted: number, used: number, offered: number): boolean {
  return wanted > 0 && wanted > offered - used
}

function shortages({ requests }: PodInfo, { requested, allocatable }: NodeInfo): Shortage {
  const shortage: Shortage = { reasons: [], unresolvable: false }
  const check = (resource: string, wanted: number, used: number, offered: number) => {
    if (!lacks(wanted, used, offered)) return
    shortage.reasons.push(`Insufficient ${resource}`)
    if (wanted > offered) shortage.unresolvable = true
  }
  check('cpu', requests.milliCpu, requested.milliCpu, allocatable.milliCpu)
  check('memory', requests.memoryBytes, requested.memoryBytes, allocatable.memoryBytes)
  const { ephemeralBytes } = requests
  check('ephemeral-storage', ephemeralBytes, requested.ephemeralBytes, allocatable.ephemeralBytes)
  for (const [resource, wanted] of requests.scalars) {
    const used = requested.scalars.get(resource) ?? 0
    check(resource, wanted, used, allocatable.scalars.get(resource) ?? 0)
  }
  return shortage
}

function fits(requests: Resources, requested: Resources, allocatable: Resources): boolean {
  return (
    requests.scalars.size === 0 &&
    !lacks(requests.milliCpu, requested.milliCpu, allocatable.milliCpu) &&
    !lacks(requests.memoryBytes, requested.memoryBytes, allocatable.memoryBytes) &&
    !lacks(requests.ephemeralBytes, requested.ephemeralBytes, allocatable.ephemeralBytes)
  )
}

function reject(pod: PodInfo, node: NodeInfo): Rejection | undefined {
  const full = node.pods.size + 1 > node.podsMax
  if (!full && fits(pod.requests, node.requested, node.allocatable)) return undefined
  const { reasons, unresolvable } = shortages(pod, node)
  if (full) reasons.unshift('Too many pods')
  return reasons.length > 0 ? rejectionFor(reasons, unresolvable) : undefined
}

function freeShare(wanted: number, used: number, offered: number): number {
  const taken = wanted + used
  return taken > offered ? 0 : Math.floor(((offered - taken) * scoreMax) / offered)
}

/** LeastAllocated over cpu and memory, weighing both alike: the emptier node is better. */
function leastAllocated({ scoring: wanted }: PodInfo, node: NodeInfo): number {
  const { scoring: used, allocatable } = node
  let sum = 0
  let resources = 0
  if (allocatable.milliCpu > 0) {
    sum += freeShare(wanted.milliCpu, used.milliCpu, allocatable.milliCpu)
    resources++
  }
  if (allocatable.memoryBytes > 0) {
    sum += freeShare(wanted.memoryBytes, used.memoryBytes, allocatable.memoryBytes)
    resources++
  }
  return resources === 0 ? 0 : Math.floor(sum / resources)
}

/** Whether the node would be large enough if it were empty. */
function couldFit(requests: Resources, node: Node): boolean {
  const offered = resourcesOf(node.status.allocatable)
  for (const [resource, wanted] of requests.scalars) {
    if (wanted > (offered.scalars.get(resource) ?? 0)) return false
  }
  return (
    requests.milliCpu <= offered.milliCpu &&
    requests.memoryBytes <= offered.memoryBytes &&
    requests.ephemeralBytes <= offered.ephemeralBytes
  )
}

/**
 * A pod that went helps those that fit now, and those that might push others aside. (The real
 * scheduler wakes all, and finds the rest as unschedulable as before.)
 */
function roomCame(waiting: PodInfo, gone: Pod, cluster: Cluster): boolean {
  const node = cluster.nodes.get(gone.spec.nodeName ?? '')
  if (!node || priorityOf(waiting.pod) > 0 || reject(waiting, node) === undefined) return true
  return cluster.nominations.nodeOf(waiting.uid) !== undefined
}

export const nodeResourcesFit: SchedulerPlugin = {
  name,
  weight: 1,
  events: ['NodeAdd', 'NodeAllocatable', 'AssignedPodDelete'],
  filterStep: (pod) => ({ reject: (node) => reject(pod, node) }),
  scoreStep: (pod) => ({ score: (node) => leastAllocated(pod, node) }),
  helps(waiting, change, cluster) {
    if ('node' in change) return couldFit(waiting.requests, change.node)
    return 'pod' in change ? roomCame(waiting, change.pod, cluster) : true
  },
}
