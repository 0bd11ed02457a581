import type { Node, Pod } from '../api/generated/core-v1'
import { keyOf } from '../api/object'
import { PODS } from '../api/resources'
import type { ApiClient } from '../client/api-client'
import { isAlreadyExists, isNotFound } from '../client/result'
import type { ProcessEnv } from '../sim/process'
import { hash32 } from '../sim/random'
import { type Task, wait } from '../sim/task'
import { type Micros, seconds } from '../sim/time'

export const hashAnnotation = 'kubernetes.io/config.hash'
export const mirrorAnnotation = 'kubernetes.io/config.mirror'
const sourceAnnotation = 'kubernetes.io/config.source'
const retryDelay: Micros = seconds(3)

/** A manifest of the static pod folder as the kubelet runs it: named after the node, bound to it. */
export function staticPod(manifest: Pod, nodeName: string): Pod {
  const { metadata, spec } = manifest
  const hash = manifestHash(manifest, nodeName)
  const everywhere = { effect: 'NoExecute', operator: 'Exists' }
  return {
    ...manifest,
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      name: `${metadata.name}-${nodeName}`,
      namespace: metadata.namespace ?? 'default',
      uid: hash,
      annotations: { ...metadata.annotations, [hashAnnotation]: hash, [sourceAnnotation]: 'file' },
    },
    spec: {
      ...spec,
      containers: spec?.containers ?? [],
      nodeName,
      tolerations: [...(spec?.tolerations ?? []), everywhere],
    },
  }
}

function manifestHash(manifest: Pod, nodeName: string): string {
  const text = `${nodeName}/${JSON.stringify(manifest)}`
  let hash = ''
  for (let i = 0; i < 4; i++) hash += hash32(`${i}${text}`).toString(16).padStart(8, '0')
  return hash
}

export function isMirror(pod: Pod): boolean {
  return pod.metadata.annotations?.[mirrorAnnotation] !== undefined
}

/** Keeps one mirror in the API server for each static pod. */
export class MirrorPods {
  readonly #env: ProcessEnv
  readonly #client: ApiClient
  readonly #find: (key: string) => Pod | undefined
  readonly #node: () => Node
  readonly #pods: readonly Pod[]
  readonly #busy = new Set<string>()

  constructor(
    env: ProcessEnv,
    client: ApiClient,
    pods: readonly Pod[],
    cluster: { readonly find: (key: string) => Pod | undefined; readonly node: () => Node },
  ) {
    this.#env = env
    this.#client = client
    this.#pods = pods
    this.#find = cluster.find
    this.#node = cluster.node
  }

  /** Makes what is missing; replaces what is stale or being deleted. */
  check(): void {
    for (const pod of this.#pods) {
      const key = keyOf(pod)
      if (this.#busy.has(key) || this.#isRight(pod)) continue
      this.#busy.add(key)
      this.#env.spawn(this.#reconcile(pod))
    }
  }

  #isRight(pod: Pod): boolean {
    const mirror = this.#find(keyOf(pod))
    return (
      mirror !== undefined &&
      mirror.metadata.deletionTimestamp === undefined &&
      mirror.metadata.annotations?.[mirrorAnnotation] === pod.metadata.uid
    )
  }

  *#reconcile(pod: Pod): Task<void> {
    while (!this.#isRight(pod)) {
      const stale = this.#find(keyOf(pod))
      const done = stale ? yield* this.#delete(stale) : yield* this.#create(pod)
      if (done && !stale) break
      yield* wait(this.#env.clock.sleep(retryDelay, 'kubelet.mirror'))
    }
    this.#busy.delete(keyOf(pod))
  }

  *#delete(mirror: Pod): Task<boolean> {
    const { namespace, name, uid } = mirror.metadata
    const options = { gracePeriodSeconds: 0, preconditions: { uid } }
    const deleted = yield* this.#client.delete(PODS, { namespace, name }, options)
    return deleted.ok || isNotFound(deleted.error)
  }

  *#create(pod: Pod): Task<boolean> {
    const node = this.#node()
    const { uid = '', ...metadata } = pod.metadata
    if (node.metadata.uid === undefined) return false
    const owner = {
      apiVersion: 'v1',
      kind: 'Node',
      name: node.metadata.name,
      uid: node.metadata.uid,
      controller: true,
    }
    const created = yield* this.#client.create<Pod>(PODS, {
      ...pod,
      metadata: {
        ...metadata,
        annotations: { ...metadata.annotations, [mirrorAnnotation]: uid },
        ownerReferences: [owner],
      },
    })
    return created.ok || isAlreadyExists(created.error)
  }
}
