import type { JSONSchemaProps } from '../../generated/apiextensions-v1'

/** The schema where a schema, a boolean or a list may stand. */
export function schemaOf(value: unknown): JSONSchemaProps | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return value as JSONSchemaProps
}

export function itemsOf(schema: JSONSchemaProps): JSONSchemaProps | undefined {
  return schemaOf(schema.items)
}

export function propertiesOf(
  schema: JSONSchemaProps,
): readonly (readonly [name: string, schema: JSONSchemaProps])[] {
  const found: (readonly [string, JSONSchemaProps])[] = []
  for (const [name, value] of Object.entries(schema.properties ?? {})) {
    const property = schemaOf(value)
    if (property) found.push([name, property])
  }
  return found
}
