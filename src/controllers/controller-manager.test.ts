import { describe, expect, it } from 'vitest'
import type { Deployment } from '../api/generated/apps-v1'
import type { Event } from '../api/generated/core-v1'
import type { KubeObject, ResourceRef } from '../api/object'
import {
  CONFIGMAPS,
  DEPLOYMENTS,
  ENDPOINTS,
  ENDPOINTSLICES,
  EVENTS,
  NAMESPACES,
  NODES,
  PODS,
  REPLICASETS,
  SERVICEACCOUNTS,
  SERVICES,
} from '../api/resources'
import { seconds } from '../sim/time'
import { type ApiFixture, apiFixture } from '../testing/api-fixture'
import { kubeControllerManager } from './controller-manager'
import { FakeNodes } from './testing/fake-nodes'

interface Lab extends ApiFixture {
  nodes: FakeNodes
  list<T extends KubeObject>(ref: ResourceRef<T>, namespace?: string): readonly T[]
  get<T extends KubeObject>(ref: ResourceRef<T>, name: string, namespace?: string): T | undefined
  create<T extends KubeObject>(ref: ResourceRef<T>, object: object): T
  messages(reason: string, namespace?: string): string[]
}

function lab(nodeCount = 4): Lab {
  const api = apiFixture()
  let nodes: FakeNodes | undefined
  api.start('nodes', (env) => {
    nodes = new FakeNodes(env, api.client, nodeCount)
    return nodes
  })
  const server = `${api.masters[0]?.ip}:6443`
  const settings = { podCidr: '10.244.0.0/16', rootCa: 'certificate' }
  api.start('kube-controller-manager', kubeControllerManager({ server, settings }))
  const list = <T extends KubeObject>(ref: ResourceRef<T>, namespace?: string): readonly T[] => {
    const listed = api.runTask(api.client.list(ref, { namespace }))
    if (!listed.ok) throw new Error(listed.error.message)
    return listed.value.items
  }
  const made: Lab = {
    ...api,
    nodes: nodes as FakeNodes,
    list,
    get: (ref, name, namespace) => list(ref, namespace).find((o) => o.metadata.name === name),
    create(ref, object) {
      const created = api.runTask(api.client.create(ref, object))
      if (!created.ok) throw new Error(created.error.message)
      return created.value
    },
    messages: (reason, namespace = 'default') =>
      [...list<Event>(EVENTS, namespace)]
        .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
        .filter((event) => event.reason === reason)
        .map(({ message }) => message ?? ''),
  }
  made.until(() => made.get(SERVICEACCOUNTS, 'default', 'default') !== undefined)
  return made
}

function deployment(name: string, replicas: number, image: string, spec: object = {}): object {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image }] } },
      ...spec,
    },
  }
}

const available = (c: Lab, name: string) =>
  c.get(DEPLOYMENTS, name, 'default')?.status?.availableReplicas ?? 0

function rolledOut(c: Lab, name: string): boolean {
  const d = c.get(DEPLOYMENTS, name, 'default') as Deployment
  const { replicas = 1 } = d.spec
  return (
    (d.status.observedGeneration ?? 0) >= (d.metadata.generation ?? 0) &&
    d.status.updatedReplicas === replicas &&
    d.status.replicas === replicas &&
    d.status.availableReplicas === replicas
  )
}

function setImage(c: Lab, name: string, image: string): void {
  const body = { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } }
  const where = { namespace: 'default', name }
  c.runTask(c.client.patch(DEPLOYMENTS, where, 'strategic-merge', body))
}

const shape = (messages: readonly string[]) =>
  messages.map((message) => message.replace(/replica set web-\S+/, 'rs'))

describe('kube-controller-manager', () => {
  it('rolls a Deployment out, on and back, with endpoints (C1, C3, C9)', () => {
    const c = lab()
    c.create(SERVICES, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080, name: 'http' }] },
    })
    c.create(DEPLOYMENTS, deployment('web', 4, 'nginx:1'))
    c.until(() => rolledOut(c, 'web'))
    c.advance(seconds(3))
    const [slice] = c
      .list(ENDPOINTSLICES, 'default')
      .filter((s) => s.metadata.labels?.['kubernetes.io/service-name'] === 'web')
    expect(slice?.endpoints).toHaveLength(4)
    expect(slice?.endpoints?.[0]).toMatchObject({
      conditions: { ready: true, serving: true, terminating: false },
      zone: expect.stringMatching(/zone-/),
    })
    expect(c.get(ENDPOINTS, 'web', 'default')?.subsets?.[0]?.addresses).toHaveLength(4)

    setImage(c, 'web', 'nginx:2')
    c.until(() => rolledOut(c, 'web'))
    expect(shape(c.messages('ScalingReplicaSet')).slice(0, 4)).toEqual([
      'Scaled up rs from 0 to 4',
      'Scaled up rs from 0 to 1',
      'Scaled down rs from 4 to 3',
      'Scaled up rs from 1 to 2',
    ])
    expect(c.get(DEPLOYMENTS, 'web', 'default')?.metadata.annotations).toEqual({
      'deployment.kubernetes.io/revision': '2',
    })

    setImage(c, 'web', 'nginx:1')
    c.until(() => rolledOut(c, 'web'))
    const sets = c.list(REPLICASETS, 'default')
    expect(sets).toHaveLength(2)
    const current = sets.find((rs) => rs.spec.replicas === 4)
    expect(current?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    })
    c.advance(seconds(20))
    expect(c.list(PODS, 'default')).toHaveLength(4)
  })

  it('writes nothing at rest (C15)', () => {
    const c = lab()
    c.create(DEPLOYMENTS, deployment('web', 3, 'nginx:1'))
    c.until(() => rolledOut(c, 'web'))
    c.advance(seconds(30))
    const versions = () =>
      [DEPLOYMENTS, REPLICASETS, PODS, NODES, ENDPOINTS, ENDPOINTSLICES, NAMESPACES, CONFIGMAPS]
        .flatMap((ref) => c.list<KubeObject>(ref))
        .map(({ metadata }) => metadata.resourceVersion)
    const before = versions()
    c.advance(seconds(120))
    expect(versions()).toEqual(before)
  })

  it('replaces pods of a silent node and lets go of the old ones (C11)', () => {
    const c = lab(3)
    c.create(DEPLOYMENTS, deployment('web', 3, 'nginx:1'))
    c.until(() => rolledOut(c, 'web'))
    c.nodes.silent.add('node-2')
    c.advance(seconds(70))
    const node = c.get(NODES, 'node-2')
    expect(node?.status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    })
    expect(node?.spec.taints?.map(({ key, effect }) => `${key}:${effect}`).sort()).toEqual([
      'node.kubernetes.io/unreachable:NoExecute',
      'node.kubernetes.io/unreachable:NoSchedule',
    ])
    expect(available(c, 'web')).toBe(2)
    expect(c.messages('NodeNotReady')).toContain('Node is not ready')
    c.advance(seconds(310))
    expect(c.messages('TaintManagerEviction')).toHaveLength(1)
    expect(available(c, 'web')).toBe(3)
    expect(c.list(PODS, 'default')).toHaveLength(4)
    c.nodes.wake('node-2')
    c.advance(seconds(30))
    expect(c.list(PODS, 'default')).toHaveLength(3)
    expect(c.get(NODES, 'node-2')?.spec.taints ?? []).toEqual([])
  })

  it('empties a namespace and lets it go (C13)', () => {
    const c = lab()
    c.create(NAMESPACES, { metadata: { name: 'shop' } })
    c.until(() => c.get(SERVICEACCOUNTS, 'default', 'shop') !== undefined)
    expect(c.get(CONFIGMAPS, 'kube-root-ca.crt', 'shop')?.data).toEqual({ 'ca.crt': 'certificate' })
    const inShop = deployment('web', 2, 'nginx:1') as { metadata: object }
    c.create(DEPLOYMENTS, { ...inShop, metadata: { name: 'web', namespace: 'shop' } })
    c.until(() => c.list(PODS, 'shop').filter((p) => p.status.phase === 'Running').length === 2)
    c.runTask(c.client.delete(NAMESPACES, { name: 'shop' }))
    c.until(() => c.get(NAMESPACES, 'shop') === undefined, seconds(20))
    expect(c.list(PODS, 'shop')).toEqual([])
  })

  it.each([
    ['Background', 0],
    ['Foreground', 0],
    ['Orphan', 2],
  ] as const)('deletes a Deployment with policy %s (C8)', (propagationPolicy, left) => {
    const c = lab()
    c.create(DEPLOYMENTS, deployment('web', 2, 'nginx:1'))
    c.until(() => rolledOut(c, 'web'))
    const where = { namespace: 'default', name: 'web' }
    c.runTask(c.client.delete(DEPLOYMENTS, where, { propagationPolicy }))
    c.until(() => c.get(DEPLOYMENTS, 'web', 'default') === undefined)
    c.advance(seconds(20))
    expect(c.list(PODS, 'default')).toHaveLength(left)
    expect(c.list(REPLICASETS, 'default')).toHaveLength(left > 0 ? 1 : 0)
  })

  it('gives each node a pod range', () => {
    const c = lab(3)
    c.until(() => c.list(NODES).every((node) => node.spec.podCIDR))
    const ranges = c.list(NODES).map((node) => node.spec.podCIDR)
    expect(new Set(ranges).size).toBe(3)
    expect(ranges[0]).toMatch(/^10\.244\.\d+\.0\/24$/)
  })
})
