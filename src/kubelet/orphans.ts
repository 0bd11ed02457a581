import type { Cri } from '../runtime/cri'
import type { Task } from '../sim/task'
import { seconds } from '../sim/time'
import { graceLabel } from './container-config'
import type { RuntimeConnection } from './runtime-connection'

const graceDefaultSeconds = 30

/** Stops and removes what is left of a pod whose object is gone: it went while nobody looked. */
export function* cleanUpOrphan(runtime: RuntimeConnection, cri: Cri, uid: string): Task<void> {
  const { containers, sandboxes } = cri.pod(uid)
  const stops = containers
    .filter((status) => status.state === 'running')
    .map((status) => {
      const grace = Number(status.config.labels[graceLabel] ?? graceDefaultSeconds)
      return cri.stopContainer(status.id, seconds(grace))
    })
  for (const stop of stops) yield* runtime.guard(stop)
  for (const sandbox of sandboxes) {
    if (sandbox.ready) yield* runtime.guard(cri.stopPodSandbox(sandbox.id))
  }
  if (runtime.cri !== cri) return
  for (const sandbox of cri.pod(uid).sandboxes) cri.removePodSandbox(sandbox.id)
  for (const status of cri.pod(uid).containers) cri.removeContainer(status.id)
}
