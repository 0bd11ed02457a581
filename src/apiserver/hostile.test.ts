import { describe, expect, it } from 'vitest'
import type { ApiRequest } from '../client/request'
import { type ApiFixture, apiFixture, createServiceAccount } from '../testing/api-fixture'

const paths = [
  '',
  '/',
  '//',
  '/api',
  '/api/v1',
  '/api/v2/pods',
  '/api/v1/pods',
  '/api/v1/nodes',
  '/api/v1/nodes/n',
  '/api/v1/nodes/n/status',
  '/api/v1/namespaces/default',
  '/api/v1/namespaces/default/finalize',
  '/api/v1/namespaces/default/pods',
  '/api/v1/namespaces/default/pods/a',
  '/api/v1/namespaces/default/pods/a/status',
  '/api/v1/namespaces/default/pods/a/binding',
  '/api/v1/namespaces/default/pods/a/eviction',
  '/api/v1/namespaces/default/pods/a/log',
  '/api/v1/namespaces/default/pods/%zz/status',
  '/api/v1/namespaces/default/services',
  '/api/v1/namespaces/default/services/s',
  '/api/v1/namespaces/default/configmaps/__proto__',
  '/api/v1/namespaces/__proto__/configmaps',
  '/api/v1/watch/pods',
  '/apis/apps/v1/namespaces/default/deployments',
  '/apis/apps/v1/namespaces/default/deployments/d',
  '/apis/apps/v1/namespaces/default/deployments/d/scale',
  '/apis/events.k8s.io/v1/namespaces/default/events',
  '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers',
  '/apis/authorization.k8s.io/v1/subjectaccessreviews',
  '/apis/authentication.k8s.io/v1/selfsubjectreviews',
  '/apis/__proto__/v1/x',
  '/openapi/v3/apis/apps/v1',
  '/readyz/etcd',
  '/readyz/none',
]

const deep = JSON.parse(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`)

const bodies: unknown[] = [
  undefined,
  null,
  '',
  '{',
  '[]',
  'null',
  '"text"',
  '{"__proto__":{"polluted":1},"metadata":{"name":"p","__proto__":{"polluted":1}}}',
  0,
  'x'.repeat(4 * 1024 * 1024),
  [],
  [{ op: 'replace', path: '/spec', value: null }],
  [{ op: 'add', path: '/__proto__/polluted', value: 1 }],
  {},
  { metadata: null },
  { metadata: 'x', spec: 1 },
  { metadata: { name: 'a' }, spec: null },
  { metadata: { name: 'a', labels: { a: 1 }, resourceVersion: 'abc' }, spec: {} },
  { metadata: { generateName: 'g-' }, spec: { containers: [null] } },
  { metadata: { name: 's' }, spec: { ports: [{}], clusterIP: 'x', type: 'NodePort' } },
  { metadata: { name: 'a', ownerReferences: [{}], finalizers: [1] }, target: null },
  { kind: 'Pod', apiVersion: 'v1', metadata: deep, spec: deep },
  { kind: 'DeleteOptions', gracePeriodSeconds: 'soon', propagationPolicy: 'Never' },
  { metadata: { name: 'd' }, spec: { replicas: 'many', selector: 5, metrics: 7 } },
]

const queries: (ApiRequest['query'] | undefined)[] = [
  undefined,
  { dryRun: 'All', fieldValidation: 'Strict' },
  { labelSelector: 'a in (', fieldSelector: 'x' },
  { labelSelector: '!!', limit: 'few' },
  { limit: '-1', continue: 'nonsense' },
  { resourceVersion: '-5', resourceVersionMatch: 'Never' },
  { resourceVersion: '99999999' },
  { propagationPolicy: 'Orphan', gracePeriodSeconds: 'x' },
  { watch: 'true', timeoutSeconds: '0' },
]

const patchTypes = [
  undefined,
  'application/json',
  'application/merge-patch+json',
  'application/json-patch+json',
  'application/strategic-merge-patch+json; charset=utf-8',
]

const accepts = [undefined, 'application/json;as=Table;v=v1;g=meta.k8s.io', 'nonsense;;;==,,']

describe('A16 P12 whatever comes', () => {
  it('gets a typed answer that is no server error, and the server goes on', () => {
    const api = apiFixture()
    createServiceAccount(api)
    const random = api.sim.random('hostile')
    const any = <T>(list: readonly T[]): T => list[random.below(list.length)] as T
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
    const odd: unknown[] = []
    for (let i = 0; i < 6_000; i++) {
      const method = any(methods)
      const request: ApiRequest = {
        method,
        path: any(paths),
        query: any(queries),
        body: method === 'GET' ? undefined : any(bodies),
        contentType: any(patchTypes),
        accept: any(accepts),
      }
      const { status, body } = api.runTask(api.client.send(request))
      const isStatus = (body as { kind?: unknown } | null)?.kind === 'Status'
      const timeout = request.query?.resourceVersion === '99999999' && status === 504
      if ((status >= 500 && !timeout) || (status >= 400 && !isStatus && !isText(body))) {
        const why = lastPanic(api)
        odd.push([
          request.method,
          request.path,
          status,
          body,
          request.query,
          bodyText(request),
          why,
        ])
      }
    }
    expect(odd.slice(0, 5)).toEqual([])
    const server = api.masters[0]?.process('kube-apiserver')?.program
    expect(server?.inspect?.()).toMatchObject({ panics: 0, inFlight: 0 })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    const readyz = api.runTask(api.client.send({ method: 'GET', path: '/readyz' }))
    expect(readyz.body).toBe('ok')
  }, 60_000)
})

const lastPanic = ({ sim }: ApiFixture) =>
  sim.trace(0, 1 << 16).findLast(({ kind }) => kind === 'apiserver.panic')?.detail

const isText = (body: unknown): boolean => typeof body === 'string'

const bodyText = ({ body }: ApiRequest): string => (JSON.stringify(body) ?? '').slice(0, 80)
