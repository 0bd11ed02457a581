import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceValidation,
} from '../../generated/apiextensions-v1'
import { type FieldError, invalid, notSupported, Path, required } from '../../machinery/field'
import { isDNS1035Label, isDNS1123Subdomain } from '../../machinery/names'
import { semanticEqual } from '../../machinery/semantic-equal'
import { fill, put } from '../sharing'
import { type KindStrategy, strategyOf } from '../strategy'
import { isUnreadable, validateSchema } from './openapi-schema'
import { validateStructure } from './structural-schema'

const SPEC = Path.of('spec')
const NAMES = SPEC.child('names')
const VERSIONS = SPEC.child('versions')
const SCOPES = ['Cluster', 'Namespaced']
const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']

/** Rules of `customresourcedefinitions`; expressions and defaults in schemas are not looked at. */
export const definitionStrategy: KindStrategy<CustomResourceDefinition> =
  strategyOf<CustomResourceDefinition>({
    namespaced: false,
    hasStatus: true,
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    defaults: definitionDefaults,
    prepareForCreate: (object) => ({
      ...object,
      status: {
        storedVersions: (object.spec.versions ?? [])
          .filter((version) => version.storage)
          .map((version) => version.name),
      },
    }),
    validate(object, errors) {
      const { spec } = object
      const { name } = object.metadata
      const expected = `${spec.names?.plural ?? ''}.${spec.group ?? ''}`
      if (name && name !== expected) {
        const detail = `must be spec.names.plural+"."+spec.group`
        errors.push(invalid(Path.of('metadata', 'name'), name, detail))
      }
      validateGroup(spec.group ?? '', errors)
      if (!spec.scope) errors.push(required(SPEC.child('scope')))
      else if (!SCOPES.includes(spec.scope)) {
        errors.push(notSupported(SPEC.child('scope'), spec.scope, SCOPES))
      }
      validateVersions(spec.versions ?? [], errors)
      validateNames(spec.names ?? {}, errors)
      validateShared(spec.versions ?? [], errors)
    },
  })

function definitionDefaults(object: CustomResourceDefinition): CustomResourceDefinition {
  let spec = object.spec ?? ({} as CustomResourceDefinitionSpec)
  const names = spec.names ?? ({} as CustomResourceDefinitionNames)
  const kind = names.kind ?? ''
  let next = names
  if (!names.singular && kind) next = fill(next, { singular: kind.toLowerCase() })
  if (!names.listKind && kind) next = fill(next, { listKind: `${kind}List` })
  spec = put(spec, 'names', next)
  spec = put(spec, 'conversion', spec.conversion ?? { strategy: 'None' })
  return put(object, 'spec', spec)
}

function validateGroup(group: string, errors: FieldError[]): void {
  const at = SPEC.child('group')
  if (group === '') {
    errors.push(required(at))
    return
  }
  const messages = isDNS1123Subdomain(group)
  if (messages.length > 0) errors.push(invalid(at, group, messages.join(',')))
  else if (!group.includes('.')) {
    errors.push(invalid(at, group, 'should be a domain with at least one dot'))
  }
}

function validateVersions(
  versions: readonly CustomResourceDefinitionVersion[],
  errors: FieldError[],
): void {
  const names = new Set<string>()
  let stored = 0
  const shared = hasSharedSchema(versions)
  const sharedColumns = hasSharedColumns(versions)
  versions.forEach((version, i) => {
    const at = VERSIONS.index(i)
    names.add(version.name ?? '')
    if (version.storage) stored++
    const messages = isDNS1035Label(version.name ?? '')
    if (messages.length > 0) {
      errors.push(invalid(at.child('name'), version.name ?? '', messages.join(',')))
    }
    if (!shared) validateValidation(version.schema, at.child('schema'), errors)
    if (!sharedColumns) {
      validateColumns(version.additionalPrinterColumns, at, errors)
    }
    if (!version.schema?.openAPIV3Schema) {
      const schemaAt = at.child('schema', 'openAPIV3Schema')
      errors.push(required(schemaAt, 'schemas are required'))
    }
  })
  if (names.size < versions.length) {
    errors.push(invalid(VERSIONS, versions, 'must contain unique version names'))
  }
  if (stored === 1) return
  const detail = 'must have exactly one version marked as storage version'
  errors.push(invalid(VERSIONS, versions, detail))
}

function validateNames(names: Partial<CustomResourceDefinitionNames>, errors: FieldError[]): void {
  const { plural = '', singular = '', kind = '', listKind = '' } = names
  const given = { plural, singular, kind, listKind }
  for (const [field, value] of Object.entries(given)) {
    if (value === '') errors.push(required(NAMES.child(field)))
  }
  const check = (value: string, path: Path, label = value): void => {
    if (value === '') return
    const messages = isDNS1035Label(label)
    if (messages.length > 0) errors.push(invalid(path, value, messages.join(',')))
  }
  check(plural, NAMES.child('plural'))
  check(singular, NAMES.child('singular'))
  check(kind, NAMES.child('kind'), kind.toLowerCase())
  check(listKind, NAMES.child('listKind'), listKind.toLowerCase())
  names.shortNames?.forEach((name, i) => {
    check(name, NAMES.child('shortNames').index(i))
  })
  if (kind !== '' && kind === listKind) {
    const detail = 'kind and listKind may not be the same'
    errors.push(invalid(NAMES.child('listKind'), listKind, detail))
  }
  names.categories?.forEach((name, i) => {
    check(name, NAMES.child('categories').index(i))
  })
}

/** What all versions agree on is reported where the internal form keeps it: once, in the spec. */
function validateShared(
  versions: readonly CustomResourceDefinitionVersion[],
  errors: FieldError[],
): void {
  const [first] = versions
  if (!first) return
  if (hasSharedColumns(versions)) validateColumns(first.additionalPrinterColumns, SPEC, errors)
  if (!hasSharedSchema(versions)) return
  validateValidation(first.schema, SPEC.child('validation'), errors)
}

function hasSharedSchema(versions: readonly CustomResourceDefinitionVersion[]): boolean {
  return versions.every(({ schema }) => semanticEqual(schema, versions[0]?.schema))
}

function hasSharedColumns(versions: readonly CustomResourceDefinitionVersion[]): boolean {
  const columns = versions[0]?.additionalPrinterColumns
  return versions.every((version) => semanticEqual(version.additionalPrinterColumns, columns))
}

function validateValidation(
  validation: CustomResourceValidation | undefined,
  path: Path,
  errors: FieldError[],
): void {
  const schema = validation?.openAPIV3Schema
  if (!schema) return
  const at = path.child('openAPIV3Schema')
  const own: FieldError[] = []
  validateSchema(schema, at, own)
  if (!isUnreadable(own)) errors.push(...validateStructure(schema, at))
  errors.push(...own)
}

function validateColumns(
  columns: readonly CustomResourceColumnDefinition[] | undefined,
  path: Path,
  errors: FieldError[],
): void {
  columns?.forEach((column, i) => {
    const at = path.child('additionalPrinterColumns').index(i)
    if (!column.name) errors.push(required(at.child('name')))
    const detail = `must be one of ${COLUMN_TYPES.join(',')}`
    if (!column.type) errors.push(required(at.child('type'), detail))
    else if (!COLUMN_TYPES.includes(column.type)) {
      errors.push(invalid(at.child('type'), column.type, detail))
    }
    if (!column.jsonPath) errors.push(required(at.child('JSONPath')))
  })
}
