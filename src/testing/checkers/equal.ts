/** Equality by content of plain data; `undefined` fields count as missing. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const left = a as { readonly [field: string]: unknown }
  const right = b as { readonly [field: string]: unknown }
  for (const field of Object.keys(left)) if (!isEqual(left[field], right[field])) return false
  for (const field of Object.keys(right)) {
    if (right[field] !== undefined && left[field] === undefined) return false
  }
  return true
}
