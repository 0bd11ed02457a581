import type { Pod, PodTemplateSpec } from '../api/generated/core-v1'
import type { OwnerReference } from '../api/generated/meta-v1'
import type { KubeObject } from '../api/object'
import { PODS } from '../api/resources'
import type { ApiClient } from '../client/api-client'
import type { EventRecorder } from '../client/event-recorder'
import type { ApiError } from '../client/request'
import { isNotFound } from '../client/result'
import type { Task } from '../sim/task'

/** The server refuses because the namespace is going away: nothing to do and nothing to tell. */
export function isNamespaceTerminating(error: ApiError): boolean {
  const causes = error.status?.details?.causes ?? []
  return causes.some((cause) => cause.reason === 'NamespaceTerminating')
}

/** The pod that a controller would create; the server completes its name. */
export function podFromTemplate(
  template: PodTemplateSpec,
  owner: KubeObject,
  reference: OwnerReference,
): object {
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [reference],
    },
    spec: template.spec,
  }
}

/** Creates and deletes the pods of controller objects and tells of it in events about them. */
export class PodControl {
  readonly #client: ApiClient
  readonly #recorder: EventRecorder

  constructor(client: ApiClient, recorder: EventRecorder) {
    this.#client = client
    this.#recorder = recorder
  }

  *create(pod: object, owner: KubeObject): Task<ApiError | undefined> {
    const created = yield* this.#client.create(PODS, pod)
    if (created.ok) {
      const text = `Created pod: ${created.value.metadata.name}`
      this.#recorder.event(owner, 'Normal', 'SuccessfulCreate', text)
      return undefined
    }
    if (!isNamespaceTerminating(created.error)) {
      const text = `Error creating: ${created.error.message}`
      this.#recorder.event(owner, 'Warning', 'FailedCreate', text)
    }
    return created.error
  }

  *delete(pod: Pod, owner: KubeObject): Task<ApiError | undefined> {
    const { namespace, name } = pod.metadata
    const deleted = yield* this.#client.delete(PODS, { namespace, name })
    if (deleted.ok) {
      this.#recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
      return undefined
    }
    if (isNotFound(deleted.error)) return deleted.error
    const text = `Error deleting: ${deleted.error.message}`
    this.#recorder.event(owner, 'Warning', 'FailedDelete', text)
    return { ...deleted.error, message: `unable to delete pods: ${deleted.error.message}` }
  }
}
