import { describe, expect, it } from 'vitest'
import { DEPLOYMENTS, LEASES, PODS, SERVICEACCOUNTS } from '../api/resources'
import type { ApiClient } from '../client/api-client'
import type { Machine } from '../sim/machine'
import { seconds } from '../sim/time'
import { type ApiFixture, apiFixture } from '../testing/api-fixture'
import { kubeControllerManager } from './controller-manager'
import { FakeNodes } from './testing/fake-nodes'

const process = 'kube-controller-manager'

function start(api: ApiFixture, client: ApiClient): void {
  api.start('nodes', (env) => new FakeNodes(env, client, 3))
  for (const machine of ['master-1', 'master-2']) {
    api.start(process, kubeControllerManager({ server: 'localhost:6443' }), machine)
  }
}

function leader(api: ApiFixture): Machine | undefined {
  return api.masters.find((machine) => {
    const picture = machine.process(process)?.program.inspect?.() as { leading?: boolean }
    return machine.process(process)?.status === 'running' && picture.leading
  })
}

function createDeployment(api: ApiFixture, client: ApiClient, name: string): void {
  const labels = { app: name }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'nginx' }] } }
  const spec = { replicas: 5, selector: { matchLabels: labels }, template }
  const created = api.runTask(
    client.create(DEPLOYMENTS, { metadata: { name, namespace: 'default' }, spec }),
  )
  expect(created).toMatchObject({ ok: true })
}

const isAvailable = (api: ApiFixture, client: ApiClient, name: string) => () => {
  const found = api.runTask(client.get(DEPLOYMENTS, { namespace: 'default', name }))
  return found.ok && found.value.status.availableReplicas === 5
}

function begin() {
  const api = apiFixture({ masters: 3 })
  const client = api.clientOf(2)
  start(api, client)
  const account = { namespace: 'default', name: 'default' }
  api.until(() => api.runTask(client.get(SERVICEACCOUNTS, account)).ok)
  return { api, client }
}

describe('leader election of the controller manager', () => {
  it('a stand-by goes on where the leader died in the middle of its work', () => {
    const { api, client } = begin()
    const first = leader(api)
    createDeployment(api, client, 'web')
    api.advance(seconds(1) / 50)
    first?.powerOff('abrupt')
    api.until(isAvailable(api, client, 'web'), seconds(90))
    expect(leader(api)?.id).not.toBe(first?.id)
    api.advance(seconds(10))
    const pods = api.runTask(client.list(PODS, { namespace: 'default' }))
    expect(pods.ok && pods.value.items.length).toBe(5)
    const lease = api.runTask(client.get(LEASES, { namespace: 'kube-system', name: process }))
    expect(lease.ok && lease.value.spec).toMatchObject({ leaseTransitions: 1 })
  })

  it('a new leader knows who owns whom', () => {
    const { api, client } = begin()
    createDeployment(api, client, 'web')
    api.until(isAvailable(api, client, 'web'))
    leader(api)?.process(process)?.kill()
    api.until(() => leader(api) !== undefined, seconds(60))
    const where = { namespace: 'default', name: 'web' }
    api.runTask(client.delete(DEPLOYMENTS, where, { propagationPolicy: 'Foreground' }))
    api.until(() => !api.runTask(client.get(DEPLOYMENTS, where)).ok)
    const left = api.runTask(client.list(PODS, { namespace: 'default' }))
    expect(left.ok && left.value.items).toEqual([])
  })

  it('a leader cut off from the others ends with exit code 1', () => {
    const { api, client } = begin()
    const first = leader(api) as Machine
    const handle = first.process(process)
    for (const other of api.sim.machines) {
      if (other === first) continue
      api.sim.wires.setFault(first, other, { cut: true })
      api.sim.wires.setFault(other, first, { cut: true })
    }
    api.until(() => handle?.status === 'crashed', seconds(30))
    expect(handle?.exited.value).toBe(1)
    api.until(() => leader(api) !== undefined, seconds(60))
    createDeployment(api, client, 'web')
    api.until(isAvailable(api, client, 'web'), seconds(60))
  })
})
