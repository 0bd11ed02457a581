import type { Status } from '../generated/meta-v1'
import type { KubeObject } from '../object'
import type { FieldValidation } from './decode'
import { decodeValue } from './decode-value'
import { invalid, invalidStatus, Path } from './field'
import { compareText, goValue } from './go-text'
import { parseJson } from './json'
import { applyJsonPatch, JSON_PATCH_OPERATIONS_MAX } from './json-patch'
import { applyMergePatch } from './merge-patch'
import type { StructType } from './schema'
import {
  badRequestStatus,
  failure,
  requestEntityTooLargeStatus,
  unknownErrorStatus,
  unprocessableStatus,
  unsupportedPatchTypeStatus,
} from './status'
import { applyStrategicPatch } from './strategic-patch'

export const JSON_PATCH = 'application/json-patch+json'
export const MERGE_PATCH = 'application/merge-patch+json'
export const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json'

export interface PatchRequest {
  /** The content type; parameters after a semicolon are ignored. */
  readonly contentType: string
  /** Raw text or plain data. */
  readonly patch: unknown
  readonly original: KubeObject
  readonly type: StructType
  readonly fieldValidation?: FieldValidation
}

export type Patched =
  | { readonly ok: true; readonly object: KubeObject; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly status: Status }

/**
 * Applies a JSON, merge or strategic merge patch and reads the result back into the type, with the
 * real server's refusals. The original is not touched and is returned when nothing changes. The
 * patch is applied to a versioned object, so `apiVersion` and `kind` must be part of `original`.
 */
export function applyPatch(request: PatchRequest): Patched {
  const contentType = request.contentType.split(';')[0]!.trim()
  const read = readPatch(request.patch)
  if ('status' in read) return { ok: false, status: read.status }
  switch (contentType) {
    case JSON_PATCH:
      return applyJson(request, read.patch)
    case MERGE_PATCH:
      return applyMerge(request, read)
    case STRATEGIC_MERGE_PATCH:
      return applyStrategic(request, read)
    default:
      return refuse(unsupportedPatchTypeStatus())
  }
}

interface ReadPatch {
  readonly patch: unknown
  readonly duplicates: readonly string[]
}

function readPatch(patch: unknown): ReadPatch | { readonly status: Status } {
  if (typeof patch !== 'string') return { patch, duplicates: [] }
  const parsed = parseJson(patch)
  if (parsed.ok) {
    const duplicates = parsed.duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`)
    return { patch: parsed.value, duplicates }
  }
  if (parsed.tooLarge !== undefined) return { status: requestEntityTooLargeStatus(parsed.tooLarge) }
  return { status: badRequestStatus(`error decoding patch: ${parsed.error}`) }
}

function refuse(status: Status): Patched {
  return { ok: false, status }
}

function applyJson(request: PatchRequest, patch: unknown): Patched {
  if (Array.isArray(patch) && patch.length > JSON_PATCH_OPERATIONS_MAX) {
    const message = `The allowed maximum operations in a JSON patch is ${JSON_PATCH_OPERATIONS_MAX}, got ${patch.length}`
    return refuse(failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`))
  }
  const patched = applyJsonPatch(request.original, patch)
  if (patched.ok) return readBack(request, patched.value, [])
  return refuse(
    patched.fault === 'malformed' ? badRequestStatus(patched.error) : unprocessableStatus(),
  )
}

function applyMerge(request: PatchRequest, read: ReadPatch): Patched {
  if (!isMap(read.patch)) return refuse(badRequestStatus('Invalid JSON Patch'))
  return readBack(request, applyMergePatch(request.original, read.patch), read.duplicates)
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readBack(request: PatchRequest, value: unknown, duplicates: readonly string[]): Patched {
  if (value === request.original) return strictly(request, request.original, duplicates, () => '')
  const typed = decodeValue(request.type, value, request.original)
  const shown = (): string => sortedJson(value)
  if (typed.error !== undefined) return refuse(patchInvalid(shown(), typed.error))
  const strict = [...duplicates, ...typed.strict]
  return strictly(request, typed.value as KubeObject, strict, shown)
}

function applyStrategic(request: PatchRequest, read: ReadPatch): Patched {
  const patched = applyStrategicPatch(request.type, request.original, read.patch)
  if (!patched.ok) {
    if (patched.code === 400) return refuse(badRequestStatus(patched.error))
    return refuse(patched.code === 422 ? unprocessableStatus() : unknownErrorStatus(patched.error))
  }
  const shown = (): string => goValue(read.patch)
  if (patched.value === request.original) {
    return strictly(request, request.original, read.duplicates, shown)
  }
  const typed = decodeValue(request.type, patched.value, request.original)
  if (typed.error !== undefined) {
    return refuse(patchInvalid(shown(), typed.conversionError ?? typed.error))
  }
  const strict = [...read.duplicates, ...typed.strict]
  return strictly(request, typed.value as KubeObject, strict, shown)
}

function strictly(
  request: PatchRequest,
  object: KubeObject,
  strict: readonly string[],
  shown: () => string,
): Patched {
  const validation = request.fieldValidation ?? 'Warn'
  if (strict.length === 0 || validation === 'Ignore') return { ok: true, object, warnings: [] }
  if (validation === 'Warn') return { ok: true, object, warnings: strict }
  return refuse(patchInvalid(shown(), `strict decoding error: ${strict.join(', ')}`))
}

function patchInvalid(shown: string, why: string): Status {
  return invalidStatus({ group: '', kind: '' }, '', [invalid(Path.of('patch'), shown, why)])
}

/** JSON with sorted keys, as Go marshals maps. */
function sortedJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`
  const entries = Object.entries(value).sort((a, b) => compareText(a[0], b[0]))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${sortedJson(item)}`).join(',')}}`
}
