import type { Status } from '../generated/meta-v1'
import type { KubeObject } from '../object'
import { goQuote } from './go-text'
import { parseJson, setOwn } from './json'
import { canonicalQuantity, parseQuantity } from './quantity'
import type { FieldNode, ListType, MapType, ScalarType, StructType, TypeNode } from './schema'
import { structOfKind } from './schema'
import { badRequestStatus, requestEntityTooLargeStatus } from './status'
import {
  formatMicroTime,
  formatTime,
  MICRO_TIME_LAYOUT,
  parseTime,
  TIME_LAYOUT,
  timeError,
} from './time'

/** What to do about unknown and duplicate fields; the server's default is Warn. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

export interface DecodeRequest {
  /** Raw JSON text, or plain data. */
  readonly body: unknown
  /** The kind that the path expects. */
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly fieldValidation?: FieldValidation
  /** Bytes of text accepted; 3 MiB when left out. */
  readonly lengthMax?: number
}

export type Decoded =
  | { readonly ok: true; readonly object: KubeObject; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly status: Status }

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

/**
 * Reads a request body as the real server does: checks kind and version, types, unknown and
 * duplicate fields; drops nulls and unknown fields, writes quantities and times canonically. Plain
 * data that needs no change comes back by reference. Defaults and Go's zero values are not its job.
 */
export function decodeBody(request: DecodeRequest): Decoded {
  const text = typeof request.body === 'string' ? request.body : undefined
  const parsed = parseBody(request, text)
  if ('status' in parsed) return { ok: false, status: parsed.status }
  const { body, duplicates } = parsed
  const head = readHead(body)
  if (typeof head === 'string') {
    return refuse(`${unrecognized(request.kind)}: ${head} (${summary(text, body)})`)
  }
  const apiVersion = head.apiVersion ?? apiVersionText(request.group, request.version)
  const kind = head.kind ?? request.kind
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  const version = apiVersion.slice(slash + 1)
  const cannot = (why: string): Decoded =>
    refuse(`${kind} in version ${goQuote(version)} cannot be handled as a ${request.kind}: ${why}`)
  const type = structOfKind(group, version, kind)
  if (type === undefined) return cannot(notRegistered(apiVersion, kind))
  const typed = decodeValue(type, body)
  if (typed.error !== undefined) return cannot(typed.error)
  const validation = request.fieldValidation ?? 'Warn'
  const strict = validation === 'Ignore' ? [] : [...typed.strict, ...duplicates]
  if (validation === 'Strict' && strict.length > 0) {
    return cannot(`strict decoding error: ${strict.join(', ')}`)
  }
  if (kind !== request.kind || group !== request.group || version !== request.version) {
    return mismatch(request, { group, version, kind, apiVersion })
  }
  return {
    ok: true,
    object: withHead(typed.value as KubeObject, apiVersion, kind),
    warnings: strict,
  }
}

function parseBody(
  request: DecodeRequest,
  text: string | undefined,
): { body: unknown; duplicates: readonly string[] } | { status: Status } {
  if (text === undefined) return { body: request.body, duplicates: [] }
  const lengthMax = request.lengthMax
  const parsed = parseJson(text, lengthMax === undefined ? undefined : { lengthMax })
  if (parsed.ok) {
    const duplicates = parsed.duplicates.map((path) => `duplicate field ${goQuote(path)}`)
    return { body: parsed.value, duplicates: [...new Set(duplicates)] }
  }
  if (parsed.tooLarge !== undefined) return { status: requestEntityTooLargeStatus(parsed.tooLarge) }
  const why = `couldn't get version/kind; json parse error: ${parsed.error}`
  return {
    status: badRequestStatus(`${unrecognized(request.kind)}: ${why} (${summary(text, {})})`),
  }
}

const HEAD_TYPE =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

function readHead(
  body: unknown,
): { readonly apiVersion?: string; readonly kind?: string } | string {
  const failed = (what: string, where: string) =>
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${what} into Go ${where}`
  const type = jsonType(body)
  if (type === 'null') return {}
  if (type !== 'object') return failed(type, `value of type ${HEAD_TYPE}`)
  const { apiVersion, kind } = body as Plain
  for (const [name, value] of [
    ['apiVersion', apiVersion],
    ['kind', kind],
  ] as const) {
    if (value === undefined || value === null || typeof value === 'string') continue
    return failed(jsonType(value), `struct field .${name} of type string`)
  }
  return {
    apiVersion: (apiVersion as string | null | undefined) || undefined,
    kind: (kind as string | null | undefined) || undefined,
  }
}

function apiVersionText(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`
}

function unrecognized(kind: string): string {
  return `the object provided is unrecognized (must be of type ${kind})`
}

function notRegistered(apiVersion: string, kind: string): string {
  const where = 'in scheme "pkg/api/legacyscheme/scheme.go:30"'
  return `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} ${where}`
}

function mismatch(
  request: DecodeRequest,
  got: {
    readonly group: string
    readonly version: string
    readonly kind: string
    readonly apiVersion: string
  },
): Decoded {
  const expected = apiVersionText(request.group, request.version)
  if (got.kind === request.kind) {
    return refuse(
      `the API version in the data (${got.apiVersion}) does not match the expected API version ` +
        `(${expected})`,
    )
  }
  const internal = request.group === '' ? 'core' : request.group.split('.')[0]
  return refuse(
    `${got.kind} in version ${goQuote(got.version)} cannot be handled as a ${request.kind}: ` +
      `converting (${got.version}.${got.kind}) to (${internal}.${request.kind}): unknown conversion`,
  )
}

function refuse(message: string): Decoded {
  return { ok: false, status: badRequestStatus(message) }
}

/** The first 30 bytes of a body, as the server quotes it back: hexadecimal unless it is an object. */
function summary(text: string | undefined, body: unknown): string {
  const shown = text ?? JSON.stringify(body) ?? ''
  if (shown.length === 0) return '<empty>'
  const head = shown.slice(0, 30)
  const tail = shown.length > 30 ? ' ...' : ''
  if (shown.startsWith('{')) return head + tail
  let hex = ''
  for (let i = 0; i < head.length; i++) hex += head.charCodeAt(i).toString(16).padStart(2, '0')
  return hex + tail
}

function withHead(object: KubeObject, apiVersion: string, kind: string): KubeObject {
  if (object.apiVersion === apiVersion && object.kind === kind) return object
  return { ...object, kind, apiVersion }
}

/**
 * Reads plain data into a type: the core of `decodeBody`, for patches and parts of objects. What
 * `known` shares with the value was read before and is not looked at again.
 */
export function decodeValue(type: TypeNode, value: unknown, known?: unknown): TypedValue {
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

/** An error that ends decoding at once, as errors of Go's own `UnmarshalJSON` methods do. */
class DecodeFault {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

type JsonType = 'null' | 'string' | 'number' | 'bool' | 'array' | 'object'

function jsonType(value: unknown): JsonType {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  const type = typeof value
  return type === 'boolean' ? 'bool' : (type as JsonType)
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
    this.#fields.length = depth
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

const BASE64 = /^[A-Za-z0-9+/]$/

/** The byte at which Go's decoder gives up, or -1 for good base64. Line breaks are skipped. */
function base64Fault(text: string): number {
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return -1
  let quantum = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (char === '\n' || char === '\r') continue
    if (BASE64.test(char)) {
      quantum = (quantum + 1) % 4
      continue
    }
    if (char !== '=' || quantum < 2) return i
    return paddingFault(text, i, quantum)
  }
  if (quantum === 0) return -1
  const breaks = text.length - text.replace(/[\r\n]/g, '').length
  return breaks > 0 ? text.length : text.length - quantum
}

function paddingFault(text: string, at: number, quantum: number): number {
  let i = at + 1
  const skip = (): void => {
    while (text[i] === '\n' || text[i] === '\r') i += 1
  }
  if (quantum === 2) {
    skip()
    if (i >= text.length) return text.length
    if (text[i] !== '=') return i
    i += 1
  }
  skip()
  return i < text.length ? i : -1
}
