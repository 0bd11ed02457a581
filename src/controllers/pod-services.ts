import type { Pod, Service } from '../api/generated/core-v1'
import { keyOf } from '../api/object'
import type { Reflector } from '../client/reflector'
import { endpointChanged, isEndpoint, selectsPod } from './pod-endpoints'

/** Calls back with the key of every service whose endpoints a change of a pod may alter. */
export function enqueueServicesOfPods(
  services: Reflector<Service>,
  pods: Reflector<Pod>,
  enqueue: (key: string) => void,
): void {
  const enqueueFor = (pod: Pod) => {
    for (const service of services.byIndex('namespace', pod.metadata.namespace ?? '')) {
      if (selectsPod(service, pod.metadata.labels)) enqueue(keyOf(service))
    }
  }
  pods.addHandler({
    onAdd: (pod) => {
      if (isEndpoint(pod, true)) enqueueFor(pod)
    },
    onUpdate: (pod, old) => {
      if (!isEndpoint(pod, true) && !isEndpoint(old, true)) return
      if (!endpointChanged(pod, old)) return
      enqueueFor(pod)
      if (pod.metadata.labels !== old.metadata.labels) enqueueFor(old)
    },
    onDelete: (pod) => {
      if (isEndpoint(pod, true)) enqueueFor(pod)
    },
  })
}
