import type { Container, Pod } from '../../generated/core-v1'
import { addQuantity, compareQuantity, mustQuantity, type Quantity } from '../../machinery/quantity'

type Totals = Map<string, Quantity>
type ResourceList = Readonly<Record<string, string | number>>

const COMPUTE = ['cpu', 'memory'] as const

/**
 * The class by which a node evicts: Guaranteed when every container has equal limits and requests
 * for cpu and memory, BestEffort when none has any, else Burstable.
 */
export function qosClass(spec: Pod['spec']): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const requests: Totals = new Map()
  const limits: Totals = new Map()
  let guaranteed = true
  if (spec.resources) {
    collect(spec.resources.requests, requests)
    guaranteed = collect(spec.resources.limits, limits) === COMPUTE.length
  } else {
    const each = (containers: readonly Container[] | undefined) => {
      for (const container of containers ?? []) {
        collect(container.resources?.requests, requests)
        if (collect(container.resources?.limits, limits) !== COMPUTE.length) guaranteed = false
      }
    }
    each(spec.containers)
    each(spec.initContainers)
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort'
  if (!guaranteed || limits.size !== requests.size) return 'Burstable'
  for (const [name, request] of requests) {
    const limit = limits.get(name)
    if (!limit || compareQuantity(limit, request) !== 0) return 'Burstable'
  }
  return 'Guaranteed'
}

/** Adds what is above zero; gives how many compute resources there were. */
function collect(list: ResourceList | undefined, totals: Totals): number {
  let count = 0
  if (!list) return count
  for (const name of COMPUTE) {
    const value = list[name]
    if (value === undefined) continue
    const quantity = mustQuantity(value)
    if (quantity.mantissa <= 0n) continue
    count++
    const before = totals.get(name)
    totals.set(name, before ? addQuantity(before, quantity) : quantity)
  }
  return count
}
