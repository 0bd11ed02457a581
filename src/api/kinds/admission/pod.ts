import type { Pod, Toleration } from '../../generated/core-v1'
import type { PriorityClass } from '../../generated/scheduling-v1'

const tolerationSeconds = 300
const NOT_READY = 'node.kubernetes.io/not-ready'
const UNREACHABLE = 'node.kubernetes.io/unreachable'

/** The DefaultTolerationSeconds plugin: pods stay five minutes on a node that went away. */
export function withDefaultTolerations(pod: Pod): Pod {
  const tolerations = pod.spec?.tolerations ?? []
  const missing = [NOT_READY, UNREACHABLE].filter(
    (key) => !tolerations.some((toleration) => tolerates(toleration, key)),
  )
  if (missing.length === 0) return pod
  const added = missing.map(
    (key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }),
  )
  return { ...pod, spec: { ...pod.spec, tolerations: [...tolerations, ...added] } }
}

function tolerates(toleration: Toleration, key: string): boolean {
  if (toleration.key && toleration.key !== key) return false
  return !toleration.effect || toleration.effect === 'NoExecute'
}

/** A pod with its priority, or why there is none. */
type Prioritized =
  | { readonly ok: true; readonly pod: Pod }
  | { readonly ok: false; readonly why: string }

/**
 * The Priority plugin: the number behind the class. `classes` finds a class by name; with no name
 * it gives the global default, if there is one.
 */
export function withPriority(
  pod: Pod,
  classes: (name: string | undefined) => PriorityClass | undefined,
): Prioritized {
  const name = pod.spec?.priorityClassName
  const found = classes(name || undefined)
  if (name && !found) return { ok: false, why: `no PriorityClass with name ${name} was found` }
  const priority = found?.value ?? 0
  const preemptionPolicy = found?.preemptionPolicy ?? 'PreemptLowerPriority'
  const given = pod.spec?.priority
  if (given !== undefined && given !== priority) {
    const why = `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`
    return { ok: false, why }
  }
  const policy = pod.spec?.preemptionPolicy
  if (policy !== undefined && policy !== preemptionPolicy) {
    const why = `the string value of PreemptionPolicy (${policy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`
    return { ok: false, why }
  }
  const spec = { ...pod.spec, priority, preemptionPolicy }
  const className = name || found?.metadata.name
  return {
    ok: true,
    pod: { ...pod, spec: className ? { ...spec, priorityClassName: className } : spec },
  }
}
