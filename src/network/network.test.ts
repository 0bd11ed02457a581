import { describe, expect, it } from 'vitest'
import type { Node, Pod, Service } from '../api/generated/core-v1'
import { ENDPOINTSLICES, NODES, PODS, SERVICES } from '../api/resources'
import { ApiClient } from '../client/api-client'
import { kubelet } from '../kubelet/kubelet'
import { containerd } from '../runtime/containerd'
import type { Machine } from '../sim/machine'
import { seconds } from '../sim/time'
import { type ApiFixture, apiFixture, createServiceAccount } from '../testing/api-fixture'
import { type Datapath, datapath, datapathServiceName, type HttpOutcome } from './datapath'
import { kubeProxy } from './kube-proxy'
import { loadBalancer } from './load-balancer'
import { PodNetwork } from './pod-network'

const server = '10.0.0.1:6443'

function addWorker(api: ApiFixture, n: number): Machine {
  const nodeName = `worker-${n}`
  const ip = `10.0.2.${n}`
  const machine = api.sim.addMachine({
    id: nodeName,
    ip,
    bootMicros: seconds(1),
    boot: (host) => {
      host.start('network', datapath())
      host.start('containerd', containerd({ network: (env) => new PodNetwork(env) }))
      const capacity = { cpu: '4', memory: '8Gi' }
      const podCidr = `10.244.${n}.0/24`
      host.start('kubelet', kubelet({ server, nodeName, ip, capacity, maxPods: 110, podCidr }))
      host.start('kube-proxy', kubeProxy({ server, nodeName }))
    },
  })
  machine.powerOn()
  return machine
}

function cluster() {
  const api = apiFixture()
  createServiceAccount(api)
  const workers = [addWorker(api, 1), addWorker(api, 2)]
  const outside = api.sim.addMachine({
    id: 'outside',
    ip: '192.0.2.1',
    bootMicros: 1,
    boot: (host) => {
      host.start('network', datapath({ gateways: () => ['10.0.2.1', '10.0.2.2'] }))
    },
  })
  outside.powerOn()
  api.until(() => workers.every(({ id }) => isReady(get<Node>(api, NODES, id))))
  return { api, workers, outside }
}

function get<T>(api: ApiFixture, ref: unknown, name: string): T | undefined {
  const where = ref === NODES ? { name } : { namespace: 'default', name }
  const found = api.runTask(api.client.get(ref as typeof PODS, where))
  return found.ok ? (found.value as T) : undefined
}

function isReady(object: Node | Pod | undefined): boolean {
  const conditions = object?.status?.conditions as { type: string; status: string }[] | undefined
  return conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false
}

function create(api: ApiFixture, ref: unknown, object: object): void {
  const created = api.runTask(api.client.create(ref as typeof PODS, object))
  if (!created.ok) throw new Error(created.error.message)
}

function runWeb(api: ApiFixture, name: string, nodeName: string): Pod {
  create(api, PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName, containers: [{ name: 'c', image: 'nginx:1.27' }] },
  })
  api.until(() => isReady(get<Pod>(api, PODS, name)))
  api.advance(seconds(1))
  return get<Pod>(api, PODS, name) as Pod
}

function expose(api: ApiFixture, pods: readonly Pod[], more: object = {}): Service {
  create(api, SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80 }], ...more },
  })
  create(api, ENDPOINTSLICES, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'web-1',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'web' },
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: 80, protocol: 'TCP' }],
    endpoints: pods.map((pod) => ({
      addresses: [pod.status?.podIP],
      conditions: { ready: true },
      nodeName: pod.spec?.nodeName,
    })),
  })
  api.advance(seconds(3))
  return get<Service>(api, SERVICES, 'web') as Service
}

function ask(api: ApiFixture, machine: Machine, from: 'node' | { ip: string }, url: string) {
  let answer: HttpOutcome | undefined
  api.sim.inject('test.http', () => {
    const path = machine.host(machine.life).find<Datapath>(datapathServiceName)
    path?.request(from, url).onDone((outcome) => {
      answer = outcome
    })
  })
  api.until(() => answer !== undefined)
  return answer as unknown as HttpOutcome
}

describe('traffic between pods', () => {
  it('N1 reaches ready endpoints by name, cluster IP and node port', () => {
    const { api, workers, outside } = cluster()
    const [one, two] = workers as [Machine, Machine]
    const pods = [runWeb(api, 'a', 'worker-1'), runWeb(api, 'b', 'worker-2')]
    const service = expose(api, pods)
    const ip = pods[0]?.status?.podIP as string
    const port = service.spec?.ports?.[0]?.nodePort
    const seen = new Set<string | undefined>()
    for (let i = 0; i < 20; i++) seen.add(ask(api, one, { ip }, 'http://web').pod)
    expect(seen).toEqual(new Set(['default/a', 'default/b']))
    for (const url of ['http://web.default', 'http://web.default.svc.cluster.local/x']) {
      expect(ask(api, two, { ip: pods[1]?.status?.podIP as string }, url).pod).toMatch(/^default/)
    }
    expect(ask(api, two, 'node', `http://${service.spec?.clusterIP}`).status).toBe(200)
    expect(ask(api, outside, 'node', `http://10.0.2.1:${port}`).status).toBe(200)
    expect(ask(api, outside, 'node', `http://worker-2:${port}`).status).toBe(200)
    expect(ask(api, outside, 'node', 'http://web.default').body).toContain('Welcome to nginx!')
    expect(ask(api, one, { ip }, `http://${pods[1]?.status?.podIP}/`)).toMatchObject({
      pod: 'default/b',
      node: 'worker-2',
      status: 200,
    })
  })

  it('fails as in life', () => {
    const { api, workers } = cluster()
    const [one, two] = workers as [Machine, Machine]
    const pods = [runWeb(api, 'b', 'worker-2')]
    const address = `http://${pods[0]?.status?.podIP}`
    expect(ask(api, one, 'node', 'http://nothing').error).toBe('Could not resolve host: nothing')
    expect(ask(api, one, 'node', `${address}:81`).error).toBe('Connection refused')
    expect(ask(api, one, 'node', 'http://203.0.113.9').error).toBe('No route to host')
    expose(api, [])
    expect(ask(api, one, 'node', 'http://web').error).toBe('Connection refused')
    api.sim.inject('test', () => two.powerOff('abrupt'))
    expect(ask(api, one, 'node', address).error).toBe('Connection timed out')
  })

  it('keeps a client at its backend, and keeps rules without kube-proxy', () => {
    const { api, workers } = cluster()
    const [one] = workers as [Machine, Machine]
    const pods = [runWeb(api, 'a', 'worker-1'), runWeb(api, 'b', 'worker-2')]
    expose(api, pods, { sessionAffinity: 'ClientIP' })
    api.sim.inject('test', () => one.process('kube-proxy')?.kill())
    const seen = new Set<string | undefined>()
    for (let i = 0; i < 10; i++) seen.add(ask(api, one, 'node', 'http://web').pod)
    expect(seen.size).toBe(1)
  })
})

describe('the load balancer', () => {
  it('leads clients away from a dead master, and back to life', () => {
    const api = apiFixture({ masters: 3 })
    const balancer = api.sim.addMachine({
      id: 'lb-1',
      ip: '10.0.9.9',
      bootMicros: 1,
      boot: (host) => {
        const backends = api.masters.map(({ id }) => `${id}:6443`)
        host.start('load-balancer', loadBalancer({ backends }))
      },
    })
    balancer.powerOn()
    const healthy = () => {
      const picture = balancer.process('load-balancer')?.program.inspect?.()
      const { backends } = (picture ?? { backends: [] }) as {
        backends: { healthy: boolean; clients: number }[]
      }
      return backends.filter((backend) => backend.healthy).length
    }
    api.until(() => healthy() === 3)
    const identity = { user: 'kubernetes-admin', groups: ['system:masters'] }
    const client = new ApiClient(api.env, { server: 'lb-1:6443', identity, userAgent: 'test' })
    const list = () => api.runTask(client.list(PODS, { namespace: 'default' }), seconds(40)).ok
    for (let i = 0; i < 5; i++) expect(list()).toBe(true)
    api.sim.inject('test', () => api.masters[0]?.powerOff('abrupt'))
    api.until(() => healthy() === 2, seconds(20))
    api.advance(seconds(5))
    expect(list()).toBe(true)
    api.sim.inject('test', () => api.masters[0]?.powerOn())
    api.until(() => healthy() === 3, seconds(60))
  })
})
