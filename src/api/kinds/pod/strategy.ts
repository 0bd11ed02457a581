import type { Pod, PodCondition, PodStatus } from '../../generated/core-v1'
import { put } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'
import { podDefaults } from './defaults'
import { withMatchLabelKeys } from './match-label-keys'
import { qosClass } from './qos'
import { validatePodCreate, validatePodStatusUpdate, validatePodUpdate } from './validate-update'

/** Rules of `pods`. */
export const podStrategy: KindStrategy<Pod> = strategyOf<Pod>({
  hasStatus: true,
  hasGeneration: true,
  metadataAgain: true,
  defaults: podDefaults,
  prepareForCreate: newPod,
  validate: validatePodCreate,
  validateUpdate: validatePodUpdate,
  validateStatusUpdate: validatePodStatusUpdate,
  prepareForStatusUpdate: (pod, old) => ({
    ...pod,
    metadata: put(pod.metadata, 'ownerReferences', old.metadata.ownerReferences),
    status: { ...pod.status, qosClass: old.status?.qosClass ?? qosClass(old.spec) },
  }),
  gracePeriodSeconds,
})

const GATED: PodCondition = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
}

function newPod(pod: Pod): Pod {
  let spec = withMatchLabelKeys(pod.spec, pod.metadata.labels)
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    spec = { ...spec, terminationGracePeriodSeconds: 1 }
  }
  const status: PodStatus = { phase: 'Pending', qosClass: qosClass(spec) }
  if (!spec.schedulingGates?.length) return { ...pod, spec, status }
  return { ...pod, spec, status: { ...status, conditions: [GATED] } }
}

/** Pods that run nowhere or have ended go at once; others get the time that their spec names. */
function gracePeriodSeconds(pod: Pod): number {
  const phase = pod.status?.phase
  if (!pod.spec?.nodeName || phase === 'Failed' || phase === 'Succeeded') return 0
  const seconds = pod.spec.terminationGracePeriodSeconds ?? 30
  return seconds < 0 ? 1 : seconds
}
