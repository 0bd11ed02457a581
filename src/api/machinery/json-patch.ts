import { applyPatch, type Operation } from 'rfc6902'

type Container = { [key: string]: unknown } | unknown[]

const OPERATIONS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])

type JsonPatched =
  | { readonly ok: true; readonly value: unknown }
  /** `malformed`: no JSON patch at all (400). `inapplicable`: it does not fit the document (422). */
  | { readonly ok: false; readonly fault: 'malformed' | 'inapplicable'; readonly error: string }

/** The most operations that the real server takes in one patch. */
export const JSON_PATCH_OPERATIONS_MAX = 10_000

/**
 * Applies an RFC 6902 patch without touching the document: what the operations change is copied
 * along their paths, the rest is shared. Only own properties can be addressed.
 */
export function applyJsonPatch(document: unknown, patch: unknown): JsonPatched {
  if (!Array.isArray(patch)) {
    const error = 'json: cannot unmarshal object into Go value of type jsonpatch.Patch'
    return { ok: false, fault: 'malformed', error }
  }
  let value = document
  for (const operation of patch as unknown[]) {
    const step = applyOperation(value, operation)
    if ('error' in step) return { ok: false, fault: 'inapplicable', error: step.error }
    value = step.value
  }
  return { ok: true, value }
}

function applyOperation(
  document: unknown,
  operation: unknown,
): { value: unknown } | { error: string } {
  if (!isOperation(operation)) return { error: `Unexpected kind: ${kindOf(operation)}` }
  const { op, path } = operation
  const from = 'from' in operation ? operation.from : undefined
  if (op !== 'add' && op !== 'move' && op !== 'copy' && !exists(document, path)) {
    if (op === 'test' && operation.value === null) return { value: document }
    return {
      error: `${op} operation does not apply: doc is missing path: "${path}": missing value`,
    }
  }
  if (from !== undefined && !exists(document, from)) {
    return {
      error: `${op} operation does not apply: doc is missing from path: ${from}: missing value`,
    }
  }
  if (path === '') return rootOperation(document, operation)
  let copy = copyAlong(document, path)
  if (copy !== undefined && op === 'move' && from !== undefined) copy = copyAlong(copy, from)
  if (copy === undefined) {
    return {
      error: `${op} operation does not apply: doc is missing path: "${path}": missing value`,
    }
  }
  const [fault] = applyPatch(copy, [operation])
  if (fault !== null && fault !== undefined) return { error: fault.message }
  return { value: op === 'test' ? document : copy }
}

function isOperation(value: unknown): value is Operation {
  if (typeof value !== 'object' || value === null) return false
  const { op, path, from } = value as { op?: unknown; path?: unknown; from?: unknown }
  if (typeof op !== 'string' || !OPERATIONS.has(op)) return false
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/'))) return false
  if (op === 'move' || op === 'copy') return typeof from === 'string'
  return op === 'remove' || Object.hasOwn(value, 'value')
}

function kindOf(operation: unknown): string {
  const op = (operation as { op?: unknown } | null)?.op
  return typeof op === 'string' ? op : 'unknown'
}

function rootOperation(
  document: unknown,
  operation: Operation,
): { value: unknown } | { error: string } {
  if (operation.op === 'add' || operation.op === 'replace') return { value: operation.value }
  const [fault] = applyPatch({ '': document }, [{ ...operation, path: '/' }])
  return fault === null || fault === undefined ? { value: document } : { error: fault.message }
}

function tokensOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replace(/~1/g, '/').replace(/~0/g, '~'))
}

function exists(document: unknown, pointer: string): boolean {
  let value = document
  for (const token of tokensOf(pointer)) {
    if (!hasOwnToken(value, token)) return false
    value = (value as { readonly [key: string]: unknown })[token]
  }
  return true
}

function hasOwnToken(value: unknown, token: string): boolean {
  if (typeof value !== 'object' || value === null || token === '__proto__') return false
  if (Array.isArray(value) && !/^(?:0|[1-9]\d*)$/.test(token)) return false
  return Object.hasOwn(value, token)
}

/** Copies every container on the way to a place; undefined when the way is not there. */
function copyAlong(document: unknown, pointer: string): unknown {
  if (typeof document !== 'object' || document === null) return undefined
  const tokens = tokensOf(pointer)
  const last = tokens.pop()
  if (last === '__proto__') return undefined
  const root = shallowCopy(document)
  let parent = root as { [key: string]: unknown }
  for (const token of tokens) {
    const child = hasOwnToken(parent, token) ? parent[token] : undefined
    if (typeof child !== 'object' || child === null) return undefined
    const copy = shallowCopy(child)
    parent[token] = copy
    parent = copy as { [key: string]: unknown }
  }
  return root
}

function shallowCopy(value: object): Container {
  return Array.isArray(value) ? [...value] : { ...value }
}
