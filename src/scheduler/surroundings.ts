import type { ReplicaSet, StatefulSet } from '../api/generated/apps-v1'
import type {
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  ReplicationController,
  Service,
} from '../api/generated/core-v1'
import type { PodDisruptionBudget } from '../api/generated/policy-v1'
import type { StorageClass } from '../api/generated/storage-v1'
import type { KubeObject, ResourceRef } from '../api/object'
import {
  NAMESPACES,
  PERSISTENTVOLUMECLAIMS,
  REPLICASETS,
  REPLICATIONCONTROLLERS,
  SERVICES,
  STATEFULSETS,
} from '../api/resources'
import type { InformerSet } from '../client/informer'

/** Looks up an object by `namespace/name`, or by its name when it has no namespace. */
export interface Lookup<T> {
  get(key: string): T | undefined
}

interface NamespacedLookup<T> extends Lookup<T> {
  /** `index` is `namespace`. */
  byIndex(index: string, namespace: string): readonly T[]
}

/** The objects beside pods and nodes that plugins ask about. */
export interface Surroundings {
  readonly namespaces: Lookup<Namespace>
  readonly services: NamespacedLookup<Service>
  readonly replicaSets: Lookup<ReplicaSet>
  readonly replicationControllers: Lookup<ReplicationController>
  readonly statefulSets: Lookup<StatefulSet>
  readonly budgets: NamespacedLookup<PodDisruptionBudget>
  readonly claims: Lookup<PersistentVolumeClaim>
  readonly volumes: Lookup<PersistentVolume>
  readonly storageClasses: Lookup<StorageClass>
}

const volumes: ResourceRef<PersistentVolume> = {
  group: '',
  version: 'v1',
  resource: 'persistentvolumes',
  kind: 'PersistentVolume',
  namespaced: false,
}

const storageClasses: ResourceRef<StorageClass> = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'storageclasses',
  kind: 'StorageClass',
  namespaced: false,
}

const budgets: ResourceRef<PodDisruptionBudget> = {
  group: 'policy',
  version: 'v1',
  resource: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
}

export interface SurroundingChanges {
  /** What namespace selectors match may have changed. */
  namespaces(): void
  storage(): void
}

/** Keeps the surroundings by watching them. */
export function watchSurroundings(
  informers: InformerSet,
  changes: SurroundingChanges,
): Surroundings {
  const told = <T extends KubeObject>(ref: ResourceRef<T>, changed: () => void) => {
    const { store } = informers.for(ref)
    store.addHandler({ onAdd: changed, onUpdate: changed })
    return store
  }
  const { store: namespaces } = informers.for(NAMESPACES)
  namespaces.addHandler({
    onUpdate(namespace, old) {
      if (namespace.metadata.labels !== old.metadata.labels) changes.namespaces()
    },
    onAdd: () => changes.namespaces(),
    onDelete: () => changes.namespaces(),
  })
  return {
    namespaces,
    services: informers.for(SERVICES).store,
    replicaSets: informers.for(REPLICASETS).store,
    replicationControllers: informers.for(REPLICATIONCONTROLLERS).store,
    statefulSets: informers.for(STATEFULSETS).store,
    budgets: informers.for(budgets).store,
    claims: told(PERSISTENTVOLUMECLAIMS, changes.storage),
    volumes: told(volumes, changes.storage),
    storageClasses: told(storageClasses, changes.storage),
  }
}
