/**
 * What Go's struct definitions know and OpenAPI does not, as far as error messages print it: the
 * embedded structs and the names of string types. (Which zero values vanish on encoding is known to
 * `kinds/go-shape.ts`.) Source: the field declarations in k8s.io/api v0.36 (Apache-2.0).
 */

/** Embedded structs: type, the embedded field's Go name, and its fields (`*`: all but those listed). */
export const EMBEDDED: {
  readonly [type: string]: { readonly goName: string; readonly own: ReadonlySet<string> }
} = {
  'core.v1.Volume': { goName: 'VolumeSource', own: new Set(['name']) },
  'core.v1.PersistentVolumeSpec': {
    goName: 'PersistentVolumeSource',
    own: new Set([
      'capacity',
      'accessModes',
      'claimRef',
      'persistentVolumeReclaimPolicy',
      'storageClassName',
      'mountOptions',
      'volumeMode',
      'nodeAffinity',
      'volumeAttributesClassName',
    ]),
  },
  'core.v1.Probe': {
    goName: 'ProbeHandler',
    own: new Set([
      'initialDelaySeconds',
      'timeoutSeconds',
      'periodSeconds',
      'successThreshold',
      'failureThreshold',
      'terminationGracePeriodSeconds',
    ]),
  },
  'core.v1.EphemeralContainer': {
    goName: 'EphemeralContainerCommon',
    own: new Set(['targetContainerName']),
  },
  'core.v1.ConfigMapEnvSource': { goName: 'LocalObjectReference', own: new Set(['optional']) },
  'core.v1.SecretEnvSource': { goName: 'LocalObjectReference', own: new Set(['optional']) },
  'core.v1.ConfigMapKeySelector': {
    goName: 'LocalObjectReference',
    own: new Set(['key', 'optional']),
  },
  'core.v1.SecretKeySelector': {
    goName: 'LocalObjectReference',
    own: new Set(['key', 'optional']),
  },
  'core.v1.ConfigMapProjection': {
    goName: 'LocalObjectReference',
    own: new Set(['items', 'optional']),
  },
  'core.v1.SecretProjection': {
    goName: 'LocalObjectReference',
    own: new Set(['items', 'optional']),
  },
  'core.v1.ConfigMapVolumeSource': {
    goName: 'LocalObjectReference',
    own: new Set(['items', 'defaultMode', 'optional']),
  },
  'networking.v1.IngressRule': { goName: 'IngressRuleValue', own: new Set(['host']) },
  'admissionregistration.v1.RuleWithOperations': { goName: 'Rule', own: new Set(['operations']) },
}

/** Fields of a named string type, or list of one (`[]` in front), or named map: for messages. */
const NAMED = `
admissionregistration.v1.MutatingWebhook: failurePolicy=FailurePolicyType matchPolicy=MatchPolicyType sideEffects=SideEffectClass reinvocationPolicy=ReinvocationPolicyType
admissionregistration.v1.ValidatingWebhook: failurePolicy=FailurePolicyType matchPolicy=MatchPolicyType sideEffects=SideEffectClass
admissionregistration.v1.MatchResources: matchPolicy=MatchPolicyType
admissionregistration.v1.RuleWithOperations: operations=[]OperationType scope=ScopeType
admissionregistration.v1.NamedRuleWithOperations: operations=[]OperationType scope=ScopeType
admissionregistration.v1.ValidatingAdmissionPolicySpec: failurePolicy=FailurePolicyType
admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec: validationActions=[]ValidationAction
admissionregistration.v1.ParamRef: parameterNotFoundAction=ParameterNotFoundActionType
apps.v1.DaemonSetUpdateStrategy: type=DaemonSetUpdateStrategyType
apps.v1.DeploymentStrategy: type=DeploymentStrategyType
apps.v1.DeploymentCondition: type=DeploymentConditionType status=v1.ConditionStatus
apps.v1.ReplicaSetCondition: type=ReplicaSetConditionType status=v1.ConditionStatus
apps.v1.StatefulSetSpec: podManagementPolicy=PodManagementPolicyType
apps.v1.StatefulSetUpdateStrategy: type=StatefulSetUpdateStrategyType
apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted=PersistentVolumeClaimRetentionPolicyType whenScaled=PersistentVolumeClaimRetentionPolicyType
autoscaling.v2.HPAScalingPolicy: type=HPAScalingPolicyType
autoscaling.v2.HPAScalingRules: selectPolicy=ScalingPolicySelect
autoscaling.v2.MetricSpec: type=MetricSourceType
autoscaling.v2.MetricTarget: type=MetricTargetType
autoscaling.v2.ResourceMetricSource: name=v1.ResourceName
autoscaling.v2.ContainerResourceMetricSource: name=v1.ResourceName
batch.v1.CronJobSpec: concurrencyPolicy=ConcurrencyPolicy
batch.v1.JobSpec: completionMode=CompletionMode podReplacementPolicy=PodReplacementPolicy
batch.v1.JobCondition: type=JobConditionType status=v1.ConditionStatus
batch.v1.PodFailurePolicyRule: action=PodFailurePolicyAction
batch.v1.PodFailurePolicyOnExitCodesRequirement: operator=PodFailurePolicyOnExitCodesOperator
certificates.v1.CertificateSigningRequestSpec: usages=[]KeyUsage
coordination.v1.LeaseSpec: strategy=CoordinatedLeaseStrategy
core.v1.AppArmorProfile: type=AppArmorProfileType
core.v1.AzureDiskVolumeSource: cachingMode=AzureDataDiskCachingMode kind=AzureDataDiskKind
core.v1.Capabilities: add=[]Capability drop=[]Capability
core.v1.Container: imagePullPolicy=PullPolicy terminationMessagePolicy=TerminationMessagePolicy restartPolicy=ContainerRestartPolicy
core.v1.EphemeralContainer: imagePullPolicy=PullPolicy terminationMessagePolicy=TerminationMessagePolicy restartPolicy=ContainerRestartPolicy
core.v1.ContainerPort: protocol=Protocol
core.v1.ContainerResizePolicy: resourceName=ResourceName restartPolicy=ResourceResizeRestartPolicy
core.v1.EmptyDirVolumeSource: medium=StorageMedium
core.v1.EndpointPort: protocol=Protocol
core.v1.HTTPGetAction: scheme=URIScheme
core.v1.HostPathVolumeSource: type=HostPathType
core.v1.ImageVolumeSource: pullPolicy=PullPolicy
core.v1.Lifecycle: stopSignal=Signal
core.v1.LimitRangeItem: type=LimitType max=ResourceList min=ResourceList default=ResourceList defaultRequest=ResourceList maxLimitRequestRatio=ResourceList
core.v1.NamespaceSpec: finalizers=[]FinalizerName
core.v1.NamespaceStatus: phase=NamespacePhase
core.v1.NodeAddress: type=NodeAddressType
core.v1.NodeCondition: type=NodeConditionType status=ConditionStatus
core.v1.NodeSelectorRequirement: operator=NodeSelectorOperator
core.v1.NodeStatus: capacity=ResourceList allocatable=ResourceList phase=NodePhase
core.v1.ObjectReference: uid=types.UID
core.v1.PersistentVolumeClaimSpec: accessModes=[]PersistentVolumeAccessMode volumeMode=PersistentVolumeMode
core.v1.PersistentVolumeClaimStatus: phase=PersistentVolumeClaimPhase accessModes=[]PersistentVolumeAccessMode capacity=ResourceList
core.v1.PersistentVolumeSpec: capacity=ResourceList accessModes=[]PersistentVolumeAccessMode persistentVolumeReclaimPolicy=PersistentVolumeReclaimPolicy volumeMode=PersistentVolumeMode
core.v1.PodCondition: type=PodConditionType status=ConditionStatus
core.v1.PodFailurePolicyOnPodConditionsPattern: type=PodConditionType
core.v1.PodReadinessGate: conditionType=PodConditionType
core.v1.PodSecurityContext: fsGroupChangePolicy=PodFSGroupChangePolicy supplementalGroupsPolicy=SupplementalGroupsPolicy seLinuxChangePolicy=PodSELinuxChangePolicy
core.v1.PodOS: name=OSName
core.v1.PodSpec: restartPolicy=RestartPolicy dnsPolicy=DNSPolicy preemptionPolicy=PreemptionPolicy overhead=ResourceList
core.v1.PodStatus: phase=PodPhase qosClass=PodQOSClass resize=PodResizeStatus
core.v1.ResourceQuotaSpec: hard=ResourceList scopes=[]ResourceQuotaScope
core.v1.ResourceQuotaStatus: hard=ResourceList used=ResourceList
core.v1.ResourceRequirements: limits=ResourceList requests=ResourceList
core.v1.VolumeResourceRequirements: limits=ResourceList requests=ResourceList
core.v1.ScopedResourceSelectorRequirement: scopeName=ResourceQuotaScope operator=ScopeSelectorOperator
core.v1.SeccompProfile: type=SeccompProfileType
core.v1.Secret: type=SecretType
core.v1.SecurityContext: procMount=ProcMountType
core.v1.ServicePort: protocol=Protocol
core.v1.ServiceSpec: type=ServiceType sessionAffinity=ServiceAffinity externalTrafficPolicy=ServiceExternalTrafficPolicy internalTrafficPolicy=ServiceInternalTrafficPolicy ipFamilies=[]IPFamily ipFamilyPolicy=IPFamilyPolicy
core.v1.Taint: effect=TaintEffect
core.v1.Toleration: operator=TolerationOperator effect=TaintEffect
core.v1.TopologySpreadConstraint: whenUnsatisfiable=UnsatisfiableConstraintAction nodeAffinityPolicy=NodeInclusionPolicy nodeTaintsPolicy=NodeInclusionPolicy
core.v1.VolumeMount: mountPropagation=MountPropagationMode recursiveReadOnly=RecursiveReadOnlyMode
discovery.v1.EndpointSlice: addressType=AddressType
discovery.v1.EndpointPort: protocol=v1.Protocol
flowcontrol.v1.FlowDistinguisherMethod: type=FlowDistinguisherMethodType
flowcontrol.v1.LimitResponse: type=LimitResponseType
flowcontrol.v1.PriorityLevelConfigurationSpec: type=PriorityLevelEnablement
flowcontrol.v1.Subject: kind=SubjectKind
networking.v1.HTTPIngressPath: pathType=PathType
networking.v1.NetworkPolicyPort: protocol=v1.Protocol
networking.v1.NetworkPolicySpec: policyTypes=[]PolicyType
node.v1.Overhead: podFixed=v1.ResourceList
policy.v1.PodDisruptionBudgetSpec: unhealthyPodEvictionPolicy=UnhealthyPodEvictionPolicyType
scheduling.v1.PriorityClass: preemptionPolicy=v1.PreemptionPolicy
storage.v1.CSIDriverSpec: fsGroupPolicy=FSGroupPolicy volumeLifecycleModes=[]VolumeLifecycleMode
storage.v1.StorageClass: reclaimPolicy=v1.PersistentVolumeReclaimPolicy volumeBindingMode=VolumeBindingMode
apiextensions.v1.CustomResourceConversion: strategy=ConversionStrategyType
apiextensions.v1.CustomResourceDefinitionSpec: scope=ResourceScope
meta.v1.LabelSelectorRequirement: operator=LabelSelectorOperator
meta.v1.ManagedFieldsEntry: operation=ManagedFieldsOperationType
meta.v1.ObjectMeta: uid=types.UID
meta.v1.OwnerReference: uid=types.UID
`

/** `core.v1.PodSpec` → field → Go type, `[]` in front of a list; the package is left off when it is the type's own. */
export const NAMED_TYPES: { readonly [type: string]: { readonly [field: string]: string } } =
  Object.fromEntries(
    NAMED.trim()
      .split('\n')
      .map((line) => {
        const [type = '', fields = ''] = line.split(': ')
        return [type, Object.fromEntries(fields.split(' ').map((field) => field.split('=')))]
      }),
  )
