import type { Pod, PodCondition } from '../api/generated/core-v1'
import { formatTime } from '../api/machinery/time'
import { PODS } from '../api/resources'
import type { ApiClient } from '../client/api-client'
import type { EventRecorder } from '../client/event-recorder'
import type { ProcessEnv } from '../sim/process'
import type { Task } from '../sim/task'
import type { SchedulingCycle } from './cycle'
import { unschedulableMessage } from './diagnosis'
import type { Cluster, Rejection } from './framework'
import type { PodInfo } from './node-info'
import { preempt, type Victims } from './preemption'

interface Refusal {
  readonly info: PodInfo
  readonly rejected: ReadonlyMap<string, Rejection>
  readonly cluster: Cluster
  readonly cycle: SchedulingCycle
}

/** Carries decisions to the API: bindings, refusals, preemptions, and their events. */
export class PodBinder {
  readonly #env: ProcessEnv
  readonly #client: ApiClient
  readonly #recorder: EventRecorder

  constructor(env: ProcessEnv, client: ApiClient, recorder: EventRecorder) {
    this.#env = env
    this.#client = client
    this.#recorder = recorder
  }

  /** False when the API refused or did not answer: the pod has to be tried again. */
  *bind(pod: Pod, node: string): Task<boolean> {
    const { namespace, name, uid } = pod.metadata
    const where = { namespace, name, subresource: 'binding' }
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { kind: 'Node', name: node },
    }
    const bound = yield* this.#client.createSubresource(PODS, where, binding)
    if (!bound.ok) return false
    const message = `Successfully assigned ${namespace}/${name} to ${node}`
    this.#recorder.event(subjectOf(pod), 'Normal', 'Scheduled', message)
    return true
  }

  *refuse({ info, rejected, cluster, cycle }: Refusal): Task<void> {
    const { pod } = info
    const { victims, outcome } = preempt(info, cluster, rejected, cycle)
    const message = unschedulableMessage(cluster.nodes.size, rejected, outcome)
    this.#recorder.event(subjectOf(pod), 'Warning', 'FailedScheduling', message)
    if (victims) yield* this.#evict(pod, victims)
    yield* this.#setCondition(pod, message, victims?.node)
  }

  *#evict(pod: Pod, victims: Victims): Task<void> {
    for (const victim of victims.pods) {
      if (victim.metadata.deletionTimestamp) continue
      const { namespace, name, uid } = victim.metadata
      const condition: PodCondition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'PreemptionByScheduler',
        message: 'default-scheduler: preempting to accommodate a higher priority pod',
        lastTransitionTime: formatTime(this.#env.clock.wall()),
      }
      const status = { metadata: { uid }, status: { conditions: [condition] } }
      yield* this.#client.patch(
        PODS,
        { namespace, name, subresource: 'status' },
        'strategic-merge',
        status,
      )
      const gone = yield* this.#client.delete(PODS, { namespace, name }, { preconditions: { uid } })
      if (!gone.ok) continue
      const message = `Preempted by pod ${pod.metadata.uid} on node ${victims.node}`
      this.#recorder.event(subjectOf(victim), 'Normal', 'Preempted', message)
    }
  }

  *#setCondition(pod: Pod, message: string, nominatedNodeName?: string): Task<void> {
    const old = pod.status.conditions?.find(({ type }) => type === 'PodScheduled')
    const unchanged = old?.status === 'False' && old.message === message
    if (unchanged && nominatedNodeName === undefined) return
    const sameStatus = old?.status === 'False' ? old.lastTransitionTime : undefined
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      observedGeneration: pod.metadata.generation,
      lastProbeTime: null,
      lastTransitionTime: sameStatus ?? formatTime(this.#env.clock.wall()),
    }
    const { namespace, name, uid } = pod.metadata
    const status = { conditions: [condition], ...(nominatedNodeName ? { nominatedNodeName } : {}) }
    const where = { namespace, name, subresource: 'status' }
    yield* this.#client.patch(PODS, where, 'strategic-merge', { metadata: { uid }, status })
  }
}

/** What a watch delivers carries its own kind; what was made from a list need not. */
function subjectOf(pod: Pod): Pod {
  return pod.kind ? pod : { ...pod, apiVersion: 'v1', kind: 'Pod' }
}
