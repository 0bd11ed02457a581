import type { Controller } from './context'
import { cronJobController } from './cronjob/controller'
import { daemonSetController } from './daemonset/controller'
import { deploymentController } from './deployment/controller'
import { disruptionController } from './disruption/controller'
import { endpointsController } from './endpoints/controller'
import { endpointSliceController } from './endpointslice/controller'
import { garbageCollector } from './garbage-collector/controller'
import { jobController } from './job/controller'
import { namespaceController } from './namespace/controller'
import { nodeIpamController } from './node-ipam/controller'
import { nodeLifecycleController } from './node-lifecycle/controller'
import { podAutoscalerController } from './pod-autoscaler/controller'
import { podGcController } from './pod-gc/controller'
import { replicaSetController, replicationController } from './replicaset/controller'
import { rootCaPublisher } from './root-ca/controller'
import { serviceAccountController } from './serviceaccount/controller'
import { statefulSetController } from './statefulset/controller'
import { taintEvictionController } from './taint-eviction/controller'
import { ttlAfterFinishedController } from './ttl-after-finished/controller'

/** What the manager runs, in the order it starts them. */
export const controllers: readonly Controller[] = [
  serviceAccountController,
  rootCaPublisher,
  namespaceController,
  nodeIpamController,
  nodeLifecycleController,
  taintEvictionController,
  endpointsController,
  endpointSliceController,
  replicationController,
  replicaSetController,
  deploymentController,
  daemonSetController,
  statefulSetController,
  jobController,
  cronJobController,
  ttlAfterFinishedController,
  disruptionController,
  podAutoscalerController,
  podGcController,
  garbageCollector,
]
