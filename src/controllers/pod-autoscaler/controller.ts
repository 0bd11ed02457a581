import type { Scale } from '../../api/generated/autoscaling-v1'
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerStatus,
} from '../../api/generated/autoscaling-v2'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { keyOf, resourcePath } from '../../api/object'
import {
  DEPLOYMENTS,
  HORIZONTALPODAUTOSCALERS,
  REPLICASETS,
  REPLICATIONCONTROLLERS,
  STATEFULSETS,
} from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { Reflector } from '../../client/reflector'
import { isNotFound } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import type { Task } from '../../sim/task'
import { seconds } from '../../sim/time'
import type { Controller, ControllerContext } from '../context'
import { metricFailure, planSize, withScalingCondition } from './plan'

const workers = 5
/** --horizontal-pod-autoscaler-sync-period */
const period = seconds(15)
const targets = [DEPLOYMENTS, REPLICASETS, STATEFULSETS, REPLICATIONCONTROLLERS]
const again: SyncResult = { ok: true, requeueAfter: period }

/**
 * Keeps scale targets within the bounds of their autoscalers. It asks the resource metrics API, as
 * the real one does; nothing serves it here, so metrics never change a size: what is reported is
 * what the real controller reports on a cluster without a metrics server.
 */
export const podAutoscalerController: Controller = {
  name: 'horizontal-pod-autoscaler-controller',
  wire: (context) => {
    const autoscaler = new PodAutoscaler(context)
    return () => autoscaler.run()
  },
}

class PodAutoscaler {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #autoscalers: Reflector<HorizontalPodAutoscaler>
  readonly #queue: WorkQueue

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('horizontal-pod-autoscaler')
    this.#recorder = context.recorder(this.#client, 'horizontal-pod-autoscaler')
    this.#queue = new WorkQueue(context.env.clock)
    this.#autoscalers = context.informer(HORIZONTALPODAUTOSCALERS).store
    const add = (hpa: HorizontalPodAutoscaler) => this.#queue.addAfter(keyOf(hpa), period)
    this.#autoscalers.addHandler({ onAdd: add, onUpdate: add })
  }

  run(): void {
    startWorkers(this.#context.env, this.#queue, workers, (key) => this.#sync(key))
  }

  *#sync(key: string): Task<SyncResult> {
    const hpa = this.#autoscalers.get(key)
    if (!hpa) return synced
    const { kind, name } = hpa.spec.scaleTargetRef
    const ref = targets.find((target) => target.kind === kind)
    if (!ref) return yield* this.#unscalable(hpa, `no matches for kind "${kind}"`)
    const { namespace } = hpa.metadata
    const path = resourcePath(ref, { namespace, name, subresource: 'scale' })
    const scale = yield* this.#client.request<Scale>({ method: 'GET', path })
    if (!scale.ok) return yield* this.#unscalable(hpa, scale.error.message)
    const current = scale.value.spec?.replicas ?? 0
    const now = this.#context.now()
    const text = "the HPA controller was able to get the target's current scale"
    const status = withScalingCondition(
      hpa.status ?? {},
      ['AbleToScale', 'True', 'SucceededGetScale', text],
      now,
    )
    const plan = planSize(hpa, current)
    if (plan.type === 'measure') return yield* this.#measure(hpa, status, current)
    if (plan.type === 'disabled') {
      const why = 'scaling is disabled since the replica count of the target is zero'
      const off = ['ScalingActive', 'False', 'ScalingDisabled', why] as const
      const next = { ...withScalingCondition(status, off, now), currentReplicas: current }
      return yield* this.#write(hpa, { ...next, desiredReplicas: 0 })
    }
    const { to, reason } = plan
    const body = { ...scale.value, spec: { replicas: to } }
    const resized = yield* this.#client.request<Scale>({ method: 'PUT', path, body })
    if (!resized.ok)
      return yield* this.#notResized(
        hpa,
        status,
        `New size: ${to}; reason: ${reason}`,
        resized.error.message,
      )
    this.#recorder.event(hpa, 'Normal', 'SuccessfulRescale', `New size: ${to}; reason: ${reason}`)
    const done = `the HPA controller was able to update the target scale to ${to}`
    const scaled = withScalingCondition(
      status,
      ['AbleToScale', 'True', 'SucceededRescale', done],
      now,
    )
    const sizes = { currentReplicas: current, desiredReplicas: to, lastScaleTime: now }
    return yield* this.#write(hpa, { ...scaled, ...sizes })
  }

  *#unscalable(hpa: HorizontalPodAutoscaler, message: string): Task<SyncResult> {
    this.#recorder.event(hpa, 'Warning', 'FailedGetScale', message)
    const text = `the HPA controller was unable to get the target's current scale: ${message}`
    const verdict = ['AbleToScale', 'False', 'FailedGetScale', text] as const
    return yield* this.#write(
      hpa,
      withScalingCondition(hpa.status ?? {}, verdict, this.#context.now()),
    )
  }

  *#notResized(
    hpa: HorizontalPodAutoscaler,
    status: HorizontalPodAutoscalerStatus,
    what: string,
    message: string,
  ): Task<SyncResult> {
    this.#recorder.event(hpa, 'Warning', 'FailedRescale', `${what}; error: ${message}`)
    const text = `the HPA controller was unable to update the target scale: ${message}`
    const verdict = ['AbleToScale', 'False', 'FailedUpdateScale', text] as const
    return yield* this.#write(hpa, withScalingCondition(status, verdict, this.#context.now()))
  }

  *#measure(
    hpa: HorizontalPodAutoscaler,
    status: HorizontalPodAutoscalerStatus,
    current: number,
  ): Task<SyncResult> {
    const { metrics = [] } = hpa.spec
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${hpa.metadata.namespace}/pods`
    const answer = yield* this.#client.request({ method: 'GET', path })
    if (answer.ok || metrics.length === 0) return again
    const told = `${answer.error.message} (get pods.metrics.k8s.io)`
    const failures = metrics.map((metric) => metricFailure(metric, told))
    for (const { reason, message } of failures) {
      this.#recorder.event(hpa, 'Warning', reason, message)
    }
    const [first] = failures
    if (!first) return again
    const { length } = failures
    const summary = `invalid metrics (${length} invalid out of ${length}), first error is: ${first.summary}`
    this.#recorder.event(hpa, 'Warning', 'FailedComputeMetricsReplicas', summary)
    const text = `the HPA was unable to compute the replica count: ${first.message}`
    const verdict = ['ScalingActive', 'False', first.reason, text] as const
    const next = withScalingCondition(status, verdict, this.#context.now())
    return yield* this.#write(hpa, { ...next, currentReplicas: current })
  }

  *#write(hpa: HorizontalPodAutoscaler, status: HorizontalPodAutoscalerStatus): Task<SyncResult> {
    if (semanticEqual(hpa.status, status)) return again
    const next = { ...hpa, status }
    const written = yield* this.#client.updateStatus(HORIZONTALPODAUTOSCALERS, next)
    return written.ok || isNotFound(written.error) ? again : written
  }
}
