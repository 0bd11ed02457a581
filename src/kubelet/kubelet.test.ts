import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../api/generated/core-v1'
import { NODES, PODS } from '../api/resources'
import { datapath } from '../network/datapath'
import { PodNetwork } from '../network/pod-network'
import { containerd } from '../runtime/containerd'
import { seconds } from '../sim/time'
import { type ApiFixture, apiFixture, createServiceAccount } from '../testing/api-fixture'
import { kubelet } from './kubelet'

function cluster(): ApiFixture {
  const api = apiFixture()
  createServiceAccount(api)
  const machine = api.sim.addMachine({
    id: 'worker-1',
    ip: '10.0.2.1',
    bootMicros: seconds(1),
    boot: (host) => {
      host.start('network', datapath())
      host.start('containerd', containerd({ network: (env) => new PodNetwork(env) }))
      host.start(
        'kubelet',
        kubelet({
          server: '10.0.0.1:6443',
          nodeName: 'worker-1',
          ip: '10.0.2.1',
          capacity: { cpu: '4', memory: '8Gi' },
          maxPods: 110,
          podCidr: '10.244.1.0/24',
        }),
      )
    },
  })
  machine.powerOn()
  api.until(() => isReady(node(api)))
  return api
}

function node(api: ApiFixture): Node | undefined {
  const found = api.runTask(api.client.get<Node>(NODES, { name: 'worker-1' }))
  return found.ok ? found.value : undefined
}

function isReady(object: Node | Pod | undefined): boolean {
  const conditions = object?.status?.conditions as { type: string; status: string }[] | undefined
  return conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false
}

function pod(api: ApiFixture, name: string): Pod | undefined {
  const found = api.runTask(api.client.get<Pod>(PODS, { namespace: 'default', name }))
  return found.ok ? found.value : undefined
}

function run(api: ApiFixture, name: string, spec: object, metadata: object = {}): void {
  const created = api.runTask(
    api.client.create(PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', ...metadata },
      spec: { nodeName: 'worker-1', ...spec },
    }),
  )
  if (!created.ok) throw new Error(created.error.message)
}

function events(api: ApiFixture, name: string): string[] {
  const answer = api.runTask(
    api.client.send<{
      items: { involvedObject: { name: string }; reason: string; message: string }[]
    }>({
      method: 'GET',
      path: '/api/v1/namespaces/default/events',
    }),
  )
  const { items } = answer.body as {
    items: { involvedObject: { name: string }; reason: string; message: string }[]
  }
  return items.filter((e) => e.involvedObject.name === name).map((e) => `${e.reason}: ${e.message}`)
}

describe('a kubelet', () => {
  it('registers, runs a pod, and lets it go', () => {
    const api = cluster()
    run(api, 'web', { containers: [{ name: 'c', image: 'nginx:1.27' }] })
    api.until(() => isReady(pod(api, 'web')))
    console.log(JSON.stringify(pod(api, 'web')?.status, null, 1))
    console.log(JSON.stringify(node(api), null, 1))
    api.advance(seconds(1))
    console.log(events(api, 'web'))
    api.runTask(api.client.delete(PODS, { namespace: 'default', name: 'web' }))
    api.until(() => pod(api, 'web') === undefined)
    console.log(events(api, 'web'))
    expect(1).toBe(1)
  })
})
