import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
  MetricSpec,
} from '../../api/generated/autoscaling-v2'

export type SizePlan =
  | { readonly type: 'resize'; readonly to: number; readonly reason: string }
  /** Within its bounds: metrics decide. */
  | { readonly type: 'measure' }
  /** Somebody scaled the target to nothing: hands off. */
  | { readonly type: 'disabled' }

/** What the bounds alone demand (C12). */
export function planSize(hpa: HorizontalPodAutoscaler, current: number): SizePlan {
  const { minReplicas = 1, maxReplicas } = hpa.spec
  if (current === 0 && minReplicas !== 0) return { type: 'disabled' }
  if (current > maxReplicas) {
    const reason = 'Current number of replicas above Spec.MaxReplicas'
    return { type: 'resize', to: maxReplicas, reason }
  }
  if (current < minReplicas) {
    const reason = 'Current number of replicas below Spec.MinReplicas'
    return { type: 'resize', to: minReplicas, reason }
  }
  return { type: 'measure' }
}

export interface MetricFailure {
  readonly reason: string
  readonly message: string
  /** As the summary of all metrics repeats it. */
  readonly summary: string
}

/** Why a metric has no value, given what the API that should serve it answered. */
export function metricFailure(metric: MetricSpec, answer: string): MetricFailure {
  const resource = metric.resource ?? metric.containerResource
  if (!resource) {
    const message = `unable to get metric: unable to fetch metrics: ${answer}`
    return { reason: `FailedGet${metric.type}Metric`, message, summary: message }
  }
  const what = resource.target.type === 'Utilization' ? 'utilization' : 'usage'
  const message =
    `failed to get ${resource.name} ${what}: unable to get metrics for resource ${resource.name}: ` +
    `unable to fetch metrics from resource metrics API: ${answer}`
  const kind = metric.resource ? 'resource' : 'container resource'
  const summary = `failed to get ${resource.name} ${kind} metric value: ${message}`
  return {
    reason: metric.resource ? 'FailedGetResourceMetric' : 'FailedGetContainerResourceMetric',
    message,
    summary,
  }
}

type Verdict = readonly [type: string, status: string, reason: string, message: string]

/** Conditions with one set; an unchanged status keeps its transition time. */
export function withScalingCondition(
  status: HorizontalPodAutoscalerStatus,
  [type, value, reason, message]: Verdict,
  now: string,
): HorizontalPodAutoscalerStatus {
  const conditions = status.conditions ?? []
  const old = conditions.find((c) => c.type === type)
  const next: HorizontalPodAutoscalerCondition = {
    type,
    status: value,
    lastTransitionTime: old?.status === value ? old.lastTransitionTime : now,
    reason,
    message,
  }
  const at = conditions.findIndex((c) => c.type === type)
  const all = at < 0 ? [...conditions, next] : conditions.map((c, i) => (i === at ? next : c))
  return { ...status, conditions: all }
}
