import type { Status } from '../generated/meta-v1'
import type { KubeObject } from '../object'
import { decodeValue, jsonType } from './decode-value'
import { goQuote } from './go-text'
import { parseJson } from './json'
import { structOfKind } from './schema'
import { badRequestStatus, requestEntityTooLargeStatus } from './status'

export { decodeValue }

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
  /** What the body shares with this was read before. */
  readonly known?: unknown
  /** Bytes of text accepted; 3 MiB when left out. */
  readonly lengthMax?: number
}

export type Decoded =
  | { readonly ok: true; readonly object: KubeObject; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly status: Status }

type Plain = { readonly [key: string]: unknown }

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
  const typed = decodeValue(type, body, request.known)
  if (typed.error !== undefined) return cannot(typed.error)
  const validation = request.fieldValidation ?? 'Warn'
  const strict = validation === 'Ignore' ? [] : joined(typed.strict, duplicates)
  if (validation === 'Strict' && strict.length > 0) {
    return cannot(`strict decoding error: ${strict.join(', ')}`)
  }
  if (kind !== request.kind || group !== request.group || version !== request.version) {
    return mismatch(request, { group, version, kind, apiVersion })
  }
  return {
    ok: true,
    object: withHead((typed.value ?? {}) as KubeObject, apiVersion, kind),
    warnings: strict,
  }
}

function joined(a: readonly string[], b: readonly string[]): readonly string[] {
  if (b.length === 0) return a
  return [...a, ...b]
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
  if (typeof apiVersion === 'string' && typeof kind === 'string' && apiVersion && kind) {
    return { apiVersion, kind }
  }
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
