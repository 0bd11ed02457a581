import { goValue } from './go-text'
import { setOwn } from './json'
import type { FieldNode, TypeNode } from './schema'

type Plain = { readonly [key: string]: unknown }
type Mutable = { [key: string]: unknown }

const DIRECTIVE = '$patch'
const RETAIN_KEYS = '$retainKeys'
const DELETE_FROM = '$deleteFromPrimitiveList/'
const SET_ORDER = '$setElementOrder/'

type StrategicPatched =
  | { readonly ok: true; readonly value: unknown }
  /** The server answers 400, 422 or, for what it did not foresee, 500 with the bare text. */
  | { readonly ok: false; readonly code: 400 | 422 | 500; readonly error: string }

class PatchFault {
  readonly code: 400 | 422 | 500
  readonly message: string
  constructor(code: 400 | 422 | 500, message: string) {
    this.code = code
    this.message = message
  }
}

/**
 * Applies a strategic merge patch to an object of the type: lists merge by the schema's patch merge
 * keys, `$patch`, `$deleteFromPrimitiveList`, `$setElementOrder` and `$retainKeys` are obeyed.
 * Neither input is touched; unchanged parts are shared.
 */
export function applyStrategicPatch(
  type: TypeNode,
  original: unknown,
  patch: unknown,
): StrategicPatched {
  if (!isPlain(patch)) return { ok: false, code: 400, error: 'invalid JSON document' }
  try {
    return { ok: true, value: mergeMap(isPlain(original) ? original : {}, patch, type) }
  } catch (fault) {
    if (fault instanceof PatchFault) return { ok: false, code: fault.code, error: fault.message }
    throw fault
  }
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNull(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

function own(object: Plain, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** The field of a struct by name; of a map, its values stand for every key. */
function fieldOf(type: TypeNode | undefined, key: string): FieldNode | undefined {
  return type?.kind === 'struct' ? type.fields.get(key) : undefined
}

function typeBelow(type: TypeNode | undefined, key: string): TypeNode | undefined {
  if (type?.kind === 'map') return type.values
  return fieldOf(type, key)?.type
}

function mergeMap(original: Plain, patch: Plain, type: TypeNode | undefined): Plain {
  const keys = Object.keys(patch)
  for (let i = 0; i < keys.length; i++) {
    if (keys[i]!.startsWith('$')) return mergeWithDirectives(original, patch, type)
  }
  let out: Mutable | undefined
  let gone: string[] | undefined
  for (let i = 0; i < keys.length; i++) {
    const name = keys[i]!
    const value = mergeField(original, name, patch[name], false, type)
    const present = Object.hasOwn(original, name)
    if (value === undefined) {
      if (present) {
        gone ??= []
        gone.push(name)
      }
    } else if (!present || original[name] !== value) {
      out ??= { ...original }
      setOwn(out, name, value)
    }
  }
  return gone ? without(out ?? original, gone) : (out ?? original)
}

/** A copy without some keys; one from which keys are deleted would be slow to read for ever. */
function without(object: Plain, gone: readonly string[]): Plain {
  const out: Mutable = {}
  for (const key of Object.keys(object)) if (!gone.includes(key)) setOwn(out, key, object[key])
  return out
}

function mergeWithDirectives(original: Plain, patch: Plain, type: TypeNode | undefined): Plain {
  const directive = own(patch, DIRECTIVE)
  if (directive !== undefined) return obeyDirective(directive, patch)
  let out = retainKeys(original, patch)
  const ordered = new Set<string>()
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(SET_ORDER)) continue
    const name = key.slice(SET_ORDER.length)
    ordered.add(name)
    out = withField(out, name, orderedList(out, patch, { key, name }, type))
  }
  for (const key of Object.keys(patch)) {
    if (key === RETAIN_KEYS || key.startsWith(SET_ORDER) || ordered.has(key)) continue
    const isDeletion = key.startsWith(DELETE_FROM)
    const name = isDeletion ? key.slice(DELETE_FROM.length) : key
    out = withField(out, name, mergeField(out, name, patch[key], isDeletion, type))
  }
  return out
}

/** The object with one field set; undefined removes it. The same object when nothing changes. */
function withField(object: Plain, key: string, value: unknown): Plain {
  if (own(object, key) === value && (value !== undefined || !Object.hasOwn(object, key))) {
    return object
  }
  if (value === undefined) return without(object, [key])
  const copy: Mutable = { ...object }
  setOwn(copy, key, value)
  return copy
}

function obeyDirective(directive: unknown, patch: Plain): Plain {
  if (directive === 'replace') {
    const { [DIRECTIVE]: _, ...rest } = patch
    return rest
  }
  if (directive === 'delete') return {}
  throw new PatchFault(500, `unknown patch type: ${goValue(directive)} in map: ${goValue(patch)}`)
}

function retainKeys(original: Plain, patch: Plain): Plain {
  const list = own(patch, RETAIN_KEYS)
  if (list === undefined) return original
  if (!Array.isArray(list)) throw new PatchFault(400, 'invalid patch format of retainKeys')
  for (const key of Object.keys(patch)) {
    if (key === RETAIN_KEYS || isNull(patch[key])) continue
    if (key.startsWith(DELETE_FROM) || key.startsWith(SET_ORDER)) continue
    if (!list.includes(key)) {
      throw new PatchFault(422, "patch content doesn't match retainKeys list")
    }
  }
  let out = original
  for (const key of Object.keys(original)) {
    if (!list.includes(key)) out = withField(out, key, undefined)
  }
  return out
}

function mergeField(
  original: Plain,
  name: string,
  change: unknown,
  isDeletion: boolean,
  type: TypeNode | undefined,
): unknown {
  const before = own(original, name)
  if (isDeletion && !Array.isArray(change)) {
    throw new PatchFault(400, 'invalid patch format of primitive list')
  }
  if (isNull(change)) return undefined
  if (isNull(before) || kindOf(before) !== kindOf(change)) {
    return isDeletion ? before : withoutDirectives(change)
  }
  const strategies = fieldOf(type, name)?.patchStrategies ?? []
  if (isPlain(before)) {
    if (strategies.includes('replace')) return change
    return mergeMap(before, change as Plain, typeBelow(type, name))
  }
  if (Array.isArray(before)) {
    if (!strategies.includes('merge') && !isDeletion) return withoutDirectives(change)
    const list = change as readonly unknown[]
    return isDeletion
      ? before.filter((item) => !list.includes(item))
      : mergeList(before, list, listOf(type, name))
  }
  return change
}

interface ListShape {
  readonly mergeKey: string | undefined
  readonly items: TypeNode | undefined
  readonly isMerged: boolean
}

function listOf(type: TypeNode | undefined, name: string): ListShape {
  const field = fieldOf(type, name)
  const list = typeBelow(type, name)
  return {
    mergeKey: field?.patchMergeKey,
    items: list?.kind === 'list' ? list.items : undefined,
    isMerged: field?.patchStrategies.includes('merge') ?? false,
  }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'slice' : isPlain(value) ? 'map' : typeof value
}

function orderedList(
  original: Plain,
  patch: Plain,
  what: { readonly key: string; readonly name: string },
  type: TypeNode | undefined,
): unknown {
  const order = patch[what.key]
  if (!Array.isArray(order)) {
    throw new PatchFault(400, 'invalid patch format of setElementOrder list')
  }
  const shape = listOf(type, what.name)
  const before = own(original, what.name)
  const change = own(patch, what.name)
  checkOrder(change, order, shape.mergeKey)
  if (isNull(before) && isNull(change)) {
    return Object.hasOwn(patch, what.name) ? undefined : before
  }
  if (change === null) return undefined
  let merged: readonly unknown[]
  if (!Array.isArray(change)) merged = before as readonly unknown[]
  else if (!Array.isArray(before)) merged = withoutDirectives(change) as readonly unknown[]
  else merged = shape.isMerged ? mergeList(before, change, shape) : change
  if (!Array.isArray(merged)) return merged
  return inOrder(merged, order, Array.isArray(before) ? before : [], shape.mergeKey)
}

function checkOrder(
  change: unknown,
  order: readonly unknown[],
  mergeKey: string | undefined,
): void {
  if (!Array.isArray(change)) return
  let at = 0
  for (const item of change) {
    if (isPlain(item) && Object.hasOwn(item, DIRECTIVE)) continue
    const id = identity(item, mergeKey)
    while (at < order.length && identity(order[at], mergeKey) !== id) at += 1
    if (at >= order.length) {
      throw new PatchFault(
        500,
        `The order in patch list:\n${goValue(change)}\n doesn't match $setElementOrder list:\n` +
          `${goValue(order)}\n`,
      )
    }
    at += 1
  }
}

/** What tells the items of a list apart: the merge key's value, or the scalar itself. */
function identity(item: unknown, mergeKey: string | undefined): unknown {
  return mergeKey !== undefined && isPlain(item) ? own(item, mergeKey) : item
}

function mergeList(
  original: readonly unknown[],
  patch: readonly unknown[],
  shape: ListShape,
): readonly unknown[] {
  if (patch.length === 0) return original
  const sample = original.length > 0 ? original[0] : patch[0]
  if (Array.isArray(sample)) throw new PatchFault(422, 'lists of lists are not supported')
  if (!isPlain(sample)) {
    return inOrder([...new Set([...original, ...patch])], patch, original, undefined)
  }
  const { mergeKey } = shape
  if (mergeKey === undefined) {
    throw new PatchFault(500, `cannot merge lists without merge key for ${shape.items?.goName}`)
  }
  const { base, changes } = obeyListDirectives(original, patch, mergeKey)
  const merged = [...base]
  for (const change of changes) mergeItem(merged, change, mergeKey, shape.items)
  return inOrder(merged, changes, base, mergeKey)
}

function obeyListDirectives(
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
): { readonly base: readonly unknown[]; readonly changes: readonly Plain[] } {
  let base = original
  let isReplaced = false
  const changes: Plain[] = []
  for (const item of patch) {
    if (!isPlain(item)) throw new PatchFault(500, 'list element types are not identical')
    const directive = own(item, DIRECTIVE)
    if (directive === undefined) changes.push(item)
    else if (directive === 'replace') isReplaced = true
    else if (directive === 'delete') {
      const key = keyOfItem(item, mergeKey)
      const kept = base.filter((other) => identity(other, mergeKey) !== key)
      if (kept.length < base.length) base = kept
    } else if (directive === 'merge') {
      throw new PatchFault(500, 'merging lists cannot yet be specified in the patch')
    } else obeyDirective(directive, item)
  }
  return isReplaced ? { base: changes, changes: [] } : { base, changes }
}

function keyOfItem(item: Plain, mergeKey: string): unknown {
  if (Object.hasOwn(item, mergeKey)) return item[mergeKey]
  throw new PatchFault(
    500,
    `map: ${goValue(item)} does not contain declared merge key: ${mergeKey}`,
  )
}

function mergeItem(
  list: unknown[],
  change: Plain,
  mergeKey: string,
  type: TypeNode | undefined,
): void {
  const key = keyOfItem(change, mergeKey)
  for (let i = 0; i < list.length; i++) {
    const item = list[i]
    if (!isPlain(item) || keyOfItem(item, mergeKey) !== key) continue
    list[i] = mergeMap(item, change, type)
    return
  }
  list.push(withoutDirectives(change))
}

/**
 * Puts the items that `order` names into its order and the others between them, where the old list
 * had them as far as that is possible.
 */
function inOrder(
  merged: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  mergeKey: string | undefined,
): readonly unknown[] {
  const wanted = placesOf(order, mergeKey)
  if (isOrdered(merged, wanted, mergeKey)) return sameAs(merged, before)
  const old = placesOf(before, mergeKey)
  const place = (map: ReadonlyMap<unknown, number>, item: unknown): number =>
    map.get(identity(item, mergeKey)) ?? Number.POSITIVE_INFINITY
  const named: unknown[] = []
  const others: unknown[] = []
  for (const item of merged) {
    ;(wanted.has(identity(item, mergeKey)) ? named : others).push(item)
  }
  named.sort((a, b) => place(wanted, a) - place(wanted, b))
  others.sort((a, b) => place(old, a) - place(old, b) || 0)
  const out: unknown[] = []
  let n = 0
  let o = 0
  while (n < named.length || o < others.length) {
    if (n >= named.length) out.push(others[o++])
    else if (o >= others.length) out.push(named[n++])
    else {
      const [left, right] = [place(old, others[o]), place(old, named[n])]
      const isBefore = Number.isFinite(left) && Number.isFinite(right) && left < right
      out.push(isBefore ? others[o++] : named[n++])
    }
  }
  return sameAs(out, before)
}

function placesOf(
  list: readonly unknown[],
  mergeKey: string | undefined,
): ReadonlyMap<unknown, number> {
  const places = new Map<unknown, number>()
  for (let i = 0; i < list.length; i++) places.set(identity(list[i], mergeKey), i)
  return places
}

/** All items are named, in the order wanted. */
function isOrdered(
  items: readonly unknown[],
  wanted: ReadonlyMap<unknown, number>,
  mergeKey: string | undefined,
): boolean {
  let last = -1
  for (let i = 0; i < items.length; i++) {
    const place = wanted.get(identity(items[i], mergeKey))
    if (place === undefined || place < last) return false
    last = place
  }
  return true
}

function sameAs(list: readonly unknown[], before: readonly unknown[]): readonly unknown[] {
  if (list.length !== before.length) return list
  for (let i = 0; i < list.length; i++) if (list[i] !== before[i]) return list
  return before
}

/** What a patch brings in anew, without its directives and nulls; shared when there are none. */
function withoutDirectives(value: unknown): unknown {
  if (typeof value !== 'object') return value
  if (Array.isArray(value)) {
    let out: unknown[] | undefined
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i]
      const isDirective = isPlain(item) && Object.hasOwn(item, DIRECTIVE)
      const clean = isDirective ? directiveRest(item) : withoutDirectives(item)
      if (out === undefined && clean !== item) out = value.slice(0, i)
      if (clean !== undefined) out?.push(clean)
    }
    return out ?? value
  }
  if (!isPlain(value)) return value
  let out: Mutable | undefined
  let gone: string[] | undefined
  for (const key of Object.keys(value)) {
    const item = value[key]
    const clean =
      item === null || key === DIRECTIVE || key === RETAIN_KEYS || isListDirective(key)
        ? undefined
        : withoutDirectives(item)
    if (clean === item && clean !== undefined) continue
    if (clean === undefined) {
      gone ??= []
      gone.push(key)
    } else {
      out ??= { ...value }
      setOwn(out, key, clean)
    }
  }
  return gone ? without(out ?? value, gone) : (out ?? value)
}

function isListDirective(key: string): boolean {
  return key.startsWith(DELETE_FROM) || key.startsWith(SET_ORDER)
}

/** A `$patch` item of a list that is new: only what `replace` and `merge` carry stays. */
function directiveRest(item: Plain): unknown {
  if (item[DIRECTIVE] === 'delete') return undefined
  const rest = withoutDirectives(item) as Plain
  return Object.keys(rest).length === 0 ? undefined : rest
}
