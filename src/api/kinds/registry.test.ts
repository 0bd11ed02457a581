import { describe, expect, it } from 'vitest'
import { fieldErrorText } from '../machinery/field'
import type { KubeObject } from '../object'
import { strategyFor } from './registry'

function sample(fields: object): KubeObject {
  return { apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, ...fields } as KubeObject
}

describe('strategyFor', () => {
  it('completes admission policies', () => {
    const rules = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'] }
    const strategy = strategyFor('admissionregistration.k8s.io', 'validatingadmissionpolicies')
    const policy = strategy.defaults(
      sample({
        spec: {
          matchConstraints: { resourceRules: [{ ...rules, resources: ['deployments'] }] },
          validations: [{ expression: 'true' }],
        },
      }),
    )
    expect(policy).toMatchObject({
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { matchPolicy: 'Equivalent', resourceRules: [{ scope: '*' }] },
      },
    })
    expect(strategy.defaults(policy)).toBe(policy)
    expect(strategy.validate(policy)).toEqual([])
    expect(strategy.validate(sample({})).map(({ field }) => field)).toEqual([
      'spec.matchConstraints',
      'spec.validations',
      'spec.auditAnnotations',
    ])
  })

  it('keeps controller revisions as they were made', () => {
    const strategy = strategyFor('apps', 'controllerrevisions')
    const metadata = { name: 'x', namespace: 'default', resourceVersion: '1' }
    const old = sample({ metadata, data: { a: 1 }, revision: 1 })
    expect(strategy.validate(old)).toEqual([])
    expect(strategy.prepareForCreate(old).metadata.generation).toBeUndefined()
    const next = sample({ metadata, data: { a: 2 }, revision: -1 })
    expect(strategy.validateUpdate(next, old).map(fieldErrorText)).toEqual([
      'revision: Invalid value: -1: must be greater than or equal to 0',
      'data: Invalid value: {"a":2}: field is immutable',
    ])
  })

  it('counts changes of kinds it knows nothing about', () => {
    const strategy = strategyFor('example.com', 'things')
    const old = strategy.prepareForCreate(sample({ spec: { a: 1 }, status: { b: 1 } }))
    expect(old).toEqual(sample({ metadata: { name: 'x', generation: 1 }, spec: { a: 1 } }))
    const next = strategy.prepareForUpdate({ ...old, spec: { a: 2 } } as KubeObject, old)
    expect(next.metadata.generation).toBe(2)
  })
})
