import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1'
import type { Lease } from '../../api/generated/coordination-v1'
import type { Node, Pod, Service } from '../../api/generated/core-v1'
import { controllerOf, type KubeObject } from '../../api/object'
import type { KeyValue, WatchEvent } from '../../etcd/client'
import { type Micros, seconds } from '../../sim/time'
import { checkBinding } from './binding-rules'
import { isEqual } from './equal'
import type { EtcdHistory } from './etcd-history'
import type { Ledger } from './ledger'

const internal = ['/registry/masterleases/', '/registry/ranges/', '/registry/compact_rev_key']
const pods = '/registry/pods/'
const services = '/registry/services/'
const deployments = '/registry/apps/deployments/'
const replicaSets = '/registry/apps/replicasets/'
const nodes = '/registry/nodes/'
const leases = '/registry/coordination.k8s.io/leases/kube-system/'

/** A controller may act on what it knew this long ago, while wires and watches are disturbed. */
const staleMax: Micros = seconds(120)

const phases: Readonly<Record<string, readonly string[]>> = {
  Pending: ['Pending', 'Running', 'Succeeded', 'Failed'],
  Running: ['Running', 'Succeeded', 'Failed'],
  Succeeded: ['Succeeded'],
  Failed: ['Failed'],
}

/** Rules for every version of every object, in the order of etcd's history. */
export class ObjectRules {
  readonly #ledger: Ledger
  readonly #history: EtcdHistory
  readonly #uids = new Map<string, string>()
  readonly #addresses = new Map<string, string>()
  /** How many pods a Deployment allowed, a ReplicaSet wanted, and when. */
  readonly #bounds = new Map<string, { time: Micros; total: number }[]>()
  readonly #bootTime: Micros

  constructor(ledger: Ledger, history: EtcdHistory, bootTime: Micros) {
    this.#ledger = ledger
    this.#history = history
    this.#bootTime = bootTime
    history.onRevision((_, events) => {
      for (const event of events) this.#event(event)
    })
  }

  #event(event: WatchEvent): void {
    const { key } = event.kv
    if (!key.startsWith('/registry/') || internal.some((prefix) => key.startsWith(prefix))) return
    const before = event.prevKv?.value as KubeObject | undefined
    if (event.type === 'delete') {
      if (before) this.#deleted(key, before)
      return
    }
    const after = event.kv.value as KubeObject
    this.#identity(key, before, after)
    if (before) this.#update(key, before, after, event.kv)
    this.#kind(key, before, after)
  }

  #identity(key: string, before: KubeObject | undefined, { metadata }: KubeObject): void {
    const { name, namespace, uid = '', creationTimestamp } = metadata
    const demand = this.#demander(key)
    demand(Boolean(name && uid && creationTimestamp), 'A1', () => 'name, uid or time is missing')
    const place = namespace ? `/${namespace}/${name}` : `/${name}`
    demand(key.endsWith(place), 'A1', () => `holds ${place}`)
    const known = this.#uids.get(uid)
    demand(known === undefined || (before !== undefined && known === key), 'A1', () => {
      return `uid ${uid} was that of ${known}`
    })
    this.#uids.set(uid, key)
    const controllers = metadata.ownerReferences?.filter(({ controller }) => controller) ?? []
    demand(controllers.length <= 1, 'A13', () => `${controllers.length} controllers`)
  }

  #update(key: string, before: KubeObject, after: KubeObject, kv: KeyValue): void {
    const demand = this.#demander(key)
    const [old, now] = [before.metadata, after.metadata]
    demand(old.uid === now.uid, 'A8', () => 'uid changed')
    demand(old.creationTimestamp === now.creationTimestamp, 'A8', () => 'creation time changed')
    demand(!isEqual(before, after), 'A8', () => `written at ${kv.modRevision} without a change`)
    const generations = () => `generation ${old.generation} became ${now.generation}`
    const grown = (now.generation ?? 0) - (old.generation ?? 0)
    demand(grown === 0 || grown === 1, 'A8', generations)
    if (grown === 1 && !now.deletionTimestamp) {
      demand(!isEqual(specOf(before), specOf(after)), 'A8', () => `${generations()}, the spec not`)
    }
    if (!old.deletionTimestamp) return
    demand(now.deletionTimestamp !== undefined, 'A9', () => 'came back from deletion')
    // A second deletion may ask for another propagation.
    const propagation = ['foregroundDeletion', 'orphan']
    const added =
      now.finalizers?.filter((f) => !old.finalizers?.includes(f) && !propagation.includes(f)) ?? []
    demand(added.length === 0, 'A9', () => `got finalizers ${added} while being deleted`)
  }

  #deleted(key: string, before: KubeObject): void {
    const { finalizers = [] } = before.metadata
    const what = () => `was removed with finalizers ${finalizers}`
    this.#ledger.demand(finalizers.length <= 1, 'A9', `${key}: ${what()}`)
    if (key.startsWith(services)) this.#release(before as Service)
    this.#bounds.delete(before.metadata.uid ?? '')
  }

  #kind(key: string, before: KubeObject | undefined, after: KubeObject): void {
    if (key.startsWith(pods)) this.#pod(key, before as Pod | undefined, after as Pod)
    else if (key.startsWith(services)) this.#service(key, before as Service, after as Service)
    else if (key.startsWith(deployments))
      this.#deployment(before as Deployment, after as Deployment)
    else if (key.startsWith(replicaSets)) this.#replicaSet(key, before as ReplicaSet, after)
    else if (key.startsWith(nodes)) this.#node(before as Node | undefined, after as Node)
    else if (key.startsWith(leases)) this.#lease(before as Lease | undefined, after as Lease)
  }

  #pod(key: string, before: Pod | undefined, after: Pod): void {
    const demand = this.#demander(key)
    const [from, to] = [before?.spec.nodeName, after.spec.nodeName]
    demand(!from || from === to, 'S1', () => `moved from ${from} to ${to}`)
    if (before && !from && to) checkBinding(this.#ledger, this.#history, after)
    if (!before) this.#created(key, after)
    const [old, now] = [before?.status.phase ?? 'Pending', after.status.phase ?? 'Pending']
    const legal = phases[old]?.includes(now) ?? false
    demand(legal, 'K3', () => `went from ${old} to ${now}`)
    for (const container of after.status.containerStatuses ?? []) {
      const { name, restartCount, state } = container
      const previous = before?.status.containerStatuses?.find((c) => c.name === name)
      if (restartCount > (previous?.restartCount ?? 0)) {
        this.#ledger.sometimes('a container was restarted')
      }
      if (state?.waiting?.reason === 'CrashLoopBackOff') {
        this.#ledger.sometimes('a container backed off (CrashLoopBackOff)')
      }
    }
    for (const { type, reason } of after.status.conditions ?? []) {
      if (type === 'PodScheduled' && reason === 'Unschedulable') {
        this.#ledger.sometimes('a pod could not be scheduled at first')
      }
      if (type === 'DisruptionTarget') {
        this.#ledger.sometimes('a pod was evicted from a lost node')
      }
    }
  }

  /** C2: a ReplicaSet's controller never makes more pods than were wanted lately. */
  #created(key: string, pod: Pod): void {
    const owner = controllerOf(pod)
    const bounds = this.#bounds.get(owner?.uid ?? '')
    if (owner?.kind !== 'ReplicaSet' || !bounds) return
    let total = 1
    for (const [other, kv] of this.#history.state) {
      if (!other.startsWith(pods) || other === key) continue
      const { metadata, status } = kv.value as Pod
      const active = !metadata.deletionTimestamp && !isFinished(status.phase)
      if (active && controllerOf(kv.value as Pod)?.uid === owner.uid) total++
    }
    const bound = this.#boundOf(bounds)
    this.#ledger.demand(total <= bound, 'C2', () => `${owner.name} makes ${total} pods of ${bound}`)
  }

  #remember(uid: string, total: number): void {
    const bounds = this.#bounds.get(uid) ?? []
    bounds.push({ time: this.#ledger.now, total })
    this.#bounds.set(uid, bounds)
  }

  /** The highest that was allowed lately. */
  #boundOf(bounds: readonly { readonly time: Micros; readonly total: number }[]): number {
    const recent = this.#ledger.now - staleMax
    const from = Math.max(
      0,
      bounds.findLastIndex(({ time }) => time < recent),
    )
    return Math.max(...bounds.slice(from).map((b) => b.total))
  }

  #service(key: string, before: Service | undefined, after: Service): void {
    if (before) this.#release(before)
    for (const address of addressesOf(after)) {
      const holder = this.#addresses.get(address)
      const what = () => `${key}: ${address} is ${holder}'s`
      this.#ledger.demand(holder === undefined, 'A15', what)
      this.#addresses.set(address, key)
    }
  }

  #release(service: Service): void {
    for (const address of addressesOf(service)) this.#addresses.delete(address)
  }

  #deployment(before: Deployment | undefined, after: Deployment): void {
    this.#remember(after.metadata.uid ?? '', totalMax(after))
    const midway = (before?.status.updatedReplicas ?? 0) < (before?.spec.replicas ?? 0)
    if (before && midway && !isEqual(before.spec.template, after.spec.template)) {
      this.#ledger.sometimes('a rollout was interrupted by another')
    }
  }

  /** C3: a Deployment's controller never makes its ReplicaSets want more than the bound. */
  #replicaSet(key: string, before: ReplicaSet | undefined, object: KubeObject): void {
    const after = object as ReplicaSet
    this.#remember(after.metadata.uid ?? '', after.spec.replicas ?? 1)
    const owner = controllerOf(after)
    const grew = (after.spec.replicas ?? 0) > (before?.spec.replicas ?? 0)
    const bounds = this.#bounds.get(owner?.uid ?? '')
    if (!grew || !bounds) return
    let total = 0
    for (const [other, kv] of this.#history.state) {
      if (!other.startsWith(replicaSets)) continue
      const value = other === key ? after : (kv.value as ReplicaSet)
      if (controllerOf(value)?.uid === owner?.uid) total += value.spec.replicas ?? 0
    }
    const recent = this.#ledger.now - staleMax
    const from = Math.max(
      0,
      bounds.findLastIndex(({ time }) => time < recent),
    )
    const bound = Math.max(...bounds.slice(from).map((b) => b.total))
    const what = () => `${key}: ReplicaSets of ${owner?.name} want ${total} pods, bound ${bound}`
    this.#ledger.demand(total <= bound, 'C3', what)
  }

  #node(before: Node | undefined, after: Node): void {
    const ready = (node: Node | undefined) =>
      node?.status.conditions?.find(({ type }) => type === 'Ready')?.status
    if (ready(before) === 'True' && ready(after) !== 'True') {
      this.#ledger.sometimes('a node became NotReady')
    }
  }

  #lease(before: Lease | undefined, after: Lease): void {
    const [old, now] = [before?.spec.holderIdentity, after.spec.holderIdentity]
    if (!old || old === now || this.#ledger.now < this.#bootTime) return
    const { name } = after.metadata
    if (name === 'kube-controller-manager') {
      this.#ledger.sometimes('a controller-manager took over')
    } else if (name === 'kube-scheduler') this.#ledger.sometimes('a scheduler took over')
  }

  #demander(key: string) {
    return (holds: boolean, rule: string, what: () => string): void =>
      this.#ledger.demand(holds, rule, () => `${key}: ${what()}`)
  }
}

/** What a generation counts: all but metadata and status; for some kinds labels, annotations too. */
function specOf(object: KubeObject): unknown {
  const { metadata, status, ...rest } = object as KubeObject & { readonly status?: unknown }
  return { ...rest, labels: metadata.labels, annotations: metadata.annotations }
}

const isFinished = (phase: string | undefined): boolean =>
  phase === 'Succeeded' || phase === 'Failed'

function addressesOf({ spec }: Service): readonly string[] {
  const ips = (spec.clusterIPs ?? []).filter((ip) => ip !== 'None' && ip !== '')
  const ports = (spec.ports ?? []).flatMap(({ nodePort, protocol }) =>
    nodePort ? [`node port ${nodePort}/${protocol}`] : [],
  )
  return [...ips, ...ports]
}

function totalMax({ spec }: Deployment): number {
  const replicas = spec.replicas ?? 1
  if (spec.strategy?.type === 'Recreate') return replicas
  const surge = spec.strategy?.rollingUpdate?.maxSurge ?? '25%'
  const share = typeof surge === 'number' ? surge : (replicas * Number.parseInt(surge, 10)) / 100
  return replicas + Math.ceil(share)
}
