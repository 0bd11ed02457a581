import { type PodInfo, priorityOf } from './node-info'

const none: readonly PodInfo[] = []

/** Pods that have been promised a node, until they are placed, promised another or gone. */
export class Nominations {
  readonly #byNode = new Map<string, Map<string, PodInfo>>()
  readonly #nodeOf = new Map<string, string>()

  get size(): number {
    return this.#nodeOf.size
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid)
  }

  set(info: PodInfo, node: string): void {
    this.delete(info.uid)
    this.#nodeOf.set(info.uid, node)
    const pods = this.#byNode.get(node)
    if (pods) pods.set(info.uid, info)
    else this.#byNode.set(node, new Map([[info.uid, info]]))
  }

  delete(uid: string): void {
    const node = this.#nodeOf.get(uid)
    if (node === undefined) return
    this.#nodeOf.delete(uid)
    const pods = this.#byNode.get(node)
    pods?.delete(uid)
    if (pods?.size === 0) this.#byNode.delete(node)
  }

  /** Those on this node that the pod must not push aside: of its own priority or higher. */
  notBelow(pod: PodInfo, node: string): readonly PodInfo[] {
    const pods = this.#byNode.get(node)
    if (!pods) return none
    const priority = priorityOf(pod.pod)
    return [...pods.values()].filter((p) => p.uid !== pod.uid && priorityOf(p.pod) >= priority)
  }

  /** Those that lose their promise when the pod takes this node. */
  below(pod: PodInfo, node: string): readonly PodInfo[] {
    const pods = this.#byNode.get(node)
    if (!pods) return none
    const priority = priorityOf(pod.pod)
    return [...pods.values()].filter((p) => priorityOf(p.pod) < priority)
  }
}
