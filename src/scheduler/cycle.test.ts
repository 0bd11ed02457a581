import { describe, expect, it } from 'vitest'
import { feasibleWanted } from './cycle'
import { DecisionLog } from './decision-log'
import { podInfo } from './node-info'
import { cacheOf, cycleOf, nodeOf, podOf } from './testing/fixtures'

const nodesOf = (count: number) => Array.from({ length: count }, (_, i) => nodeOf(`n${i}`))

describe('SchedulingCycle', () => {
  it.each([
    [0, 0],
    [99, 99],
    [100, 100],
    [250, 120],
    [1000, 420],
    [5000, 500],
    [6000, 300],
  ])('of %i nodes looks for %i feasible ones', (nodes, wanted) => {
    expect(feasibleWanted(nodes)).toBe(wanted)
  })

  it('goes on where it stopped, so that every node gets its turn', () => {
    const cache = cacheOf({ nodes: nodesOf(250) })
    const cycle = cycleOf()
    const starts = [0, 1, 2].map((i) => {
      const { feasible } = cycle.decide(podInfo(podOf(`p${i}`)), cache)
      expect(feasible.length).toBe(120)
      return feasible[0]?.name
    })
    expect(starts).toEqual(['n0', 'n120', 'n240'])
  })

  it('tosses a coin between equals, the same one for the same seed', () => {
    const chosen = (seed: number) => {
      const cache = cacheOf({ nodes: nodesOf(4) })
      const cycle = cycleOf(seed)
      return Array.from({ length: 200 }, (_, i) => {
        const { node } = cycle.decide(podInfo(podOf(`p${i}`)), cache)
        return node as string
      })
    }
    expect(chosen(7)).toEqual(chosen(7))
    expect(chosen(7)).not.toEqual(chosen(8))
    for (const name of ['n0', 'n1', 'n2', 'n3']) {
      const times = chosen(7).filter((node) => node === name).length
      expect(times).toBeGreaterThan(30)
    }
  })

  it('leaves the room promised to others alone, whoever is not more important', () => {
    const cache = cacheOf({ nodes: [nodeOf('a')] })
    const requests = { cpu: '3' }
    cache.nominations.set(podInfo(podOf('promised', { requests, priority: 5 })), 'a')
    const where = (priority: number) =>
      cycleOf().decide(podInfo(podOf('p', { requests, priority })), cache).node
    expect([where(4), where(5), where(6)]).toEqual([undefined, undefined, 'a'])
    expect(cache.nodes.get('a')?.requested.milliCpu).toBe(0)
  })

  it('does not rely on promised pods: they may end up elsewhere', () => {
    const cache = cacheOf({ nodes: [nodeOf('a')] })
    cache.nominations.set(podInfo(podOf('db', { labels: { app: 'db' }, priority: 5 })), 'a')
    const term = {
      labelSelector: { matchLabels: { app: 'db' } },
      topologyKey: 'kubernetes.io/hostname',
    }
    const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
    const decision = cycleOf().decide(podInfo(podOf('p', { spec: { affinity } })), cache)
    expect(decision.node).toBeUndefined()
  })

  it('looks at the node the pod itself was promised first', () => {
    const cache = cacheOf({ nodes: nodesOf(5) })
    const info = podInfo(podOf('p'))
    cache.nominations.set(info, 'n3')
    const { node, feasible } = cycleOf().decide(info, cache)
    expect([node, feasible.length]).toEqual(['n3', 1])
  })
})

describe('DecisionLog', () => {
  it('tells the funnel of a decision', () => {
    const nodes = [nodeOf('a', { unschedulable: true }), nodeOf('b', { cpu: '1' }), nodeOf('c')]
    const cache = cacheOf({ nodes: [...nodes, nodeOf('d', { cpu: '8' })] })
    const pod = podInfo(podOf('p', { requests: { cpu: '2' } }))
    const decision = cycleOf().decide(pod, cache)
    const log = new DecisionLog()
    log.add({ pod, at: 5, decision, message: undefined, victims: undefined })
    expect(log.reports(['NodeUnschedulable', 'NodeResourcesFit'])).toMatchObject([
      {
        pod: 'default/p',
        at: 5,
        node: 'd',
        nodes: 4,
        evaluated: 4,
        rejectedBy: { NodeUnschedulable: 1, NodeResourcesFit: 1 },
        rejected: [
          { node: 'a', plugin: 'NodeUnschedulable' },
          { node: 'b', reasons: ['Insufficient cpu'] },
        ],
        feasible: 2,
        scores: [
          { node: 'd', points: { TaintToleration: 300, NodeResourcesFit: 86 } },
          { node: 'c', points: { TaintToleration: 300, NodeResourcesFit: 73 } },
        ],
      },
    ])
  })

  it('stays bounded', () => {
    const cache = cacheOf({ nodes: nodesOf(300) })
    const log = new DecisionLog()
    const cycle = cycleOf()
    for (let i = 0; i < 300; i++) {
      const pod = podInfo(podOf(`p${i}`, { requests: { cpu: '9' } }))
      const decision = cycle.decide(pod, cache)
      log.add({ pod, at: i, decision, message: undefined, victims: undefined })
    }
    const reports = log.reports([])
    expect(reports.length).toBe(200)
    expect(reports[0]).toMatchObject({ pod: 'default/p100', evaluated: 300 })
    expect(reports[0]?.rejected.length).toBe(100)
  })
})
