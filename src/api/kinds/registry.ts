import type { KubeObject } from '../object'
import { daemonSetStrategy } from './apps/daemon-set'
import { deploymentStrategy, replicaSetStrategy } from './apps/deployment'
import { statefulSetStrategy } from './apps/stateful-set'
import {
  eventStrategy,
  leaseStrategy,
  namespaceStrategy,
  nodeStrategy,
  replicationControllerStrategy,
} from './core/cluster'
import { configMapStrategy, secretStrategy, serviceAccountStrategy } from './core/configuration'
import { endpointSliceStrategy, endpointsStrategy } from './core/endpoints'
import { podStrategy } from './pod/strategy'
import { serviceStrategy } from './service/strategy'
import { type KindStrategy, strategyOf } from './strategy'

/** Strategies of the resources with rules of their own, by `group/resource`. */
const STRATEGIES: ReadonlyMap<string, KindStrategy> = new Map(
  Object.entries({
    '/pods': podStrategy,
    '/services': serviceStrategy,
    '/endpoints': endpointsStrategy,
    '/namespaces': namespaceStrategy,
    '/nodes': nodeStrategy,
    '/configmaps': configMapStrategy,
    '/secrets': secretStrategy,
    '/serviceaccounts': serviceAccountStrategy,
    '/replicationcontrollers': replicationControllerStrategy,
    '/events': eventStrategy,
    'apps/deployments': deploymentStrategy,
    'apps/replicasets': replicaSetStrategy,
    'apps/daemonsets': daemonSetStrategy,
    'apps/statefulsets': statefulSetStrategy,
    'coordination.k8s.io/leases': leaseStrategy,
    'discovery.k8s.io/endpointslices': endpointSliceStrategy,
  } as Readonly<Record<string, unknown>>),
) as ReadonlyMap<string, KindStrategy>

const generic = {
  namespaced: strategyOf<KubeObject>({ hasGeneration: true, hasStatus: true }),
  cluster: strategyOf<KubeObject>({ hasGeneration: true, hasStatus: true, namespaced: false }),
}

/**
 * The rules of a resource. Kinds without rules of their own get the common ones: metadata is
 * checked, a status cannot be written through the spec, the generation counts changes.
 */
export function strategyFor(group: string, resource: string, namespaced = true): KindStrategy {
  const own = STRATEGIES.get(`${group}/${resource}`)
  return own ?? (namespaced ? generic.namespaced : generic.cluster)
}
