import { setOwn } from '../../../api/machinery/json'
import { resolveNode, type SchemaData, type SchemaNode } from './patch-schema'

type Fields = { [field: string]: unknown }

interface Sides {
  /** As applied last time; undefined when never. */
  readonly original: unknown
  /** As it should be. */
  readonly modified: unknown
  /** As the server has it. */
  readonly current: unknown
}

/**
 * The strategic merge patch of `kubectl apply`: sets what is wanted and differs, deletes what was
 * applied before and is wanted no more, leaves alone what others have set. Without a definition
 * lists are replaced whole, which makes it a JSON merge patch. `undefined`: nothing to change.
 *
 * Simplified against kubectl: no `$setElementOrder`, so new items of a merged list come last.
 */
export function threeWayPatch(
  sides: Sides,
  definition: SchemaNode | undefined,
  schema: SchemaData,
): Fields | undefined {
  return patchFields(sides, definition, schema)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(value: unknown, field: string): unknown {
  return isFields(value) && Object.hasOwn(value, field) ? value[field] : undefined
}

function patchFields(
  { original, modified, current }: Sides,
  node: SchemaNode | undefined,
  schema: SchemaData,
): Fields | undefined {
  const patch: Fields = {}
  for (const field of Object.keys(modified as Fields)) {
    const property = propertyOf(node, field)
    const sides = {
      original: own(original, field),
      modified: own(modified, field),
      current: own(current, field),
    }
    const part = patchValue(sides, property, schema)
    if (part !== undefined) setOwn(patch, field, part)
    if (!Array.isArray(part) || !strategyOf(property).includes('merge')) continue
    addPrimitiveDeletions(patch, field, sides, property)
  }
  for (const field of Object.keys(isFields(original) ? original : {})) {
    const gone = own(modified, field) === undefined && own(current, field) !== undefined
    if (gone) setOwn(patch, field, null)
  }
  return Object.keys(patch).length > 0 ? patch : undefined
}

function propertyOf(node: SchemaNode | undefined, field: string): SchemaNode | undefined {
  if (node?.properties && Object.hasOwn(node.properties, field)) return node.properties[field]
  return typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined
}

function strategyOf(property: SchemaNode | undefined): readonly string[] {
  return property?.['x-kubernetes-patch-strategy']?.split(',') ?? []
}

function patchValue(sides: Sides, property: SchemaNode | undefined, schema: SchemaData): unknown {
  const { modified, current } = sides
  if (modified === null) return current === undefined ? undefined : null
  if (current === undefined || current === null) return modified
  if (isFields(modified) && isFields(current)) {
    const part = patchFields(sides, resolveNode(schema, property), schema)
    if (!part) return undefined
    const retain = strategyOf(property).includes('retainKeys')
    return retain ? { ...part, $retainKeys: Object.keys(modified).sort() } : part
  }
  if (Array.isArray(modified) && Array.isArray(current)) {
    return patchList({ ...sides, modified, current }, property, schema)
  }
  return equal(modified, current) ? undefined : modified
}

function patchList(
  sides: Sides & { readonly modified: readonly unknown[]; readonly current: readonly unknown[] },
  property: SchemaNode | undefined,
  schema: SchemaData,
): unknown {
  const { original, modified, current } = sides
  const key = property?.['x-kubernetes-patch-merge-key']
  const strategy = strategyOf(property)
  if (!strategy.includes('merge')) return equal(modified, current) ? undefined : modified
  const before = Array.isArray(original) ? original : []
  if (key === undefined) {
    const added = modified.filter((item) => !current.includes(item))
    const removed = before.some((item) => !modified.includes(item) && current.includes(item))
    return added.length > 0 || removed ? added : undefined
  }
  const node = resolveNode(schema, property?.items)
  const retain = strategy.includes('retainKeys')
  const patch: Fields[] = []
  for (const item of modified) {
    const value = own(item, key)
    const same = (other: unknown) => equal(own(other, key), value)
    const there = current.find(same)
    if (there === undefined) patch.push(item as Fields)
    else {
      const part = patchFields(
        { original: before.find(same), modified: item, current: there },
        node,
        schema,
      )
      const keys = retain ? { $retainKeys: Object.keys(item as Fields).sort() } : {}
      if (part) patch.push({ [key]: value, ...part, ...keys })
    }
  }
  for (const item of before) {
    const value = own(item, key)
    const same = (other: unknown) => equal(own(other, key), value)
    if (!modified.some(same) && current.some(same)) patch.push({ $patch: 'delete', [key]: value })
  }
  return patch.length > 0 ? patch : undefined
}

/** Merged lists of plain values delete by a directive beside them. */
function addPrimitiveDeletions(
  patch: Fields,
  field: string,
  { original, modified, current }: Sides,
  property: SchemaNode | undefined,
): void {
  if (property?.['x-kubernetes-patch-merge-key'] !== undefined || !Array.isArray(original)) return
  const wanted = modified as readonly unknown[]
  const there = Array.isArray(current) ? current : []
  const gone = original.filter((item) => !wanted.includes(item) && there.includes(item))
  if (gone.length > 0) patch[`$deleteFromPrimitiveList/${field}`] = gone
  if (Array.isArray(patch[field]) && patch[field].length === 0) delete patch[field]
}

/** Deep equality of plain data. */
export function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index]))
  }
  if (!isFields(a) || !isFields(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
  )
}
