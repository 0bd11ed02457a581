import type { FieldNode, StructType, TypeNode } from './schema'

/** The field at a path of names (`spec`, `template`, `spec`, `containers`): lists and maps are entered. */
export function fieldAt(type: StructType, names: readonly string[]): FieldNode | undefined {
  let struct: TypeNode = type
  let field: FieldNode | undefined
  for (const name of names) {
    if (struct.kind !== 'struct') return undefined
    field = struct.fields.get(name)
    if (field === undefined) return undefined
    struct = insideOf(field.type)
  }
  return field
}

/** What a list's items or a map's values are; the type itself otherwise. */
export function insideOf(type: TypeNode): TypeNode {
  if (type.kind === 'list') return insideOf(type.items)
  return type.kind === 'map' ? insideOf(type.values) : type
}

/**
 * The keys that identify an item of a list: the map keys, else the patch merge key. Undefined for
 * lists that are sets or atomic.
 */
export function identifyingKeys(field: FieldNode): readonly string[] | undefined {
  if (field.listType === 'map') return field.listMapKeys
  return field.patchMergeKey === undefined ? undefined : [field.patchMergeKey]
}
