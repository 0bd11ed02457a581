import { parseJson, setOwn } from './json'
import { FIELD_NUMBERS } from './protobuf-fields'
import { type FieldNode, type StructType, structOfKind, type TypeNode, typeOf } from './schema'
import { formatMicroTime, formatTime } from './time'

/** What client-go calls its binary form of objects. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf'

type ProtobufRead =
  | { readonly ok: true; readonly object: { readonly [key: string]: unknown } }
  | { readonly ok: false; readonly error: string }

/**
 * Reads an object in Kubernetes' protobuf envelope into the plain form that JSON would have given,
 * for the types of `protobuf-fields`. Zero numbers, `false` and `""` of optional fields are left
 * out, as the wire does not tell values from pointers; `replicas` and its like keep their zero.
 */
export function readProtobuf(bytes: Uint8Array): ProtobufRead {
  if (bytes[0] !== 0x6b || bytes[1] !== 0x38 || bytes[2] !== 0x73 || bytes[3] !== 0) {
    return { ok: false, error: 'provided data does not appear to be a protobuf message' }
  }
  try {
    return { ok: true, object: readEnvelope(bytes.subarray(4)) }
  } catch (fault) {
    if (fault instanceof WireFault) return { ok: false, error: fault.message }
    throw fault
  }
}

class WireFault {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

type Plain = { [key: string]: unknown }

interface WireField {
  readonly number: number
  /** Of varints and fixed numbers. */
  readonly value: bigint
  /** Of length-delimited fields. */
  readonly bytes: Uint8Array
}

const NO_BYTES = new Uint8Array(0)

function readFields(bytes: Uint8Array): WireField[] {
  const fields: WireField[] = []
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new WireFault('unexpected EOF')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new WireFault('proto: integer overflow')
  }
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new WireFault('unexpected EOF')
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const number = tag >>> 3
    switch (tag & 7) {
      case 0:
        fields.push({ number, value: BigInt.asIntN(64, varint()), bytes: NO_BYTES })
        break
      case 1:
        fields.push({ number, value: littleEndian(take(8)), bytes: NO_BYTES })
        break
      case 2:
        fields.push({ number, value: 0n, bytes: take(Number(varint())) })
        break
      case 5:
        fields.push({ number, value: littleEndian(take(4)), bytes: NO_BYTES })
        break
      default:
        throw new WireFault(`proto: illegal wireType ${tag & 7}`)
    }
  }
  return fields
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
  return value
}

function readEnvelope(bytes: Uint8Array): Plain {
  let apiVersion = ''
  let kind = ''
  let raw: Uint8Array = NO_BYTES
  for (const field of readFields(bytes)) {
    if (field.number === 1) {
      for (const part of readFields(field.bytes)) {
        if (part.number === 1) apiVersion = utf8(part.bytes)
        else if (part.number === 2) kind = utf8(part.bytes)
      }
    } else if (field.number === 2) raw = field.bytes
  }
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  const type = structOfKind(group, apiVersion.slice(slash + 1), kind)
  if (type === undefined) {
    throw new WireFault(`no kind "${kind}" is registered for version "${apiVersion}"`)
  }
  return { apiVersion, kind, ...readStruct(type, raw) }
}

function readStruct(type: StructType, bytes: Uint8Array): Plain {
  const numbers = FIELD_NUMBERS.get(type.name)
  if (numbers === undefined) throw new WireFault(`cannot read ${type.name} from protobuf`)
  const out: Plain = {}
  for (const wire of readFields(bytes)) {
    const name = numbers.get(wire.number)
    if (name?.startsWith('...')) {
      const embedded = typeOf(`io.k8s.api.${name.slice(3)}`)
      if (embedded.kind === 'struct') Object.assign(out, readStruct(embedded, wire.bytes))
      continue
    }
    const field = name === undefined ? undefined : type.fields.get(name)
    if (field === undefined) {
      throw new WireFault(`cannot read field ${wire.number} of ${type.name} from protobuf`)
    }
    readField(out, field, wire)
  }
  return out
}

function readField(out: Plain, field: FieldNode, wire: WireField): void {
  const { name, type } = field
  if (type.kind === 'list') {
    const list = (out[name] ?? []) as unknown[]
    list.push(readValue(type.items, wire))
    out[name] = list
  } else if (type.kind === 'map') {
    const map = (out[name] ?? {}) as Plain
    let key = ''
    let value: unknown = type.values.kind === 'struct' ? {} : ''
    for (const part of readFields(wire.bytes)) {
      if (part.number === 1) key = utf8(part.bytes)
      else value = readValue(type.values, part)
    }
    setOwn(map, key, value)
    out[name] = map
  } else {
    const value = readValue(type, wire)
    if (!isLeftOut(field, value)) out[name] = value
  }
}

/** Optional numbers that are pointers in Go and that kubectl may set to zero. */
const KEPT_ZEROS = new Set([
  'replicas',
  'gracePeriodSeconds',
  'parallelism',
  'completions',
  'backoffLimit',
  'revisionHistoryLimit',
  'terminationGracePeriodSeconds',
])

function isLeftOut(field: FieldNode, value: unknown): boolean {
  if (value === undefined) return true
  if (field.required) return false
  return value === '' || value === false || (value === 0 && !KEPT_ZEROS.has(field.name))
}

function readValue(type: TypeNode, wire: WireField): unknown {
  switch (type.kind) {
    case 'struct':
      return readStruct(type, wire.bytes)
    case 'string':
      return utf8(wire.bytes)
    case 'int32':
    case 'int64':
      return Number(wire.value)
    case 'bool':
      return wire.value !== 0n
    case 'bytes':
      return base64(wire.bytes)
    case 'quantity':
      return utf8(part(wire.bytes, 1)?.bytes ?? NO_BYTES)
    case 'intOrString': {
      const isText = part(wire.bytes, 1)?.value === 1n
      if (isText) return utf8(part(wire.bytes, 3)?.bytes ?? NO_BYTES)
      return Number(part(wire.bytes, 2)?.value ?? 0n)
    }
    case 'time':
    case 'microTime': {
      if (wire.bytes.length === 0) return undefined
      const seconds = Number(part(wire.bytes, 1)?.value ?? 0n)
      const micros = seconds * 1_000_000 + Number(part(wire.bytes, 2)?.value ?? 0n) / 1000
      return type.kind === 'time' ? formatTime(micros) : formatMicroTime(Math.floor(micros))
    }
    case 'raw': {
      const parsed = parseJson(utf8(part(wire.bytes, 1)?.bytes ?? NO_BYTES))
      return parsed.ok ? parsed.value : undefined
    }
    default:
      throw new WireFault(`cannot read ${type.goName} from protobuf`)
  }
}

function part(bytes: Uint8Array, number: number): WireField | undefined {
  return readFields(bytes).findLast((field) => field.number === number)
}

function utf8(bytes: Uint8Array): string {
  let out = ''
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i]!
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
    let code = length === 1 ? first : first & (0xff >> (length + 1))
    for (let k = 1; k < length; k++) code = (code << 6) | ((bytes[i + k] ?? 0) & 0x3f)
    out += code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)
    i += length
  }
  return out
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function base64(bytes: Uint8Array): string {
  let out = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i]!, bytes[i + 1], bytes[i + 2]]
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0)
    out += BASE64[bits >> 18]! + BASE64[(bits >> 12) & 63]!
    out += b === undefined ? '=' : BASE64[(bits >> 6) & 63]!
    out += c === undefined ? '=' : BASE64[bits & 63]!
  }
  return out
}
