import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../api/generated/core-v1'
import type { LabelSelector } from '../api/generated/meta-v1'
import {
  type LabelRequirement,
  type Labels,
  matchesLabels,
  type Requirements,
  requirementsText,
  selectorRequirements,
} from '../api/machinery/selectors'

/** A term of pod (anti-)affinity, made ready for matching. */
export interface AffinityTerm {
  /** Equal for terms that mean the same, weights apart. */
  readonly key: string
  readonly topologyKey: string
  readonly namespaces: readonly string[]
  readonly namespaceSelector: Requirements | undefined
  /** Undefined selects nothing. */
  readonly selector: Requirements | undefined
  /** Below zero for anti-affinity; 0 when the term is required. */
  readonly weight: number
}

export interface AffinityTerms {
  readonly affinity: readonly AffinityTerm[]
  readonly antiAffinity: readonly AffinityTerm[]
  readonly preferred: readonly AffinityTerm[]
  /** What these terms make of nodes for other pods: the preferred ones, and required affinity as 1. */
  readonly forOthers: readonly AffinityTerm[]
}

export type NamespaceLabels = (namespace: string) => Labels | undefined

/** Weight of a placed pod's required affinity in the score of those it would like to have near. */
const hardPodAffinityWeight = 1

/**
 * The selector with the pod's own values of `matchLabelKeys` (wanted) and `mismatchLabelKeys`
 * (unwanted) merged in; the API server has often done so already.
 */
export function selectorFor(
  pod: Pod,
  labelSelector: LabelSelector | undefined,
  keys: { readonly match?: readonly string[]; readonly mismatch?: readonly string[] },
): Requirements | undefined {
  const requirements = selectorRequirements(labelSelector)
  if (!requirements || !(keys.match || keys.mismatch)) return requirements
  const merged: LabelRequirement[] = [...requirements]
  const add = (key: string, operator: 'in' | 'notin') => {
    const value = pod.metadata.labels?.[key]
    if (value !== undefined) merged.push({ key, operator, values: [value] })
  }
  for (const key of keys.match ?? []) add(key, 'in')
  for (const key of keys.mismatch ?? []) add(key, 'notin')
  return merged
}

function termOf(pod: Pod, term: PodAffinityTerm, weight: number): AffinityTerm {
  const { topologyKey, labelSelector, matchLabelKeys, mismatchLabelKeys } = term
  const namespaceSelector = selectorRequirements(term.namespaceSelector)
  const named = term.namespaces ?? []
  const own = named.length === 0 && !namespaceSelector
  const namespaces = own ? [pod.metadata.namespace ?? ''] : named
  const keys = { match: matchLabelKeys, mismatch: mismatchLabelKeys }
  const selector = selectorFor(pod, labelSelector, keys)
  const where = `${namespaces.join()}|${textOf(namespaceSelector)}`
  const key = `${topologyKey}|${where}|${textOf(selector)}`
  return { key, topologyKey, namespaces, namespaceSelector, selector, weight }
}

function textOf(requirements: Requirements | undefined): string {
  return requirements ? requirementsText(requirements) : '-'
}

type Weighted = readonly WeightedPodAffinityTerm[] | undefined

/** Undefined for the many pods without any such term. */
export function affinityTerms(pod: Pod): AffinityTerms | undefined {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {}
  if (!podAffinity && !podAntiAffinity) return undefined
  const required = (terms: readonly PodAffinityTerm[] | undefined) =>
    (terms ?? []).map((term) => termOf(pod, term, 0))
  const weighted = (terms: Weighted, sign: 1 | -1) =>
    (terms ?? []).map((t) => termOf(pod, t.podAffinityTerm, sign * t.weight))
  const affinity = required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution)
  const antiAffinity = required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution)
  const preferred = [
    ...weighted(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, 1),
    ...weighted(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution, -1),
  ]
  const attracting = affinity.map((term) => ({ ...term, weight: hardPodAffinityWeight }))
  return { affinity, antiAffinity, preferred, forOthers: [...attracting, ...preferred] }
}

/** Whether the term speaks of this pod. */
export function termMatches(term: AffinityTerm, pod: Pod, labelsOf: NamespaceLabels): boolean {
  const { selector, namespaces, namespaceSelector } = term
  const namespace = pod.metadata.namespace ?? ''
  if (!selector) return false
  if (!namespaces.includes(namespace)) {
    if (!namespaceSelector || !matchesLabels(namespaceSelector, labelsOf(namespace))) return false
  }
  return matchesLabels(selector, pod.metadata.labels)
}
