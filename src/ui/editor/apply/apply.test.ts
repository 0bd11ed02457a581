import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ApiRequest, ApiResponse } from '../../../client/request'
import type { Transport } from '../../../client/transport'
import { applyObject, deleteObject } from './apply'
import { Discovery } from './discovery'
import { definitionOf, type SchemaData } from './patch-schema'
import { threeWayPatch } from './three-way-patch'

const schema = JSON.parse(
  readFileSync(new URL('../../../api/data/schema.json', import.meta.url), 'utf8'),
) as SchemaData

function container(name: string, image: string, more: object = {}) {
  return { name, image, ...more }
}

function deployment(containers: readonly object[], spec: object = {}) {
  return { spec: { ...spec, template: { spec: { containers } } } }
}

describe('threeWayPatch', () => {
  const definition = definitionOf(schema, 'apps/v1', 'Deployment')
  const web = container('web', 'nginx:1')
  const side = container('side', 'log:1')
  const cases: {
    name: string
    original?: object
    modified: object
    current: object
    patch?: object
  }[] = [
    {
      name: 'changes nothing when all that is wanted is there',
      original: deployment([web]),
      modified: deployment([web]),
      current: deployment([container('web', 'nginx:1', { imagePullPolicy: 'IfNotPresent' })], {
        replicas: 3,
      }),
    },
    {
      name: 'merges containers by name and leaves the defaults of others',
      original: deployment([web]),
      modified: deployment([container('web', 'nginx:2')]),
      current: deployment([container('web', 'nginx:1', { imagePullPolicy: 'IfNotPresent' })]),
      patch: deployment([{ name: 'web', image: 'nginx:2' }]),
    },
    {
      name: 'deletes what was applied before and is wanted no more',
      original: deployment([web, side], { replicas: 3 }),
      modified: deployment([web]),
      current: deployment([web, side], { replicas: 5 }),
      patch: deployment([{ $patch: 'delete', name: 'side' }], { replicas: null }),
    },
    {
      name: 'leaves what another has set',
      original: deployment([web]),
      modified: deployment([web]),
      current: deployment([web, side], { replicas: 5 }),
    },
    {
      name: 'drops the keys of another strategy',
      original: { spec: { strategy: { type: 'RollingUpdate' } } },
      modified: { spec: { strategy: { type: 'Recreate' } } },
      current: { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
      patch: { spec: { strategy: { type: 'Recreate', $retainKeys: ['type'] } } },
    },
    {
      name: 'replaces atomic lists whole',
      modified: deployment([container('web', 'nginx:1', { args: ['b'] })]),
      current: deployment([container('web', 'nginx:1', { args: ['a', 'b'] })]),
      patch: deployment([{ name: 'web', args: ['b'] }]),
    },
    {
      name: 'takes single values out of merged lists',
      original: { metadata: { finalizers: ['a', 'b'] } },
      modified: { metadata: { finalizers: ['b', 'c'] } },
      current: { metadata: { finalizers: ['a', 'b'] } },
      patch: { metadata: { finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['a'] } },
    },
  ]
  it.each(cases)('$name', ({ original, modified, current, patch }) => {
    expect(threeWayPatch({ original, modified, current }, definition, schema)).toEqual(patch)
  })

  it('is a JSON merge patch for kinds without a definition', () => {
    const modified = { spec: { items: [{ name: 'a', x: 2 }] } }
    const current = { spec: { items: [{ name: 'a', x: 1, y: 1 }], kept: 1 } }
    expect(threeWayPatch({ original: undefined, modified, current }, undefined, schema)).toEqual(
      modified,
    )
  })

  it('never touches a prototype', () => {
    const modified = JSON.parse('{"__proto__":{"polluted":1}}') as object
    threeWayPatch({ original: {}, modified, current: {} }, undefined, schema)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

/** Answers from a script and remembers what it was asked. */
function scripted(answers: { readonly [call: string]: ApiResponse }) {
  const asked: ApiRequest[] = []
  const transport: Transport = {
    send: async <T>(request: ApiRequest) => {
      asked.push(request)
      const answer = answers[`${request.method} ${request.path}`] ?? { status: 404, body: {} }
      return answer as ApiResponse<T>
    },
    watch: () => ({ close() {} }),
  }
  return { asked, context: { transport, schema, discovery: new Discovery(transport) } }
}

const CORE: ApiResponse = {
  status: 200,
  body: { resources: [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true }] },
}
const PATH = '/api/v1/namespaces/default/configmaps'
const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '1' } }

describe('applyObject', () => {
  it('creates what is not there, with the annotation that the next apply needs', async () => {
    const { asked, context } = scripted({
      'GET /api/v1': CORE,
      [`POST ${PATH}`]: { status: 201, body: {} },
    })
    expect(await applyObject(context, config)).toEqual({
      ok: true,
      verb: 'created',
      name: 'configmap/c',
    })
    const body = asked.at(-1)!.body as {
      metadata: { namespace: string; annotations: { [name: string]: string } }
    }
    expect(body.metadata.namespace).toBe('default')
    const annotation =
      body.metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']!
    expect(JSON.parse(annotation)).toMatchObject({ kind: 'ConfigMap', data: { a: '1' } })
  })

  it('sends nothing when nothing differs, and a patch when something does', async () => {
    const first = scripted({ 'GET /api/v1': CORE, [`POST ${PATH}`]: { status: 201, body: {} } })
    await applyObject(first.context, config)
    const live = { status: 200, body: first.asked.at(-1)!.body }
    const answers = {
      'GET /api/v1': CORE,
      [`GET ${PATH}/c`]: live,
      [`PATCH ${PATH}/c`]: { status: 200, body: {} },
    }
    const second = scripted(answers)
    expect(await applyObject(second.context, config)).toMatchObject({ verb: 'unchanged' })
    const third = scripted(answers)
    const changed = { ...config, data: { b: '2' } }
    expect(await applyObject(third.context, changed)).toMatchObject({ verb: 'configured' })
    expect((third.asked.at(-1)!.body as { data: unknown }).data).toEqual({ a: null, b: '2' })
  })

  it('patches once more after a conflict, and then gives up', async () => {
    const conflict = { status: 409, body: { reason: 'Conflict', message: 'has been modified' } }
    const live = { status: 200, body: config }
    const answers: { [call: string]: ApiResponse } = {
      'GET /api/v1': CORE,
      [`GET ${PATH}/c`]: live,
      [`PATCH ${PATH}/c`]: conflict,
    }
    const { asked, context } = scripted(answers)
    const outcome = await applyObject(context, config)
    expect(outcome.ok ? '' : outcome.problems[0]!.message).toMatch(/has been modified/)
    expect(asked.map((request) => request.method)).toEqual(['GET', 'GET', 'PATCH', 'GET', 'PATCH'])
  })

  it.each([
    [{ metadata: { name: 'x' } }, 'error validating data: [apiVersion not set, kind not set]'],
    [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} },
      'error: resource name may not be empty',
    ],
    [
      { apiVersion: 'v1', kind: 'Confgmap', metadata: { name: 'x' } },
      'no matches for kind "Confgmap" in version "v1"',
    ],
  ])('says what is wrong with %j', async (manifest, message) => {
    const { context } = scripted({ 'GET /api/v1': CORE })
    const outcome = await applyObject(context, manifest)
    expect(outcome.ok ? '' : outcome.problems[0]!.message).toBe(message)
  })

  it('says so when nobody answers', async () => {
    const silent = { status: 0, body: { message: 'connection refused' } }
    const { context } = scripted({ 'GET /api/v1': CORE, [`GET ${PATH}/c`]: silent })
    const outcome = await applyObject(context, config)
    expect(outcome.ok ? '' : outcome.problems[0]!.message).toMatch(
      /did not answer: connection refused/,
    )
  })
})

describe('deleteObject', () => {
  it('deletes what is there and accepts what is gone', async () => {
    const { context } = scripted({
      'GET /api/v1': CORE,
      [`DELETE ${PATH}/c`]: { status: 200, body: {} },
    })
    expect(await deleteObject(context, config)).toMatchObject({ verb: 'deleted' })
    const other = { ...config, metadata: { name: 'other' } }
    expect(await deleteObject(context, other)).toMatchObject({ verb: 'not found' })
  })
})
