import { describe, expect, it } from 'vitest'
import type { Pod } from '../api/generated/core-v1'
import type { PodDisruptionBudget } from '../api/generated/policy-v1'
import type { SchedulerCache } from './cache'
import { unschedulableMessage } from './diagnosis'
import { podInfo } from './node-info'
import { preempt } from './preemption'
import { boundTo, cacheOf, cycleOf, lookup, nodeOf, podOf, uidsOf } from './testing/fixtures'

const one = { requests: { cpu: '1' } }
const two = { requests: { cpu: '2' } }
const four = { requests: { cpu: '4' } }
const at = (time: string) => ({ startTime: `2026-01-01T${time}:00Z` })

function attempt(pod: Pod, cache: SchedulerCache) {
  const info = podInfo(pod)
  const cycle = cycleOf()
  const decision = cycle.decide(info, cache)
  expect(decision.node).toBeUndefined()
  const before = [...cache.nodes.values()].map((node) => uidsOf(node.pods.values()).sort())
  const { victims, outcome } = preempt(info, cache, decision, cycle)
  const after = [...cache.nodes.values()].map((node) => uidsOf(node.pods.values()).sort())
  expect(after).toEqual(before)
  return {
    node: victims?.node,
    victims: victims?.pods.map(({ metadata }) => metadata.name),
    message: unschedulableMessage(decision, outcome),
  }
}

const budget: PodDisruptionBudget = {
  metadata: { name: 'b', namespace: 'default' },
  spec: { selector: { matchLabels: { app: 'kept' } } },
  status: { currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, disruptionsAllowed: 0 },
}

describe('preemption', () => {
  it('takes as few as it can, the least important of them', () => {
    const pods = [
      podOf('a', { ...one, priority: 3, ...at('01:00') }),
      podOf('b', { ...one, priority: 1, ...at('01:00') }),
      podOf('c', { ...one, priority: 1, ...at('02:00') }),
      podOf('d', { ...one, priority: 2, ...at('01:00') }),
    ]
    const cache = cacheOf({ nodes: [nodeOf('n')], pods: { n: pods } })
    expect(attempt(podOf('p', { ...one, priority: 9 }), cache).victims).toEqual(['c'])
    expect(attempt(podOf('p', { ...two, priority: 9 }), cache).victims).toEqual(['b', 'c'])
    expect(attempt(podOf('p', { ...two, priority: 2 }), cache).victims).toEqual(['b', 'c'])
  })

  it('never takes pods of its own priority or higher', () => {
    const pods = { n: [podOf('a', { ...four, priority: 5 })] }
    const cache = cacheOf({ nodes: [nodeOf('n')], pods })
    expect(attempt(podOf('p', { ...one, priority: 5 }), cache)).toEqual({
      node: undefined,
      victims: undefined,
      message:
        '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: ' +
        '0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    })
  })

  it.each<[string, { [node: string]: Pod[] }, string]>([
    [
      'the lowest of the highest priorities',
      {
        m: [podOf('a', { ...four, priority: 3 })],
        n: [podOf('b', { ...two, priority: 2 }), podOf('c', { ...two, priority: 2 })],
      },
      'n',
    ],
    [
      'the lowest sum',
      {
        m: [podOf('a', { ...two, priority: 2 }), podOf('b', { ...two, priority: 2 })],
        n: [podOf('c', { ...two, priority: 2 }), podOf('d', { ...two, priority: 1 })],
      },
      'n',
    ],
    [
      'the latest start',
      {
        m: [podOf('a', { ...four, priority: 2, ...at('01:00') })],
        n: [podOf('b', { ...four, priority: 2, ...at('02:00') })],
      },
      'n',
    ],
  ])('prefers %s', (_, pods, node) => {
    const cache = cacheOf({ nodes: [nodeOf('m'), nodeOf('n')], pods })
    expect(attempt(podOf('p', { ...four, priority: 9 }), cache).node).toBe(node)
  })

  it('spares what a disruption budget protects, if it can', () => {
    const kept = podOf('a', { ...two, priority: 1, labels: { app: 'kept' } })
    const free = podOf('b', { ...two, priority: 2 })
    const around = { budgets: lookup({ 'default/b': budget }) }
    const cache = cacheOf({ nodes: [nodeOf('n')], pods: { n: [kept, free] }, around })
    expect(attempt(podOf('p', { ...two, priority: 9 }), cache).victims).toEqual(['b'])
    expect(attempt(podOf('p', { ...four, priority: 9 }), cache).victims).toEqual(['b', 'a'])
  })

  it('sees what the going of a pod means for anti-affinity', () => {
    const term = {
      labelSelector: { matchLabels: { app: 'web' } },
      topologyKey: 'kubernetes.io/hostname',
    }
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
    const foe = podOf('a', { labels: { app: 'web' }, priority: 1 })
    const other = podOf('b', { priority: 1 })
    const cache = cacheOf({ nodes: [nodeOf('n')], pods: { n: [foe, other] } })
    const pod = podOf('p', { priority: 9, spec: { affinity } })
    expect(attempt(pod, cache).victims).toEqual(['a'])
  })

  it('tells why it does not help, node by node', () => {
    const cache = cacheOf({
      nodes: [nodeOf('m', { unschedulable: true }), nodeOf('n'), nodeOf('o', { cpu: '1' })],
      pods: { n: [podOf('a', { ...four, priority: 9 }), podOf('b', { priority: 0 })] },
    })
    expect(attempt(podOf('p', { ...two, priority: 5 }), cache).message).toBe(
      '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. ' +
        'no new claims to deallocate, preemption: 0/3 nodes are available: ' +
        '1 Insufficient cpu, 2 Preemption is not helpful for scheduling.',
    )
  })

  it('waits for victims that are on their way out', () => {
    const conditions = [
      { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' },
    ] as const
    const victim = podOf('a', { ...four, priority: 1, terminating: true, conditions })
    const cache = cacheOf({ nodes: [nodeOf('n')], pods: { n: [victim] } })
    const pod = podOf('p', { ...four, priority: 9 })
    cache.nominations.set(podInfo(pod), 'n')
    expect(attempt(pod, cache).message).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, ' +
        'preemption: not eligible due to a terminating pod on the nominated node.',
    )
    cache.setPod(boundTo(podOf('a', { ...four, priority: 1 }), 'n'))
    expect(attempt(pod, cache).victims).toEqual(['a'])
  })

  it('is not for the polite', () => {
    const cache = cacheOf({ nodes: [nodeOf('n')], pods: { n: [podOf('a', four)] } })
    const pod = podOf('p', { ...one, priority: 9, spec: { preemptionPolicy: 'Never' } })
    expect(attempt(pod, cache).message).toMatch(
      /preemption: not eligible due to preemptionPolicy=Never\.$/,
    )
  })
})

describe('the message of a refusal', () => {
  it('says when there are no nodes', () => {
    const decision = cycleOf().decide(podInfo(podOf('p')), cacheOf({ nodes: [] }))
    expect(unschedulableMessage(decision, undefined)).toBe('no nodes available to schedule pods')
  })
})
