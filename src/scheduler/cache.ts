import type { Node, Pod } from '../api/generated/core-v1'
import { semanticEqual } from '../api/machinery/semantic-equal'
import type { Cluster } from './framework'
import { NodeInfo, type PodInfo, podInfo } from './node-info'
import { zoneOf, zonesInTurn } from './node-order'
import { Nominations } from './nominations'
import { type PodQuery, PodTallies, type PodTally } from './pod-tally'
import type { Surroundings } from './surroundings'
import { TermIndex } from './term-index'

const noImages: ReadonlyMap<string, number> = new Map()

/** Everything placed so far: bound pods as the API tells, and assumed ones it has not told yet. */
export class SchedulerCache implements Cluster {
  readonly nodes = new Map<string, NodeInfo>()
  readonly antiAffinity = new TermIndex()
  readonly preferences = new TermIndex()
  readonly nominations = new Nominations()
  readonly surroundings: Surroundings
  /** Pods on nodes that are not there (any more). */
  readonly #homeless = new Map<string, NodeInfo>()
  readonly #placed = new Map<string, NodeInfo>()
  readonly #assumed = new Set<string>()
  readonly #imageNodes = new Map<string, number>()
  readonly #tallies = new PodTallies()
  #nodeList: readonly NodeInfo[] | undefined

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings
  }

  get nodeList(): readonly NodeInfo[] {
    this.#nodeList ??= zonesInTurn(this.nodes.values())
    return this.#nodeList
  }

  nodesWithImage(name: string): number {
    return this.#imageNodes.get(name) ?? 0
  }

  tally(query: PodQuery): PodTally {
    return this.#tallies.get(query, this.#everywhere())
  }

  namespacesChanged(): void {
    this.#tallies.clear()
  }

  setNode(node: Node): void {
    const { name } = node.metadata
    let info = this.nodes.get(name)
    const zone = info && zoneOf(info)
    if (!info) {
      info = this.#homeless.get(name) ?? new NodeInfo(name)
      this.#homeless.delete(name)
      this.nodes.set(name, info)
    }
    const before = info.images
    info.setNode(node)
    if (zoneOf(info) !== zone) this.#nodeList = undefined
    if (before !== info.images) this.#countImages(before, info.images)
  }

  removeNode(name: string): void {
    const info = this.nodes.get(name)
    if (!info) return
    this.nodes.delete(name)
    this.#nodeList = undefined
    this.#countImages(info.images, noImages)
    info.images = new Map()
    info.node = undefined
    if (info.pods.size > 0) this.#homeless.set(name, info)
  }

  /** A pod the API shows on a node. Confirms an assumed one; a pod that has ended takes nothing. */
  setPod(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const { phase } = pod.status
    if (phase === 'Succeeded' || phase === 'Failed' || !pod.spec.nodeName) {
      this.removePod(uid)
      return
    }
    const confirmed = this.#assumed.delete(uid)
    this.nominations.delete(uid)
    const known = this.#placed.get(uid)
    const info = known?.pods.get(uid)
    const same = info && (info.pod.spec === pod.spec || (confirmed && sameBut(info.pod, pod)))
    if (same && known?.name === pod.spec.nodeName) {
      this.#refresh(known, info, pod)
    } else this.#place(podInfo(pod), pod.spec.nodeName)
  }

  assume(info: PodInfo, node: string): void {
    this.#assumed.add(info.uid)
    this.nominations.delete(info.uid)
    this.#place(info, node)
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid)
  }

  /** The binding of an assumed pod failed: its room is free again. */
  forget(uid: string): void {
    if (this.#assumed.has(uid)) this.removePod(uid)
  }

  /** True when the pod was on a node. */
  removePod(uid: string): boolean {
    const home = this.#placed.get(uid)
    const info = home?.remove(uid)
    if (!home || !info) return false
    this.#placed.delete(uid)
    this.#assumed.delete(uid)
    this.#count(info, home, -1)
    if (home.pods.size === 0) this.#homeless.delete(home.name)
    return true
  }

  #place(info: PodInfo, node: string): void {
    this.removePod(info.uid)
    let home = this.nodes.get(node) ?? this.#homeless.get(node)
    if (!home) {
      home = new NodeInfo(node)
      this.#homeless.set(node, home)
    }
    home.add(info)
    this.#placed.set(info.uid, home)
    this.#count(info, home, 1)
  }

  #refresh(home: NodeInfo, info: PodInfo, pod: Pod): void {
    const { metadata } = info.pod
    const counted =
      metadata.labels === pod.metadata.labels &&
      metadata.deletionTimestamp === pod.metadata.deletionTimestamp
    if (!counted) this.#tallies.count(info.pod, home, -1)
    home.refresh({ ...info, pod })
    if (!counted) this.#tallies.count(pod, home, 1)
  }

  #count({ pod, terms }: PodInfo, home: NodeInfo, sign: 1 | -1): void {
    this.#tallies.count(pod, home, sign)
    if (!terms) return
    this.antiAffinity.count(terms.antiAffinity, home, sign)
    this.preferences.count(terms.forOthers, home, sign)
  }

  *#everywhere(): Generator<NodeInfo> {
    yield* this.nodes.values()
    yield* this.#homeless.values()
  }

  #countImages(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): void {
    for (const name of before.keys()) {
      const nodes = (this.#imageNodes.get(name) ?? 0) - 1
      if (nodes > 0) this.#imageNodes.set(name, nodes)
      else this.#imageNodes.delete(name)
    }
    for (const name of after.keys()) {
      this.#imageNodes.set(name, (this.#imageNodes.get(name) ?? 0) + 1)
    }
  }
}

/** A binding changes nothing that was worked out from the pod; anything else may. */
function sameBut(assumed: Pod, bound: Pod): boolean {
  return (
    semanticEqual(assumed.metadata.labels, bound.metadata.labels) &&
    semanticEqual({ ...assumed.spec, nodeName: bound.spec.nodeName }, bound.spec)
  )
}
