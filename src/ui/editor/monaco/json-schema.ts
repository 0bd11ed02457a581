import type { SchemaData, SchemaNode } from '../apply/patch-schema'

type JsonSchema = { [keyword: string]: unknown }

/** Lower case, because monaco-yaml compares addresses so. Nothing is ever fetched from it. */
export const SCHEMA_URI = 'https://kubarium.invalid/kubernetes.json'

const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString'
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity'

/** Kinds that people write; lists, options and reviews are left out of completion. */
function isWritten(kind: string): boolean {
  return !/(List|Options|Review|Status|Binding|Eviction|Scale|TokenRequest)$/.test(kind)
}

/**
 * The JSON schema of any Kubernetes object: apiVersion and kind choose the definition, and fields
 * that a definition does not have are marked.
 */
export function kubernetesJsonSchema(data: SchemaData): JsonSchema {
  const definitions: JsonSchema = {}
  const kinds: { apiVersion: string; kind: string; name: string }[] = []
  for (const [name, node] of Object.entries(data.definitions)) {
    definitions[name] = convert(name, node)
    for (const { group, version, kind } of node['x-kubernetes-group-version-kind'] ?? []) {
      if (!isWritten(kind) || !node.properties?.metadata) continue
      kinds.push({ apiVersion: group === '' ? version : `${group}/${version}`, kind, name })
    }
  }
  return {
    $id: SCHEMA_URI,
    type: 'object',
    required: ['apiVersion', 'kind'],
    properties: {
      apiVersion: { type: 'string', enum: [...new Set(kinds.map((k) => k.apiVersion))] },
      kind: { type: 'string', enum: [...new Set(kinds.map((k) => k.kind))] },
    },
    allOf: kinds.map(({ apiVersion, kind, name }) => ({
      if: {
        properties: { apiVersion: { const: apiVersion }, kind: { const: kind } },
        required: ['apiVersion', 'kind'],
      },
      // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON schema
      then: { $ref: `#/definitions/${name}` },
    })),
    definitions,
  }
}

function convert(name: string, node: SchemaNode): JsonSchema {
  if (name === INT_OR_STRING) return { type: ['integer', 'string'] }
  if (name === QUANTITY) return { type: ['string', 'number'] }
  const title = name.slice(name.lastIndexOf('.') + 1)
  const schema: JsonSchema = { title, ...(strip(node) as JsonSchema) }
  const closed =
    node.properties !== undefined &&
    node.additionalProperties === undefined &&
    !node['x-kubernetes-preserve-unknown-fields']
  return closed ? { ...schema, additionalProperties: false } : schema
}

/** Drops Kubernetes' own keywords and formats that only Go knows. */
function strip(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(strip)
  if (typeof node !== 'object' || node === null) return node
  const kept: JsonSchema = {}
  for (const [keyword, value] of Object.entries(node)) {
    if (keyword.startsWith('x-') || keyword === 'format') continue
    kept[keyword] = keyword === 'default' || keyword === 'enum' ? value : strip(value)
  }
  return kept
}
