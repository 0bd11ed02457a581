import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Deployment } from '../generated/apps-v1'
import type { Pod, Secret, Service } from '../generated/core-v1'
import type { KubeObject, ResourceRef } from '../object'
import {
  DEPLOYMENTS,
  ENDPOINTSLICES,
  NAMESPACES,
  NODES,
  PODS,
  SECRETS,
  SERVICES,
} from '../resources'
import { type AdmissionContext, admitCreate, admitStatusUpdate, admitUpdate } from './pipeline'
import { imageTag } from './pod/image'

const NOW = '2026-01-01T00:00:00Z'

function contextOf(resource: ResourceRef, more: Partial<AdmissionContext> = {}): AdmissionContext {
  let draws = 0
  let port = 30_000
  return {
    resource,
    namespace: resource.namespaced ? 'default' : undefined,
    randomInt: (below) => draws++ % below,
    lookups: {
      namespacePhase: (name) => (name === 'gone' ? undefined : 'Active'),
      serviceAccount: (namespace, name) =>
        name === 'ghost' ? undefined : { metadata: { name, namespace } },
      priorityClass: (name) =>
        name === 'high'
          ? { metadata: { name }, value: 1000, preemptionPolicy: 'Never' }
          : undefined,
    },
    allocator: {
      clusterIP: (requested) => ({ ok: true, value: requested ?? '10.96.0.10' }),
      nodePort: (requested) =>
        requested === 80
          ? { ok: false, detail: 'provided port is not in the valid range' }
          : { ok: true, value: requested ?? port++ },
    },
    ...more,
  }
}

function freeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) freeze(part)
  }
  return value
}

function create<T extends KubeObject>(resource: ResourceRef<T>, body: unknown): T {
  const made = admitCreate({ body, now: NOW, uid: 'uid-1' }, contextOf(resource))
  if (!made.ok) throw new Error(made.status.message)
  const metadata = { ...made.object.metadata, resourceVersion: '7' }
  return freeze({ ...made.object, metadata }) as T
}

function refusal(resource: ResourceRef, body: unknown, more: Partial<AdmissionContext> = {}) {
  const made = admitCreate({ body, now: NOW, uid: 'uid-1' }, contextOf(resource, more))
  return made.ok ? 'accepted' : `${made.status.code} ${made.status.message}`
}

function change<T extends KubeObject>(resource: ResourceRef<T>, old: T, body: unknown): T | string {
  const made = admitUpdate({ body, name: old.metadata.name, old }, contextOf(resource))
  return made.ok ? (made.object as T) : (made.status.message ?? '')
}

function changeStatus<T extends KubeObject>(resource: ResourceRef<T>, old: T, body: unknown) {
  const made = admitStatusUpdate({ body, name: old.metadata.name, old }, contextOf(resource))
  return made.ok ? (made.object as T) : (made.status.message ?? '')
}

const podBody = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    initContainers: [{ name: 'init', image: 'busybox:1' }],
    containers: [
      {
        name: 'web',
        image: 'nginx',
        ports: [{ containerPort: 80 }],
        resources: { limits: { cpu: '500m' } },
        readinessProbe: { httpGet: { port: 80 } },
      },
    ],
    volumes: [{ name: 'data' }],
  },
}
const deploymentBody = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: podBody.spec },
  },
}
const serviceBody = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80 }] },
}
const namespaceBody = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } }
const nodeBody = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1' },
  status: { capacity: { cpu: '4' } },
}
const sliceBody = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1' },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.1.2.3'] }],
  ports: [{ port: 80 }],
}
const secretBody = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's' },
  stringData: { key: 'wert €' },
}
const SAMPLES: readonly (readonly [ResourceRef, object])[] = [
  [PODS, podBody],
  [DEPLOYMENTS, deploymentBody],
  [SERVICES, serviceBody],
  [NAMESPACES, namespaceBody],
  [NODES, nodeBody],
  [ENDPOINTSLICES, sliceBody],
  [SECRETS, secretBody],
]

describe('create', () => {
  it('runs defaults and the mutating plugins on a pod', () => {
    const pod = create(PODS, podBody)
    expect(pod.spec).toMatchObject({
      serviceAccountName: 'default',
      serviceAccount: 'default',
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
      restartPolicy: 'Always',
      enableServiceLinks: true,
    })
    expect(pod.spec.tolerations?.map((item) => item.tolerationSeconds)).toEqual([300, 300])
    const token = pod.spec.volumes?.[1]
    expect(token?.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/)
    for (const container of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
      expect(container.volumeMounts?.at(-1)?.name).toBe(token?.name)
    }
    expect(pod.spec.containers[0]).toMatchObject({
      imagePullPolicy: 'Always',
      resources: { requests: { cpu: '500m' } },
      readinessProbe: { periodSeconds: 10, httpGet: { path: '/', scheme: 'HTTP' } },
    })
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'Burstable' })
    expect(pod.metadata).toMatchObject({ uid: 'uid-1', generation: 1, creationTimestamp: NOW })
  })

  it.each([
    [
      'a missing account',
      { serviceAccountName: 'ghost' },
      /^403 .*serviceaccount "ghost" not found$/,
    ],
    [
      'a missing priority class',
      { priorityClassName: 'low' },
      /^403 .*no PriorityClass with name low/,
    ],
    ['a priority of its own', { priority: 5 }, /^403 .*must not be provided in pod spec/],
  ])('refuses a pod with %s', (_what, spec, message) => {
    expect(refusal(PODS, { ...podBody, spec: { ...podBody.spec, ...spec } })).toMatch(message)
  })

  it('refuses what goes to the wrong or to no namespace', () => {
    const elsewhere = { ...podBody, metadata: { name: 'web', namespace: 'other' } }
    expect(refusal(PODS, elsewhere)).toBe(
      '400 the namespace of the provided object does not match the namespace sent on the request',
    )
    expect(refusal(PODS, podBody, { namespace: 'gone' })).toBe('404 namespaces "gone" not found')
  })

  it('gives a service its addresses and says why it cannot', () => {
    const service = create(SERVICES, serviceBody)
    expect(service.spec).toMatchObject({
      clusterIP: '10.96.0.10',
      clusterIPs: ['10.96.0.10'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    })
    expect(service.spec.ports?.[0]).toMatchObject({ targetPort: 80, nodePort: 30_000 })
    const taken = {
      ...serviceBody,
      spec: { ...serviceBody.spec, ports: [{ port: 1, nodePort: 80 }] },
    }
    expect(refusal(SERVICES, taken)).toContain(
      'spec.ports[0].nodePort: Invalid value: 80: provided',
    )
  })

  it('generates names, keeps secrets as bytes and marks new nodes', () => {
    const { name: _, ...metadata } = podBody.metadata
    const pod = create(PODS, { ...podBody, metadata: { ...metadata, generateName: 'web-' } })
    expect(pod.metadata.name).toMatch(/^web-[bcdf-hj-np-tv-z2456789]{5}$/)
    expect(create(SECRETS, secretBody)).toMatchObject({
      type: 'Opaque',
      data: { key: 'd2VydCDigqw=' },
    })
    expect(create(NODES, nodeBody).spec.taints?.[0]?.key).toBe('node.kubernetes.io/not-ready')
  })

  it.each([
    ['nginx', 'latest'],
    ['nginx:1.27', '1.27'],
    ['localhost:5000/a/b', 'latest'],
    ['a@sha256:0123456789abcdef0123456789abcdef', ''],
    ['UPPER/case', 'latest'],
    ['upper/CASE', ''],
    [' ', ''],
  ])('reads the tag of %j', (image, tag) => {
    expect(imageTag(image)).toBe(tag)
  })
})

describe('update', () => {
  it('counts changes of the spec, and only those (A8)', () => {
    const old = create(DEPLOYMENTS, deploymentBody)
    const scaled = change(DEPLOYMENTS, old, { ...old, spec: { ...old.spec, replicas: 3 } })
    expect((scaled as Deployment).metadata.generation).toBe(2)
    const labels = { ...old, metadata: { ...old.metadata, labels: { a: 'b' } } }
    expect((change(DEPLOYMENTS, old, labels) as Deployment).metadata.generation).toBe(1)
    const status = { ...old, status: { replicas: 9 } }
    expect(change(DEPLOYMENTS, old, status)).toBe(old)
    const spec = { ...old, spec: { ...old.spec, replicas: 7 }, status: { replicas: 2 } }
    const reported = changeStatus(DEPLOYMENTS, old, spec) as Deployment
    expect([reported.spec, reported.status]).toEqual([old.spec, { replicas: 2 }])
  })

  it('lets a pod change little', () => {
    const old = create(PODS, podBody)
    const [container] = old.spec.containers
    const image = { ...old.spec, containers: [{ ...container, image: 'nginx:2' }] }
    expect((change(PODS, old, { ...old, spec: image }) as Pod).spec.containers[0]?.image).toBe(
      'nginx:2',
    )
    const moved = change(PODS, old, { ...old, spec: { ...old.spec, hostname: 'h' } })
    expect(moved).toContain('spec: Forbidden: pod updates may not change fields other than')
    const fewer = change(PODS, old, { ...old, spec: { ...old.spec, tolerations: [] } })
    expect(fewer).toContain('existing toleration can not be modified except its tolerationSeconds')
    const ended = { ...old, status: { ...old.status, phase: 'Running', qosClass: 'Guaranteed' } }
    expect((changeStatus(PODS, old, ended) as Pod).status).toEqual({
      phase: 'Running',
      qosClass: 'Burstable',
    })
  })

  it('keeps what a service was given, unless its type needs it no more', () => {
    const old = create(SERVICES, serviceBody)
    const bare = { ...serviceBody, spec: { ...serviceBody.spec, selector: { app: 'b' } } }
    expect((change(SERVICES, old, bare) as Service).spec).toEqual({
      ...old.spec,
      selector: { app: 'b' },
    })
    const inner = change(SERVICES, old, {
      ...old,
      spec: { ...old.spec, type: 'ClusterIP' },
    }) as Service
    expect([inner.spec.clusterIP, inner.spec.ports?.[0]?.nodePort]).toEqual([
      '10.96.0.10',
      undefined,
    ])
    const other = { ...old.spec, clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'] }
    expect(change(SERVICES, old, { ...old, spec: other })).toContain('may not change once set')
  })

  it.each([
    [
      'a stale version',
      { resourceVersion: '6' },
      /^Operation cannot be fulfilled on secrets "s": the object has been modified/,
    ],
    ['another uid', { uid: 'uid-2' }, /Precondition failed: UID in precondition: uid-2/],
    [
      'another name',
      { name: 't' },
      /^the name of the object \(t\) does not match the name on the URL \(s\)$/,
    ],
    [
      'two controllers',
      {
        ownerReferences: [1, 2].map((n) => ({
          apiVersion: 'v1',
          kind: 'Pod',
          name: `p${n}`,
          uid: `${n}`,
          controller: true,
        })),
      },
      /Only one reference can have Controller set to true/,
    ],
    [
      'a bad finalizer',
      { finalizers: ['x'] },
      /name is neither a standard finalizer name nor is it fully qualified/,
    ],
  ])('refuses %s', (_what, metadata, message) => {
    const old = create(SECRETS, secretBody)
    expect(change(SECRETS, old, { ...old, metadata: { ...old.metadata, ...metadata } })).toMatch(
      message,
    )
  })

  it('never takes back a deletion (A9)', () => {
    const old = create(SECRETS, secretBody)
    const going = freeze({
      ...old,
      metadata: { ...old.metadata, deletionTimestamp: NOW, finalizers: ['a/b'] },
    }) as Secret
    expect((change(SECRETS, going, old) as Secret).metadata.deletionTimestamp).toBe(NOW)
    const more = { ...going, metadata: { ...going.metadata, finalizers: ['a/b', 'c/d'] } }
    expect(change(SECRETS, going, more)).toContain('no new finalizers can be added')
  })
})

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Puts `value` (or nothing) at the `at`-th place of the object, counted through the tree. */
function replaced(body: object, at: number, value: Json | undefined): object {
  const copy = JSON.parse(JSON.stringify(body)) as { [key: string]: Json }
  const places: [{ [key: string]: Json }, string][] = []
  const visit = (node: Json) => {
    if (node === null || typeof node !== 'object') return
    for (const key of Object.keys(node)) {
      places.push([node as { [key: string]: Json }, key])
      visit((node as { [key: string]: Json })[key]!)
    }
  }
  visit(copy)
  const [parent, key] = places[at % places.length]!
  if (value !== undefined) parent[key] = value
  else if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete parent[key]
  return copy
}

describe('any body', () => {
  const value = fc.constantFrom<Json | undefined>(
    undefined,
    null,
    '',
    0,
    -1,
    true,
    'x',
    {},
    [],
    [{}],
    [null],
    { a: 'b' },
  )
  const edits = fc.array(fc.tuple(fc.nat(500), value), { maxLength: 4 })

  it('is answered, and what is stored stays as it is when written again (A14, A16)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SAMPLES),
        edits,
        edits,
        ([resource, sample], first, second) => {
          const edit = (body: object, list: typeof first) =>
            list.reduce((now, [at, part]) => replaced(now, at, part), body)
          const body = freeze(edit(sample, first))
          const made = admitCreate({ body, now: NOW, uid: 'u' }, contextOf(resource))
          if (!made.ok) return
          const old = freeze({
            ...made.object,
            metadata: { ...made.object.metadata, resourceVersion: '7' },
          })
          const { name } = old.metadata
          const copy = JSON.parse(JSON.stringify(old)) as unknown
          for (const write of [admitUpdate, admitStatusUpdate]) {
            const again = write({ body: copy, name, old }, contextOf(resource))
            expect(again.ok && again.object === old).toBe(true)
            write({ body: freeze(edit(old, second)), name, old }, contextOf(resource))
          }
        },
      ),
      { numRuns: 400, seed: 7 },
    )
  })
})
