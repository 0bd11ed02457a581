import type {
  PodAffinityTerm,
  PodSpec,
  TopologySpreadConstraint,
  WeightedPodAffinityTerm,
} from '../../generated/core-v1'
import type { LabelSelector, LabelSelectorRequirement } from '../../generated/meta-v1'
import { each, put, within } from '../sharing'

type Labels = Readonly<Record<string, string>>

/**
 * Writes the pod's own values of `matchLabelKeys` and `mismatchLabelKeys` into the selectors beside
 * them, once, when the pod is made.
 */
export function withMatchLabelKeys(given: PodSpec, labels: Labels | undefined): PodSpec {
  let spec = given
  if (!labels || (!spec.affinity && !spec.topologySpreadConstraints)) return spec
  spec = within(spec, 'topologySpreadConstraints', (list) =>
    each(list, (constraint) => spread(constraint, labels)),
  )
  return within(spec, 'affinity', (affinity) => {
    let next = affinity
    for (const side of ['podAffinity', 'podAntiAffinity'] as const) {
      next = within(next, side, (terms) => {
        const required = within(terms, 'requiredDuringSchedulingIgnoredDuringExecution', (list) =>
          each(list, (term) => affinityTerm(term, labels)),
        )
        return within(required, 'preferredDuringSchedulingIgnoredDuringExecution', (list) =>
          each(
            list,
            (term): WeightedPodAffinityTerm =>
              within(term, 'podAffinityTerm', (inner) => affinityTerm(inner, labels)),
          ),
        )
      })
    }
    return next
  })
}

function spread(constraint: TopologySpreadConstraint, labels: Labels): TopologySpreadConstraint {
  const selector = extended(constraint.labelSelector, constraint.matchLabelKeys, 'In', labels)
  return put(constraint, 'labelSelector', selector)
}

function affinityTerm(term: PodAffinityTerm, labels: Labels): PodAffinityTerm {
  let selector = extended(term.labelSelector, term.matchLabelKeys, 'In', labels)
  selector = extended(selector, term.mismatchLabelKeys, 'NotIn', labels)
  return put(term, 'labelSelector', selector)
}

function extended(
  selector: LabelSelector | undefined,
  keys: readonly string[] | undefined,
  operator: 'In' | 'NotIn',
  labels: Labels,
): LabelSelector | undefined {
  if (!selector || !keys?.length) return selector
  const added = keys
    .filter((key) => Object.hasOwn(labels, key))
    .map((key): LabelSelectorRequirement => ({ key, operator, values: [labels[key]!] }))
  if (added.length === 0) return selector
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...added] }
}
