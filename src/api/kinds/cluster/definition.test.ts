import { describe, expect, it } from 'vitest'
import type { CustomResourceDefinition } from '../../generated/apiextensions-v1'
import { fieldErrorText } from '../../machinery/field'
import { definitionStrategy } from './definition'

const text = { type: 'string' }
const intOrString = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  'x-kubernetes-int-or-string': true,
}

/** What is wrong with a definition whose versions have these schemas. */
function faults(...schemas: readonly object[]): readonly string[] {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'crons.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'crons', kind: 'Cron' },
      versions: schemas.map((schema, i) => ({
        name: `v${i + 1}`,
        served: true,
        storage: i === 0,
        schema: { openAPIV3Schema: schema },
      })),
    },
  } as unknown as CustomResourceDefinition
  const { defaults, validate } = definitionStrategy
  return validate(defaults(definition)).map(fieldErrorText)
}

function root(spec: object): object {
  return { type: 'object', properties: { spec } }
}

describe('schemas of definitions', () => {
  it.each([
    ['fields', { type: 'object', properties: { a: text, port: intOrString } }],
    ['maps', { type: 'object', additionalProperties: text }],
    ['free form', { 'x-kubernetes-preserve-unknown-fields': true }],
    [
      'keyed lists',
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { type: 'object', required: ['name'], properties: { name: text } },
      },
    ],
    [
      'alternatives',
      {
        type: 'object',
        properties: { a: text },
        oneOf: [{ required: ['a'] }, { required: ['b'] }],
      },
    ],
  ])('accepts %s', (_, spec) => {
    expect(faults(root(spec))).toEqual([])
  })

  it.each([
    [{}, '.type: Required value: must not be empty for specified object fields'],
    [
      { type: 'array', items: {} },
      '.items.type: Required value: must not be empty for specified array items',
    ],
    [{ type: 'array' }, '.items: Required value: must be specified'],
    [
      { type: 'text' },
      '.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"',
    ],
    [
      { type: 'object', properties: { a: text }, additionalProperties: text },
      '.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
    ],
    [
      { type: 'object', properties: { a: text }, anyOf: [{ properties: { a: text } }] },
      '.anyOf[0].properties[a].type: Forbidden: must be empty to be structural',
    ],
  ])('refuses %j', (spec, fault) => {
    expect(faults(root(spec))).toEqual([`spec.validation.openAPIV3Schema.properties[spec]${fault}`])
  })

  it('refuses value rules of the root that speak of unknown fields', () => {
    const at = 'spec.validation.openAPIV3Schema'
    expect(faults({ type: 'object', anyOf: [{ properties: { b: {} } }] })).toEqual([
      `${at}.properties[b]: Required value: because it is defined in ${at}.anyOf[0].properties[b]`,
    ])
  })

  it('names the version unless all versions have the same schema', () => {
    const detail = 'type: Required value: must not be empty for specified object fields'
    expect(faults(root({}), root({}))).toEqual([
      `spec.validation.openAPIV3Schema.properties[spec].${detail}`,
    ])
    expect(faults(root(text), root({}))).toEqual([
      `spec.versions[1].schema.openAPIV3Schema.properties[spec].${detail}`,
    ])
  })
})
