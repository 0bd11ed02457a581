import type { Node, Pod } from '../api/generated/core-v1'
import type { Cluster } from './framework'
import { NodeInfo, podInfo } from './node-info'

/** Everything placed so far: bound pods as the API tells, and assumed ones it has not told yet. */
export class SchedulerCache implements Cluster {
  readonly nodes = new Map<string, NodeInfo>()
  /** Pods on nodes that are not there (any more). */
  readonly #homeless = new Map<string, NodeInfo>()
  readonly #placed = new Map<string, string>()
  readonly #assumed = new Set<string>()
  readonly #imageNodes = new Map<string, number>()

  nodesWithImage(name: string): number {
    return this.#imageNodes.get(name) ?? 0
  }

  setNode(node: Node): void {
    const { name } = node.metadata
    let info = this.nodes.get(name)
    if (!info) {
      info = this.#homeless.get(name) ?? new NodeInfo(name)
      this.#homeless.delete(name)
      this.nodes.set(name, info)
    }
    const before = info.images
    info.setNode(node)
    if (before !== info.images) this.#countImages(before, info.images)
  }

  removeNode(name: string): void {
    const info = this.nodes.get(name)
    if (!info) return
    this.nodes.delete(name)
    this.#countImages(info.images, new Map())
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
    this.#assumed.delete(uid)
    this.#place(pod, pod.spec.nodeName)
  }

  assume(pod: Pod, node: string): void {
    this.#assumed.add(pod.metadata.uid ?? '')
    this.#place(pod, node)
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid)
  }

  removePod(uid: string): boolean {
    const node = this.#placed.get(uid)
    if (node === undefined) return false
    this.#placed.delete(uid)
    this.#assumed.delete(uid)
    const info = this.nodes.get(node) ?? this.#homeless.get(node)
    info?.remove(uid)
    if (info && info.pods.size === 0) this.#homeless.delete(node)
    return true
  }

  #place(pod: Pod, node: string): void {
    const uid = pod.metadata.uid ?? ''
    const before = this.#placed.get(uid)
    const home = this.nodes.get(node) ?? this.#homeless.get(node)
    const known = home?.pods.get(uid)
    if (before === node && known?.pod.spec === pod.spec) return
    if (before !== undefined) this.removePod(uid)
    let info = this.nodes.get(node) ?? this.#homeless.get(node)
    if (!info) {
      info = new NodeInfo(node)
      this.#homeless.set(node, info)
    }
    info.add(podInfo(pod))
    this.#placed.set(uid, node)
  }

  #countImages(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): void {
    for (const name of before.keys()) {
      this.#imageNodes.set(name, (this.#imageNodes.get(name) ?? 0) - 1)
    }
    for (const name of after.keys()) {
      this.#imageNodes.set(name, (this.#imageNodes.get(name) ?? 0) + 1)
    }
  }
}
