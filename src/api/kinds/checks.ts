import type { LabelSelector } from '../generated/meta-v1'
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../machinery/field'
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isInRange,
  isQualifiedName,
  isValidCIDR,
  isValidIP,
  isValidLabelValue,
  isValidPortName,
  isValidPortNum,
} from '../machinery/names'

/** What is wrong with a name; `prefix`: it is a generateName, to which something will be added. */
export type NameRule = (name: string, prefix: boolean) => readonly string[]

/** A prefix may end in dashes: something will follow. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name
}

/** The rule of most kinds. */
export const nameIsDNSSubdomain: NameRule = (name, prefix) =>
  isDNS1123Subdomain(prefix ? maskTrailingDash(name) : name)

/** The rule of namespaces, services and stateful sets. */
export const nameIsDNSLabel: NameRule = (name, prefix) =>
  isDNS1123Label(prefix ? maskTrailingDash(name) : name)

/** The rule of RBAC objects: anything that can stand in a path. */
export const nameIsPathSegment: NameRule = (name, prefix) => {
  const messages: string[] = []
  if (!prefix) {
    if (name === '.') return ["may not be '.'"]
    if (name === '..') return ["may not be '..'"]
  }
  for (const part of ['/', '%']) if (name.includes(part)) messages.push(`may not contain '${part}'`)
  return messages
}

/** One `Invalid value` per message. */
export function checkAll(
  messages: readonly string[],
  value: unknown,
  path: Path,
  errors: FieldError[],
): void {
  for (const message of messages) errors.push(invalid(path, value, message))
}

export function checkDNSLabel(value: string, path: Path, errors: FieldError[]): void {
  checkAll(isDNS1123Label(value), value, path, errors)
}

export function checkDNSSubdomain(value: string, path: Path, errors: FieldError[]): void {
  checkAll(isDNS1123Subdomain(value), value, path, errors)
}

export function checkQualifiedName(value: string, path: Path, errors: FieldError[]): void {
  checkAll(isQualifiedName(value), value, path, errors)
}

/** The key of a label. */
export function checkLabelName(key: string, path: Path, errors: FieldError[]): void {
  checkAll(isQualifiedName(key), key, path, errors)
}

/** Keys and values of labels. */
export function checkLabels(
  labels: Readonly<Record<string, string>> | undefined,
  path: Path,
  errors: FieldError[],
): void {
  if (!labels) return
  for (const key of Object.keys(labels)) {
    checkLabelName(key, path, errors)
    const value = labels[key]!
    if (value !== '') checkAll(isValidLabelValue(value), value, path, errors)
  }
}

/** A label selector; a missing one is fine. */
export function checkLabelSelector(
  selector: LabelSelector | undefined,
  path: Path,
  errors: FieldError[],
): void {
  if (!selector) return
  checkLabels(selector.matchLabels, path.child('matchLabels'), errors)
  selector.matchExpressions?.forEach((item, i) => {
    const at = path.child('matchExpressions').index(i)
    const values = item.values ?? []
    const field = at.child('values')
    switch (item.operator ?? '') {
      case 'In':
      case 'NotIn':
        if (values.length === 0) {
          errors.push(required(field, "must be specified when `operator` is 'In' or 'NotIn'"))
        }
        break
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0) {
          const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
          errors.push(forbidden(field, detail))
        }
        break
      default: {
        const detail = 'not a valid selector operator'
        errors.push(invalid(at.child('operator'), item.operator ?? '', detail))
      }
    }
    checkLabelName(item.key ?? '', at.child('key'), errors)
    values.forEach((value, j) => {
      checkAll(isValidLabelValue(value), value, field.index(j), errors)
    })
  })
}

export function checkIP(value: string, path: Path, errors: FieldError[]): boolean {
  const messages = isValidIP(value)
  checkAll(messages, value, path, errors)
  return messages.length === 0
}

export function checkCIDR(value: string, path: Path, errors: FieldError[]): void {
  checkAll(isValidCIDR(value), value, path, errors)
}

/** One of `allowed`; an absent or empty value is a required error. */
export function checkOneOf(
  value: string | undefined,
  allowed: readonly string[],
  path: Path,
  errors: FieldError[],
): void {
  if (value !== undefined && allowed.includes(value)) return
  errors.push(value ? notSupported(path, value, allowed) : required(path))
}

/** `field` below `path` is not negative; absent counts as zero. */
export function checkNonNegative(
  value: number | undefined,
  path: Path,
  field: string,
  errors: FieldError[],
): void {
  if (value === undefined || value >= 0) return
  errors.push(invalid(path.child(field), value, 'must be greater than or equal to 0'))
}

export function checkRange(
  value: number,
  min: number,
  max: number,
  path: Path,
  errors: FieldError[],
): void {
  checkAll(isInRange(value, min, max), value, path, errors)
}

/** 1 to 65535; absent counts as zero. */
export function checkPort(port: number | undefined, path: Path, errors: FieldError[]): void {
  const value = port ?? 0
  if (value < 1 || value > 65535) checkAll(isValidPortNum(value), value, path, errors)
}

/** A port number or the name of one. */
export function checkPortNumberOrName(
  port: number | string | undefined,
  path: Path,
  errors: FieldError[],
): void {
  if (typeof port === 'string') checkAll(isValidPortName(port), port, path, errors)
  else checkPort(port, path, errors)
}

/** File modes: 0 to 0777. */
export function checkMode(mode: number | undefined, path: Path, errors: FieldError[]): void {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return
  const detail = 'must be a number between 0 and 0777 (octal), both inclusive'
  errors.push(invalid(path, mode, detail))
}

/** Below zero, for a quantity that was decoded. */
export function isNegativeQuantity(value: string | number): boolean {
  return typeof value === 'number' ? value < 0 : value.startsWith('-') && /[1-9]/.test(value)
}

/** Above zero, for a quantity that was decoded. */
export function isPositiveQuantity(value: string | number): boolean {
  if (typeof value === 'number') return value > 0
  return !value.startsWith('-') && /[1-9]/.test(value)
}

/** What an update may not touch. */
export const FIELD_IMMUTABLE = 'field is immutable'
