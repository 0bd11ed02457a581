/**
 * What Go's struct definitions know and OpenAPI does not: which optional fields are pointers, so
 * that their zero is a value of its own, and which are written even when empty.
 * Source: the field declarations in k8s.io/api v0.36 (Apache-2.0).
 */

type Table = { readonly [type: string]: ReadonlySet<string> }

function table(lines: string): Table {
  const out: { [type: string]: Set<string> } = {}
  for (const line of lines.trim().split('\n')) {
    const [types = '', fields = ''] = line.trim().split(': ')
    for (const type of types.split(' ')) {
      out[type] ??= new Set()
      for (const field of fields.split(' ')) out[type].add(field)
    }
  }
  return out
}

/** Optional fields behind a pointer: `0`, `false` and `""` stay. Those of all others vanish. */
export const POINTERS: Table = table(`
admissionregistration.v1.MutatingWebhook admissionregistration.v1.ValidatingWebhook: timeoutSeconds failurePolicy matchPolicy reinvocationPolicy
admissionregistration.v1.ServiceReference apiextensions.v1.ServiceReference apiregistration.v1.ServiceReference: port path
admissionregistration.v1.MatchResources: matchPolicy
admissionregistration.v1.MutatingAdmissionPolicySpec admissionregistration.v1.ValidatingAdmissionPolicySpec: failurePolicy
admissionregistration.v1.NamedRuleWithOperations admissionregistration.v1.RuleWithOperations admissionregistration.v1.Rule: scope
admissionregistration.v1.ParamRef: parameterNotFoundAction
admissionregistration.v1.Validation: reason
admissionregistration.v1.WebhookClientConfig apiextensions.v1.WebhookClientConfig: url
apps.v1.DaemonSetSpec: revisionHistoryLimit
apps.v1.DaemonSetStatus apps.v1.StatefulSetStatus: collisionCount
apps.v1.DeploymentSpec: replicas revisionHistoryLimit progressDeadlineSeconds
apps.v1.DeploymentStatus: collisionCount terminatingReplicas
apps.v1.ReplicaSetSpec: replicas
apps.v1.ReplicaSetStatus: terminatingReplicas
apps.v1.RollingUpdateStatefulSetStrategy: partition
apps.v1.StatefulSetSpec: replicas revisionHistoryLimit
authentication.v1.TokenRequestSpec: expirationSeconds
autoscaling.v1.ContainerResourceMetricSource autoscaling.v1.ResourceMetricSource: targetAverageUtilization
autoscaling.v1.ContainerResourceMetricStatus autoscaling.v1.ResourceMetricStatus: currentAverageUtilization
autoscaling.v1.HorizontalPodAutoscalerSpec: minReplicas targetCPUUtilizationPercentage
autoscaling.v1.HorizontalPodAutoscalerStatus: observedGeneration currentCPUUtilizationPercentage
autoscaling.v2.HPAScalingRules: stabilizationWindowSeconds selectPolicy
autoscaling.v2.HorizontalPodAutoscalerSpec: minReplicas
autoscaling.v2.HorizontalPodAutoscalerStatus: observedGeneration
autoscaling.v2.MetricTarget autoscaling.v2.MetricValueStatus: averageUtilization
batch.v1.CronJobSpec: startingDeadlineSeconds successfulJobsHistoryLimit failedJobsHistoryLimit suspend timeZone
batch.v1.JobSpec: parallelism completions activeDeadlineSeconds backoffLimit backoffLimitPerIndex maxFailedIndexes ttlSecondsAfterFinished manualSelector suspend completionMode podReplacementPolicy managedBy
batch.v1.JobStatus: terminating ready failedIndexes
batch.v1.PodFailurePolicyOnExitCodesRequirement: containerName
batch.v1.SuccessPolicyRule: succeededCount succeededIndexes
certificates.v1.CertificateSigningRequestSpec: expirationSeconds
coordination.v1.LeaseSpec: leaseDurationSeconds leaseTransitions holderIdentity strategy preferredHolder
core.v1.AppArmorProfile core.v1.SeccompProfile: localhostProfile
core.v1.AzureDiskVolumeSource: cachingMode fsType kind readOnly
core.v1.AzureFilePersistentVolumeSource: secretNamespace
core.v1.CSIVolumeSource: fsType readOnly
core.v1.ClientIPConfig: timeoutSeconds
core.v1.ClusterTrustBundleProjection: name signerName optional
core.v1.ConfigMap core.v1.Secret: immutable
core.v1.ConfigMapEnvSource core.v1.ConfigMapKeySelector core.v1.ConfigMapProjection core.v1.FileKeySelector core.v1.SecretEnvSource core.v1.SecretKeySelector core.v1.SecretProjection: optional
core.v1.ConfigMapVolumeSource core.v1.DownwardAPIVolumeSource core.v1.ProjectedVolumeSource core.v1.SecretVolumeSource: defaultMode optional
core.v1.Container core.v1.EphemeralContainer core.v1.EphemeralContainerCommon: restartPolicy
core.v1.ContainerStatus: started stopSignal
core.v1.DownwardAPIVolumeFile core.v1.KeyToPath: mode
core.v1.EndpointAddress: nodeName
core.v1.EndpointPort core.v1.ServicePort: appProtocol
core.v1.FCVolumeSource: lun
core.v1.GRPCAction: service
core.v1.GlusterfsPersistentVolumeSource: endpointsNamespace
core.v1.HostPathVolumeSource: type
core.v1.ISCSIPersistentVolumeSource core.v1.ISCSIVolumeSource: initiatorName
core.v1.Lifecycle: stopSignal
core.v1.LoadBalancerIngress: ipMode
core.v1.LocalVolumeSource: fsType
core.v1.NodeFeatures: supplementalGroupsPolicy
core.v1.NodeRuntimeHandlerFeatures: recursiveReadOnlyMounts userNamespaces
core.v1.NodeSwapStatus: capacity
core.v1.PersistentVolumeClaimSpec: storageClassName volumeMode volumeAttributesClassName
core.v1.PersistentVolumeClaimStatus: currentVolumeAttributesClassName
core.v1.PersistentVolumeSpec: volumeMode volumeAttributesClassName
core.v1.PodCertificateProjection: maxExpirationSeconds
core.v1.PodDNSConfigOption: value
core.v1.PodLogOptions: sinceSeconds tailLines limitBytes
core.v1.PodResourceClaim core.v1.PodResourceClaimStatus: resourceClaimName resourceClaimTemplateName
core.v1.PodSchedulingGroup: podGroupName
core.v1.PodSecurityContext: runAsUser runAsGroup fsGroup runAsNonRoot fsGroupChangePolicy supplementalGroupsPolicy seLinuxChangePolicy
core.v1.PodSpec: terminationGracePeriodSeconds activeDeadlineSeconds priority automountServiceAccountToken shareProcessNamespace enableServiceLinks setHostnameAsFQDN hostUsers runtimeClassName preemptionPolicy hostnameOverride
core.v1.PortStatus networking.v1.IngressPortStatus: error
core.v1.Probe: terminationGracePeriodSeconds
core.v1.ReplicationControllerSpec: replicas
core.v1.SecurityContext: runAsUser runAsGroup privileged runAsNonRoot readOnlyRootFilesystem allowPrivilegeEscalation procMount
core.v1.ServiceAccount: automountServiceAccountToken
core.v1.ServiceAccountTokenProjection: expirationSeconds
core.v1.ServiceSpec: allocateLoadBalancerNodePorts ipFamilyPolicy loadBalancerClass internalTrafficPolicy trafficDistribution
core.v1.Toleration resource.v1.DeviceToleration: tolerationSeconds
core.v1.TopologySpreadConstraint: minDomains nodeAffinityPolicy nodeTaintsPolicy
core.v1.TypedLocalObjectReference core.v1.TypedObjectReference: apiGroup namespace
core.v1.VolumeMount core.v1.VolumeMountStatus: mountPropagation recursiveReadOnly
core.v1.WindowsSecurityContextOptions: hostProcess gmsaCredentialSpecName gmsaCredentialSpec runAsUserName
discovery.v1.Endpoint: hostname nodeName zone
discovery.v1.EndpointConditions: ready serving terminating
discovery.v1.EndpointPort: name protocol appProtocol port
flowcontrol.v1.ExemptPriorityLevelConfiguration flowcontrol.v1.LimitedPriorityLevelConfiguration: nominalConcurrencyShares lendablePercent borrowingLimitPercent
networking.v1.HTTPIngressPath: pathType
networking.v1.IngressClassParametersReference: apiGroup scope namespace
networking.v1.IngressSpec: ingressClassName
networking.v1.NetworkPolicyPort: endPort protocol
policy.v1.PodDisruptionBudgetSpec: unhealthyPodEvictionPolicy
resource.v1.Device: allNodes bindsToNode allowMultipleAllocations nodeName
resource.v1.DeviceAttribute: int bool string version
resource.v1.DeviceClassSpec: extendedResourceName
resource.v1.DeviceConstraint: matchAttribute distinctAttribute
resource.v1.DeviceRequestAllocationResult resource.v1.ExactDeviceRequest: adminAccess
resource.v1.ResourceSliceSpec: allNodes perDeviceNodeSelection nodeName
scheduling.v1.PriorityClass: preemptionPolicy
storage.v1.CSIDriverSpec: nodeAllocatableUpdatePeriodSeconds attachRequired podInfoOnMount storageCapacity requiresRepublish seLinuxMount serviceAccountTokenInSecrets preventPodSchedulingIfMissing fsGroupPolicy
storage.v1.StorageClass: allowVolumeExpansion reclaimPolicy volumeBindingMode
storage.v1.TokenRequest: expirationSeconds
storage.v1.VolumeAttachmentSource: persistentVolumeName
storage.v1.VolumeError: errorCode
storage.v1.VolumeNodeResources: count
apiextensions.v1.CustomResourceDefinitionVersion: deprecationWarning
apiextensions.v1.CustomResourceSubresourceScale: labelSelectorPath
apiextensions.v1.JSONSchemaProps: maximum minimum maxLength minLength maxItems minItems multipleOf maxProperties minProperties x-kubernetes-preserve-unknown-fields $ref x-kubernetes-list-type x-kubernetes-map-type
apiextensions.v1.ValidationRule: optionalOldSelf reason
meta.v1.ObjectMeta: deletionGracePeriodSeconds
meta.v1.OwnerReference: controller blockOwnerDeletion
`)

/** Optional fields whose struct is a value: written as `{}` when nothing is set. */
export const VALUE_STRUCTS: Table = table(`
admissionregistration.v1.MutatingAdmissionPolicy admissionregistration.v1.MutatingAdmissionPolicyBinding admissionregistration.v1.ValidatingAdmissionPolicy admissionregistration.v1.ValidatingAdmissionPolicyBinding: spec status
apps.v1.DaemonSet apps.v1.Deployment apps.v1.ReplicaSet apps.v1.StatefulSet: spec status
apps.v1.DaemonSetSpec apps.v1.StatefulSetSpec: updateStrategy
apps.v1.DeploymentSpec: strategy
apps.v1.ReplicaSetSpec: template
authentication.v1.SelfSubjectReview authentication.v1.TokenRequest authentication.v1.TokenReview: spec status
authentication.v1.SelfSubjectReviewStatus: userInfo
authentication.v1.TokenReviewStatus: user
authorization.v1.LocalSubjectAccessReview authorization.v1.SelfSubjectAccessReview authorization.v1.SelfSubjectRulesReview authorization.v1.SubjectAccessReview: status
autoscaling.v1.HorizontalPodAutoscaler autoscaling.v1.Scale autoscaling.v2.HorizontalPodAutoscaler: spec status
batch.v1.CronJob batch.v1.Job: spec status
batch.v1.JobTemplateSpec: spec
certificates.v1.CertificateSigningRequest: status
coordination.v1.Lease: spec
core.v1.Container core.v1.EphemeralContainer core.v1.EphemeralContainerCommon core.v1.PersistentVolumeClaimSpec: resources
core.v1.ContainerStatus: state lastState
core.v1.Event: source
core.v1.LimitRange core.v1.Namespace core.v1.Node core.v1.PersistentVolume core.v1.PersistentVolumeClaim core.v1.Pod core.v1.ReplicationController core.v1.ResourceQuota core.v1.Service: spec status
core.v1.NodeDaemonEndpoints: kubeletEndpoint
core.v1.NodeStatus: daemonEndpoints nodeInfo
core.v1.PodTemplate: template
core.v1.PodTemplateSpec: spec
core.v1.ServiceStatus networking.v1.IngressStatus: loadBalancer
discovery.v1.Endpoint: conditions
events.v1.Event: regarding deprecatedSource
flowcontrol.v1.FlowSchema flowcontrol.v1.PriorityLevelConfiguration: spec status
flowcontrol.v1.LimitedPriorityLevelConfiguration: limitResponse
networking.v1.Ingress networking.v1.IngressClass networking.v1.NetworkPolicy networking.v1.ServiceCIDR: spec status
networking.v1.IngressServiceBackend: port
networking.v1.NetworkPolicySpec: podSelector
policy.v1.PodDisruptionBudget: spec status
resource.v1.AllocationResult resource.v1.ResourceClaimSpec: devices
resource.v1.ResourceClaim: status
storage.v1.VolumeAttachment: status
apiextensions.v1.CustomResourceDefinition apiregistration.v1.APIService: spec status
apiextensions.v1.CustomResourceDefinitionStatus: acceptedNames
`)

/** Required fields behind a pointer: not written when absent (validation asks for them). */
export const NULLABLE: Table = table(`
apps.v1.DaemonSetSpec apps.v1.DeploymentSpec apps.v1.ReplicaSetSpec apps.v1.StatefulSetSpec: selector
core.v1.ScaleIOPersistentVolumeSource core.v1.ScaleIOVolumeSource: secretRef
networking.v1.HTTPIngressPath: pathType
networking.v1.IPAddressSpec: parentRef
`)

/** Optional times that are values: written as `null` when not set. */
export const VALUE_TIMES: Table = table(`
apps.v1.DaemonSetCondition apps.v1.ReplicaSetCondition apps.v1.StatefulSetCondition: lastTransitionTime
apps.v1.DeploymentCondition: lastUpdateTime lastTransitionTime
autoscaling.v2.HorizontalPodAutoscalerCondition: lastTransitionTime
batch.v1.JobCondition: lastProbeTime lastTransitionTime
certificates.v1.CertificateSigningRequestCondition: lastUpdateTime lastTransitionTime
core.v1.ContainerStateRunning: startedAt
core.v1.ContainerStateTerminated: startedAt finishedAt
core.v1.Event: firstTimestamp lastTimestamp eventTime
core.v1.EventSeries: lastObservedTime
core.v1.NodeCondition: lastHeartbeatTime lastTransitionTime
core.v1.PersistentVolumeClaimCondition core.v1.PodCondition: lastProbeTime lastTransitionTime
core.v1.NamespaceCondition core.v1.ReplicationControllerCondition: lastTransitionTime
storage.v1.VolumeError: time
`)

/** Optional fields without `omitempty`, and what they hold when nobody set them. */
export const WRITTEN_AS: { readonly [field: string]: unknown } = {
  'apps.v1.StatefulSetOrdinals.start': 0,
  'apps.v1.StatefulSetSpec.serviceName': '',
  'apps.v1.StatefulSetStatus.availableReplicas': 0,
  'autoscaling.v2.HorizontalPodAutoscalerStatus.currentMetrics': null,
  'core.v1.AzureFilePersistentVolumeSource.secretNamespace': null,
  'core.v1.Event.reportingComponent': '',
  'core.v1.Event.reportingInstance': '',
  'core.v1.ResourceFieldSelector.divisor': '0',
  'discovery.v1.EndpointSlice.ports': null,
  'flowcontrol.v1.FlowSchemaSpec.matchingPrecedence': 0,
  'flowcontrol.v1.QueuingConfiguration.handSize': 0,
  'flowcontrol.v1.QueuingConfiguration.queueLengthLimit': 0,
  'flowcontrol.v1.QueuingConfiguration.queues': 0,
  'policy.v1.PodDisruptionBudgetStatus.currentHealthy': 0,
  'policy.v1.PodDisruptionBudgetStatus.desiredHealthy': 0,
  'policy.v1.PodDisruptionBudgetStatus.disruptionsAllowed': 0,
  'policy.v1.PodDisruptionBudgetStatus.expectedPods': 0,
  'rbac.v1.ClusterRole.rules': null,
  'rbac.v1.Role.rules': null,
  'rbac.v1.RoleRef.apiGroup': '',
  'scheduling.v1.PriorityClass.value': 0,
  'apiextensions.v1.CustomResourceDefinitionStatus.conditions': null,
  'apiextensions.v1.CustomResourceDefinitionStatus.storedVersions': null,
}
