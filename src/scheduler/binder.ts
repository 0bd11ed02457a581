import type { Pod, PodCondition } from '../api/generated/core-v1'
import { formatTime } from '../api/machinery/time'
import { PODS } from '../api/resources'
import type { ApiClient } from '../client/api-client'
import type { EventRecorder } from '../client/event-recorder'
import type { ApiError } from '../client/request'
import type { ProcessEnv } from '../sim/process'
import type { Task } from '../sim/task'
import type { Victims } from './preemption'

export interface Refused {
  readonly pod: Pod
  readonly message: string
  /** Who has to go for the pod. */
  readonly victims: Victims | undefined
  /** Pods of lower priority that were promised the same node. */
  readonly displaced: readonly Pod[]
  /** What `status.nominatedNodeName` becomes: a node, '' for none, undefined leaves it. */
  readonly nominated: string | undefined
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
    if (!bound.ok) {
      yield* this.#bindingFailed(pod, bound.error)
      return false
    }
    const message = `Successfully assigned ${namespace}/${name} to ${node}`
    this.#recorder.event(subjectOf(pod), 'Normal', 'Scheduled', message)
    return true
  }

  /**
   * A pod that is gone needs no word; a server that did not answer could not take it; and one that
   * says the pod is bound already knows better.
   */
  *#bindingFailed(pod: Pod, { code, message: why }: ApiError): Task<void> {
    if (code === 0 || code === 404) return
    const message = `running Bind plugin "DefaultBinder": ${why}`
    this.#recorder.event(subjectOf(pod), 'Warning', 'FailedScheduling', message)
    if (code !== 409) yield* this.#setUnscheduled(pod, { reason: 'SchedulerError', message })
  }

  *refuse({ pod, message, victims, displaced, nominated }: Refused): Task<void> {
    this.#recorder.event(subjectOf(pod), 'Warning', 'FailedScheduling', message)
    if (victims) {
      for (const victim of victims.pods) yield* this.#evict(victim, pod, victims.node)
    }
    for (const other of displaced) yield* this.#patchStatus(other, { nominatedNodeName: null })
    yield* this.#setUnscheduled(pod, { reason: 'Unschedulable', message }, nominated)
  }

  *#evict(victim: Pod, preemptor: Pod, node: string): Task<void> {
    if (victim.metadata.deletionTimestamp) return
    const { namespace, name, uid, generation } = victim.metadata
    const condition: PodCondition = {
      type: 'DisruptionTarget',
      status: 'True',
      observedGeneration: generation,
      reason: 'PreemptionByScheduler',
      message: 'default-scheduler: preempting to accommodate a higher priority pod',
      lastTransitionTime: formatTime(this.#env.clock.wall()),
    }
    yield* this.#patchStatus(victim, { conditions: [condition] })
    const gone = yield* this.#client.delete(PODS, { namespace, name }, { preconditions: { uid } })
    if (!gone.ok) return
    const message = `Preempted by pod ${preemptor.metadata.uid} on node ${node}`
    this.#recorder.event(subjectOf(victim), 'Normal', 'Preempted', message)
  }

  *#setUnscheduled(
    pod: Pod,
    { reason, message }: { readonly reason: string; readonly message: string },
    nominated?: string,
  ): Task<void> {
    const { conditions, nominatedNodeName = '' } = pod.status
    const old = conditions?.find(({ type }) => type === 'PodScheduled')
    const unchanged = old?.status === 'False' && old.reason === reason && old.message === message
    const renamed = nominated !== undefined && nominated !== nominatedNodeName
    if (unchanged && !renamed) return
    const sameStatus = old?.status === 'False' ? old.lastTransitionTime : undefined
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      observedGeneration: pod.metadata.generation,
      lastProbeTime: null,
      lastTransitionTime: sameStatus ?? formatTime(this.#env.clock.wall()),
    }
    const promise = renamed ? { nominatedNodeName: nominated || null } : {}
    yield* this.#patchStatus(pod, { conditions: [condition], ...promise })
  }

  *#patchStatus(pod: Pod, status: object): Task<void> {
    const { namespace, name, uid } = pod.metadata
    const where = { namespace, name, subresource: 'status' }
    yield* this.#client.patch(PODS, where, 'strategic-merge', { metadata: { uid }, status })
  }
}

/** What a watch delivers carries its own kind; what was made from a list need not. */
function subjectOf(pod: Pod): Pod {
  return pod.kind ? pod : { ...pod, apiVersion: 'v1', kind: 'Pod' }
}
