import type { Taint, Toleration } from '../generated/core-v1'

/** Numeric tolerations: the taint's value is less (or greater) than the toleration's. */
function comparesAs(toleration: Toleration, taint: Taint): boolean {
  const [limit, value] = [toleration.value ?? '', taint.value ?? '']
  if (!/^-?\d+$/.test(limit) || !/^-?\d+$/.test(value)) return false
  const difference = BigInt(value) - BigInt(limit)
  return toleration.operator === 'Lt' ? difference < 0n : difference > 0n
}

/** The rule of core/v1: an empty key with Exists matches all, an empty effect every effect. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  switch (toleration.operator || 'Equal') {
    case 'Exists':
      return true
    case 'Equal':
      return !!toleration.key && (toleration.value ?? '') === (taint.value ?? '')
    case 'Lt':
    case 'Gt':
      return comparesAs(toleration, taint)
    default:
      return false
  }
}
