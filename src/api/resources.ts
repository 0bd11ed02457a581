import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from './generated/apps-v1'
import type { HorizontalPodAutoscaler } from './generated/autoscaling-v2'
import type { CronJob, Job } from './generated/batch-v1'
import type { Lease } from './generated/coordination-v1'
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  Secret,
  Service,
  ServiceAccount,
} from './generated/core-v1'
import type { EndpointSlice } from './generated/discovery-v1'
import type { PodDisruptionBudget } from './generated/policy-v1'
import type { KubeObject, ResourceRef } from './object'

function ref<T extends KubeObject>(
  gv: string,
  kind: string,
  resource: string,
  namespaced: boolean,
): ResourceRef<T> {
  const slash = gv.indexOf('/')
  return {
    group: slash < 0 ? '' : gv.slice(0, slash),
    version: gv.slice(slash + 1),
    resource,
    kind,
    namespaced,
  }
}

export const PODS = ref<Pod>('v1', 'Pod', 'pods', true)
export const NODES = ref<Node>('v1', 'Node', 'nodes', false)
export const SERVICES = ref<Service>('v1', 'Service', 'services', true)
export const ENDPOINTS = ref<Endpoints>('v1', 'Endpoints', 'endpoints', true)
export const NAMESPACES = ref<Namespace>('v1', 'Namespace', 'namespaces', false)
export const CONFIGMAPS = ref<ConfigMap>('v1', 'ConfigMap', 'configmaps', true)
export const SECRETS = ref<Secret>('v1', 'Secret', 'secrets', true)
export const SERVICEACCOUNTS = ref<ServiceAccount>('v1', 'ServiceAccount', 'serviceaccounts', true)
export const EVENTS = ref<Event>('v1', 'Event', 'events', true)
export const ENDPOINTSLICES = ref<EndpointSlice>(
  'discovery.k8s.io/v1',
  'EndpointSlice',
  'endpointslices',
  true,
)
export const LEASES = ref<Lease>('coordination.k8s.io/v1', 'Lease', 'leases', true)
export const DEPLOYMENTS = ref<Deployment>('apps/v1', 'Deployment', 'deployments', true)
export const REPLICASETS = ref<ReplicaSet>('apps/v1', 'ReplicaSet', 'replicasets', true)
export const REPLICATIONCONTROLLERS = ref<ReplicationController>(
  'v1',
  'ReplicationController',
  'replicationcontrollers',
  true,
)
export const DAEMONSETS = ref<DaemonSet>('apps/v1', 'DaemonSet', 'daemonsets', true)
export const STATEFULSETS = ref<StatefulSet>('apps/v1', 'StatefulSet', 'statefulsets', true)
export const CONTROLLERREVISIONS = ref<ControllerRevision>(
  'apps/v1',
  'ControllerRevision',
  'controllerrevisions',
  true,
)
export const JOBS = ref<Job>('batch/v1', 'Job', 'jobs', true)
export const PERSISTENTVOLUMECLAIMS = ref<PersistentVolumeClaim>(
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
  true,
)
export const PODDISRUPTIONBUDGETS = ref<PodDisruptionBudget>(
  'policy/v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
  true,
)
export const CRONJOBS = ref<CronJob>('batch/v1', 'CronJob', 'cronjobs', true)
export const HORIZONTALPODAUTOSCALERS = ref<HorizontalPodAutoscaler>(
  'autoscaling/v2',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
  true,
)
