import { setOwn } from './json'

type Plain = { readonly [key: string]: unknown }

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Applies an RFC 7386 merge patch: `null` removes, objects merge, all else replaces. The target is
 * not touched; what the patch does not name is shared, and a patch without effect gives the target.
 */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlain(patch)) return patch
  const base = isPlain(target) ? target : {}
  let out: { [key: string]: unknown } | undefined
  for (const key of Object.keys(patch)) {
    const change = patch[key]
    const isThere = Object.hasOwn(base, key)
    if (change === null || change === undefined) {
      if (!isThere) continue
      out ??= { ...base }
      delete out[key]
      continue
    }
    const before = isThere ? base[key] : undefined
    const after = applyMergePatch(before, change)
    if (isThere && after === before) continue
    out ??= { ...base }
    setOwn(out, key, after)
  }
  return out ?? base
}
