/** Deep equality of plain data; an absent field equals an undefined one. */
export function sameData(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, i) => sameData(item, b[i]))
  }
  const x = a as { readonly [key: string]: unknown }
  const y = b as { readonly [key: string]: unknown }
  for (const key of Object.keys(x)) if (!sameData(x[key], y[key])) return false
  for (const key of Object.keys(y)) if (x[key] === undefined && y[key] !== undefined) return false
  return true
}
