import type { Status, StatusCause } from '../generated/meta-v1'
import { goJson, goQuote } from './go-text'

/** A place in an object, printed as Kubernetes does: `spec.containers[0].image`. Immutable. */
export class Path {
  /** The object itself; its children carry no leading dot. */
  static readonly root: Path = new Path(undefined, '')

  readonly #parent: Path | undefined
  readonly #part: string

  private constructor(parent: Path | undefined, part: string) {
    this.#parent = parent
    this.#part = part
  }

  /** A path from the root: `Path.of('spec', 'template')`. */
  static of(...names: readonly string[]): Path {
    return Path.root.child(...names)
  }

  /** A field below: `.name`. */
  child(...names: readonly string[]): Path {
    let path: Path = this
    for (const name of names) path = new Path(path, name)
    return path
  }

  /** A list item: `[3]`. */
  index(position: number): Path {
    return new Path(this, `[${position}]`)
  }

  /** A map entry: `[app.kubernetes.io/name]`. */
  key(name: string): Path {
    return new Path(this, `[${name}]`)
  }

  toString(): string {
    if (this.#parent === undefined) return ''
    const before = this.#parent.toString()
    return before === '' || this.#part.startsWith('[')
      ? before + this.#part
      : `${before}.${this.#part}`
  }
}

type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid'

const HEADINGS: { readonly [type in FieldErrorType]: string } = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  InternalError: 'Internal error',
  FieldValueTypeInvalid: 'Invalid value',
}

/** One thing wrong with one field; the shape of Go's `field.Error`. `type` is the cause's reason. */
export interface FieldError {
  readonly type: FieldErrorType
  readonly field: string
  /** Missing for the types that print no value. `null` and `undefined` print as `null`. */
  readonly badValue?: unknown
  readonly detail: string
}

/** A path, or the text of one. */
export type FieldPath = Path | string

function fieldError(
  type: FieldErrorType,
  path: FieldPath,
  detail: string,
  badValue?: unknown,
): FieldError {
  return { type, field: path.toString(), badValue, detail }
}

/** `spec.x: Required value`, with the detail after a colon when there is one. */
export function required(path: FieldPath, detail = ''): FieldError {
  return fieldError('FieldValueRequired', path, detail)
}

/** `spec.x: Invalid value: "y": detail`. */
export function invalid(path: FieldPath, badValue: unknown, detail: string): FieldError {
  return fieldError('FieldValueInvalid', path, detail, badValue)
}

/** `Unsupported value: "x": supported values: "A", "B"`; the values keep the caller's order. */
export function notSupported(
  path: FieldPath,
  badValue: unknown,
  supported: readonly string[],
): FieldError {
  const detail =
    supported.length === 0 ? '' : `supported values: ${supported.map(goQuote).join(', ')}`
  return fieldError('FieldValueNotSupported', path, detail, badValue)
}

/** `Duplicate value: "x"`. */
export function duplicate(path: FieldPath, badValue: unknown): FieldError {
  return fieldError('FieldValueDuplicate', path, '', badValue)
}

/** `Not found: "x"`. */
export function notFound(path: FieldPath, badValue: unknown): FieldError {
  return fieldError('FieldValueNotFound', path, '', badValue)
}

/** `Forbidden: detail`. */
export function forbidden(path: FieldPath, detail: string): FieldError {
  return fieldError('FieldValueForbidden', path, detail)
}

/** `Too long: may not be more than 63 bytes`; the value itself is never printed. */
export function tooLong(path: FieldPath, maxBytes: number, unit = 'bytes'): FieldError {
  const detail = maxBytes >= 0 ? `may not be more than ${maxBytes} ${unit}` : 'value is too long'
  return fieldError('FieldValueTooLong', path, detail)
}

/** `Too many: 5: must have at most 3 items`. */
export function tooMany(path: FieldPath, actual: number, max: number): FieldError {
  const detail =
    max >= 0 ? `must have at most ${max} ${max === 1 ? 'item' : 'items'}` : 'has too many items'
  return fieldError('FieldValueTooMany', path, detail, actual)
}

/** The message without the field's name, as it stands in a Status cause. */
function fieldErrorBody(error: FieldError): string {
  let text = HEADINGS[error.type]
  switch (error.type) {
    case 'FieldValueRequired':
    case 'FieldValueForbidden':
    case 'FieldValueTooLong':
    case 'InternalError':
      break
    default:
      text += `: ${badValueText(error.badValue)}`
  }
  return error.detail === '' ? text : `${text}: ${error.detail}`
}

function badValueText(value: unknown): string {
  return typeof value === 'string' ? goQuote(value) : goJson(value)
}

/** `spec.x: Invalid value: "y": detail`. */
export function fieldErrorText(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`
}

/** One message as it is, several as `[a, b]`; equal ones once. Go's aggregate error. */
function aggregateText(messages: readonly string[]): string {
  const unique = [...new Set(messages)]
  return unique.length === 1 ? unique[0]! : `[${unique.join(', ')}]`
}

/** The 422 Status `Kind.group "name" is invalid: …` of a list of field errors. */
export function invalidStatus(
  kind: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): Status {
  const causes: StatusCause[] = errors.map((error) => ({
    reason: error.type,
    message: fieldErrorBody(error),
    field: error.field,
  }))
  const qualified = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`
  const head = `${qualified} ${goQuote(name)} is invalid`
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: errors.length === 0 ? head : `${head}: ${aggregateText(errors.map(fieldErrorText))}`,
    reason: 'Invalid',
    details: {
      ...(name === '' ? undefined : { name }),
      ...(kind.group === '' ? undefined : { group: kind.group }),
      ...(kind.kind === '' ? undefined : { kind: kind.kind }),
      ...(causes.length === 0 ? undefined : { causes }),
    },
    code: 422,
  }
}
