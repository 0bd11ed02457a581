import { base64Fault } from './base64'
import { goQuote } from './go-text'
import { setOwn } from './json'
import { canonicalQuantity, parseQuantity } from './quantity'
import type { FieldNode, ListType, MapType, ScalarType, StructType, TypeNode } from './schema'
import {
  formatMicroTime,
  formatTime,
  MICRO_TIME_LAYOUT,
  parseTime,
  TIME_LAYOUT,
  timeError,
} from './time'

/** A value read into a Go type. `error` is the one that Go would return; strict ones are listed. */
interface TypedValue {
  readonly value: unknown
  readonly error: string | undefined
  /** The same in the words of Go's converter from unstructured data, which patches go through. */
  readonly conversionError: string | undefined
  readonly strict: readonly string[]
}

type Plain = { readonly [key: string]: unknown }

const NOTHING: Plain = {}

/** What JSON calls a value; absent counts as null. */
export type JsonType = 'null' | 'string' | 'number' | 'bool' | 'array' | 'object'

export function jsonType(value: unknown): JsonType {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  const type = typeof value
  return type === 'boolean' ? 'bool' : (type as JsonType)
}

/**
 * Reads plain data into a type: the core of `decodeBody`, for patches and parts of objects. What
 * `known` shares with the value was read before and is not looked at again.
 */
export function decodeValue(type: TypeNode, value: unknown, known?: unknown): TypedValue {
  if (isRead(type, value, known)) {
    return { value, error: undefined, conversionError: undefined, strict: noFaults }
  }
  const decoder = new Decoder()
  try {
    const read = decoder.read(type, value, known)
    const { error, conversionError, strict } = decoder
    return { value: read, error, conversionError, strict }
  } catch (fault) {
    if (fault instanceof DecodeFault) {
      const { message } = fault
      return { value: undefined, error: message, conversionError: message, strict: decoder.strict }
    }
    throw fault
  }
}

const noFaults: readonly string[] = []

/** Whether reading would give back the very value without a word: most data of components is so. */
function isRead(type: TypeNode, value: unknown, known: unknown): boolean {
  if (value === undefined) return true
  // A time that is nothing is stored as null: only then it may stay.
  if (value === null) return known === null && type.kind === 'time'
  if (value === known) return true
  switch (type.kind) {
    case 'struct':
      return isReadStruct(type, value, known)
    case 'list':
      return isReadList(type.items, value, known)
    case 'map': {
      if (typeof value !== 'object' || Array.isArray(value)) return false
      const map = value as Plain
      for (const key in map) if (!isRead(type.values, map[key], undefined)) return false
      return true
    }
    case 'string':
    case 'duration':
      return typeof value === 'string'
    case 'int32':
      return isInt32(value)
    case 'int64':
      return Number.isInteger(value)
    case 'double':
      return typeof value === 'number'
    case 'bool':
      return typeof value === 'boolean'
    case 'bytes':
      return typeof value === 'string' && base64Fault(value) < 0
    case 'quantity':
      return typeof value === 'string' && canonicalQuantity(value) === value
    case 'intOrString':
      return typeof value === 'string' || isInt32(value)
    case 'time':
      return typeof value === 'string' && isCanonicalTime(value)
    case 'microTime':
      return typeof value === 'string' && isCanonicalMicroTime(value)
    case 'raw':
      return true
  }
}

function isReadStruct(type: StructType, value: unknown, known: unknown): boolean {
  if (typeof value !== 'object' || Array.isArray(value)) return false
  const object = value as Plain
  const before = typeof known === 'object' && known !== null ? (known as Plain) : undefined
  const { fields } = type
  for (const key in object) {
    const field = fields.get(key)
    if (field === undefined) return false
    if (!isRead(field.type, object[key], before?.[key])) return false
  }
  return true
}

function isReadList(items: TypeNode, value: unknown, known: unknown): boolean {
  if (!Array.isArray(value)) return false
  const before: readonly unknown[] | undefined = Array.isArray(known) ? known : undefined
  for (let i = 0; i < value.length; i++) {
    const item: unknown = value[i]
    if (item === undefined || !isRead(items, item, before?.[i] ?? before?.[0])) return false
  }
  return true
}

/** Times come in bunches of the same second: those of each second of a minute seen last. */
const canonicalTimes: string[] = new Array(60).fill('')

function isCanonicalTime(text: string): boolean {
  if (text.length !== 20) return false
  const slot = (text.charCodeAt(17) - 48) * 10 + text.charCodeAt(18) - 48
  if (canonicalTimes[slot] === text) return true
  const micros = parseTime(text)
  if (micros === undefined || formatTime(micros) !== text) return false
  canonicalTimes[slot] = text
  return true
}

function isCanonicalMicroTime(text: string): boolean {
  const micros = parseTime(text)
  return micros !== undefined && formatMicroTime(micros) === text
}

/** An error that ends decoding at once, as errors of Go's own `UnmarshalJSON` methods do. */
class DecodeFault {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

class Decoder {
  /** The first type error; Go goes on reading after it but returns it in the end. */
  error: string | undefined
  conversionError: string | undefined
  readonly strict: string[] = []
  /** Where we are, as strict errors print it. */
  readonly #path: (string | number)[] = []
  /** Where we are, as type errors print it: embedded structs, no indices, no map keys. */
  readonly #fields: string[] = []
  #struct = ''

  /** `undefined` means Go's zero value: the field is left out. */
  read(type: TypeNode, value: unknown, known?: unknown): unknown {
    if (value === null || value === undefined) return undefined
    if (value === known) return value
    switch (type.kind) {
      case 'struct':
        return this.#readStruct(type, value, known)
      case 'list':
        return this.#readList(type, value, known)
      case 'map':
        return this.#readMap(type, value)
      case 'string':
        if (typeof value === 'string') return value
        return this.#mismatch(jsonType(value), type)
      case 'int32':
      case 'int64':
        return this.#readInteger(type, value)
      case 'double':
        if (typeof value === 'number') return value
        return this.#mismatch(jsonType(value), type)
      case 'bool':
        if (typeof value === 'boolean') return value
        return this.#mismatch(jsonType(value), type)
      case 'bytes':
        return this.#readBytes(value)
      case 'quantity':
        return readQuantity(value)
      case 'intOrString':
        if (typeof value === 'string') return value
        if (isInt32(value)) return value
        throw new DecodeFault(this.#mismatchText(numberText(value), 'int32'))
      case 'time':
      case 'microTime':
        return this.#readTime(type.kind, value)
      case 'duration':
        if (typeof value === 'string') return value
        throw new DecodeFault(this.#mismatchText(jsonType(value), 'string'))
      case 'raw':
        return value
    }
  }

  #mismatch(what: string, type: TypeNode): undefined {
    this.error ??= this.#mismatchText(what, type.goName)
    this.conversionError ??= conversionText(what, type)
    return undefined
  }

  #mismatchText(what: string, goType: string): string {
    const where =
      this.#struct === '' ? 'value' : `struct field ${this.#struct}.${this.#fields.join('.')}`
    return `json: cannot unmarshal ${what} into Go ${where} of type ${goType}`
  }

  #readInteger(type: ScalarType, value: unknown): unknown {
    if (typeof value !== 'number') return this.#mismatch(jsonType(value), type)
    const fits = type.kind === 'int32' ? isInt32(value) : Number.isInteger(value)
    return fits ? value : this.#mismatch(numberText(value), type)
  }

  #readBytes(value: unknown): unknown {
    if (typeof value !== 'string') return this.#mismatch(jsonType(value), BYTES)
    const at = base64Fault(value)
    if (at >= 0) {
      this.error ??= `illegal base64 data at input byte ${at}`
      this.conversionError ??= `error decoding from json: illegal base64 data at input byte ${at}`
    }
    return value
  }

  #readTime(kind: 'time' | 'microTime', value: unknown): unknown {
    if (typeof value !== 'string') {
      throw new DecodeFault(this.#mismatchText(jsonType(value), 'string'))
    }
    const micros = parseTime(value)
    if (micros === undefined) {
      throw new DecodeFault(timeError(value, kind === 'time' ? TIME_LAYOUT : MICRO_TIME_LAYOUT))
    }
    return kind === 'time' ? formatTime(micros) : formatMicroTime(micros)
  }

  #readList(type: ListType, value: unknown, known: unknown): unknown {
    if (!Array.isArray(value)) return this.#mismatch(jsonType(value), type)
    const { items } = type
    const before: readonly unknown[] = Array.isArray(known) ? known : []
    let out: unknown[] | undefined
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i]
      this.#path.push(i)
      const read = item === null ? zeroOf(items) : this.read(items, item, before[i])
      this.#path.pop()
      if (out !== undefined) out.push(read)
      else if (read !== item) {
        out = value.slice(0, i)
        out.push(read)
      }
    }
    return out ?? value
  }

  #readMap(type: MapType, value: unknown): unknown {
    if (typeof value !== 'object' || Array.isArray(value)) {
      return this.#mismatch(jsonType(value), type)
    }
    const map = value as Plain
    const keys = Object.keys(map)
    let out: { [key: string]: unknown } | undefined
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!
      const item = map[key]
      this.#path.push(key)
      const read = item === null ? zeroOf(type.values) : this.read(type.values, item)
      this.#path.pop()
      if (out === undefined) {
        if (read === item) continue
        out = copyOf(map, keys, i)
      }
      if (read !== undefined) setOwn(out, key, read)
    }
    return out ?? value
  }

  #readStruct(type: StructType, value: unknown, known: unknown): unknown {
    if (typeof value !== 'object' || Array.isArray(value)) {
      return this.#mismatch(jsonType(value), type)
    }
    const object = value as Plain
    const keys = Object.keys(object)
    const before = typeof known === 'object' && known !== null ? (known as Plain) : NOTHING
    const outer = this.#struct
    let out: { [key: string]: unknown } | undefined
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!
      const item = object[key]
      const field = type.fields.get(key)
      const read =
        field === undefined
          ? this.#unknownField(key)
          : this.#readField(type, field, item, before[key])
      if (out === undefined) {
        if (read === item) continue
        out = copyOf(object, keys, i)
      }
      if (read !== undefined) setOwn(out, key, read)
    }
    this.#struct = outer
    return out ?? value
  }

  #readField(type: StructType, field: FieldNode, item: unknown, known: unknown): unknown {
    if (item === known && item !== null) return item
    const depth = this.#fields.length
    this.#struct = type.goName.slice(type.goName.indexOf('.') + 1)
    if (field.embedded !== undefined) this.#fields.push(field.embedded)
    this.#fields.push(field.name)
    this.#path.push(field.name)
    const read = this.read(field.type, item, known)
    this.#path.pop()
    while (this.#fields.length > depth) this.#fields.pop()
    return read
  }

  #unknownField(key: string): undefined {
    let path = ''
    for (const part of this.#path) {
      if (typeof part === 'number') path += `[${part}]`
      else path += path === '' ? part : `.${part}`
    }
    this.strict.push(`unknown field ${goQuote(path === '' ? key : `${path}.${key}`)}`)
    return undefined
  }
}

const BYTES: ScalarType = { kind: 'bytes', goName: '[]uint8' }

const GO_KINDS: { readonly [type: string]: string } = {
  array: 'slice',
  object: 'map',
  number: 'int64',
}

function conversionText(what: string, type: TypeNode): string {
  const from = GO_KINDS[what] ?? (what.startsWith('number ') ? 'float64' : what)
  switch (type.kind) {
    case 'list':
    case 'bytes':
      return `cannot restore slice from ${from}`
    case 'map':
      return `cannot restore map from ${from}`
    case 'struct':
      return `cannot restore struct from: ${from}`
    default: {
      const isConvertible =
        (from === 'int64' || from === 'float64') && type.kind !== 'bool' && from !== type.kind
      if (isConvertible && !(from === 'float64' && type.kind === 'string')) {
        return `cannot convert ${from} to ${type.goName}`
      }
      return `unrecognized type: ${type.kind}`
    }
  }
}

function copyOf(object: Plain, keys: readonly string[], count: number): { [key: string]: unknown } {
  const out: { [key: string]: unknown } = {}
  for (let i = 0; i < count; i++) setOwn(out, keys[i]!, object[keys[i]!])
  return out
}

/** What a `null` in a list or map becomes. */
function zeroOf(type: TypeNode): unknown {
  switch (type.kind) {
    case 'struct':
      return {}
    case 'string':
    case 'bytes':
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
    case 'duration':
      return '0s'
    default:
      return null
  }
}

function isInt32(value: unknown): boolean {
  return typeof value === 'number' && (value | 0) === value
}

function numberText(value: unknown): string {
  return typeof value === 'number' ? `number ${value}` : jsonType(value)
}

function readQuantity(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') {
    const text = canonicalQuantity(value)
    if (text !== undefined) return text
  }
  const parsed = parseQuantity(typeof value === 'string' ? value : '{')
  throw new DecodeFault(parsed.ok ? '' : parsed.error)
}
