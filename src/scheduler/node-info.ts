import type { Node, Pod, Taint } from '../api/generated/core-v1'
import type { Labels } from '../api/machinery/selectors'
import { type AffinityTerms, affinityTerms } from './affinity-term'
import type { Resources } from './resources'
import {
  addResources,
  noResources,
  podRequests,
  podRequestsForScoring,
  resourcesOf,
} from './resources'

/** A pod with what the scheduler needs of it, worked out once. */
export interface PodInfo {
  readonly pod: Pod
  readonly uid: string
  readonly requests: Resources
  readonly scoring: Resources
  readonly hostPorts: readonly string[]
  readonly terms: AffinityTerms | undefined
}

export const priorityOf = (pod: Pod): number => pod.spec.priority ?? 0

/** `protocol/ip/port` of every host port the pod binds. */
function hostPortsOf(pod: Pod): string[] {
  const ports: string[] = []
  for (const container of pod.spec.containers) {
    for (const { hostPort, protocol = 'TCP', hostIP } of container.ports ?? []) {
      if (hostPort) ports.push(`${protocol}/${hostIP || '0.0.0.0'}/${hostPort}`)
    }
  }
  return ports
}

export function podInfo(pod: Pod): PodInfo {
  return {
    pod,
    uid: pod.metadata.uid ?? '',
    requests: podRequests(pod),
    scoring: podRequestsForScoring(pod),
    hostPorts: hostPortsOf(pod),
    terms: affinityTerms(pod),
  }
}

/** One node as the scheduler sees it: what it offers and what its pods, assumed ones too, take. */
export class NodeInfo {
  readonly name: string
  node: Node | undefined
  labels: Labels = {}
  taints: readonly Taint[] | undefined
  allocatable: Resources = noResources()
  podsMax = 0
  readonly pods = new Map<string, PodInfo>()
  readonly requested = noResources()
  readonly scoring = noResources()
  readonly hostPorts = new Map<string, number>()
  /** Bytes by image name. */
  images = new Map<string, number>()

  constructor(name: string) {
    this.name = name
  }

  setNode(node: Node): void {
    if (this.node?.status.allocatable !== node.status.allocatable) {
      this.allocatable = resourcesOf(node.status.allocatable)
      this.podsMax = this.allocatable.scalars.get('pods') ?? 0
    }
    if (this.node?.status.images !== node.status.images) {
      this.images = new Map()
      for (const { names = [], sizeBytes = 0 } of node.status.images ?? []) {
        for (const name of names) this.images.set(name, sizeBytes)
      }
    }
    this.node = node
    this.labels = node.metadata.labels ?? {}
    this.taints = node.spec.taints
  }

  add(info: PodInfo): void {
    this.pods.set(info.uid, info)
    this.#count(info, 1)
  }

  remove(uid: string): PodInfo | undefined {
    const info = this.pods.get(uid)
    if (!info) return undefined
    this.pods.delete(uid)
    this.#count(info, -1)
    return info
  }

  /** The same pod with other metadata or status; what it takes is unchanged. */
  refresh(info: PodInfo): void {
    this.pods.set(info.uid, info)
  }

  #count(info: PodInfo, sign: 1 | -1): void {
    addResources(this.requested, info.requests, sign)
    addResources(this.scoring, info.scoring, sign)
    for (const port of info.hostPorts) {
      const users = (this.hostPorts.get(port) ?? 0) + sign
      if (users > 0) this.hostPorts.set(port, users)
      else this.hostPorts.delete(port)
    }
  }
}
