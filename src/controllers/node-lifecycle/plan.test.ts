import { describe, expect, it } from 'vitest'
import type { Node } from '../../api/generated/core-v1'
import { seconds } from '../../sim/time'
import { CidrRanges } from '../node-ipam/plan'
import { stayOf } from '../taint-eviction/plan'
import {
  conditionTaints,
  disruptionChange,
  observeHealth,
  silentConditions,
  zoneState,
} from './plan'

function node(status: string | undefined, heartbeat = 't1', spec: Node['spec'] = {}): Node {
  const ready = { type: 'Ready', status: status ?? '', lastHeartbeatTime: heartbeat }
  return {
    metadata: { name: 'n', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec,
    status: status === undefined ? {} : { conditions: [ready] },
  }
}

describe('observeHealth (C11)', () => {
  const at = (n: number) => ({ now: seconds(n), wall: seconds(n) })
  it('counts changes of heartbeat and lease as life, by its own clock', () => {
    const first = observeHealth(undefined, node('True'), '1', at(100))
    expect(first.probedAt).toBe(seconds(100))
    expect(observeHealth(first, node('True'), '1', at(110)).probedAt).toBe(seconds(100))
    expect(observeHealth(first, node('True', 't2'), '1', at(110)).probedAt).toBe(seconds(110))
    expect(observeHealth(first, node('True'), '2', at(110)).probedAt).toBe(seconds(110))
    expect(observeHealth(first, node('True'), '0', at(110)).probedAt).toBe(seconds(100))
  })
})

describe('silentConditions', () => {
  it('turns what is known Unknown and adds what never was', () => {
    const conditions = silentConditions(node('True'), 'now')
    expect(conditions?.map(({ type, status, reason }) => [type, status, reason])).toEqual([
      ['Ready', 'Unknown', 'NodeStatusUnknown'],
      ['MemoryPressure', 'Unknown', 'NodeStatusNeverUpdated'],
      ['DiskPressure', 'Unknown', 'NodeStatusNeverUpdated'],
      ['PIDPressure', 'Unknown', 'NodeStatusNeverUpdated'],
    ])
    expect(silentConditions(node('Unknown'), 'now')).toBeUndefined()
  })
})

describe('conditionTaints', () => {
  const key = (suffix: string) => `node.kubernetes.io/${suffix}`
  it.each<[string, Node, string[], string[]]>([
    ['ready', node('True'), [], []],
    ['not ready', node('False'), ['not-ready'], []],
    ['unreachable', node('Unknown'), ['unreachable'], []],
    ['cordoned', node('True', 't', { unschedulable: true }), ['unschedulable'], []],
    [
      'recovered',
      node('True', 't', {
        taints: [
          { key: key('unreachable'), effect: 'NoSchedule' },
          { key: 'mine', effect: 'NoSchedule' },
        ],
      }),
      [],
      ['unreachable'],
    ],
  ])('%s', (_, n, add, remove) => {
    const change = conditionTaints(n, 'now')
    expect(change.add.map((taint) => taint.key)).toEqual(add.map(key))
    expect(change.remove.map((taint) => taint.key)).toEqual(remove.map(key))
  })
})

describe('zones', () => {
  it.each([
    [3, 0, 'Normal'],
    [0, 1, 'FullDisruption'],
    [1, 2, 'Normal'],
    [2, 3, 'PartialDisruption'],
    [3, 3, 'Normal'],
  ] as const)('%i ready, %i not: %s', (ready, notReady, state) => {
    expect(zoneState({ ready, notReady }, 0.55)).toBe(state)
  })

  it('stops evictions when every zone is down, and resumes (no mass eviction)', () => {
    expect(disruptionChange(['Normal', 'Initial'], ['FullDisruption', 'FullDisruption'])).toBe(
      'stop',
    )
    expect(disruptionChange(['FullDisruption'], ['FullDisruption'])).toBe('none')
    expect(disruptionChange(['FullDisruption'], ['Normal'])).toBe('resume')
    expect(disruptionChange(['Normal', 'Normal'], ['Normal', 'FullDisruption'])).toBe('zones')
  })
})

describe('stayOf', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoExecute' }
  it.each([
    [[], { seconds: 0 }],
    [[{ key: 'k', operator: 'Exists' }], 'forever'],
    [[{ key: 'k', value: 'w' }], { seconds: 0 }],
    [[{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }], { seconds: 0 }],
    [[{ operator: 'Exists', tolerationSeconds: 300 }], { seconds: 300 }],
    [[{ key: 'k', value: 'v', tolerationSeconds: -1 }], { seconds: 0 }],
  ])('%j', (tolerations, stay) => {
    expect(stayOf([taint], tolerations)).toEqual(stay)
  })
})

describe('CidrRanges', () => {
  it('hands out parts once, and again when released', () => {
    const ranges = new CidrRanges('10.244.0.0/23', 24)
    ranges.occupy('10.244.0.0/24')
    expect(ranges.allocate()).toBe('10.244.1.0/24')
    expect(ranges.allocate()).toBeUndefined()
    ranges.release('10.244.0.0/24')
    expect(ranges.allocate()).toBe('10.244.0.0/24')
  })
})
