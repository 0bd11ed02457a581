import type { Pod } from '../api/generated/core-v1'
import type { SandboxConfig } from '../runtime/cri'
import { containersOf } from './pod-view'

const hostnameMax = 63

export function sandboxConfig(pod: Pod, attempt: number): SandboxConfig {
  const { uid = '', name, namespace = '' } = pod.metadata
  const hostPorts: { hostPort: number; containerPort: number }[] = []
  for (const container of containersOf(pod)) {
    for (const { hostPort, containerPort } of container.ports ?? []) {
      if (hostPort) hostPorts.push({ hostPort, containerPort })
    }
  }
  return {
    uid,
    name,
    namespace,
    attempt,
    hostname: pod.spec?.hostname ?? name.slice(0, hostnameMax).replace(/[-.]+$/, ''),
    hostNetwork: pod.spec?.hostNetwork === true,
    hostPorts: pod.spec?.hostNetwork ? [] : hostPorts,
  }
}
