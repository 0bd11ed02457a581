import { describe, expect, it } from 'vitest'
import type { Node, Pod, Service } from '../../api/generated/core-v1'
import type { EndpointSlice } from '../../api/generated/discovery-v1'
import { podAddress, subsetsOf } from '../endpoints/plan'
import { planSlices, podEndpoint } from './plan'

function service(spec: Partial<Service['spec']> = {}): Service {
  const ports = [{ name: 'http', port: 80, targetPort: 'web' }]
  return {
    metadata: { name: 'web', namespace: 'default', uid: 's' },
    spec: { clusterIP: '10.96.0.10', selector: { app: 'web' }, ports, ...spec },
    status: {},
  }
}

function pod(i: number, { ready = true, deleting = false, port = 8080 } = {}): Pod {
  return {
    metadata: {
      name: `web-${i}`,
      namespace: 'default',
      uid: `u${i}`,
      labels: { app: 'web' },
      ...(deleting && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    spec: {
      nodeName: 'node-1',
      containers: [{ name: 'c', ports: [{ name: 'web', containerPort: port }] }],
    },
    status: {
      podIP: `10.244.${Math.floor(i / 250)}.${i % 250}`,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  }
}

const node: Node = {
  metadata: { name: 'node-1', labels: { 'topology.kubernetes.io/zone': 'a' } },
  spec: {},
  status: {},
}

function plan(pods: readonly Pod[], existing: readonly EndpointSlice[] = [], s = service()) {
  const endpoints = pods.flatMap((one) => podEndpoint(one, s, node) ?? [])
  return planSlices({ service: s, pods: endpoints, existing, triggerTime: undefined })
}

/** The plan carried out. */
function apply(pods: readonly Pod[], before: readonly EndpointSlice[] = []): EndpointSlice[] {
  const { create, update, delete: gone } = plan(pods, before)
  const kept = before
    .filter((slice) => !gone.includes(slice))
    .map((slice) => update.find(({ metadata }) => metadata.name === slice.metadata.name) ?? slice)
  return [
    ...kept,
    ...create.map((slice, i) => {
      const { metadata } = slice as EndpointSlice
      return {
        ...slice,
        metadata: { ...metadata, name: `new-${before.length}-${i}` },
      } as EndpointSlice
    }),
  ]
}

const sizes = (slices: readonly EndpointSlice[]) =>
  slices.map(({ endpoints }) => endpoints?.length ?? 0).sort((a, b) => a - b)

describe('planSlices (C9)', () => {
  it('tells ready, serving and terminating apart', () => {
    const pods = [pod(1), pod(2, { ready: false }), pod(3, { deleting: true })]
    const [slice] = apply(pods)
    expect(slice?.endpoints?.map(({ conditions }) => conditions)).toEqual([
      { ready: true, serving: true, terminating: false },
      { ready: false, serving: false, terminating: false },
      { ready: false, serving: true, terminating: true },
    ])
    expect(slice?.endpoints?.[0]).toMatchObject({ nodeName: 'node-1', zone: 'a' })
    expect(slice?.ports).toEqual([{ name: 'http', protocol: 'TCP', port: 8080 }])
    expect(slice?.metadata.labels).toEqual({
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    })
  })

  it('keeps one empty slice, and settles', () => {
    const empty = apply([])
    expect(empty).toMatchObject([{ endpoints: [], ports: [] }])
    expect(plan([], empty)).toEqual({ create: [], update: [], delete: [] })
    const full = apply([pod(1)], empty)
    expect(sizes(full)).toEqual([1])
    expect(plan([pod(1)], full)).toEqual({ create: [], update: [], delete: [] })
  })

  it('splits at 100 and touches few slices afterwards', () => {
    const pods = Array.from({ length: 250 }, (_, i) => pod(i))
    const slices = apply(pods)
    expect(sizes(slices)).toEqual([50, 100, 100])
    const more = plan([...pods, pod(250)], slices)
    expect([more.create.length, more.update.length]).toEqual([0, 1])
    const fewer = plan(pods.slice(1), slices)
    expect([fewer.update.length, fewer.delete.length]).toEqual([1, 0])
  })

  it('puts pods with other ports in other slices', () => {
    expect(sizes(apply([pod(1), pod(2, { port: 9090 })]))).toEqual([1, 1])
  })

  it('publishes pods that are not ready when asked', () => {
    const asked = service({ publishNotReadyAddresses: true, clusterIP: 'None' })
    const [slice] = plan([pod(1, { ready: false })], [], asked).create as EndpointSlice[]
    expect(slice?.endpoints?.[0]?.conditions?.ready).toBe(true)
    expect(slice?.metadata.labels?.['service.kubernetes.io/headless']).toBe('')
  })
})

describe('subsetsOf', () => {
  it('groups by ports, sorts addresses, leaves terminating pods out', () => {
    const pods = [pod(3), pod(1), pod(2, { ready: false }), pod(4, { deleting: true })]
    const [subset] = subsetsOf(pods.flatMap((one) => podAddress(one, service()) ?? []))
    expect(subset?.addresses?.map(({ ip }) => ip)).toEqual(['10.244.0.1', '10.244.0.3'])
    expect(subset?.notReadyAddresses?.map(({ ip }) => ip)).toEqual(['10.244.0.2'])
    expect(subset?.ports).toEqual([{ name: 'http', port: 8080, protocol: 'TCP' }])
  })
})
