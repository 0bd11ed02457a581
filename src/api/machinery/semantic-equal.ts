/**
 * Deep equality of plain API data, as Go's `Semantic.DeepEqual` sees it: absent, `null` and an empty
 * list are the same. Shared structure costs nothing.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isNothing(a)) return isNothing(b)
  if (isNothing(b)) return false
  if (typeof a !== 'object' || typeof b !== 'object') return Number.isNaN(a) && Number.isNaN(b)
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b)
  if (Array.isArray(b)) return false
  return equalObjects(a as Plain, b as Plain)
}

type Plain = { readonly [key: string]: unknown }

function isNothing(value: unknown): value is null | undefined {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!semanticEqual(a[i], b[i])) return false
  return true
}

function equalObjects(a: Plain, b: Plain): boolean {
  for (const key in a) {
    if (!semanticEqual(a[key], Object.hasOwn(b, key) ? b[key] : undefined)) return false
  }
  for (const key in b) if (!Object.hasOwn(a, key) && !isNothing(b[key])) return false
  return true
}
