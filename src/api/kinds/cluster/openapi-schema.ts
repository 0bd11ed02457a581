import type { JSONSchemaProps } from '../../generated/apiextensions-v1'
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../machinery/field'
import { itemsOf, propertiesOf, schemaOf } from './schema-parts'

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const LIST_TYPES = ['atomic', 'set', 'map']
const MAP_TYPES = ['atomic', 'granular']
const UNSUPPORTED = [
  'id',
  'additionalItems',
  'patternProperties',
  'definitions',
  'dependencies',
  '$ref',
] as const

/** What keeps a schema from being read as a structure at all. */
export function isUnreadable(errors: readonly FieldError[]): boolean {
  return errors.some(
    ({ type, field }) => type === 'FieldValueForbidden' && !/\.(type|uniqueItems)$/.test(field),
  )
}

/** The rules of one schema and of those below it, except for their expressions. */
export function validateSchema(schema: JSONSchemaProps, path: Path, errors: FieldError[]): void {
  checkSupported(schema, path, errors)
  if (schema.uniqueItems) {
    const detail =
      'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    errors.push(forbidden(path.child('uniqueItems'), detail))
  }
  const properties = propertiesOf(schema)
  const additional = schemaOf(schema.additionalProperties)
  const closed = schema.additionalProperties as unknown
  if (properties.length > 0 && (additional || closed === false)) {
    const detail = 'additionalProperties and properties are mutual exclusive'
    errors.push(forbidden(path.child('additionalProperties'), detail))
  }
  if (additional) validateSchema(additional, path.child('additionalProperties'), errors)
  for (const [name, property] of properties) {
    validateSchema(property, path.child('properties').key(name), errors)
  }
  if (schema.not) validateSchema(schema.not, path.child('not'), errors)
  for (const field of ['allOf', 'oneOf', 'anyOf'] as const) {
    schema[field]?.forEach((nested, i) => {
      validateSchema(nested, path.child(field).index(i), errors)
    })
  }
  const items = itemsOf(schema)
  if (items) validateSchema(items, path.child('items'), errors)
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    const at = path.child('x-kubernetes-preserve-unknown-fields')
    errors.push(invalid(at, false, 'must be true or undefined'))
  }
  checkListType(schema, path, errors)
  checkMapType(schema, path, errors)
  checkRules(schema, path, errors)
}

function checkSupported(schema: JSONSchemaProps, path: Path, errors: FieldError[]): void {
  const { type } = schema
  if (type === 'null') {
    const detail = 'type cannot be set to null, use nullable as an alternative'
    errors.push(forbidden(path.child('type'), detail))
  } else if (type && !TYPES.includes(type)) {
    errors.push(notSupported(path.child('type'), type, TYPES))
  }
  for (const field of UNSUPPORTED) {
    if (schema[field]) errors.push(forbidden(path.child(field), `${field} is not supported`))
  }
  if (!Array.isArray(schema.items)) return
  const detail = 'items must be a schema object and not an array'
  errors.push(forbidden(path.child('items'), detail))
}

function checkListType(schema: JSONSchemaProps, path: Path, errors: FieldError[]): void {
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const at = path.child('x-kubernetes-list-type')
  if (listType !== undefined) {
    expectType(schema, 'array', 'list', path, errors)
    if (!LIST_TYPES.includes(listType)) errors.push(notSupported(at, listType, LIST_TYPES))
    if (listType === 'map') checkMapKeys(schema, keys, path, errors)
  }
  if (keys.length === 0 || listType === 'map') return
  const detail = 'must be map if x-kubernetes-list-map-keys is non-empty'
  errors.push(listType === undefined ? required(at, detail) : invalid(at, listType, detail))
}

function expectType(
  schema: JSONSchemaProps,
  expected: 'array' | 'object',
  extension: 'list' | 'map',
  path: Path,
  errors: FieldError[],
): void {
  const { type = '' } = schema
  if (type === expected) return
  const at = path.child('type')
  const detail = `must be ${expected} if x-kubernetes-${extension}-type is specified`
  errors.push(type === '' ? required(at, detail) : invalid(at, type, detail))
}

function checkMapKeys(
  schema: JSONSchemaProps,
  keys: readonly string[],
  path: Path,
  errors: FieldError[],
): void {
  const at = path.child('x-kubernetes-list-map-keys')
  if (keys.length === 0) {
    errors.push(required(at, 'must not be empty if x-kubernetes-list-type is map'))
  }
  const items = itemsOf(schema)
  if (!items) {
    const detail = 'must have a schema if x-kubernetes-list-type is map'
    errors.push(required(path.child('items'), detail))
    return
  }
  if (items.type !== 'object') {
    const detail = "must be object if parent array's x-kubernetes-list-type is map"
    errors.push(invalid(path.child('items', 'type'), items.type ?? '', detail))
    return
  }
  const properties = new Map(propertiesOf(items))
  keys.forEach((key, i) => {
    const property = properties.get(key)
    if (!property) {
      errors.push(invalid(at, keys, 'entries must all be names of item properties'))
    } else if (property.type === 'array' || property.type === 'object') {
      const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
      const typeAt = path.child('items', 'properties').key(key).child('type')
      errors.push(invalid(typeAt, items.type, detail))
    }
    if (keys.indexOf(key) < i) errors.push(invalid(at, keys, 'must not contain duplicate entries'))
  })
  checkKeysGiven(items, keys, path, errors)
}

/** Keys must be required or have a default: an item without them would have no identity. */
function checkKeysGiven(
  items: JSONSchemaProps,
  keys: readonly string[],
  path: Path,
  errors: FieldError[],
): void {
  const properties = new Map(propertiesOf(items))
  for (const key of keys) {
    const property = properties.get(key)
    if (!property || items.required?.includes(key) || property.default !== undefined) continue
    const at = path.child('items', 'properties').key(key).child('default')
    const detail =
      'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
    errors.push(required(at, detail))
  }
}

function checkMapType(schema: JSONSchemaProps, path: Path, errors: FieldError[]): void {
  const mapType = schema['x-kubernetes-map-type']
  if (mapType === undefined) return
  expectType(schema, 'object', 'map', path, errors)
  if (MAP_TYPES.includes(mapType)) return
  errors.push(notSupported(path.child('x-kubernetes-map-type'), mapType, MAP_TYPES))
}

function checkRules(schema: JSONSchemaProps, path: Path, errors: FieldError[]): void {
  schema['x-kubernetes-validations']?.forEach((rule, i) => {
    const at = path.child('x-kubernetes-validations').index(i)
    const message = rule.message ?? ''
    const text = (rule.rule ?? '').trim()
    if (text === '') errors.push(required(at.child('rule'), 'rule is not specified'))
    else if (message !== '' && message.trim() === '') {
      const detail = 'message must be non-empty if specified'
      errors.push(invalid(at.child('message'), message, detail))
    } else if (message.trim().includes('\n')) {
      const detail = 'message must not contain line breaks'
      errors.push(invalid(at.child('message'), message, detail))
    } else if (text.includes('\n') && message === '') {
      const detail = 'message must be specified if rule contains line breaks'
      errors.push(required(at.child('message'), detail))
    }
  })
}
