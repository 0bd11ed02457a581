import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1'
import type { Lease } from '../../api/generated/coordination-v1'
import type { Event, Namespace, Node, Pod, Service } from '../../api/generated/core-v1'
import type { EndpointSlice } from '../../api/generated/discovery-v1'
import type { KubeObject, ResourceRef } from '../../api/object'
import {
  DEPLOYMENTS,
  ENDPOINTSLICES,
  EVENTS,
  LEASES,
  NAMESPACES,
  NODES,
  PODS,
  REPLICASETS,
  SERVICES,
} from '../../api/resources'
import type { Transport } from '../../client/transport'
import { reflect } from './reflector'
import { ObjectTable } from './table'

/** At most ten times a second the page sees a new state. */
const FLUSH_MS = 100

/** What the API server says, by kind. It changes by watches alone. */
export interface ClusterStore {
  readonly nodes: ObjectTable<Node>
  readonly pods: ObjectTable<Pod>
  readonly services: ObjectTable<Service>
  readonly endpointSlices: ObjectTable<EndpointSlice>
  readonly deployments: ObjectTable<Deployment>
  readonly replicaSets: ObjectTable<ReplicaSet>
  readonly events: ObjectTable<Event>
  readonly namespaces: ObjectTable<Namespace>
  readonly leases: ObjectTable<Lease>
  close(): void
}

function later(action: () => void, milliseconds: number): () => void {
  const timer = setTimeout(action, milliseconds)
  return () => clearTimeout(timer)
}

/** Starts to follow the collections that the page shows. */
export function openClusterStore(transport: Transport): ClusterStore {
  const tables: ObjectTable[] = []
  const reflectors: { close(): void }[] = []
  let cancelFlush: (() => void) | undefined

  const flush = () => {
    cancelFlush = undefined
    const due = new Set(tables.flatMap((table) => table.flush()))
    for (const listener of due) listener()
  }
  const onPending = () => {
    cancelFlush ??= later(flush, FLUSH_MS)
  }
  const follow = <T extends KubeObject>(resource: ResourceRef<T>): ObjectTable<T> => {
    const table = new ObjectTable<T>(onPending)
    tables.push(table as unknown as ObjectTable)
    reflectors.push(reflect({ transport, resource, sink: table, later }))
    return table
  }

  return {
    nodes: follow(NODES),
    pods: follow(PODS),
    services: follow(SERVICES),
    endpointSlices: follow(ENDPOINTSLICES),
    deployments: follow(DEPLOYMENTS),
    replicaSets: follow(REPLICASETS),
    events: follow(EVENTS),
    namespaces: follow(NAMESPACES),
    leases: follow(LEASES),
    close() {
      cancelFlush?.()
      for (const reflector of reflectors) reflector.close()
    },
  }
}
