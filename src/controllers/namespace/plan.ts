import type { Namespace, NamespaceCondition, Pod } from '../../api/generated/core-v1'
import type { KubeObject } from '../../api/object'
import { type Micros, seconds } from '../../sim/time'
import { isPodTerminal } from '../pod-state'

/** What a pass over a namespace's content found. Maps count objects by resource and finalizer. */
export interface ContentReport {
  readonly errors: readonly string[]
  readonly remaining: ReadonlyMap<string, number>
  readonly finalizers: ReadonlyMap<string, number>
  readonly discoveryError?: string
}

interface Rule {
  readonly type: string
  readonly fine: readonly [reason: string, message: string]
  readonly failed: (report: ContentReport) => readonly [reason: string, message: string] | undefined
}

const rules: readonly Rule[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    fine: ['ResourcesDiscovered', 'All resources successfully discovered'],
    failed: ({ discoveryError }) =>
      discoveryError === undefined
        ? undefined
        : ['DiscoveryFailed', `Discovery failed for some groups, 1 failing: ${discoveryError}`],
  },
  {
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    fine: ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
    failed: () => undefined,
  },
  {
    type: 'NamespaceDeletionContentFailure',
    fine: ['ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
    failed: ({ errors }) =>
      errors.length === 0
        ? undefined
        : [
            'ContentDeletionFailed',
            `Failed to delete all resource types, ${errors.length} remaining: ${errors.join(', ')}`,
          ],
  },
  {
    type: 'NamespaceContentRemaining',
    fine: ['ContentRemoved', 'All content successfully removed'],
    failed: ({ remaining }) =>
      remaining.size === 0
        ? undefined
        : [
            'SomeResourcesRemain',
            `Some resources are remaining: ${counted(remaining, 'has', 'resource instances')}`,
          ],
  },
  {
    type: 'NamespaceFinalizersRemaining',
    fine: ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
    failed: ({ finalizers }) =>
      finalizers.size === 0
        ? undefined
        : [
            'SomeFinalizersRemain',
            'Some content in the namespace has finalizers remaining: ' +
              counted(finalizers, 'in', 'resource instances'),
          ],
  },
]

function counted(counts: ReadonlyMap<string, number>, word: string, unit: string): string {
  return [...counts]
    .map(([name, count]) => `${name} ${word} ${count} ${unit}`)
    .sort()
    .join(', ')
}

/** The namespace with its deletion conditions; the same object when they already say this. */
export function withDeletionConditions(
  namespace: Namespace,
  report: ContentReport,
  now: string,
): Namespace {
  const old = namespace.status?.conditions ?? []
  const next: NamespaceCondition[] = [...old]
  let changed = false
  for (const { type, fine, failed } of rules) {
    const failure = failed(report)
    const status = failure ? 'True' : 'False'
    const [reason, message] = failure ?? fine
    const at = next.findIndex((condition) => condition.type === type)
    const before = next[at]
    if (before?.status === status && before.reason === reason && before.message === message) {
      continue
    }
    changed = true
    const since = before?.status === status ? before.lastTransitionTime : now
    const condition = { type, status, lastTransitionTime: since, reason, message }
    if (at < 0) next.push(condition)
    else next[at] = condition
  }
  if (!changed) return namespace
  return { ...namespace, status: { ...namespace.status, conditions: next } }
}

/** Seconds that the pods of a namespace may still need to end gracefully. */
export function podsGraceSeconds(
  pods: readonly Pod[],
  namespaceDeletedAt: Micros,
  wall: Micros,
): number {
  let longest = 0
  for (const pod of pods) {
    if (isPodTerminal(pod)) continue
    longest = Math.max(longest, pod.spec.terminationGracePeriodSeconds ?? 0)
  }
  return wall - namespaceDeletedAt >= seconds(longest) ? 0 : longest
}

export function countFinalizers(
  objects: readonly KubeObject[],
  into: Map<string, number>,
): boolean {
  let found = false
  for (const { metadata } of objects) {
    for (const finalizer of metadata.finalizers ?? []) {
      found = true
      into.set(finalizer, (into.get(finalizer) ?? 0) + 1)
    }
  }
  return found
}
