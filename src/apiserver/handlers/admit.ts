import type { Namespace, ServiceAccount } from '../../api/generated/core-v1'
import type { PriorityClass } from '../../api/generated/scheduling-v1'
import {
  type AdmissionContext,
  type AdmissionLookups,
  type Admitted,
  admitCreate,
  admitStatusUpdate,
  admitUpdate,
} from '../../api/kinds/pipeline'
import { formatTime } from '../../api/machinery/time'
import type { KubeObject } from '../../api/object'
import type { KeyValue } from '../../etcd/client'
import type { WatchCache } from '../cache/watch-cache'
import type { Backend, ResourceRequest } from './backend'
import { fieldValidation } from './body'

export const namespacesPrefix = '/registry/namespaces/'
const accountsPrefix = '/registry/serviceaccounts/'
const priorityClassesPrefix = '/registry/scheduling.k8s.io/priorityclasses/'

export type Seen = ReadonlyMap<string, KeyValue | undefined>

/** What admission plugins look up, as this server's cache knows it. */
export function lookupsOf(cache: WatchCache): AdmissionLookups {
  return {
    namespacePhase(name) {
      const namespace = cache.resource(namespacesPrefix).objects.get('', name) as
        | Namespace
        | undefined
      if (!namespace) return undefined
      const ends = namespace.metadata.deletionTimestamp !== undefined
      return ends || namespace.status?.phase === 'Terminating' ? 'Terminating' : 'Active'
    },
    serviceAccount: (namespace, name) =>
      cache.resource(accountsPrefix).objects.get(namespace, name) as ServiceAccount | undefined,
    priorityClass(name) {
      const { objects } = cache.resource(priorityClassesPrefix)
      if (name !== undefined) return objects.get('', name) as PriorityClass | undefined
      const all = objects.list(undefined) as readonly PriorityClass[]
      return all.find(({ globalDefault }) => globalDefault === true)
    },
  }
}

/** The new object as it is to be stored, from a POSTed body. */
export function admitNew(
  backend: Backend,
  request: ResourceRequest,
  create: { readonly body: unknown; readonly uid: string; readonly seen: Seen },
): Admitted {
  const { env } = backend
  return admitCreate(
    {
      body: create.body,
      fieldValidation: fieldValidation(request),
      now: formatTime(env.clock.wall()),
      uid: create.uid,
    },
    contextOf(backend, request, create.seen),
  )
}

/** The changed object, or `old` itself when nothing changes. */
export function admitChange(
  backend: Backend,
  request: ResourceRequest,
  change: {
    readonly body: unknown
    readonly old: KubeObject
    readonly seen: Seen
    readonly isRead?: boolean
  },
): Admitted {
  const update = {
    body: change.body,
    isRead: change.isRead,
    fieldValidation: fieldValidation(request),
    name: request.info.name,
    old: change.old,
  }
  const context = contextOf(backend, request, change.seen)
  return request.info.subresource === ''
    ? admitUpdate(update, context)
    : admitStatusUpdate(update, context)
}

function contextOf(backend: Backend, request: ResourceRequest, seen: Seen): AdmissionContext {
  const { resource, info } = request
  return {
    resource,
    namespace: resource.namespaced ? info.namespace : undefined,
    lookups: backend.lookups,
    allocator: backend.pools.allocator(seen),
    randomInt: backend.env.random.below,
  }
}
