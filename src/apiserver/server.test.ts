import { describe, expect, it } from 'vitest'
import type { Pod, Service } from '../api/generated/core-v1'
import {
  CONFIGMAPS,
  DEPLOYMENTS,
  ENDPOINTS,
  ENDPOINTSLICES,
  NAMESPACES,
  NODES,
  PODS,
  SERVICES,
} from '../api/resources'
import type { ApiRequest, ApiResponse } from '../client/request'
import type { Task } from '../sim/task'
import { minutes, seconds } from '../sim/time'
import { type ApiFixture, apiFixture, createServiceAccount } from '../testing/api-fixture'

const configMap = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', ...more },
  data: { n: '0' },
})

const pod = (name: string) => ({
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'nginx:1.27' }] },
})

const service = (name: string, spec: object = {}) => ({
  metadata: { name, namespace: 'default' },
  spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
})

function send(api: ApiFixture, request: ApiRequest): ApiResponse<never> {
  return api.runTask(api.client.send(request)) as ApiResponse<never>
}

function must<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

const binding = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata: { name },
  target: { apiVersion: 'v1', kind: 'Node', name: 'n1' },
})

describe('objects', () => {
  it('A1 A2 A8 a stored object has what the system gives, and a no-op writes nothing', () => {
    const api = apiFixture()
    const { client, runTask } = api
    const made = must(runTask(client.create(CONFIGMAPS, configMap('a'))))
    expect(made.metadata).toMatchObject({ name: 'a', namespace: 'default' })
    expect(made.metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/)
    expect(made.metadata.creationTimestamp).toBe('2026-01-01T00:00:01Z')
    const same = must(runTask(client.update(CONFIGMAPS, made)))
    expect(same.metadata.resourceVersion).toBe(made.metadata.resourceVersion)
    const listed = must(runTask(client.list(CONFIGMAPS, { namespace: 'default' })))
    expect(listed.items[0]).toEqual(made)
    expect(Number(listed.metadata.resourceVersion)).toBe(Number(made.metadata.resourceVersion))
  })

  it('A3 concurrent writers through three servers lose no update', () => {
    const api = apiFixture({ masters: 3 })
    must(api.runTask(api.client.create(CONFIGMAPS, configMap('counter'))))
    const where = { namespace: 'default', name: 'counter' }
    let conflicts = 0
    function* count(master: number): Task<void> {
      const client = api.clientOf(master)
      for (let done = 0; done < 20; ) {
        const old = must(yield* client.get(CONFIGMAPS, where, master === 0 ? undefined : '0'))
        const data = { n: String(Number(old.data?.n) + 1) }
        const put = yield* client.update(CONFIGMAPS, { ...old, data })
        if (put.ok) done++
        else {
          conflicts++
          expect(put.error).toMatchObject({
            code: 409,
            message:
              'Operation cannot be fulfilled on configmaps "counter": the object has been modified; ' +
              'please apply your changes to the latest version and try again',
          })
        }
      }
    }
    const tasks = [0, 1, 2].map((master) => api.env.spawn(count(master)))
    api.until(() => tasks.every((task) => task.done))
    const last = must(api.runTask(api.clientOf(1).get(CONFIGMAPS, where)))
    expect(last.data?.n).toBe('60')
    expect(conflicts).toBeGreaterThan(0)
  })

  it('A16 says what is wrong in the real words', () => {
    const api = apiFixture()
    const path = '/api/v1/namespaces/default/configmaps'
    must(api.runTask(api.client.create(CONFIGMAPS, configMap('a'))))
    const cases: [ApiRequest, number, string | undefined][] = [
      [{ method: 'GET', path: `${path}/b` }, 404, 'configmaps "b" not found'],
      [{ method: 'POST', path, body: configMap('a') }, 409, 'configmaps "a" already exists'],
      [
        { method: 'POST', path, body: configMap('b', { namespace: 'x' }) },
        400,
        'the namespace of the provided object does not match the namespace sent on the request',
      ],
      [
        { method: 'PUT', path: `${path}/b`, body: configMap('a') },
        400,
        'the name of the object (a) does not match the name on the URL (b)',
      ],
      [
        { method: 'POST', path: '/api/v1/namespaces/no/configmaps', body: { kind: 'ConfigMap' } },
        404,
        'namespaces "no" not found',
      ],
      [
        {
          method: 'PATCH',
          path: `${path}/a`,
          body: {},
          contentType: 'application/apply-patch+yaml',
        },
        415,
        undefined,
      ],
      [{ method: 'GET', path: '/apis/apps/v1/foos' }, 404, undefined],
      [{ method: 'POST', path: `${path}/a`, body: {} }, 405, undefined],
      [
        { method: 'DELETE', path: '/api/v1/namespaces/kube-system' },
        403,
        'namespaces "kube-system" is forbidden: this namespace may not be deleted',
      ],
      [
        { method: 'GET', path: '/api/v1/pods', impersonate: { user: 'system:anonymous' } },
        403,
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope',
      ],
    ]
    for (const [request, status, message] of cases) {
      const answer = send(api, request)
      expect([request.path, answer.status]).toEqual([request.path, status])
      if (message) expect(answer.body).toMatchObject({ kind: 'Status', message, code: status })
    }
  })

  it('generates names, dry runs, and makes lists smaller by chunks (P4)', () => {
    const api = apiFixture()
    const path = '/api/v1/namespaces/default/configmaps'
    for (let i = 0; i < 5; i++) {
      const body = { ...configMap(''), metadata: { generateName: 'g-', namespace: 'default' } }
      expect(send(api, { method: 'POST', path, body }).status).toBe(201)
    }
    const dry = { method: 'POST', path, body: configMap('dry'), query: { dryRun: 'All' } } as const
    expect(send(api, dry).status).toBe(201)
    const names: string[] = []
    let token = ''
    const versions = new Set<string>()
    do {
      const query = { limit: '2', ...(token && { continue: token }) }
      const body = send(api, { method: 'GET', path, query }).body as {
        metadata: { continue?: string; remainingItemCount?: number; resourceVersion: string }
        items: { metadata: { name: string } }[]
      }
      names.push(...body.items.map((item) => item.metadata.name))
      versions.add(body.metadata.resourceVersion)
      if (token === '') {
        expect(body.metadata.remainingItemCount).toBe(3)
        must(api.runTask(api.client.create(CONFIGMAPS, configMap('later'))))
      }
      token = body.metadata.continue ?? ''
    } while (token)
    expect(names).toHaveLength(5)
    expect(names).toEqual([...names].sort())
    expect(versions.size).toBe(1)
  })

  it('answers Tables and bare metadata when asked', () => {
    const api = apiFixture()
    must(api.runTask(api.client.create(CONFIGMAPS, configMap('a'))))
    const path = '/api/v1/namespaces/default/configmaps'
    const as = (form: string) =>
      send(api, { method: 'GET', path, accept: `application/json;as=${form};v=v1;g=meta.k8s.io` })
        .body
    expect(as('Table')).toMatchObject({ kind: 'Table', rows: [{ cells: ['a', 1, '0s'] }] })
    const list = as('PartialObjectMetadataList') as { items: object[] }
    expect(list.items[0]).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } })
    expect(list.items[0]).not.toHaveProperty('data')
  })
})

describe('pods and deletion', () => {
  it('A9 binds once and deletes with grace that only shrinks', () => {
    const api = apiFixture()
    const { client, runTask } = api
    createServiceAccount(api)
    const where = { namespace: 'default', name: 'a' }
    must(runTask(client.create(PODS, pod('a'))))
    must(
      runTask(client.createSubresource(PODS, { ...where, subresource: 'binding' }, binding('a'))),
    )
    const again = client.createSubresource(PODS, { ...where, subresource: 'binding' }, binding('a'))
    expect(runTask(again)).toMatchObject({
      error: {
        code: 409,
        message:
          'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"',
      },
    })
    const grace = (n: number | undefined) => {
      const options = n === undefined ? undefined : { gracePeriodSeconds: n }
      return must(runTask(client.delete(PODS, where, options))) as Pod
    }
    expect(grace(undefined).metadata.deletionGracePeriodSeconds).toBe(30)
    expect(grace(60).metadata.deletionGracePeriodSeconds).toBe(30)
    expect(grace(10).metadata.deletionTimestamp).toBe('2026-01-01T00:00:11Z')
    const patch = { metadata: { deletionTimestamp: null, labels: { a: 'b' } } }
    const kept = must(runTask(client.patch(PODS, where, 'merge', patch)))
    expect(kept.metadata.deletionTimestamp).toBe('2026-01-01T00:00:11Z')
    expect(grace(0).metadata.deletionGracePeriodSeconds).toBe(0)
    expect(runTask(client.get(PODS, where))).toMatchObject({ error: { code: 404 } })
    must(runTask(client.create(PODS, pod('b'))))
    must(runTask(client.delete(PODS, { ...where, name: 'b' })))
    expect(runTask(client.get(PODS, { ...where, name: 'b' }))).toMatchObject({ ok: false })
  })

  it('A9 A10 a namespace empties before it goes', () => {
    const api = apiFixture({ masters: 3 })
    const { client, runTask } = api
    must(runTask(client.create(NAMESPACES, { metadata: { name: 'x' } })))
    must(runTask(api.clientOf(1).create(CONFIGMAPS, configMap('a', { namespace: 'x' }))))
    const ending = must(runTask(client.delete(NAMESPACES, { name: 'x' })))
    expect(ending).toMatchObject({ status: { phase: 'Terminating' } })
    const late = runTask(api.clientOf(2).create(CONFIGMAPS, configMap('b', { namespace: 'x' })))
    expect(late).toMatchObject({
      error: {
        code: 403,
        message:
          'configmaps "b" is forbidden: unable to create new content in namespace x because it is being terminated',
      },
    })
    const collection = '/api/v1/namespaces/x/configmaps'
    expect(send(api, { method: 'DELETE', path: collection }).body).toMatchObject({
      items: [{ metadata: { name: 'a' } }],
    })
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' }, spec: {} }
    expect(send(api, { method: 'PUT', path: '/api/v1/namespaces/x/finalize', body }).status).toBe(
      200,
    )
    expect(runTask(client.get(NAMESPACES, { name: 'x' }))).toMatchObject({ error: { code: 404 } })
  })

  it('A10 a create that races with the end of its namespace loses', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const api = apiFixture({ masters: 3, seed })
      must(api.runTask(api.client.create(NAMESPACES, { metadata: { name: 'x' } })))
      const ended = api.env.spawn(api.client.delete(NAMESPACES, { name: 'x' }))
      const made = [1, 2].map((master) =>
        api.env.spawn(
          api.clientOf(master).create(CONFIGMAPS, configMap(`m${master}`, { namespace: 'x' })),
        ),
      )
      api.until(() => ended.done && made.every((future) => future.done))
      const end = must(ended.value!) as { metadata: { resourceVersion: string } }
      for (const { value } of made) {
        if (!value?.ok) expect(value?.error.code).toBe(403)
        else {
          const { resourceVersion } = value.value.metadata
          expect(Number(resourceVersion)).toBeLessThan(Number(end.metadata.resourceVersion))
        }
      }
    }
  })

  it('scales through the scale subresource', () => {
    const api = apiFixture()
    const labels = { app: 'd' }
    const spec = {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: pod('').spec },
    }
    must(
      api.runTask(
        api.client.create(DEPLOYMENTS, { metadata: { name: 'd', namespace: 'default' }, spec }),
      ),
    )
    const path = '/apis/apps/v1/namespaces/default/deployments/d/scale'
    const patch = (replicas: number) =>
      send(api, {
        method: 'PATCH',
        path,
        contentType: 'application/merge-patch+json',
        body: { spec: { replicas } },
      })
    expect(patch(5).body).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 5 },
      status: { selector: 'app=d' },
    })
    expect(patch(-1).body).toMatchObject({
      code: 422,
      message:
        'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    })
    const where = { namespace: 'default', name: 'd' }
    const d = must(api.runTask(api.client.get(DEPLOYMENTS, where)))
    expect(d).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 5 } })
  })
})

describe('other ways to an object', () => {
  it('evicts only what a disruption budget can spare', () => {
    const api = apiFixture()
    createServiceAccount(api)
    const labels = { app: 'x' }
    must(
      api.runTask(
        api.client.create(PODS, { ...pod('a'), metadata: { ...pod('a').metadata, labels } }),
      ),
    )
    const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
    const status = (path: string, body: object) =>
      send(api, {
        method: 'PATCH',
        path: `${path}/status`,
        contentType: 'application/merge-patch+json',
        body: { status: body },
      })
    status('/api/v1/namespaces/default/pods/a', ready)
    const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
    const spec = { minAvailable: 1, selector: { matchLabels: labels } }
    send(api, { method: 'POST', path: budgets, body: { metadata: { name: 'b' }, spec } })
    const evict = () =>
      send(api, {
        method: 'POST',
        path: '/api/v1/namespaces/default/pods/a/eviction',
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a' } },
      })
    const counted = { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 }
    status(`${budgets}/b`, { ...counted, disruptionsAllowed: 0 })
    expect(evict()).toMatchObject({
      status: 429,
      body: {
        message: "Cannot evict pod as it would violate the pod's disruption budget.",
        details: {
          causes: [{ message: 'The disruption budget b needs 1 healthy pods and has 1 currently' }],
        },
      },
    })
    status(`${budgets}/b`, { ...counted, disruptionsAllowed: 1 })
    expect(evict()).toMatchObject({ status: 201, body: { status: 'Success' } })
    expect(send(api, { method: 'GET', path: `${budgets}/b` }).body).toMatchObject({
      status: { disruptionsAllowed: 0, disruptedPods: { a: expect.any(String) } },
    })
  })

  it('serves one Event in two versions, and keeps it for an hour', () => {
    const api = apiFixture()
    const core = '/api/v1/namespaces/default/events'
    const events = '/apis/events.k8s.io/v1/namespaces/default/events'
    const involvedObject = { kind: 'Pod', name: 'a', namespace: 'default' }
    const body = {
      metadata: { name: 'e' },
      involvedObject,
      reason: 'R',
      message: 'm',
      type: 'Normal',
    }
    expect(send(api, { method: 'POST', path: core, body }).status).toBe(201)
    const query = { fieldSelector: 'regarding.name=a' }
    expect(send(api, { method: 'GET', path: events, query }).body).toMatchObject({
      items: [{ apiVersion: 'events.k8s.io/v1', note: 'm', regarding: involvedObject }],
    })
    send(api, {
      method: 'PATCH',
      path: `${events}/e`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels: { a: 'b' } } },
    })
    const found = () => send(api, { method: 'GET', path: `${core}/e` })
    expect(found().body).toMatchObject({
      apiVersion: 'v1',
      message: 'm',
      metadata: { labels: { a: 'b' } },
    })
    api.advance(minutes(59))
    expect(found().status).toBe(200)
    api.advance(minutes(4))
    expect(found().status).toBe(404)
  })
})

describe('services', () => {
  it('A15 three servers never give one address or port twice, and give back what is free', () => {
    const api = apiFixture({ masters: 3 })
    const made = Array.from({ length: 60 }, (_, i) =>
      api.env.spawn(
        api.clientOf(i % 3).create(SERVICES, service(`s${i}`, i % 2 ? { type: 'NodePort' } : {})),
      ),
    )
    api.until(() => made.every((future) => future.done))
    const services = made.map((future) => must(future.value!) as Service)
    const addresses = services.map(({ spec }) => spec?.clusterIP)
    expect(new Set(addresses).size).toBe(60)
    const ports = services.flatMap(({ spec }) => spec?.ports?.map((p) => p.nodePort ?? []) ?? [])
    expect(new Set(ports.flat()).size).toBe(30)
    const [first] = services as [Service]
    const taken = service('taken', { clusterIP: first.spec?.clusterIP })
    const refused = api.runTask(api.clientOf(1).create(SERVICES, taken))
    expect(refused).toMatchObject({ error: { code: 422 } })
    must(api.runTask(api.client.delete(SERVICES, { namespace: 'default', name: 's0' })))
    must(api.runTask(api.clientOf(1).create(SERVICES, taken)))
    const path = '/apis/networking.k8s.io/v1/ipaddresses'
    expect((send(api, { method: 'GET', path }).body as { items: object[] }).items).toHaveLength(61)
  })

  it('P8 P9 the kubernetes Service follows the servers that live', () => {
    const api = apiFixture({ masters: 3 })
    const where = { namespace: 'default', name: 'kubernetes' }
    const addresses = () =>
      must(api.runTask(api.client.get(ENDPOINTS, where))).subsets?.[0]?.addresses?.map((a) => a.ip)
    expect(must(api.runTask(api.client.get(SERVICES, where))).spec?.clusterIP).toBe('10.96.0.1')
    expect(addresses()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
    const third = api.masters[2]!
    api.sim.inject('off', () => third.powerOff('abrupt'))
    api.advance(seconds(40))
    expect(addresses()).toEqual(['10.0.0.1', '10.0.0.2'])
    api.sim.inject('on', () => third.powerOn())
    api.advance(seconds(20))
    expect(addresses()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
    const slice = must(api.runTask(api.client.get(ENDPOINTSLICES, where)))
    expect(slice.endpoints).toHaveLength(3)
    const roles = {
      method: 'GET',
      path: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    } as const
    expect((send(api, roles).body as { items: object[] }).items).toHaveLength(70)
  })
})

describe('a server that is told to end', () => {
  it('P11 leaves the endpoints, ends its watches, refuses what comes after', () => {
    const api = apiFixture({ masters: 3 })
    let end: ApiResponse | undefined
    const onClose = (response: ApiResponse) => {
      end = response
    }
    api.clientOf(2).watch(NODES, {}, { onEvent: () => {}, onClose })
    api.advance(seconds(1))
    const server = api.masters[2]?.process('kube-apiserver')
    const last = api.env.spawn(api.clientOf(2).create(NODES, { metadata: { name: 'last' } }))
    api.advance(700)
    api.sim.inject('term', () => server?.terminate())
    api.advance(seconds(3))
    expect([last.value?.ok, end?.status, server?.status]).toEqual([true, 200, 'exited'])
    expect(api.runTask(api.clientOf(2).list(NODES))).toMatchObject({ error: { code: 0 } })
    const where = { namespace: 'default', name: 'kubernetes' }
    const { subsets } = must(api.runTask(api.client.get(ENDPOINTS, where)))
    expect(subsets?.[0]?.addresses?.map(({ ip }) => ip)).toEqual(['10.0.0.1', '10.0.0.2'])
  })
})

describe('without a majority of etcd', () => {
  it('A16 P5 nothing is acknowledged, health says so, and it heals', () => {
    const api = apiFixture({ masters: 3 })
    must(api.runTask(api.client.create(NODES, { metadata: { name: 'before' } })))
    const [, second, third] = api.masters
    api.sim.inject('off', () => {
      second?.powerOff('abrupt')
      third?.powerOff('abrupt')
    })
    api.advance(seconds(5))
    const write = api.runTask(api.client.create(NODES, { metadata: { name: 'lost' } }))
    expect(write).toMatchObject({ ok: false })
    expect(write.ok || [500, 504]).toContain(write.ok || write.error.code)
    const read = send(api, { method: 'GET', path: '/api/v1/nodes' })
    expect([500, 504]).toContain(read.status)
    const cached = send(api, {
      method: 'GET',
      path: '/api/v1/nodes',
      query: { resourceVersion: '0' },
    })
    expect(cached.status).toBe(200)
    const health = (path: string) => send(api, { method: 'GET', path })
    expect(health('/readyz')).toMatchObject({ status: 500 })
    expect(health('/livez').body).toContain('[-]etcd failed: reason withheld')
    api.sim.inject('on', () => third?.powerOn())
    api.advance(seconds(15))
    expect(health('/readyz')).toMatchObject({ status: 200, body: 'ok' })
    must(api.runTask(api.client.create(NODES, { metadata: { name: 'after' } })))
    const nodes = must(api.runTask(api.clientOf(2).list(NODES)))
    expect(nodes.items.map((node) => node.metadata.name)).toEqual(
      expect.arrayContaining(['after', 'before']),
    )
  })
})
