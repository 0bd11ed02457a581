/** The parts of an OpenAPI definition that patches and completion read. */
export interface SchemaNode {
  readonly type?: string
  readonly $ref?: string
  readonly format?: string
  readonly properties?: { readonly [name: string]: SchemaNode }
  readonly items?: SchemaNode
  readonly additionalProperties?: SchemaNode | boolean
  readonly 'x-kubernetes-patch-strategy'?: string
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-group-version-kind'?: readonly {
    readonly group: string
    readonly version: string
    readonly kind: string
  }[]
}

export interface SchemaData {
  readonly definitions: { readonly [name: string]: SchemaNode }
}

/** Loads the Kubernetes schema once, as a chunk of its own. */
export async function loadSchema(): Promise<SchemaData> {
  const module: unknown = await import('../../../api/data/schema.json')
  return (module as { default: SchemaData }).default
}

/** Follows references to the definition itself. */
export function resolveNode(
  schema: SchemaData,
  node: SchemaNode | undefined,
): SchemaNode | undefined {
  const name = node?.$ref?.slice('#/definitions/'.length)
  return name === undefined ? node : schema.definitions[name]
}

export function definitionOf(
  schema: SchemaData,
  apiVersion: string,
  kind: string,
): SchemaNode | undefined {
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  const version = apiVersion.slice(slash + 1)
  return Object.values(schema.definitions).find((definition) =>
    definition['x-kubernetes-group-version-kind']?.some(
      (gvk) => gvk.group === group && gvk.version === version && gvk.kind === kind,
    ),
  )
}
