import { type SchedulerPlugin, scoreMax } from '../framework'
import type { NodeInfo } from '../node-info'
import type { Resources } from '../resources'

/** 100 when cpu and memory would be taken in equal parts, less the more they differ. */
function balance(taken: Resources, added: Resources | undefined, node: NodeInfo): number {
  const { milliCpu, memoryBytes } = node.allocatable
  if (milliCpu === 0 || memoryBytes === 0) return scoreMax
  const cpu = Math.min(1, (taken.milliCpu + (added?.milliCpu ?? 0)) / milliCpu)
  const memory = Math.min(1, (taken.memoryBytes + (added?.memoryBytes ?? 0)) / memoryBytes)
  return Math.floor((1 - Math.abs((cpu - memory) / 2)) * scoreMax)
}

/** Rates what the pod would change: 50 … 100, 75 when it leaves the balance as it is. */
export const balancedAllocation: SchedulerPlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  events: [],
  /** A pod that asks for nothing cannot unbalance anything. */
  preScore({ requests }) {
    return requests.milliCpu > 0 || requests.memoryBytes > 0
  },
  score({ requests }, node) {
    const withPod = balance(node.requested, requests, node)
    const without = balance(node.requested, undefined, node)
    const half = scoreMax / 2
    return half + Math.trunc((half + withPod - without) / 2)
  },
}
