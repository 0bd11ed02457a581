import type { KubeObject } from '../object'
import { controllerRevisionStrategy } from './apps/controller-revision'
import { daemonSetStrategy } from './apps/daemon-set'
import { deploymentStrategy, replicaSetStrategy } from './apps/deployment'
import { statefulSetStrategy } from './apps/stateful-set'
import { cronJobStrategy, jobStrategy } from './batch/strategies'
import { admissionPolicyBindingStrategy, admissionPolicyStrategy } from './cluster/admission-policy'
import { definitionStrategy } from './cluster/definition'
import { apiServiceStrategy, signingRequestStrategy } from './cluster/extensions'
import {
  clusterRoleBindingStrategy,
  clusterRoleStrategy,
  roleBindingStrategy,
  roleStrategy,
} from './cluster/rbac'
import { mutatingWebhookStrategy, validatingWebhookStrategy } from './cluster/webhooks'
import {
  eventStrategy,
  leaseStrategy,
  namespaceStrategy,
  nodeStrategy,
  replicationControllerStrategy,
} from './core/cluster'
import { configMapStrategy, secretStrategy, serviceAccountStrategy } from './core/configuration'
import { endpointSliceStrategy, endpointsStrategy } from './core/endpoints'
import {
  ingressClassStrategy,
  ingressStrategy,
  networkPolicyStrategy,
} from './networking/strategies'
import { podStrategy } from './pod/strategy'
import { autoscalerStrategy } from './policy/autoscaler'
import {
  disruptionBudgetStrategy,
  limitRangeStrategy,
  podTemplateStrategy,
  priorityClassStrategy,
  resourceQuotaStrategy,
} from './policy/quotas'
import { serviceStrategy } from './service/strategy'
import {
  claimStrategy,
  csiDriverStrategy,
  storageClassStrategy,
  volumeStrategy,
} from './storage/strategies'
import { type KindStrategy, strategyOf } from './strategy'

/** The common rules for kinds whose changes are not counted. */
const countless = {
  namespaced: strategyOf<KubeObject>({}),
  cluster: strategyOf<KubeObject>({ namespaced: false }),
}

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
    'apps/controllerrevisions': controllerRevisionStrategy,
    'coordination.k8s.io/leases': leaseStrategy,
    'discovery.k8s.io/endpointslices': endpointSliceStrategy,
    '/persistentvolumeclaims': claimStrategy,
    '/persistentvolumes': volumeStrategy,
    '/resourcequotas': resourceQuotaStrategy,
    '/limitranges': limitRangeStrategy,
    '/podtemplates': podTemplateStrategy,
    'storage.k8s.io/storageclasses': storageClassStrategy,
    'storage.k8s.io/csidrivers': csiDriverStrategy,
    'rbac.authorization.k8s.io/roles': roleStrategy,
    'rbac.authorization.k8s.io/clusterroles': clusterRoleStrategy,
    'rbac.authorization.k8s.io/rolebindings': roleBindingStrategy,
    'rbac.authorization.k8s.io/clusterrolebindings': clusterRoleBindingStrategy,
    'networking.k8s.io/ingresses': ingressStrategy,
    'networking.k8s.io/ingressclasses': ingressClassStrategy,
    'networking.k8s.io/networkpolicies': networkPolicyStrategy,
    'batch/jobs': jobStrategy,
    'batch/cronjobs': cronJobStrategy,
    'autoscaling/horizontalpodautoscalers': autoscalerStrategy,
    'policy/poddisruptionbudgets': disruptionBudgetStrategy,
    'scheduling.k8s.io/priorityclasses': priorityClassStrategy,
    'admissionregistration.k8s.io/validatingwebhookconfigurations': validatingWebhookStrategy,
    'admissionregistration.k8s.io/mutatingwebhookconfigurations': mutatingWebhookStrategy,
    'admissionregistration.k8s.io/validatingadmissionpolicies': admissionPolicyStrategy,
    'admissionregistration.k8s.io/validatingadmissionpolicybindings':
      admissionPolicyBindingStrategy,
    'apiextensions.k8s.io/customresourcedefinitions': definitionStrategy,
    'apiregistration.k8s.io/apiservices': apiServiceStrategy,
    'certificates.k8s.io/certificatesigningrequests': signingRequestStrategy,
    'node.k8s.io/runtimeclasses': countless.cluster,
    'storage.k8s.io/csinodes': countless.cluster,
    'storage.k8s.io/csistoragecapacities': countless.namespaced,
    'storage.k8s.io/volumeattributesclasses': countless.cluster,
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
