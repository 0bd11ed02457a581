import { describe, expect, it } from 'vitest'
import { CONFIGMAPS, DEPLOYMENTS, PODS } from '../../api/resources'
import type { ApiRequest } from '../../client/request'
import { minutes, seconds } from '../../sim/time'
import { webDeployment } from './manifest'
import { availablePods, endpointsOf, nodeIsReady, podsOf } from './questions'
import { type Scenario, scenario } from './scenario'

function withWeb(seed: number): Scenario {
  const c = scenario({ seed })
  c.boot()
  c.apply(webDeployment('web', 3))
  c.until('three pods are available', () => availablePods(c, 'web').length === 3)
  return c
}

const configMap = (name: string, value: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data: { value },
})

const creation = (name: string): ApiRequest => ({
  method: 'POST',
  path: '/api/v1/namespaces/default/configmaps',
  body: configMap(name, name),
})

const digestOf = (c: Scenario) =>
  c.state.etcd.map(({ appliedIndex, revision }) => ({ appliedIndex, revision }))

describe('the master that leads etcd and the controllers', () => {
  it.each(['abrupt', 'graceful'] as const)('4. is powered off (%s): others take over', (how) => {
    const c = withWeb(4)
    const leader = c.expectLeader()
    c.machine(leader).powerOff(how)
    c.until('a write is taken', () => c.send(creation('a-moment-later')).ok, seconds(15))
    c.apply(webDeployment('later', 2))
    c.until('it comes true', () => availablePods(c, 'later').length === 2, minutes(2))
    expect(c.expectLeader()).not.toBe(leader)
    for (const lease of ['kube-controller-manager', 'kube-scheduler']) {
      const holder = () => c.leaseHolder(lease)
      c.until(`${lease} has a holder`, () => holder() !== undefined && holder() !== leader)
    }
    c.until('the Service leads to both', () => endpointsOf(c, 'later').length === 2)
    c.advance(seconds(3))
    expect(c.answerers('http://later.default', 20).size).toBe(2)

    c.machine(leader).powerOn()
    c.until('it is Ready again', () => nodeIsReady(c, leader), minutes(3))
    c.settle()
    expect(new Set(digestOf(c).map(({ revision }) => revision)).size).toBe(1)
  })
})

describe('two of three masters', () => {
  it('5. are off: writes fail, pods serve on; one returns: nothing acknowledged is lost', () => {
    const c = withWeb(5)
    const written: string[] = []
    for (let i = 0; i < 10; i++) {
      if (c.send(creation(`before-${i}`)).ok) written.push(`before-${i}`)
    }
    expect(written).toHaveLength(10)
    c.machine('master-1').powerOff('abrupt')
    c.machine('master-2').powerOff('abrupt')
    c.advance(seconds(10))
    for (let i = 0; i < 3; i++) {
      const result = c.send(creation(`during-${i}`))
      expect(result.ok).toBe(false)
      if (!result.ok)
        expect(result.error.message).toMatch(/timed out|timeout|refused|unavailable|EOF/i)
    }
    const pods = c.view(PODS).all.filter(({ metadata }) => metadata.labels?.app === 'web')
    const [somePod] = pods
    const from = `pod/default/${somePod?.metadata.name}`
    expect(c.answerers('http://web.default', 30).size).toBe(3)
    expect(c.answerers('http://web.default', 10, from).size).toBeGreaterThan(1)
    c.advance(minutes(10))
    expect(c.answerers('http://web.default', 30).size).toBe(3)

    c.machine('master-2').powerOn()
    c.until('writes are taken again', () => c.send(creation('after')).ok, minutes(3))
    const names = new Set(c.list(CONFIGMAPS, 'default').map(({ metadata }) => metadata.name))
    for (const name of written) expect(names).toContain(name)
    c.until('the workers are Ready', () =>
      ['worker-1', 'worker-2', 'worker-3'].every((name) => nodeIsReady(c, name)),
    )
    c.advance(minutes(6))
    c.settle()
    expect(availablePods(c, 'web')).toHaveLength(3)
    expect(podsOf(c, 'web')).toHaveLength(3)
  })
})

describe('the leader of etcd cut off from its peers but not from clients', () => {
  it('6. commits nothing, steps down, and agrees with the others once healed', () => {
    const c = withWeb(6)
    const leader = c.expectLeader()
    const before = c.state.etcd.find(({ machine }) => machine === leader)
    c.machine(leader).isolate('peers')
    const refused = c.sendTo(leader, creation('into-the-void'))
    expect(refused.ok).toBe(false)
    c.until('it no longer leads', () => roleOf(c, leader) !== 'leader', seconds(5))
    c.advance(seconds(1))
    const cutOff = c.state.etcd.find(({ machine }) => machine === leader)
    const next = c.expectLeader()
    expect(next).not.toBe(leader)

    expect(c.send(creation('on-the-other-side')).ok).toBe(true)
    c.patch(DEPLOYMENTS, 'default/web', { spec: { replicas: 4 } })
    c.until('the others go on', () => availablePods(c, 'web').length === 4, minutes(2))
    const still = c.state.etcd.find(({ machine }) => machine === leader)
    expect(still?.commitIndex).toBe(cutOff?.commitIndex)
    expect((cutOff?.commitIndex ?? 0) - (before?.commitIndex ?? 0)).toBeLessThan(20)

    c.machine(leader).reconnect()
    c.until('all agree', () => {
      const { etcd } = c.state
      const now = c.state.etcd[0]
      return etcd.every((m) => m.term === now?.term && m.leader === now.leader && m.leader !== '')
    })
    c.settle()
    expect(c.get(CONFIGMAPS, 'default/into-the-void')).toBeUndefined()
    expect(c.get(CONFIGMAPS, 'default/on-the-other-side')).toBeDefined()
    c.until('the logs are the same', () => {
      const states = digestOf(c).map((state) => JSON.stringify(state))
      return new Set(states).size === 1
    })
  })
})

describe('the master whose controllers lead, cut off from the other masters', () => {
  it('A17: stops acting before another starts, and stands by once healed', () => {
    const c = withWeb(7)
    const lease = 'kube-controller-manager'
    c.until('somebody leads', () => c.leaseHolder(lease) !== undefined)
    const first = c.leaseHolder(lease) as string
    c.machine(first).isolate('peers')
    const holders = () => c.state.leases.filter(({ name }) => name === lease)
    c.until('another leads', () => {
      c.expect('one controller-manager leads at most', holders().length <= 1)
      return holders().some(({ machine }) => machine !== first)
    })
    c.patch(DEPLOYMENTS, 'default/web', { spec: { replicas: 5 } })
    c.until('it acts', () => availablePods(c, 'web').length === 5, minutes(1))
    c.machine(first).reconnect()
    c.advance(minutes(1))
    expect(holders()).toHaveLength(1)
  })
})

function roleOf(c: Scenario, machine: string) {
  return c.state.etcd.find((member) => member.machine === machine)?.role
}
