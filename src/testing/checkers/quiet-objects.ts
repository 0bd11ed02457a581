import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1'
import type { Endpoints, Node, Pod, Service } from '../../api/generated/core-v1'
import type { EndpointSlice } from '../../api/generated/discovery-v1'
import { controllerOf, type KubeObject } from '../../api/object'

/** The state of everything stored, by kind, for rules that hold once nothing is under way. */
export class QuietObjects {
  readonly pods: readonly Pod[]
  readonly nodes: readonly Node[]
  readonly services: readonly Service[]
  readonly deployments: readonly Deployment[]
  readonly replicaSets: readonly ReplicaSet[]
  readonly slices: readonly EndpointSlice[]
  readonly endpoints: readonly Endpoints[]
  readonly all: ReadonlyMap<string, KubeObject>

  constructor(state: ReadonlyMap<string, { readonly value: unknown }>) {
    const all = new Map<string, KubeObject>()
    for (const [key, { value }] of state) {
      const object = value as KubeObject | undefined
      if (object?.metadata?.uid) all.set(key, object)
    }
    this.all = all
    this.pods = this.#below('/registry/pods/')
    this.nodes = this.#below('/registry/nodes/')
    this.services = this.#below('/registry/services/')
    this.deployments = this.#below('/registry/apps/deployments/')
    this.replicaSets = this.#below('/registry/apps/replicasets/')
    this.slices = this.#below('/registry/discovery.k8s.io/endpointslices/')
    this.endpoints = this.#below('/registry/endpoints/')
  }

  owned<T extends KubeObject>(objects: readonly T[], owner: KubeObject): readonly T[] {
    return objects.filter((object) => controllerOf(object)?.uid === owner.metadata.uid)
  }

  /** The pods that a Service is to lead to. */
  behind({ metadata, spec }: Service): readonly Pod[] {
    const selector = Object.entries(spec.selector ?? {})
    return this.pods.filter(
      (pod) =>
        pod.metadata.namespace === metadata.namespace &&
        selector.every(([label, value]) => pod.metadata.labels?.[label] === value) &&
        !pod.metadata.deletionTimestamp &&
        isReady(pod),
    )
  }

  #below<T extends KubeObject>(prefix: string): T[] {
    return [...this.all].flatMap(([key, object]) => (key.startsWith(prefix) ? [object as T] : []))
  }
}

export function isReady({ status }: Pod | Node): boolean {
  const conditions: readonly { type: string; status: string }[] = status.conditions ?? []
  return conditions.some((c) => c.type === 'Ready' && c.status === 'True')
}

export const nameOf = ({ metadata }: KubeObject): string =>
  metadata.namespace ? `${metadata.namespace}/${metadata.name}` : (metadata.name ?? '')
