import { describe, expect, it } from 'vitest'
import { DEPLOYMENTS, NODES, PODS, REPLICASETS } from '../../api/resources'
import { minutes, seconds } from '../../sim/time'
import { webDeployment } from './manifest'
import {
  availablePods,
  endpointsOf,
  imageOf,
  isAvailable,
  isReady,
  isRolledOut,
  nodeIsReady,
  nodeOf,
  podsOf,
} from './questions'
import { type Scenario, scenario } from './scenario'

/** Until a change of endpoints is in the rules of every node. */
const rulesLag = seconds(3)

function withWeb(seed: number): Scenario {
  const c = scenario({ seed })
  c.boot()
  c.apply(webDeployment('web', 3))
  c.until('three pods are available', () => availablePods(c, 'web').length === 3)
  c.until('the Service leads to three', () => endpointsOf(c, 'web').length === 3)
  return c
}

/** Changes the Deployment and waits until the change has come true. */
function roll(c: Scenario, spec: object): void {
  const { generation = 0 } = c.patch(DEPLOYMENTS, 'default/web', { spec }).metadata
  const deployments = c.view(DEPLOYMENTS)
  c.until('web is rolled out', () => {
    const web = deployments.get('default/web')
    return web !== undefined && web.metadata.generation === generation && isRolledOut(web)
  })
}

describe('a fresh cluster', () => {
  it('1. has three masters and three workers Ready, within a minute of power', () => {
    const c = scenario({ seed: 1 })
    c.boot(minutes(1))
    const nodes = c.list(NODES)
    expect(nodes.map(({ metadata }) => metadata.name).sort()).toEqual(
      ['master-1', 'master-2', 'master-3', 'worker-1', 'worker-2', 'worker-3'].sort(),
    )
    expect(nodes.every(isReady)).toBe(true)
    c.settle()
    const system = c.list(PODS, 'kube-system')
    expect(system).toHaveLength(3 * 5 + 3)
    expect(system.every(isReady)).toBe(true)
    c.expectLeader()
    expect(c.leaseHolder('kube-controller-manager')).toBeDefined()
    expect(c.leaseHolder('kube-scheduler')).toBeDefined()
  })

  it('runs the same twice from the same seed', () => {
    const hash = (seed: number) => {
      const c = withWeb(seed)
      c.machine('worker-1').powerOff('abrupt')
      c.advance(minutes(1))
      return c.state.traceHash
    }
    expect(hash(5)).toBe(hash(5))
    expect(hash(5)).not.toBe(hash(6))
  })
})

describe('a Deployment of three behind a Service', () => {
  it('2. is answered by all three, scales, rolls within its bounds and rolls back', () => {
    const c = withWeb(2)
    c.advance(rulesLag)
    expect(c.answerers('http://web.default', 60).size).toBe(3)

    roll(c, { replicas: 5 })
    expect(availablePods(c, 'web')).toHaveLength(5)
    roll(c, { replicas: 3 })
    c.until('two are gone', () => podsOf(c, 'web').length === 3)

    // maxSurge and maxUnavailable are a quarter: of three, one more and none less.
    const released = c.always('at least 3 pods are available', () => {
      return availablePods(c, 'web').length >= 3
    })
    const bounded = c.always('at most 4 pods are not on their way out', () => {
      return podsOf(c, 'web').filter((p) => !p.metadata.deletionTimestamp).length <= 4
    })
    const image = (tag: string) => ({
      template: { spec: { containers: [{ name: 'web', image: `nginx:${tag}` }] } },
    })
    roll(c, image('1.28'))
    expect(availablePods(c, 'web').map(imageOf)).toEqual(Array(3).fill('nginx:1.28'))
    c.advance(rulesLag)
    expect(c.answerers('http://web.default', 60).size).toBe(3)

    const [old] = c
      .list(REPLICASETS, 'default')
      .filter(({ spec }) => spec.template?.spec?.containers[0]?.image === 'nginx:1.27')
    expect(old?.spec.replicas).toBe(0)
    roll(c, image('1.27'))
    released()
    bounded()
    expect(c.list(REPLICASETS, 'default')).toHaveLength(2)
    expect(
      availablePods(c, 'web').every((p) => p.metadata.name.startsWith(old?.metadata.name ?? '-')),
    ).toBe(true)
  })

  it('a new image that does not exist stops the rollout, and what runs goes on', () => {
    const c = withWeb(8)
    c.always('at least 3 pods are available', () => availablePods(c, 'web').length >= 3)
    const containers = [{ name: 'web', image: 'nginx:no-such-tag' }]
    c.patch(DEPLOYMENTS, 'default/web', { spec: { template: { spec: { containers } } } })
    const waiting = () =>
      podsOf(c, 'web').flatMap(({ status }) => status.containerStatuses?.[0]?.state?.waiting ?? [])
    c.until('the pull has failed', () =>
      waiting().some(({ reason }) => reason === 'ImagePullBackOff'),
    )
    c.advance(minutes(11))
    const conditions = c.get(DEPLOYMENTS, 'default/web')?.status.conditions ?? []
    const progressing = conditions.find(({ type }) => type === 'Progressing')
    expect(progressing?.reason).toBe('ProgressDeadlineExceeded')
    expect(c.answerers('http://web.default', 30).size).toBe(3)
  })
})

describe('a worker with pods', () => {
  it('3. dies: its pods move, the Service forgets the dead; it returns: Ready and clean', () => {
    const c = withWeb(3)
    const victim = nodeOf(availablePods(c, 'web')[0]!)
    const lost = podsOf(c, 'web').filter((pod) => nodeOf(pod) === victim)
    const diedAt = c.now
    c.machine(victim).powerOff('abrupt')

    c.until('it is NotReady', () => !nodeIsReady(c, victim), minutes(2))
    expect((c.now - diedAt) / seconds(1)).toBeGreaterThan(29)
    expect((c.now - diedAt) / seconds(1)).toBeLessThan(60)
    const names = new Set(lost.map(({ metadata }) => metadata.name))
    c.until('no endpoint is on it', () => !endpointsOf(c, 'web').some((name) => names.has(name)))
    c.advance(seconds(5))
    const stopWatching = c.always('the Service leads to no pod on the dead machine', () => {
      return !endpointsOf(c, 'web').some((name) => names.has(name))
    })
    for (const pod of c.answerers('http://web.default', 20).keys()) {
      expect(names.has(pod.split('/')[1] ?? '')).toBe(false)
    }

    c.until('it is evicted and replaced', () => availablePods(c, 'web').length === 3, minutes(10))
    const moved = (c.now - diedAt) / seconds(1)
    expect(moved).toBeGreaterThan(300)
    expect(moved).toBeLessThan(400)
    expect(availablePods(c, 'web').some((pod) => nodeOf(pod) === victim)).toBe(false)
    expect(c.answerers('http://web.default', 60).size).toBe(3)

    c.machine(victim).powerOn()
    c.until('it is Ready again', () => nodeIsReady(c, victim), minutes(2))
    c.until('the stale pods are gone', () => podsOf(c, 'web').length === 3, minutes(2))
    stopWatching()
    expect(podsOf(c, 'web').every(isAvailable)).toBe(true)
    c.settle()
  })

  it('reboots within the toleration: the same pods run again in their place', () => {
    const c = withWeb(9)
    const uids = new Set(podsOf(c, 'web').map(({ metadata }) => metadata.uid))
    const victim = nodeOf(availablePods(c, 'web')[0]!)
    c.machine(victim).powerOff('abrupt')
    c.advance(minutes(1))
    c.machine(victim).powerOn()
    c.until('three pods are available', () => availablePods(c, 'web').length === 3, minutes(3))
    expect(new Set(podsOf(c, 'web').map(({ metadata }) => metadata.uid))).toEqual(uids)
    expect(
      podsOf(c, 'web').some((p) => (p.status.containerStatuses?.[0]?.restartCount ?? 0) > 0),
    ).toBe(true)
  })
})
