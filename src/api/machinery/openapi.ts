import { API_GROUPS, type ApiResource, VERSION_INFO } from './discovery'
import { fnv1a32 } from './hash'
import { type OpenApiOperation, pathsOf } from './openapi-paths'
import { DEFINITIONS, type DefinitionSchema, type PropertySchema } from './schema'

/** A document of one API version, as OpenAPI 3 writes it. */
export interface OpenApiDocument {
  readonly openapi: '3.0.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: { readonly [path: string]: { readonly [method: string]: unknown } }
  readonly components: { readonly schemas: { readonly [name: string]: unknown } }
}

const INFO = { title: 'Kubernetes', version: VERSION_INFO.gitVersion ?? '' }
const V2_PREFIX = '#/definitions/'
const V3_PREFIX = '#/components/schemas/'

interface GroupVersion {
  /** `api/v1` or `apis/apps/v1`. */
  readonly path: string
  readonly group: string
  readonly version: string
  readonly resources: readonly ApiResource[]
}

const GROUP_VERSIONS: readonly GroupVersion[] = API_GROUPS.flatMap((group) =>
  group.versions.map(({ version, resources }) => ({
    path: group.name === '' ? `api/${version}` : `apis/${group.name}/${version}`,
    group: group.name,
    version,
    resources,
  })),
)

/** `/openapi/v3`: where the document of each API version is; the hash changes with the release. */
export function openApiIndex(): {
  readonly paths: { readonly [path: string]: { readonly serverRelativeURL: string } }
} {
  return {
    paths: Object.fromEntries(
      GROUP_VERSIONS.map(({ path }) => {
        const hash = fnv1a32(`${path}@${INFO.version}`).toString(16).toUpperCase().padStart(8, '0')
        return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }]
      }),
    ),
  }
}

const documents = new Map<string, OpenApiDocument>()

/** The document at `/openapi/v3/<path>`; undefined when there is no such API version. */
export function openApiDocument(path: string): OpenApiDocument | undefined {
  const known = documents.get(path)
  if (known !== undefined) return known
  const found = GROUP_VERSIONS.find((candidate) => candidate.path === path)
  if (found === undefined) return undefined
  const paths = pathsOf(found, V3_PREFIX)
  const document: OpenApiDocument = {
    openapi: '3.0.0',
    info: INFO,
    paths,
    components: { schemas: Object.fromEntries(referenced(paths).map((name) => [name, v3(name)])) },
  }
  documents.set(path, document)
  return document
}

let swagger: object | undefined

/** `/openapi/v2` as JSON: all kinds in one document, without the request bodies of version 3. */
export function swaggerDocument(): object {
  if (swagger !== undefined) return swagger
  const paths: { [path: string]: unknown } = {}
  for (const groupVersion of GROUP_VERSIONS) {
    for (const [path, item] of Object.entries(pathsOf(groupVersion, V2_PREFIX))) {
      paths[path] = Object.fromEntries(
        Object.entries(item).map(([method, operation]) => [method, v2Operation(operation)]),
      )
    }
  }
  swagger = { swagger: '2.0', info: INFO, paths, definitions: DEFINITIONS }
  return swagger
}

function v2Operation(operation: unknown): unknown {
  if (Array.isArray(operation)) return operation.map(v2Parameter)
  const { parameters, requestBody: _, responses, ...rest } = operation as OpenApiOperation
  const described = Object.entries(responses).map(([code, { description, content }]) => [
    code,
    { description, schema: content?.['application/json']?.schema },
  ])
  return {
    ...rest,
    parameters: parameters?.map(v2Parameter),
    responses: Object.fromEntries(described),
  }
}

function v2Parameter(parameter: { readonly schema: object }): object {
  const { schema, ...rest } = parameter
  return { ...rest, ...schema }
}

/** Every definition that a value refers to, directly or through others, in order of name. */
function referenced(paths: unknown): string[] {
  const found = new Set<string>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, item] of Object.entries(value)) {
      if (key !== '$ref' || typeof item !== 'string') {
        visit(item)
        continue
      }
      const name = item.slice(item.lastIndexOf('/') + 1)
      if (found.has(name) || DEFINITIONS[name] === undefined) continue
      found.add(name)
      visit(DEFINITIONS[name])
    }
  }
  visit(paths)
  return [...found].sort()
}

const converted = new Map<string, unknown>()

function v3(name: string): unknown {
  let schema = converted.get(name)
  if (schema === undefined) {
    schema = withV3References(DEFINITIONS[name]!)
    converted.set(name, schema)
  }
  return schema
}

function withV3References(schema: DefinitionSchema): unknown {
  if (schema.properties === undefined) return schema
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, v3Property(property)]),
    ),
  }
}

function v3Property(property: PropertySchema): PropertySchema {
  const { $ref, items, additionalProperties } = property
  return {
    ...property,
    ...($ref === undefined ? undefined : { $ref: V3_PREFIX + $ref.slice(V2_PREFIX.length) }),
    ...(items === undefined ? undefined : { items: v3Property(items) }),
    ...(additionalProperties === undefined
      ? undefined
      : { additionalProperties: v3Property(additionalProperties) }),
  }
}
