import type { JSONSchemaProps } from '../../generated/apiextensions-v1'
import {
  type FieldError,
  fieldErrorText,
  forbidden,
  invalid,
  type Path,
  required,
} from '../../machinery/field'
import { itemsOf, propertiesOf, schemaOf } from './schema-parts'

type Level = 'root' | 'item' | 'field'

const EMPTY_TYPE: { readonly [level in Level]: string } = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

/** What a schema below `allOf`, `anyOf`, `oneOf` or `not` must leave to the schema proper. */
const NESTED: readonly (readonly [field: keyof JSONSchemaProps, detail: string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
]

/** Whether a schema has its structure outside of its value rules; sorted as Kubernetes sorts. */
export function validateStructure(schema: JSONSchemaProps, path: Path): readonly FieldError[] {
  const errors: FieldError[] = []
  checkInvariants(schema, 'root', path, errors)
  for (const [nested, at] of junctors(schema, path)) checkComplete(schema, path, nested, at, errors)
  return errors
    .map((error) => ({ error, text: fieldErrorText(error) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ error }) => error)
}

function checkInvariants(
  schema: JSONSchemaProps,
  level: Level,
  path: Path,
  errors: FieldError[],
): void {
  const items = itemsOf(schema)
  if (schema.type === 'array' && !items) {
    errors.push(required(path.child('items'), 'must be specified'))
  }
  if (items) checkInvariants(items, 'item', path.child('items'), errors)
  for (const [name, property] of propertiesOf(schema)) {
    checkInvariants(property, 'field', path.child('properties').key(name), errors)
  }
  const additional = schemaOf(schema.additionalProperties)
  const additionalAt = path.child('additionalProperties')
  if (schema.additionalProperties !== undefined && level === 'root') {
    errors.push(forbidden(additionalAt, 'must not be used at the root'))
  }
  if (additional) checkInvariants(additional, 'field', additionalAt, errors)
  checkExtensions(schema, path, errors)
  for (const [nested, at] of junctors(schema, path)) checkNested(nested, at, errors)
  checkType(schema, level, path, errors)
  checkObjectFields(schema, level, path, errors)
}

function checkExtensions(schema: JSONSchemaProps, path: Path, errors: FieldError[]): void {
  if (!schema['x-kubernetes-int-or-string']) return
  const detail = 'must be false if x-kubernetes-int-or-string is true'
  for (const field of [
    'x-kubernetes-preserve-unknown-fields',
    'x-kubernetes-embedded-resource',
  ] as const) {
    if (schema[field]) errors.push(invalid(path.child(field), true, detail))
  }
}

function checkType(schema: JSONSchemaProps, level: Level, path: Path, errors: FieldError[]): void {
  const type = schema.type ?? ''
  const at = path.child('type')
  const embedded = schema['x-kubernetes-embedded-resource'] === true
  if (embedded && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true'
    errors.push(type === '' ? required(at, detail) : invalid(at, type, detail))
  } else if (
    type === '' &&
    !schema['x-kubernetes-int-or-string'] &&
    !schema['x-kubernetes-preserve-unknown-fields']
  ) {
    errors.push(required(at, EMPTY_TYPE[level]))
  }
  if (embedded && schema.additionalProperties !== undefined) {
    const detail = 'must not be used if x-kubernetes-embedded-resource is set'
    errors.push(forbidden(path.child('additionalProperties'), detail))
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    errors.push(invalid(at, type, 'must be object at the root'))
  }
}

/** The fields that every object has: their schemas may say little. */
function checkObjectFields(
  schema: JSONSchemaProps,
  level: Level,
  path: Path,
  errors: FieldError[],
): void {
  const embedded = schema['x-kubernetes-embedded-resource'] === true
  if (level !== 'root' && !embedded) return
  const properties = new Map(propertiesOf(schema))
  const expected = { kind: 'string', apiVersion: 'string', metadata: 'object' }
  for (const [name, type] of Object.entries(expected)) {
    const property = properties.get(name)
    if (!property || property.type === type) continue
    const at = path.child('properties').key(name).child('type')
    errors.push(invalid(at, property.type ?? '', `must be ${type}`))
  }
  const metadata = properties.get('metadata')
  if (metadata && level === 'root' && saysMoreThanNames(metadata)) {
    const detail =
      'must not specify anything other than name and generateName, but metadata is implicitly specified'
    errors.push(forbidden(path.child('properties').key('metadata'), detail))
  }
  if (!embedded || schema['x-kubernetes-preserve-unknown-fields'] || properties.size > 0) return
  const detail =
    'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
  errors.push(required(path.child('properties'), detail))
}

function saysMoreThanNames(metadata: JSONSchemaProps): boolean {
  for (const [field, value] of Object.entries(metadata)) {
    if (value === undefined || field === 'type' || field === 'default') continue
    if (field !== 'properties') return true
    const names = Object.keys(metadata.properties ?? {})
    if (names.some((name) => name !== 'name' && name !== 'generateName')) return true
  }
  return false
}

/** The schemas that a schema combines, without the `integer or string` pattern. */
function junctors(
  schema: JSONSchemaProps,
  path: Path,
): readonly (readonly [nested: JSONSchemaProps, path: Path])[] {
  const found: (readonly [JSONSchemaProps, Path])[] = []
  for (const field of ['anyOf', 'allOf', 'oneOf'] as const) {
    if (field === 'anyOf' && isIntOrString(schema)) continue
    schema[field]?.forEach((nested, i) => {
      const first = field === 'allOf' && i === 0 && isIntOrString(nested)
      const { anyOf: _, ...rest } = nested
      found.push([first ? rest : nested, path.child(field).index(i)])
    })
  }
  if (schema.not) found.push([schema.not, path.child('not')])
  return found
}

function isIntOrString({ anyOf = [] }: JSONSchemaProps): boolean {
  return (
    anyOf.length === 2 &&
    anyOf[0]?.type === 'integer' &&
    anyOf[1]?.type === 'string' &&
    anyOf.every((schema) => Object.keys(schema).length === 1)
  )
}

function checkNested(schema: JSONSchemaProps, path: Path, errors: FieldError[]): void {
  for (const [nested, at] of junctors(schema, path)) checkNested(nested, at, errors)
  const items = itemsOf(schema)
  if (items) checkNested(items, path.child('items'), errors)
  for (const [name, property] of propertiesOf(schema)) {
    const at = path.child('properties').key(name)
    checkNested(property, at, errors)
    if (name !== 'metadata') continue
    errors.push(forbidden(at, 'must not be specified in a nested context'))
  }
  for (const [field, detail] of NESTED) {
    if (isSaid(schema[field])) errors.push(forbidden(path.child(field), detail))
  }
}

function isSaid(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  return value !== undefined && value !== '' && value !== false
}

/** What value rules of the root speak of must be in the schema proper as well. */
function checkComplete(
  schema: JSONSchemaProps | undefined,
  path: Path,
  nested: JSONSchemaProps,
  nestedPath: Path,
  errors: FieldError[],
): void {
  if (!schema) {
    errors.push(required(path, `because it is defined in ${nestedPath}`))
    return
  }
  for (const [inner, at] of junctors(nested, nestedPath)) {
    checkComplete(schema, path, inner, at, errors)
  }
  const items = itemsOf(nested)
  if (items) {
    checkComplete(itemsOf(schema), path.child('items'), items, nestedPath.child('items'), errors)
  }
  const properties = new Map(propertiesOf(schema))
  for (const [name, property] of propertiesOf(nested)) {
    const at = nestedPath.child('properties').key(name)
    const own = path.child('properties').key(name)
    const below = properties.get(name) ?? schemaOf(schema.additionalProperties)
    checkComplete(below, own, property, at, errors)
  }
}
