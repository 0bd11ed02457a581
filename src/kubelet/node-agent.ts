import type { Lease } from '../api/generated/coordination-v1'
import type { Node, NodeStatus } from '../api/generated/core-v1'
import { formatMicroTime } from '../api/machinery/time'
import { LEASES, NODES } from '../api/resources'
import type { ApiClient } from '../client/api-client'
import type { EventRecorder } from '../client/event-recorder'
import type { Reflector } from '../client/reflector'
import { isAlreadyExists, isNotFound } from '../client/result'
import type { ProcessEnv } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { type Micros, millis, minutes, seconds } from '../sim/time'
import { type NodeFacts, newNode, nodeStatus } from './node-object'
import type { KubeletOptions } from './options'
import { sameData } from './same-data'

/** Defaults of the kubelet's configuration. */
const statusCheckInterval: Micros = seconds(10)
const statusReportInterval: Micros = minutes(5)
const leaseDurationSeconds = 40
const leaseRenewInterval: Micros = seconds(10)
const registerBackoffMax: Micros = seconds(7)
const leaseNamespace = 'kube-node-lease'

/** Keeps the Node object and its lease true: registration, heartbeats, conditions. */
export class NodeAgent {
  readonly #env: ProcessEnv
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #options: KubeletOptions
  readonly #facts: () => NodeFacts
  readonly #nodes: Reflector<Node>
  #lease: Lease | undefined
  #registered: Node | undefined
  #reportedAt: Micros = -1
  #reporting = false
  #wasReady: boolean | undefined

  constructor(
    env: ProcessEnv,
    client: ApiClient,
    recorder: EventRecorder,
    node: {
      readonly options: KubeletOptions
      readonly nodes: Reflector<Node>
      readonly facts: () => NodeFacts
    },
  ) {
    this.#env = env
    this.#client = client
    this.#recorder = recorder
    this.#options = node.options
    this.#nodes = node.nodes
    this.#facts = node.facts
  }

  /** The node as the API server has it, or as it will be registered. */
  get node(): Node {
    return (
      this.#nodes.get(this.#options.nodeName) ??
      this.#registered ??
      newNode(this.#options, this.#facts())
    )
  }

  start(): void {
    this.#env.spawn(this.#register())
    this.#env.spawn(this.#renew())
  }

  /** Something about the node may have changed: look now instead of at the next tick. */
  check(): void {
    if (this.#registered && !this.#reporting) this.#env.spawn(this.#report())
  }

  *#register(): Task<void> {
    const { clock } = this.#env
    let backoff = millis(100)
    while (!(yield* this.#tryRegister())) {
      yield* wait(clock.sleep(backoff, 'kubelet.register'))
      backoff = Math.min(backoff * 2, registerBackoffMax)
    }
    this.#recorder.event(this.node, 'Normal', 'Starting', 'Starting kubelet.')
    for (;;) {
      if (!this.#reporting) yield* this.#report()
      yield* wait(clock.sleep(statusCheckInterval, 'kubelet.status'))
    }
  }

  *#tryRegister(): Task<boolean> {
    const node = newNode(this.#options, this.#facts())
    const created = yield* this.#client.create<Node>(NODES, node)
    if (created.ok) {
      this.#registered = created.value
      this.#reportedAt = this.#env.clock.monotonic()
      return true
    }
    if (!isAlreadyExists(created.error)) return false
    const found = yield* this.#client.get<Node>(NODES, { name: this.#options.nodeName })
    if (!found.ok) return false
    this.#registered = found.value
    return yield* this.#reconcile(found.value, node)
  }

  /** A node from before keeps its taints; labels that the kubelet owns are set again. */
  *#reconcile(existing: Node, wanted: Node): Task<boolean> {
    const labels = { ...existing.metadata.labels, ...wanted.metadata.labels }
    if (sameData(labels, existing.metadata.labels)) return true
    const where = { name: this.#options.nodeName }
    const patch = { metadata: { labels: wanted.metadata.labels } }
    return (yield* this.#client.patch(NODES, where, 'strategic-merge', patch)).ok
  }

  *#report(): Task<void> {
    this.#reporting = true
    const { nodeName } = this.#options
    const before = this.#nodes.get(nodeName)?.status ?? this.#registered?.status
    const status = nodeStatus(this.#options, this.#facts(), before)
    const now = this.#env.clock.monotonic()
    const due = this.#reportedAt < 0 || now - this.#reportedAt >= statusReportInterval
    if (due || !sameStatus(before, status)) {
      const where = { name: nodeName, subresource: 'status' }
      const body = { status: changedFields(before, status) }
      const patched = yield* this.#client.patch<Node>(NODES, where, 'strategic-merge', body)
      if (patched.ok) {
        this.#registered = patched.value
        this.#reportedAt = now
        this.#tellReadiness(status)
      }
    } else this.#tellReadiness(status)
    this.#reporting = false
  }

  #tellReadiness(status: NodeStatus): void {
    const ready = status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false
    if (ready === this.#wasReady) return
    this.#wasReady = ready
    const reason = ready ? 'NodeReady' : 'NodeNotReady'
    const message = `Node ${this.#options.nodeName} status is now: ${reason}`
    this.#recorder.event(this.node, 'Normal', reason, message)
  }

  *#renew(): Task<void> {
    for (;;) {
      yield* this.#renewOnce()
      yield* wait(this.#env.clock.sleep(leaseRenewInterval, 'kubelet.lease'))
    }
  }

  *#renewOnce(): Task<void> {
    const { nodeName } = this.#options
    const renewTime = formatMicroTime(this.#env.clock.wall())
    if (this.#lease) {
      const lease = { ...this.#lease, spec: { ...this.#lease.spec, renewTime } }
      const updated = yield* this.#client.update<Lease>(LEASES, lease)
      if (updated.ok) this.#lease = updated.value
      else if (updated.error.code !== 0) this.#lease = undefined
      if (updated.ok || updated.error.code === 0) return
    }
    const where = { namespace: leaseNamespace, name: nodeName }
    const found = yield* this.#client.get<Lease>(LEASES, where)
    if (found.ok) {
      const lease = { ...found.value, spec: { ...found.value.spec, renewTime } }
      const updated = yield* this.#client.update<Lease>(LEASES, lease)
      if (updated.ok) this.#lease = updated.value
    } else if (isNotFound(found.error)) yield* this.#createLease(renewTime)
  }

  *#createLease(renewTime: string): Task<void> {
    const { nodeName } = this.#options
    const uid = this.#registered?.metadata.uid
    const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid }
    const created = yield* this.#client.create<Lease>(LEASES, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        namespace: leaseNamespace,
        name: nodeName,
        ...(uid ? { ownerReferences: [owner] } : {}),
      },
      spec: { holderIdentity: nodeName, leaseDurationSeconds, renewTime },
    })
    if (created.ok) this.#lease = created.value
  }
}

/** Equal but for the heartbeat times. */
function sameStatus(before: NodeStatus | undefined, after: NodeStatus): boolean {
  for (const field of Object.keys(after) as (keyof NodeStatus)[]) {
    if (field !== 'conditions' && !sameData(before?.[field], after[field])) return false
  }
  return (after.conditions ?? []).every((condition) => {
    const old = before?.conditions?.find((c) => c.type === condition.type)
    const { status, reason, message } = condition
    return old?.status === status && old.reason === reason && old.message === message
  })
}

function changedFields(before: NodeStatus | undefined, after: NodeStatus): object {
  const fields: { [field: string]: unknown } = { conditions: after.conditions }
  for (const field of Object.keys(after) as (keyof NodeStatus)[]) {
    if (field !== 'conditions' && !sameData(before?.[field], after[field])) {
      fields[field] = after[field]
    }
  }
  return fields
}
