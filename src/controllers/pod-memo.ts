import type { Node, Pod, Service } from '../api/generated/core-v1'

type Derive<T> = (pod: Pod, service: Service, node: Node | undefined) => T | undefined

/**
 * What each pod contributes to one service, worked out once per version of pod, service and node: a
 * sync after one pod's change costs one derivation, not one per pod.
 */
export class PodMemo<T> {
  readonly #derive: Derive<T>
  #service: Service | undefined
  #known = new WeakMap<Pod, { readonly node: Node | undefined; readonly value: T | undefined }>()

  constructor(derive: Derive<T>) {
    this.#derive = derive
  }

  /** The contributions, and the pods that were not known in this version. */
  of(
    service: Service,
    pods: readonly Pod[],
    nodeOf: (pod: Pod) => Node | undefined,
  ): { readonly values: readonly T[]; readonly fresh: readonly Pod[] } {
    if (this.#service !== service) {
      this.#service = service
      this.#known = new WeakMap()
    }
    const values: T[] = []
    const fresh: Pod[] = []
    for (const pod of pods) {
      const node = nodeOf(pod)
      let known = this.#known.get(pod)
      if (!known || known.node?.metadata.labels !== node?.metadata.labels) {
        if (!known) fresh.push(pod)
        known = { node, value: this.#derive(pod, service, node) }
        this.#known.set(pod, known)
      }
      if (known.value !== undefined) values.push(known.value)
    }
    return { values, fresh }
  }
}
