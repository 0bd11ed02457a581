import schemaData from '../data/schema.json'
import { EMBEDDED, NAMED_TYPES } from './go-types'
import { APIREGISTRATION_DEFINITIONS } from './schema-apiregistration'

/** One property as OpenAPI writes it, Kubernetes' extensions included. */
export interface PropertySchema {
  readonly type?: string
  readonly format?: string
  readonly $ref?: string
  readonly items?: PropertySchema
  readonly additionalProperties?: PropertySchema
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly 'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: 'granular' | 'atomic'
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-patch-strategy'?: string
}

/** One named type. */
export interface DefinitionSchema extends PropertySchema {
  readonly properties?: { readonly [field: string]: PropertySchema }
  readonly required?: readonly string[]
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[]
}

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** Every built-in type by its OpenAPI name: `io.k8s.api.core.v1.Pod`. */
export const DEFINITIONS: { readonly [name: string]: DefinitionSchema } = {
  ...(schemaData as unknown as { definitions: { readonly [name: string]: DefinitionSchema } })
    .definitions,
  ...APIREGISTRATION_DEFINITIONS,
}

type ScalarKind =
  | 'string'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bool'
  | 'bytes'
  | 'quantity'
  | 'intOrString'
  | 'time'
  | 'microTime'
  | 'duration'
  | 'raw'

/** A Go type; `goName` is how its error messages call it: `v1.Container`, `[]string`, `int32`. */
export type TypeNode = StructType | ListType | MapType | ScalarType

export interface ScalarType {
  readonly kind: ScalarKind
  readonly goName: string
}

export interface ListType {
  readonly kind: 'list'
  readonly goName: string
  readonly items: TypeNode
}

export interface MapType {
  readonly kind: 'map'
  readonly goName: string
  readonly values: TypeNode
}

export interface StructType {
  readonly kind: 'struct'
  /** `v1.Container`. */
  readonly goName: string
  /** `core.v1.Container`: the last three parts of the OpenAPI name. */
  readonly name: string
  /** Filled when the type is first used, because types refer to each other in circles. */
  readonly fields: ReadonlyMap<string, FieldNode>
}

export interface FieldNode {
  readonly name: string
  readonly type: TypeNode
  /** Go name of the embedded struct that carries the field, for messages. */
  readonly embedded: string | undefined
  readonly required: boolean
  readonly enum: readonly string[] | undefined
  readonly listType: 'map' | 'set' | 'atomic' | undefined
  readonly listMapKeys: readonly string[] | undefined
  /** An object that server-side apply treats as one value. */
  readonly isAtomic: boolean
  readonly patchMergeKey: string | undefined
  readonly patchStrategies: readonly string[]
}

const SCALARS: { readonly [definition: string]: ScalarType } = {
  'api.resource.Quantity': { kind: 'quantity', goName: 'resource.Quantity' },
  'util.intstr.IntOrString': { kind: 'intOrString', goName: 'intstr.IntOrString' },
  'meta.v1.Time': { kind: 'time', goName: 'v1.Time' },
  'meta.v1.MicroTime': { kind: 'microTime', goName: 'v1.MicroTime' },
  'meta.v1.Duration': { kind: 'duration', goName: 'v1.Duration' },
}

const STRING: ScalarType = { kind: 'string', goName: 'string' }
const BYTES: ScalarType = { kind: 'bytes', goName: '[]uint8' }
const BOOL: ScalarType = { kind: 'bool', goName: 'bool' }
const INT32: ScalarType = { kind: 'int32', goName: 'int32' }
const INT64: ScalarType = { kind: 'int64', goName: 'int64' }
const DOUBLE: ScalarType = { kind: 'double', goName: 'float64' }

const compiled = new Map<string, TypeNode>()

/** `core.v1.Pod` of `io.k8s.api.core.v1.Pod`. */
export function shortName(definition: string): string {
  return definition.split('.').slice(-3).join('.')
}

/** The compiled type of an OpenAPI name; throws when there is none. */
export function typeOf(definition: string): TypeNode {
  const known = compiled.get(definition)
  if (known !== undefined) return known
  const schema = DEFINITIONS[definition]
  if (schema === undefined) throw new Error(`no definition ${definition}`)
  const name = shortName(definition)
  const scalar = SCALARS[name]
  const goName = name.slice(name.indexOf('.') + 1)
  const type: TypeNode =
    scalar ?? (schema.properties === undefined ? { kind: 'raw', goName } : new Struct(name, schema))
  compiled.set(definition, type)
  return type
}

class Struct implements StructType {
  readonly kind = 'struct'
  readonly name: string
  readonly goName: string
  readonly #schema: DefinitionSchema
  #fields: ReadonlyMap<string, FieldNode> | undefined

  constructor(name: string, schema: DefinitionSchema) {
    this.name = name
    this.goName = name.slice(name.indexOf('.') + 1)
    this.#schema = schema
  }

  get fields(): ReadonlyMap<string, FieldNode> {
    this.#fields ??= fieldsOf(this.name, this.#schema)
    return this.#fields
  }
}

function fieldsOf(struct: string, schema: DefinitionSchema): ReadonlyMap<string, FieldNode> {
  const required = new Set(schema.required ?? [])
  const embedded = EMBEDDED[struct]
  const fields = new Map<string, FieldNode>()
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const type = propertyType(property, packageOf(struct), NAMED_TYPES[struct]?.[name])
    fields.set(name, {
      name,
      type,
      embedded: embedded !== undefined && !embedded.own.has(name) ? embedded.goName : undefined,
      required: required.has(name),
      enum: property.enum,
      listType: property['x-kubernetes-list-type'],
      listMapKeys: property['x-kubernetes-list-map-keys'],
      isAtomic: property['x-kubernetes-map-type'] === 'atomic' || isAtomicType(property),
      patchMergeKey: property['x-kubernetes-patch-merge-key'],
      patchStrategies: property['x-kubernetes-patch-strategy']?.split(',') ?? [],
    })
  }
  return fields
}

function isAtomicType(property: PropertySchema): boolean {
  if (property.$ref === undefined) return false
  return DEFINITIONS[definitionOf(property.$ref)]?.['x-kubernetes-map-type'] === 'atomic'
}

function definitionOf(reference: string): string {
  return reference.slice('#/definitions/'.length)
}

function packageOf(struct: string): string {
  return struct.split('.')[1] ?? ''
}

function propertyType(property: PropertySchema, version: string, named?: string): TypeNode {
  if (property.$ref !== undefined) return typeOf(definitionOf(property.$ref))
  const isNamedList = named?.startsWith('[]') ?? false
  if (property.type === 'array') {
    const items = propertyType(
      property.items ?? {},
      version,
      isNamedList ? named?.slice(2) : undefined,
    )
    return { kind: 'list', goName: `[]${items.goName}`, items }
  }
  const goName = named === undefined || isNamedList ? undefined : qualify(named, version)
  if (property.type === 'object') {
    const of = property.additionalProperties
    if (of === undefined) return { kind: 'raw', goName: goName ?? 'map[string]interface {}' }
    const values = propertyType(of, version)
    return { kind: 'map', goName: goName ?? `map[string]${values.goName}`, values }
  }
  if (property.type === 'string') {
    if (property.format === 'byte') return BYTES
    return goName === undefined ? STRING : { kind: 'string', goName }
  }
  if (property.type === 'boolean') return BOOL
  if (property.type === 'number') return DOUBLE
  if (property.type === 'integer') return property.format === 'int64' ? INT64 : INT32
  return { kind: 'raw', goName: 'interface {}' }
}

function qualify(named: string, version: string): string {
  return named.includes('.') ? named : `${version}.${named}`
}

const byKind = new Map<string, string>()

/** The OpenAPI name of a kind, or undefined when it is not built in. */
export function definitionOfKind(group: string, version: string, kind: string): string | undefined {
  if (byKind.size === 0) {
    for (const [name, schema] of Object.entries(DEFINITIONS)) {
      const kinds = schema['x-kubernetes-group-version-kind'] ?? []
      if (kinds.length !== 1) continue
      const { group: g, version: v, kind: k } = kinds[0]!
      byKind.set(`${g}/${v}/${k}`, name)
    }
  }
  return byKind.get(`${group}/${version}/${kind}`)
}

/** The struct of a kind, or undefined when it is not built in. */
export function structOfKind(group: string, version: string, kind: string): StructType | undefined {
  const name = definitionOfKind(group, version, kind)
  if (name === undefined) return undefined
  const type = typeOf(name)
  return type.kind === 'struct' ? type : undefined
}
