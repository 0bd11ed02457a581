import type { Pod } from '../../generated/core-v1'
import { put } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'
import { podDefaults } from './defaults'
import { qosClass } from './qos'
import { validatePodCreate, validatePodStatusUpdate, validatePodUpdate } from './validate-update'

/** Rules of `pods`. */
export const podStrategy: KindStrategy<Pod> = strategyOf<Pod>({
  hasStatus: true,
  hasGeneration: true,
  defaults: podDefaults,
  prepareForCreate: (pod) => ({
    ...pod,
    status: { phase: 'Pending', qosClass: qosClass(pod.spec) },
  }),
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

/** Pods that run nowhere or have ended go at once; others get the time that their spec names. */
function gracePeriodSeconds(pod: Pod): number {
  const phase = pod.status?.phase
  if (!pod.spec?.nodeName || phase === 'Failed' || phase === 'Succeeded') return 0
  const seconds = pod.spec.terminationGracePeriodSeconds ?? 30
  return seconds < 0 ? 1 : seconds
}
