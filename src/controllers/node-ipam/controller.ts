import type { Node } from '../../api/generated/core-v1'
import { NODES } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { Reflector } from '../../client/reflector'
import type { ApiError } from '../../client/request'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import type { Controller, ControllerContext } from '../context'
import { CidrRanges } from './plan'

const workers = 30

/** Gives every node a range of pod addresses of its own (--allocate-node-cidrs, IPv4). */
export const nodeIpamController: Controller = {
  name: 'node-ipam-controller',
  wire: (context) => {
    const { podCidr } = context.settings
    if (podCidr === undefined) return () => {}
    const allocator = new RangeAllocator(context, podCidr)
    return () => allocator.run()
  },
}

const noneLeft: ApiError = {
  code: 0,
  reason: '',
  message:
    'failed to allocate cidr from cluster cidr: CIDR allocation failed; there are no remaining ' +
    'CIDRs left to allocate in the accepted range',
}

class RangeAllocator {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #nodes: Reflector<Node>
  readonly #queue: WorkQueue
  readonly #ranges: CidrRanges
  /** Ranges by uid of the node that gets them, until the cache shows it. */
  readonly #reserved = new Map<string, { readonly cidr: string; isWritten: boolean }>()

  constructor(context: ControllerContext, podCidr: string) {
    this.#context = context
    this.#client = context.client('node-controller')
    this.#recorder = context.recorder(this.#client, 'cidrAllocator')
    this.#queue = new WorkQueue(context.env.clock)
    this.#ranges = new CidrRanges(podCidr, context.settings.nodeCidrMaskSize)
    this.#nodes = context.informer(NODES).store
    const add = (node: Node) => this.#queue.add(node.metadata.name)
    this.#nodes.addHandler({
      onAdd: (node) => {
        for (const cidr of node.spec.podCIDRs ?? []) this.#ranges.occupy(cidr)
        add(node)
      },
      onUpdate: (node, old) => {
        if (node.spec.podCIDR !== old.spec.podCIDR || !node.spec.podCIDR) add(node)
      },
      onDelete: (node) => {
        const reserved = this.#reserved.get(node.metadata.uid ?? '')
        this.#reserved.delete(node.metadata.uid ?? '')
        const cidrs = node.spec.podCIDRs ?? (reserved ? [reserved.cidr] : [])
        for (const cidr of cidrs) this.#ranges.release(cidr)
      },
    })
  }

  /** Every node known has occupied its range by now. */
  run(): void {
    startWorkers(this.#context.env, this.#queue, workers, (key) => this.#sync(key))
  }

  *#sync(name: string): Task<SyncResult> {
    const node = this.#nodes.get(name)
    if (!node || node.metadata.deletionTimestamp) return synced
    const { uid = '' } = node.metadata
    if ((node.spec.podCIDRs ?? []).length > 0) {
      for (const cidr of node.spec.podCIDRs ?? []) this.#ranges.occupy(cidr)
      this.#reserved.delete(uid)
      return synced
    }
    const before = this.#reserved.get(uid)
    if (before?.isWritten) return synced
    const cidr = before?.cidr ?? this.#ranges.allocate()
    if (cidr === undefined) {
      this.#tell(node, 'CIDRNotAvailable')
      return { ok: false, error: noneLeft }
    }
    const reserved = { cidr, isWritten: false }
    this.#reserved.set(uid, reserved)
    const body = { spec: { podCIDR: cidr, podCIDRs: [cidr] } }
    const patched = yield* this.#client.patch(NODES, { name }, 'strategic-merge', body)
    if (patched.ok) reserved.isWritten = true
    else if (patched.error.code !== 0) {
      this.#ranges.release(cidr)
      this.#reserved.delete(uid)
      this.#tell(node, 'CIDRAssignmentFailed')
    }
    return patched.ok ? synced : patched
  }

  #tell(node: Node, status: string): void {
    const { name, uid } = node.metadata
    const subject = { apiVersion: 'v1', kind: 'Node', metadata: { name, uid } }
    this.#recorder.event(subject, 'Normal', status, `Node ${name} status is now: ${status}`)
  }
}
