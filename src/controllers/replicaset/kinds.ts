import type { ReplicaSet, ReplicaSetStatus } from '../../api/generated/apps-v1'
import type {
  PodTemplateSpec,
  ReplicationController,
  ReplicationControllerStatus,
} from '../../api/generated/core-v1'
import { type Requirements, selectorRequirements } from '../../api/machinery/selectors'
import type { KubeObject, ResourceRef } from '../../api/object'
import { REPLICASETS, REPLICATIONCONTROLLERS } from '../../api/resources'
import type { ReplicaSpec } from './plan'

/** What tells ReplicaSets and ReplicationControllers apart; the same code reconciles both. */
export interface ReplicaKind<T extends KubeObject> {
  readonly name: string
  readonly ref: ResourceRef<T>
  /** Service account of the client, and the component in events. */
  readonly account: string
  readonly countsTerminating: boolean
  spec(object: T): ReplicaSpec
  /** Undefined when the selector is empty or not understood: such an object owns nothing. */
  selector(object: T): Requirements | undefined
  template(object: T): PodTemplateSpec | undefined
  status(object: T): ReplicaSetStatus | undefined
  withStatus(object: T, status: ReplicaSetStatus): T
}

export const replicaSetKind: ReplicaKind<ReplicaSet> = {
  name: 'replicaset-controller',
  ref: REPLICASETS,
  account: 'replicaset-controller',
  countsTerminating: true,
  spec: ({ spec, metadata }) => ({
    replicas: spec.replicas ?? 1,
    minReadySeconds: spec.minReadySeconds ?? 0,
    templateLabels: spec.template?.metadata?.labels,
    generation: metadata.generation,
  }),
  selector: ({ spec }) => nonEmpty(selectorRequirements(spec.selector)),
  template: ({ spec }) => spec.template,
  status: ({ status }) => status,
  withStatus: (object, status) => ({ ...object, status }),
}

export const replicationControllerKind: ReplicaKind<ReplicationController> = {
  name: 'replicationcontroller-controller',
  ref: REPLICATIONCONTROLLERS,
  account: 'replication-controller',
  countsTerminating: false,
  spec: ({ spec, metadata }) => ({
    replicas: spec.replicas ?? 1,
    minReadySeconds: spec.minReadySeconds ?? 0,
    templateLabels: spec.template?.metadata?.labels,
    generation: metadata.generation,
  }),
  selector: ({ spec }) => nonEmpty(selectorRequirements({ matchLabels: spec.selector ?? {} })),
  template: ({ spec }) => spec.template,
  status: ({ status }) => status,
  withStatus: (object, status) => ({
    ...object,
    status: status as ReplicationControllerStatus,
  }),
}

function nonEmpty(requirements: Requirements | undefined): Requirements | undefined {
  return requirements && requirements.length > 0 ? requirements : undefined
}
