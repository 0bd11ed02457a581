import { type SchedulerPlugin, scoreMax } from '../framework'
import type { NodeInfo, PodInfo } from '../node-info'

interface Demand {
  readonly name: string
  readonly wanted: number
  readonly used: number
  readonly offered: number
}

function demands({ requests }: PodInfo, { requested, allocatable }: NodeInfo): Demand[] {
  const { milliCpu, memoryBytes, ephemeralBytes } = requests
  const list: Demand[] = [
    {
      name: 'cpu',
      wanted: milliCpu,
      used: requested.milliCpu,
      offered: allocatable.milliCpu,
    },
    {
      name: 'memory',
      wanted: memoryBytes,
      used: requested.memoryBytes,
      offered: allocatable.memoryBytes,
    },
    {
      name: 'ephemeral-storage',
      wanted: ephemeralBytes,
      used: requested.ephemeralBytes,
      offered: allocatable.ephemeralBytes,
    },
  ]
  for (const [name, wanted] of requests.scalars) {
    const used = requested.scalars.get(name) ?? 0
    list.push({ name, wanted, used, offered: allocatable.scalars.get(name) ?? 0 })
  }
  return list
}

function fits({ requests }: PodInfo, { requested, allocatable }: NodeInfo): boolean {
  return (
    requests.milliCpu <= allocatable.milliCpu - requested.milliCpu &&
    requests.memoryBytes <= allocatable.memoryBytes - requested.memoryBytes &&
    requests.ephemeralBytes <= allocatable.ephemeralBytes - requested.ephemeralBytes &&
    requests.scalars.size === 0
  )
}

/** LeastAllocated over cpu and memory, weighing both alike: the emptier node is better. */
function leastAllocated(pod: PodInfo, node: NodeInfo): number {
  const parts: number[] = []
  const rate = (wanted: number, used: number, offered: number) => {
    if (offered === 0) return
    const taken = wanted + used
    parts.push(taken > offered ? 0 : Math.floor(((offered - taken) * scoreMax) / offered))
  }
  rate(pod.scoring.milliCpu, node.scoring.milliCpu, node.allocatable.milliCpu)
  rate(pod.scoring.memoryBytes, node.scoring.memoryBytes, node.allocatable.memoryBytes)
  if (parts.length === 0) return 0
  return Math.floor(parts.reduce((sum, part) => sum + part, 0) / parts.length)
}

export const nodeResourcesFit: SchedulerPlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  events: ['NodeAdd', 'NodeAllocatable', 'AssignedPodDelete', 'PodUpdate'],
  filter(pod, node) {
    const full = node.pods.size + 1 > node.podsMax
    if (!full && fits(pod, node)) return undefined
    const reasons = full ? ['Too many pods'] : []
    let unresolvable = false
    for (const { name, wanted, used, offered } of demands(pod, node)) {
      if (wanted === 0 || wanted <= offered - used) continue
      reasons.push(`Insufficient ${name}`)
      if (wanted > offered) unresolvable = true
    }
    if (reasons.length === 0) return undefined
    return { plugin: 'NodeResourcesFit', reasons, unresolvable }
  },
  score: leastAllocated,
}
