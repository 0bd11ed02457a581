/**
 * `next` with every part that equals its counterpart in `previous` taken from `previous`, so that
 * identity tells what changed. For plain data without cycles.
 */
export function shareStructure<T>(previous: unknown, next: T): T {
  if (Object.is(previous, next)) return next
  if (typeof previous !== 'object' || typeof next !== 'object') return next
  if (previous === null || next === null) return next
  if (Array.isArray(next)) {
    if (!Array.isArray(previous)) return next
    let same = previous.length === next.length
    const shared = next.map((item, index) => {
      const part = shareStructure(previous[index], item)
      if (part !== previous[index]) same = false
      return part
    })
    return (same ? previous : shared) as T
  }
  if (!isPlain(previous) || !isPlain(next)) return next
  const before = previous as { [key: string]: unknown }
  const after = next as { [key: string]: unknown }
  const keys = Object.keys(after)
  let same = keys.length === Object.keys(before).length
  const shared: { [key: string]: unknown } = {}
  for (const key of keys) {
    shared[key] = shareStructure(before[key], after[key])
    if (shared[key] !== before[key]) same = false
  }
  return (same ? before : shared) as T
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
