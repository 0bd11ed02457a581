import { describe, expect, it } from 'vitest'
import type { Deployment } from '../generated/apps-v1'
import { applyPatch, JSON_PATCH, MERGE_PATCH, type Patched, STRATEGIC_MERGE_PATCH } from './patch'
import { structOfKind } from './schema'

const type = structOfKind('apps', 'v1', 'Deployment')!

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(freeze)
    Object.freeze(value)
  }
  return value
}

const original = freeze({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', labels: { a: '1', b: '2' }, finalizers: ['x/one', 'x/two'] },
  spec: {
    selector: { matchLabels: { app: 'd' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: {
      metadata: { labels: { app: 'd' } },
      spec: {
        containers: [
          { name: 'web', image: 'nginx:1', env: [{ name: 'A', value: '1' }] },
          { name: 'side', image: 'busybox' },
        ],
      },
    },
  },
  status: {},
}) satisfies Deployment

function patch(contentType: string, body: unknown, fieldValidation?: 'Strict'): Patched {
  return applyPatch({ contentType, patch: freeze(body), original, type, fieldValidation })
}

function patched(contentType: string, body: unknown): Deployment {
  const result = patch(contentType, body)
  if (!result.ok) throw new Error(result.status.message)
  return result.object as unknown as Deployment
}

function containers(change: readonly object[], more: object = {}) {
  const spec = { template: { spec: { containers: change, ...more } } }
  return patched(STRATEGIC_MERGE_PATCH, { spec }).spec!.template.spec!.containers
}

describe('strategic merge patch', () => {
  it('merges lists by key and shares the rest', () => {
    const after = containers([{ name: 'web', image: 'nginx:2' }])
    expect(after[0]).toEqual({ ...original.spec.template.spec.containers[0], image: 'nginx:2' })
    expect(after[1]).toBe(original.spec.template.spec.containers[1])
  })

  it('puts new items where the patch wants them, before those it does not name', () => {
    expect(containers([{ name: 'new', image: 'i' }]).map((c) => c.name)).toEqual([
      'new',
      'web',
      'side',
    ])
  })

  it.each([
    ['delete', [{ $patch: 'delete', name: 'side' }], ['web']],
    ['replace', [{ $patch: 'replace' }, { name: 'only', image: 'i' }], ['only']],
  ])('obeys $patch: %s', (_, change, names) => {
    expect(containers(change).map((c) => c.name)).toEqual(names)
  })

  it('obeys $setElementOrder', () => {
    const order = { '$setElementOrder/containers': [{ name: 'side' }, { name: 'web' }] }
    const spec = { template: { spec: order } }
    const after = patched(STRATEGIC_MERGE_PATCH, { spec }).spec!.template.spec!.containers
    expect(after.map((c) => c.name)).toEqual(['side', 'web'])
  })

  it('obeys $retainKeys and $deleteFromPrimitiveList', () => {
    const strategy = { $retainKeys: ['type'], type: 'Recreate' }
    const metadata = { '$deleteFromPrimitiveList/finalizers': ['x/one'] }
    const after = patched(STRATEGIC_MERGE_PATCH, { metadata, spec: { strategy } })
    expect(after.spec!.strategy).toEqual({ type: 'Recreate' })
    expect(after.metadata.finalizers).toEqual(['x/two'])
  })

  it('returns the original when nothing changes', () => {
    const body = { metadata: { labels: { a: '1', c: null } } }
    expect(patched(STRATEGIC_MERGE_PATCH, body)).toBe(original)
  })

  it('refuses in the words of the real server', () => {
    const spec = { template: { spec: { containers: [{ image: 'noname' }] } } }
    const result = patch(STRATEGIC_MERGE_PATCH, { spec })
    expect(result).toMatchObject({
      ok: false,
      status: {
        code: 500,
        message: 'map: map[image:noname] does not contain declared merge key: name',
      },
    })
  })
})

describe('merge patch', () => {
  it('removes with null, replaces lists', () => {
    const after = patched(MERGE_PATCH, { metadata: { labels: { a: null }, finalizers: ['y/z'] } })
    expect(after.metadata).toEqual({ name: 'd', labels: { b: '2' }, finalizers: ['y/z'] })
    expect(after.spec).toBe(original.spec)
  })

  it('cannot reach a prototype', () => {
    const after = patched(MERGE_PATCH, '{"metadata":{"labels":{"__proto__":"x"}}}')
    expect(Object.keys(after.metadata.labels!)).toEqual(['a', 'b', '__proto__'])
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })

  it('tells unknown fields', () => {
    const result = patch(MERGE_PATCH, { spec: { foo: 1 } }, 'Strict')
    expect(result.ok === false && result.status.message).toMatch(
      /^ "" is invalid: patch: Invalid value: ".*": strict decoding error: unknown field "spec.foo"$/,
    )
  })
})

describe('JSON patch', () => {
  it('adds, replaces, moves and leaves the original alone', () => {
    const after = patched(JSON_PATCH, [
      { op: 'test', path: '/metadata/name', value: 'd' },
      { op: 'add', path: '/metadata/labels/x~1y', value: 'z' },
      { op: 'move', from: '/metadata/labels/a', path: '/metadata/labels/moved' },
      { op: 'remove', path: '/spec/template/spec/containers/1' },
    ])
    expect(after.metadata.labels).toEqual({ b: '2', 'x/y': 'z', moved: '1' })
    expect(after.spec!.template.spec!.containers).toHaveLength(1)
    expect(after.spec!.selector).toBe(original.spec.selector)
  })

  it.each([
    [{ op: 'test', path: '/metadata/name', value: 'other' }],
    [{ op: 'remove', path: '/metadata/zzz' }],
    [{ op: 'replace', path: '/metadata/toString', value: 'x' }],
    [{ op: 'add', path: '/constructor/prototype/x', value: 'x' }],
  ])('refuses %j', (operation) => {
    const message = 'the server rejected our request due to an error in our request'
    expect(patch(JSON_PATCH, [operation])).toMatchObject({
      ok: false,
      status: { code: 422, message },
    })
  })
})
