import type { OwnerReference } from '../../api/generated/meta-v1'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import type { KubeObject, ResourceRef } from '../../api/object'

export const orphanFinalizer = 'orphan'
export const foregroundFinalizer = 'foregroundDeletion'

/** Where an object is: what the collector needs to ask the server about it. */
export interface Identity {
  readonly ref: ResourceRef
  readonly namespace: string | undefined
  readonly name: string
  readonly uid: string
}

/** An object in the graph. A virtual one is known only from its dependents' references. */
export interface GraphNode {
  readonly identity: Identity
  owners: readonly OwnerReference[]
  readonly dependents: Set<string>
  isVirtual: boolean
  isBeingDeleted: boolean
  /** Deleted in the foreground: goes after its dependents. */
  isDeletingDependents: boolean
  /** Deleted, and its dependents are to stay. */
  isOrphaning: boolean
}

/** What a change of the graph asks to be looked at, by uid. */
export interface GraphSink {
  attemptToDelete(uid: string): void
  attemptToOrphan(uid: string): void
  /** The resource of an owner's kind; undefined when the server does not offer it. */
  resourceOf(owner: OwnerReference): ResourceRef | undefined
}

/** Who owns whom among all objects of a cluster, kept up by watch events. */
export class OwnershipGraph {
  readonly #nodes = new Map<string, GraphNode>()
  readonly #sink: GraphSink

  constructor(sink: GraphSink) {
    this.#sink = sink
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid)
  }

  dependentsOf(node: GraphNode): readonly GraphNode[] {
    const found: GraphNode[] = []
    for (const uid of node.dependents) {
      const dependent = this.#nodes.get(uid)
      if (dependent) found.push(dependent)
    }
    return found
  }

  /** Dependents that the foreground deletion of `node` must wait for. */
  blockingDependents(node: GraphNode): readonly GraphNode[] {
    const { uid } = node.identity
    return this.dependentsOf(node).filter(({ owners }) =>
      owners.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    )
  }

  /** The object was added or changed. */
  observe(ref: ResourceRef, object: KubeObject): void {
    const { namespace, name, uid = '', ownerReferences: owners = [] } = object.metadata
    let node = this.#nodes.get(uid)
    if (!node || node.isVirtual) {
      const identity = { ref, namespace, name, uid }
      node = this.#place(identity, node)
      node.owners = owners
      this.#link(node, owners)
    } else {
      this.#relink(node, owners)
    }
    this.#followDeletion(node, object)
  }

  /** Owners that live but were taken out of the graph get their dependents back. */
  confirm(node: GraphNode): void {
    const { uid } = node.identity
    const lost = node.owners.filter((owner) => !this.#nodes.get(owner.uid)?.dependents.has(uid))
    if (lost.length > 0 && this.#nodes.get(uid) === node) this.#link(node, lost)
  }

  /** The object is gone: its dependents have to be looked at, and owners that wait for it. */
  remove(uid: string): void {
    const node = this.#nodes.get(uid)
    if (!node) return
    this.#nodes.delete(uid)
    for (const dependent of node.dependents) this.#sink.attemptToDelete(dependent)
    for (const owner of node.owners) {
      const found = this.#nodes.get(owner.uid)
      if (!found) continue
      found.dependents.delete(uid)
      if (found.isDeletingDependents) this.#sink.attemptToDelete(owner.uid)
    }
  }

  #place(identity: Identity, before: GraphNode | undefined): GraphNode {
    const node: GraphNode = {
      identity,
      owners: [],
      dependents: before?.dependents ?? new Set(),
      isVirtual: false,
      isBeingDeleted: false,
      isDeletingDependents: false,
      isOrphaning: false,
    }
    this.#nodes.set(identity.uid, node)
    return node
  }

  #link(node: GraphNode, owners: readonly OwnerReference[]): void {
    for (const owner of owners) {
      const found = this.#nodes.get(owner.uid)
      if (found) {
        found.dependents.add(node.identity.uid)
        if (found.isVirtual || found.isDeletingDependents) this.#sink.attemptToDelete(owner.uid)
        continue
      }
      const ref = this.#sink.resourceOf(owner)
      if (!ref) {
        this.#sink.attemptToDelete(node.identity.uid)
        continue
      }
      const namespace = ref.namespaced ? node.identity.namespace : undefined
      const virtual = this.#place({ ref, namespace, name: owner.name, uid: owner.uid }, undefined)
      virtual.isVirtual = true
      virtual.dependents.add(node.identity.uid)
      this.#sink.attemptToDelete(owner.uid)
    }
  }

  #relink(node: GraphNode, owners: readonly OwnerReference[]): void {
    const before = node.owners
    node.owners = owners
    const removed = before.filter(({ uid }) => !owners.some((owner) => owner.uid === uid))
    const added = owners.filter(({ uid }) => !before.some((owner) => owner.uid === uid))
    for (const { uid } of removed) {
      const owner = this.#nodes.get(uid)
      owner?.dependents.delete(node.identity.uid)
      if (owner?.isDeletingDependents) this.#sink.attemptToDelete(uid)
    }
    for (const { uid, blockOwnerDeletion } of owners) {
      const old = before.find((owner) => owner.uid === uid)
      const unblocked = old?.blockOwnerDeletion === true && blockOwnerDeletion !== true
      if (unblocked && this.#nodes.get(uid)?.isDeletingDependents) this.#sink.attemptToDelete(uid)
    }
    this.#link(node, added)
    if (removed.length > 0) this.#sink.attemptToDelete(node.identity.uid)
  }

  #followDeletion(node: GraphNode, { metadata }: KubeObject): void {
    if (!metadata.deletionTimestamp) return
    const { uid } = node.identity
    const finalizers = metadata.finalizers ?? []
    const was = { foreground: node.isDeletingDependents, orphaning: node.isOrphaning }
    node.isBeingDeleted = true
    node.isDeletingDependents = finalizers.includes(foregroundFinalizer)
    node.isOrphaning = finalizers.includes(orphanFinalizer)
    if (node.isOrphaning && !was.orphaning) this.#sink.attemptToOrphan(uid)
    if (!node.isDeletingDependents || was.foreground) return
    for (const dependent of node.dependents) this.#sink.attemptToDelete(dependent)
    this.#sink.attemptToDelete(uid)
  }
}

/** Whether a change of an object means nothing to the graph. */
export function isIrrelevant(object: KubeObject, old: KubeObject): boolean {
  const [a, b] = [object.metadata, old.metadata]
  return (
    a.uid === b.uid &&
    a.deletionTimestamp === b.deletionTimestamp &&
    semanticEqual(a.finalizers, b.finalizers) &&
    sameOwners(a.ownerReferences, b.ownerReferences)
  )
}

function sameOwners(
  a: readonly OwnerReference[] | undefined,
  b: readonly OwnerReference[] | undefined,
): boolean {
  if (a === b) return true
  if (a?.length !== b?.length) return false
  return (a ?? []).every((owner, i) => {
    const other = b?.[i]
    return owner.uid === other?.uid && owner.blockOwnerDeletion === other.blockOwnerDeletion
  })
}
