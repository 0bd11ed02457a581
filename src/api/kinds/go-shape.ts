import { setOwn } from '../machinery/json'
import { type FieldNode, type StructType, structOfKind, type TypeNode } from '../machinery/schema'
import { NULLABLE, POINTERS, VALUE_STRUCTS, VALUE_TIMES, WRITTEN_AS } from './go-shape-facts'

/** Gives the form to write; `undefined` leaves the field out. `shaped` is an earlier form. */
type Write = (value: unknown, shaped?: unknown) => unknown

interface FieldRule {
  readonly name: string
  /** `undefined`: the value stands as it is. */
  readonly write: Write | undefined
  /** What stands there when the field is absent; missing: nothing. */
  readonly absent: (() => unknown) | undefined
}

interface StructRules {
  /** Fields that are null when they are absent. */
  readonly nulls: ReadonlySet<string>
  readonly byName: ReadonlyMap<string, FieldRule>
  readonly whenAbsent: readonly FieldRule[]
}

type Plain = Readonly<Record<string, unknown>>

const structs = new Map<string, StructRules>()

/**
 * The object as the Go server would write it: fields with Go's zero value and `omitempty` are left
 * out, struct values and required fields are there even when nobody set them. Shares everything
 * that is already so, down to giving back `object` itself. Unknown kinds come back unchanged.
 * Parts that are the very same in `shaped`, an earlier result, are not looked at.
 */
export function goShape<T extends object>(
  group: string,
  version: string,
  kind: string,
  object: T,
  shaped?: object,
): T {
  const type = structOfKind(group, version, kind)
  if (type === undefined) return object
  return writeStruct(object, rulesOf(type), shaped) as T
}

function rulesOf(type: StructType): StructRules {
  let known = structs.get(type.name)
  if (known === undefined) {
    const rules = [...type.fields.values()].map((field) => fieldRule(type.name, field))
    known = {
      nulls: new Set(rules.filter((rule) => rule.absent?.() === null).map(({ name }) => name)),
      byName: new Map(rules.filter((rule) => rule.write).map((rule) => [rule.name, rule])),
      whenAbsent: rules.filter((rule) => rule.absent),
    }
    structs.set(type.name, known)
  }
  return known
}

function structWriter(type: StructType): Write {
  let rules: StructRules | undefined
  return (value, shaped) => {
    rules ??= rulesOf(type)
    return writeStruct(value, rules, shaped)
  }
}

function writeStruct(value: unknown, rules: StructRules, shaped: unknown): unknown {
  if (typeof value !== 'object' || value === null || value === shaped) return value
  const source = value as Plain
  const earlier = typeof shaped === 'object' ? (shaped as Plain | null) : undefined
  let out: Record<string, unknown> | undefined
  for (const name in source) {
    const before = source[name]
    const known = earlier?.[name]
    let after = before
    if (before === undefined || before === null) {
      if (before === undefined || !rules.nulls.has(name)) after = undefined
    } else if (before !== known) {
      const write = rules.byName.get(name)?.write
      if (write !== undefined) after = write(before, known)
    }
    if (out === undefined) {
      if (after === before && after !== undefined) continue
      out = copyUpTo(source, name)
    }
    if (after !== undefined) setOwn(out, name, after)
  }
  for (const rule of rules.whenAbsent) {
    const before = source[rule.name]
    if (before !== undefined && (before !== null || rules.nulls.has(rule.name))) continue
    out ??= { ...source }
    out[rule.name] = rule.absent!()
  }
  return out ?? value
}

/** The fields before `end`. A copy from which fields are deleted would be slow to read for ever. */
function copyUpTo(source: Plain, end: string): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const name in source) {
    if (name === end) break
    setOwn(out, name, source[name])
  }
  return out
}

function fieldRule(struct: string, field: FieldNode): FieldRule {
  const { name, type } = field
  const key = `${struct}.${name}`
  const listed = (table: { readonly [type: string]: ReadonlySet<string> }) =>
    table[struct]?.has(name) === true
  const kept = Object.hasOwn(WRITTEN_AS, key)
  const always = field.required || kept
  const absent = kept ? () => WRITTEN_AS[key] : absentValue(field, always, listed)
  const keepZero = always || listed(POINTERS)
  const write = writer(type, always, keepZero)
  return { name, write: write === keep ? undefined : write, absent }
}

function absentValue(
  field: FieldNode,
  always: boolean,
  listed: (table: { readonly [type: string]: ReadonlySet<string> }) => boolean,
): (() => unknown) | undefined {
  const { type } = field
  if (type.kind === 'time' || type.kind === 'microTime') {
    return listed(VALUE_TIMES) ? () => null : undefined
  }
  if (type.kind === 'struct') {
    const byValue = field.required || listed(VALUE_STRUCTS) || type.name === 'meta.v1.ObjectMeta'
    if (!byValue || listed(NULLABLE)) return undefined
    return zeroStruct(type)
  }
  if (!always || listed(NULLABLE)) return undefined
  const zero = zeroOf(type)
  return () => zero
}

function zeroStruct(type: StructType): () => unknown {
  let zero: unknown
  return () => {
    zero ??= Object.freeze(structWriter(type)(Object.freeze({})) as object)
    return zero
  }
}

function zeroOf(type: TypeNode): unknown {
  switch (type.kind) {
    case 'string':
      return ''
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0
    case 'bool':
      return false
    case 'quantity':
      return '0'
    default:
      return null
  }
}

const keep: Write = (value) => value
const keepUnlessZero: Write = (value) => (value === 0 ? undefined : value)
const keepUnlessFalse: Write = (value) => (value === false ? undefined : value)
const keepUnlessEmptyText: Write = (value) => (value === '' ? undefined : value)

function writer(type: TypeNode, always: boolean, keepZero: boolean): Write {
  switch (type.kind) {
    case 'struct':
      return structWriter(type)
    case 'list':
      return listWriter(itemWriter(type.items), always)
    case 'map':
      return mapWriter(itemWriter(type.values), always)
    case 'int32':
    case 'int64':
    case 'double':
      return keepZero ? keep : keepUnlessZero
    case 'bool':
      return keepZero ? keep : keepUnlessFalse
    case 'string':
    case 'bytes':
      return keepZero ? keep : keepUnlessEmptyText
    default:
      return keep
  }
}

/** `undefined`: the items need no work. */
function itemWriter(type: TypeNode): Write | undefined {
  if (type.kind !== 'struct' && type.kind !== 'list' && type.kind !== 'map') return undefined
  return writer(type, true, true)
}

function listWriter(writeItem: Write | undefined, keepEmpty: boolean): Write {
  return (value, shaped) => {
    if (!Array.isArray(value)) return value
    if (value.length === 0) return keepEmpty ? value : undefined
    if (writeItem === undefined) return value
    const earlier: readonly unknown[] | undefined = Array.isArray(shaped) ? shaped : undefined
    let out: unknown[] | undefined
    for (let i = 0; i < value.length; i++) {
      const before: unknown = value[i]
      const after = writeItem(before, earlier?.[i] ?? earlier?.[0])
      if (after === before) continue
      out ??= value.slice()
      out[i] = after
    }
    return out ?? value
  }
}

function mapWriter(writeItem: Write | undefined, keepEmpty: boolean): Write {
  return (value) => {
    if (typeof value !== 'object' || value === null) return value
    let empty = true
    let out: { [key: string]: unknown } | undefined
    for (const key in value) {
      empty = false
      if (writeItem === undefined) return value
      const before = (value as Plain)[key]
      const after = writeItem(before)
      if (after === before) continue
      out ??= { ...value }
      setOwn(out, key, after)
    }
    return empty && !keepEmpty ? undefined : (out ?? value)
  }
}
