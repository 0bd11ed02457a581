import { hash32 } from '../../sim/random'

/** Equal content: the same primitives in the same places, whatever the order of a map's keys. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const mine = a as Record<string, unknown>
  const theirs = b as Record<string, unknown>
  const keys = Object.keys(mine)
  if (keys.length !== Object.keys(theirs).length) return false
  return keys.every((key) => Object.hasOwn(theirs, key) && sameValue(mine[key], theirs[key]))
}

/** Folds a value's content into a hash; the order of a map's keys does not matter. */
export function hashValue(value: unknown, basis: number): number {
  if (typeof value === 'string') return hash32(value, basis ^ 1)
  if (typeof value !== 'object' || value === null) return hash32(String(value), basis ^ 2)
  if (Array.isArray(value)) {
    return value.reduce<number>((hash, item) => hashValue(item, hash), basis ^ 3)
  }
  const map = value as Record<string, unknown>
  let hash = basis ^ 4
  for (const key of Object.keys(map).sort()) hash = hashValue(map[key], hash32(key, hash))
  return hash >>> 0
}
