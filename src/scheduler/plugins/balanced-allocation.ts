import { type SchedulerPlugin, scoreMax } from '../framework'
import type { NodeInfo } from '../node-info'

/** 100 when cpu and memory are taken in equal parts, less the more they differ. */
function balance({ requested, allocatable }: NodeInfo, milliCpu: number, bytes: number): number {
  if (allocatable.milliCpu === 0 || allocatable.memoryBytes === 0) return scoreMax
  const cpu = Math.min(1, (requested.milliCpu + milliCpu) / allocatable.milliCpu)
  const memory = Math.min(1, (requested.memoryBytes + bytes) / allocatable.memoryBytes)
  return Math.floor((1 - Math.abs((cpu - memory) / 2)) * scoreMax)
}

/** Rates what the pod would change: 50 … 100, 75 when it leaves the balance as it is. */
export const balancedAllocation: SchedulerPlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  events: [],
  /** A pod that asks for nothing cannot unbalance anything. */
  scoreStep({ requests }) {
    const { milliCpu, memoryBytes } = requests
    if (milliCpu === 0 && memoryBytes === 0) return undefined
    const half = scoreMax / 2
    return {
      score(node) {
        const change = balance(node, milliCpu, memoryBytes) - balance(node, 0, 0)
        return half + Math.trunc((half + change) / 2)
      },
    }
  },
}
