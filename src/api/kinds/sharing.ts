/** Small copy-on-write steps: each gives back what it was given when nothing changes. */

/** `object` with the missing fields taken from `defaults`; an empty text counts as missing. */
export function fill<T extends object>(object: T, defaults: Partial<T>): T {
  let out: T | undefined
  for (const key in defaults) {
    const value = object[key]
    if (value !== undefined && value !== '') continue
    out ??= { ...object }
    out[key] = defaults[key] as T[typeof key]
  }
  return out ?? object
}

/** As `fill`, but an empty text counts as given: for fields that are pointers in Go. */
export function missing<T extends object>(object: T, defaults: Partial<T>): T {
  let out: T | undefined
  for (const key in defaults) {
    if (object[key] !== undefined) continue
    out ??= { ...object }
    out[key] = defaults[key] as T[typeof key]
  }
  return out ?? object
}

/** `object` with one field replaced; `undefined` removes it. */
export function put<T extends object, K extends keyof T>(object: T, key: K, value: T[K]): T {
  if (object[key] === value) return object
  if (value !== undefined) return changed(object, key, value)
  const { [key]: _, ...rest } = object
  return rest as T
}

/** The key is assigned, not computed in the literal: engines are slow at that. */
function changed<T extends object, K extends keyof T>(object: T, key: K, value: T[K]): T {
  const out = { ...object }
  out[key] = value
  return out
}

/** One field run through `change`, if it is there. */
export function within<T extends object, K extends keyof T>(
  object: T,
  key: K,
  change: (value: NonNullable<T[K]>) => NonNullable<T[K]>,
): T {
  const value = object[key]
  if (value === undefined || value === null) return object
  const next = change(value)
  return next === value ? object : changed(object, key, next)
}

/** Every item run through `change`. */
export function each<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  let out: T[] | undefined
  for (let i = 0; i < list.length; i++) {
    const before = list[i]!
    const after = change(before)
    if (after === before) continue
    out ??= list.slice()
    out[i] = after
  }
  return out ?? list
}
