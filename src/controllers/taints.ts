import type { Node, Taint } from '../api/generated/core-v1'
import { NODES } from '../api/resources'
import type { ApiClient } from '../client/api-client'
import type { ApiError } from '../client/request'
import { isConflict, isNotFound } from '../client/result'
import type { Task } from '../sim/task'

const attemptsMax = 5

export const sameTaint = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect

export function hasTaint(node: Node, taint: Taint): boolean {
  return (node.spec.taints ?? []).some((other) => sameTaint(other, taint))
}

/** A node's taints with some added (a present one stays as it is) and some gone. */
export function withTaints(
  taints: readonly Taint[] | undefined,
  add: readonly Taint[],
  remove: readonly Taint[],
): readonly Taint[] {
  const kept = (taints ?? []).filter((taint) => !remove.some((gone) => sameTaint(gone, taint)))
  const fresh = add.filter((taint) => !kept.some((old) => sameTaint(old, taint)))
  return fresh.length === 0 && kept.length === (taints ?? []).length
    ? (taints ?? [])
    : [...kept, ...fresh]
}

/** Changes a node's taints under optimistic locking; begins with what the cache holds. */
export function* swapTaints(
  client: ApiClient,
  cached: Node,
  add: readonly Taint[],
  remove: readonly Taint[],
): Task<ApiError | undefined> {
  const { name } = cached.metadata
  let node = cached
  for (let attempt = 1; ; attempt++) {
    const old = node.spec.taints ?? []
    const taints = withTaints(old, add, remove)
    if (taints === old || (taints.length === 0 && old.length === 0)) return undefined
    const body = {
      metadata: { resourceVersion: node.metadata.resourceVersion },
      spec: { taints: taints.length > 0 ? taints : null },
    }
    const patched = yield* client.patch(NODES, { name }, 'strategic-merge', body)
    if (patched.ok || isNotFound(patched.error)) return undefined
    if (!isConflict(patched.error) || attempt === attemptsMax) return patched.error
    const fresh = yield* client.get(NODES, { name })
    if (!fresh.ok) return isNotFound(fresh.error) ? undefined : fresh.error
    node = fresh.value
  }
}
