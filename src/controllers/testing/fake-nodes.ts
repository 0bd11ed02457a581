import type { Pod } from '../../api/generated/core-v1'
import { formatMicroTime, formatTime } from '../../api/machinery/time'
import { keyOf } from '../../api/object'
import { LEASES, NODES, PODS } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import { Informer } from '../../client/informer'
import type { Process, ProcessEnv } from '../../sim/process'
import { type Task, wait } from '../../sim/task'
import { millis, seconds } from '../../sim/time'
import { isPodReady } from '../pod-state'

/** Images whose containers end at once. */
const ends: { readonly [image: string]: string } = { true: 'Succeeded', false: 'Failed' }

/**
 * For tests: nodes `node-1` … that bind pending pods in turn or where their affinity says (never those with a
 * node selector),
 * make bound ones Running and, unless labelled `broken`, Ready after 100 ms, and finish deleted ones
 * after 50 ms. A silent node does nothing, as if unplugged.
 */
export class FakeNodes implements Process {
  readonly silent = new Set<string>()
  readonly #env: ProcessEnv
  readonly #client: ApiClient
  readonly #count: number
  readonly #pods: Informer<Pod>
  readonly #busy = new Set<string>()
  #turn = 0
  #address = 1

  constructor(env: ProcessEnv, client: ApiClient, count: number) {
    this.#env = env
    this.#client = client
    this.#count = count
    this.#pods = new Informer(env, client, PODS)
  }

  start(): void {
    for (let i = 1; i <= this.#count; i++) this.#env.spawn(this.#live(`node-${i}`, i))
    const look = (pod: Pod) => this.#look(pod)
    this.#pods.store.addHandler({ onAdd: look, onUpdate: look })
    this.#pods.start()
  }

  wake(name: string): void {
    this.silent.delete(name)
    for (const pod of this.#pods.store.values()) this.#look(pod)
  }

  *#live(name: string, index: number): Task<void> {
    const now = () => formatTime(this.#env.clock.wall())
    const zone = `zone-${index % 2}`
    const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': zone }
    yield* this.#client.create(NODES, { metadata: { name, labels } })
    const lease = { metadata: { name, namespace: 'kube-node-lease' } }
    yield* this.#client.create(LEASES, {
      ...lease,
      spec: { holderIdentity: name, renewTime: formatMicroTime(this.#env.clock.wall()) },
    })
    let wasSilent = true
    for (;;) {
      const silent = this.silent.has(name)
      if (!silent) {
        if (wasSilent) {
          const time = { lastHeartbeatTime: now(), lastTransitionTime: now() }
          const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', ...time }
          const body = { status: { conditions: [ready] } }
          const where = { name, subresource: 'status' }
          yield* this.#client.patch(NODES, where, 'strategic-merge', body)
        }
        const renewTime = formatMicroTime(this.#env.clock.wall())
        const where = { namespace: 'kube-node-lease', name }
        yield* this.#client.patch(LEASES, where, 'merge', { spec: { renewTime } })
      }
      wasSilent = silent
      yield* wait(this.#env.clock.sleep(seconds(10), 'fake.heartbeat'))
    }
  }

  #look(pod: Pod): void {
    const { nodeName } = pod.spec
    const key = `${keyOf(pod)}/${pod.metadata.uid}`
    if (this.#busy.has(key) || (nodeName && this.silent.has(nodeName))) return
    const work = this.#workFor(pod)
    if (!work) return
    this.#busy.add(key)
    this.#env.spawn(work).onDone((done) => {
      this.#busy.delete(key)
      const again = () => {
        const latest = this.#pods.store.get(keyOf(pod))
        if (latest) this.#look(latest)
      }
      const isNewer =
        this.#pods.store.get(keyOf(pod))?.metadata.resourceVersion !== pod.metadata.resourceVersion
      if (isNewer) again()
      else if (!done) this.#env.clock.after(seconds(1), again, 'fake.retry')
    })
  }

  #workFor(pod: Pod): Task<boolean> | undefined {
    if (!pod.spec.nodeName) return pod.spec.nodeSelector ? undefined : this.#bind(pod)
    if (pod.metadata.deletionTimestamp) return this.#finish(pod)
    const wasMarked =
      pod.status?.phase === 'Running' && !isPodReady(pod) && !pod.metadata.labels?.broken
    return pod.status?.phase === 'Pending' || wasMarked ? this.#run(pod) : undefined
  }

  *#bind({ metadata, spec }: Pod): Task<boolean> {
    const { namespace, name } = metadata
    const live: string[] = []
    for (let i = 1; i <= this.#count; i++) {
      if (!this.silent.has(`node-${i}`)) live.push(`node-${i}`)
    }
    const [term] =
      spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
        ?.nodeSelectorTerms ?? []
    const chosen = term?.matchFields?.[0]?.values?.[0] ?? live[this.#turn++ % live.length]
    const target = { kind: 'Node', name: chosen }
    const where = { namespace, name, subresource: 'binding' }
    return (yield* this.#client.createSubresource(PODS, where, { metadata, target })).ok
  }

  *#run({ metadata, spec, status: before }: Pod): Task<boolean> {
    yield* wait(this.#env.clock.sleep(millis(100), 'fake.run'))
    const now = formatTime(this.#env.clock.wall())
    const image = spec.containers[0]?.image ?? ''
    const isReady = metadata.labels?.broken === undefined && !ends[image] ? 'True' : 'False'
    const conditions = [{ type: 'Ready', status: isReady, lastTransitionTime: now }]
    const podIP = before?.podIP ?? `10.244.${this.#address >> 8}.${this.#address++ & 255}`
    const observedGeneration = metadata.generation
    const status = {
      observedGeneration,
      phase: ends[image] ?? 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      conditions,
      startTime: now,
    }
    const { namespace, name } = metadata
    const where = { namespace, name, subresource: 'status' }
    return (yield* this.#client.patch(PODS, where, 'strategic-merge', { status })).ok
  }

  *#finish({ metadata }: Pod): Task<boolean> {
    yield* wait(this.#env.clock.sleep(millis(50), 'fake.finish'))
    const { namespace, name, uid } = metadata
    const options = { gracePeriodSeconds: 0, preconditions: { uid } }
    return (yield* this.#client.delete(PODS, { namespace, name }, options)).ok
  }
}
