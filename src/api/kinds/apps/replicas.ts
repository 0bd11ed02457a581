import type { PodTemplateSpec } from '../../generated/core-v1'
import type { LabelSelector } from '../../generated/meta-v1'
import { type FieldError, invalid, Path } from '../../machinery/field'
import { isPercent } from '../../machinery/int-or-string'
import { isValidLabelValue, isValidPercent } from '../../machinery/names'
import { semanticEqual } from '../../machinery/semantic-equal'
import { checkAll, checkNonNegative, FIELD_IMMUTABLE } from '../checks'
import { podTemplateDefaults } from '../pod/defaults'

export const SPEC = Path.of('spec')
export const STATUS = Path.of('status')
export const TEMPLATE = SPEC.child('template')
export const SELECTOR = SPEC.child('selector')

const EMPTY_TEMPLATE = { metadata: {}, spec: { containers: [] } } as unknown as PodTemplateSpec

/** The template of a workload with defaults, also when there is none. */
export function templateOf(template: PodTemplateSpec | undefined): PodTemplateSpec {
  return podTemplateDefaults(template ?? EMPTY_TEMPLATE)
}

/** A count or a share, not negative. */
export function checkIntOrPercent(
  value: number | string | undefined,
  path: Path,
  field: string,
  errors: FieldError[],
): void {
  if (typeof value === 'string') checkAll(isValidPercent(value), value, path.child(field), errors)
  else checkNonNegative(value, path, field, errors)
}

/** At most `100%`. */
export function checkAtMostAll(
  value: number | string | undefined,
  path: Path,
  errors: FieldError[],
): void {
  if (typeof value !== 'string' || !isPercent(value) || Number.parseInt(value, 10) <= 100) return
  errors.push(invalid(path, value, 'must not be greater than 100%'))
}

/** Zero, as a number or as a share. */
export function isZero(value: number | string | undefined): boolean {
  return value === undefined || value === 0 || (typeof value === 'string' && /^0+%$/.test(value))
}

/** The selector of a workload never changes. */
export function checkSelectorFixed(
  next: LabelSelector | undefined,
  old: LabelSelector | undefined,
  errors: FieldError[],
): void {
  if (next === old || semanticEqual(next, old)) return
  errors.push(invalid(SELECTOR, next ?? null, FIELD_IMMUTABLE))
}

/** Whether the server could make a selector of it at all. */
export function isUsable(selector: LabelSelector | undefined): boolean {
  const values = Object.values(selector?.matchLabels ?? {})
  return values.every((value) => isValidLabelValue(value).length === 0)
}

interface ReplicaCounts {
  readonly observedGeneration?: number
  readonly replicas?: number
  readonly fullyLabeledReplicas?: number
  readonly updatedReplicas?: number
  readonly readyReplicas?: number
  readonly availableReplicas?: number
  readonly unavailableReplicas?: number
  readonly currentReplicas?: number
  readonly terminatingReplicas?: number
  readonly collisionCount?: number
}

/** Counts in a status: none negative, none above `replicas`, no more available than ready. */
export function validateCounts(
  status: ReplicaCounts | undefined,
  fields: readonly (keyof ReplicaCounts)[],
  errors: FieldError[],
): void {
  const counts = status ?? {}
  for (const field of fields) checkNonNegative(counts[field], STATUS, field, errors)
  const replicas = counts.replicas ?? 0
  for (const field of [
    'fullyLabeledReplicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'currentReplicas',
  ] as const) {
    if (!fields.includes(field) || (counts[field] ?? 0) <= replicas) continue
    const detail = 'cannot be greater than status.replicas'
    errors.push(invalid(STATUS.child(field), counts[field] ?? 0, detail))
  }
  if ((counts.availableReplicas ?? 0) > (counts.readyReplicas ?? 0)) {
    const at = STATUS.child('availableReplicas')
    errors.push(invalid(at, counts.availableReplicas, 'cannot be greater than readyReplicas'))
  }
}

/** The number of hash collisions only grows. */
export function checkCollisions(
  next: ReplicaCounts | undefined,
  old: ReplicaCounts | undefined,
  errors: FieldError[],
): void {
  const before = old?.collisionCount
  const now = next?.collisionCount
  if (before === undefined || (now !== undefined && now >= before)) return
  errors.push(invalid(STATUS.child('collisionCount'), now ?? 0, 'cannot be decremented'))
}

/** How Kubernetes prints a strategy of a type it does not know: the internal form has no tags. */
export function unknownStrategy(strategy: {
  readonly type?: string
  readonly rollingUpdate?: {
    readonly maxUnavailable?: number | string
    readonly maxSurge?: number | string
  }
}): object {
  const { type = '', rollingUpdate: rolling } = strategy
  const { maxUnavailable = 0, maxSurge = 0 } = rolling ?? {}
  const limits = { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge }
  return { Type: type, RollingUpdate: rolling ? limits : null }
}
