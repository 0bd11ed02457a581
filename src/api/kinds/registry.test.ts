import { describe, expect, it } from 'vitest'
import { fieldErrorText } from '../machinery/field'
import type { KubeObject } from '../object'
import { strategyFor } from './registry'

function sample(fields: object): KubeObject {
  return { apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, ...fields } as KubeObject
}

function rule(...resources: readonly string[]): object {
  return { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources }
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

  it.each([
    [
      { name: 'a.b' },
      'name: Invalid value: "a.b": should be a domain with at least three segments separated by dots',
    ],
    [
      { rules: [rule('*', 'pods')] },
      'rules[0].resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources without subresources',
    ],
    [
      { rules: [rule('*', 'a/*', 'a/b')] },
      'rules[0].resources[2]: Invalid value: "a/b": if \'a/*\' is present, must not specify a/b',
    ],
    [
      { clientConfig: { url: 'https://me@host/x' } },
      'clientConfig.url: Invalid value: "me": user information is not permitted in the URL',
    ],
    [
      { clientConfig: { url: 'http://host' } },
      'clientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
    ],
    [
      { clientConfig: { service: { name: 'a', namespace: 'b', path: '/x//y' } } },
      'clientConfig.service.path: Invalid value: "/x//y": segment[1] may not be empty',
    ],
    [
      { admissionReviewVersions: ['v2', 'v2'] },
      'admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
      'admissionReviewVersions: Invalid value: ["v2","v2"]: must include at least one of v1, v1beta1',
    ],
  ])('checks webhooks: %j', (change, ...faults) => {
    const good = {
      name: 'a.b.c',
      clientConfig: { url: 'https://host/path' },
      rules: [rule('*', 'pods/*')],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    }
    const { validate } = strategyFor(
      'admissionregistration.k8s.io',
      'validatingwebhookconfigurations',
    )
    expect(validate(sample({ webhooks: [good] }))).toEqual([])
    const errors = validate(sample({ webhooks: [{ ...good, ...change }] }))
    expect(errors.map(fieldErrorText)).toEqual(faults.map((fault) => `webhooks[0].${fault}`))
  })

  it('says what an API service lacks', () => {
    const strategy = strategyFor('apiregistration.k8s.io', 'apiservices')
    const spec = { group: 'g.io', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 }
    const service = (more: object) =>
      strategy
        .validate(sample({ metadata: { name: 'v1.g.io' }, spec: { ...spec, ...more } }))
        .map(fieldErrorText)
    expect(service({})).toEqual([])
    expect(service({ insecureSkipTLSVerify: true, caBundle: 'AAAA' })).toEqual([
      'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
      'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
    ])
    expect(service({ service: { port: 0 } })).toEqual([
      'spec.service.namespace: Required value',
      'spec.service.name: Required value',
      'spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
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
