import { describe, expect, it } from 'vitest'
import type { Pod } from '../../api/generated/core-v1'
import { parseTime } from '../../api/machinery/time'
import { podsToDelete } from '../pod-ranking'
import { nextAvailability, planReplicas, replicaSetStatus } from './plan'

const wall = parseTime('2026-01-01T01:00:00Z') as number
const now = '2026-01-01T01:00:00Z'

interface Shape {
  readonly name: string
  readonly node?: string
  readonly phase?: string
  readonly ready?: string
  readonly created?: string
  readonly cost?: string
  readonly restarts?: number
}

function pod(shape: Shape): Pod {
  const { name, node, phase = 'Running', ready, created = '2026-01-01T00:00:00Z' } = shape
  const annotations = shape.cost && { 'controller.kubernetes.io/pod-deletion-cost': shape.cost }
  const restarts = {
    name: 'c',
    ready: true,
    image: '',
    imageID: '',
    restartCount: shape.restarts ?? 0,
  }
  return {
    metadata: {
      name,
      uid: name,
      creationTimestamp: created,
      labels: { app: 'web' },
      ...(annotations && { annotations }),
    },
    spec: { containers: [], nodeName: node },
    status: {
      phase,
      conditions: ready ? [{ type: 'Ready', status: 'True', lastTransitionTime: ready }] : [],
      containerStatuses: [restarts],
    },
  }
}

describe('planReplicas (C2)', () => {
  it.each([
    [0, 3, { type: 'create', count: 3 }],
    [0, 900, { type: 'create', count: 500 }],
    [5, 2, { type: 'delete', count: 3 }],
    [900, 0, { type: 'delete', count: 500 }],
    [2, 2, { type: 'keep' }],
  ])('%i active of %i', (active, wanted, plan) => {
    expect(planReplicas(active, wanted)).toEqual(plan)
  })
})

describe('podsToDelete', () => {
  const since = '2026-01-01T00:30:00Z'
  const late = '2026-01-01T00:59:59Z'
  it.each<[string, Shape, Shape]>([
    ['unassigned before assigned', { name: 'a' }, { name: 'b', node: 'n', phase: 'Pending' }],
    [
      'pending before running',
      { name: 'a', node: 'n', phase: 'Pending' },
      { name: 'b', node: 'n' },
    ],
    ['not ready before ready', { name: 'a', node: 'n' }, { name: 'b', node: 'n', ready: since }],
    [
      'low cost first',
      { name: 'a', node: 'n', ready: since, cost: '-5' },
      { name: 'b', node: 'n', ready: late },
    ],
    [
      'ready for the shorter time',
      { name: 'b', node: 'n', ready: late },
      { name: 'a', node: 'n', ready: since },
    ],
    [
      'more restarts',
      { name: 'b', node: 'n', ready: since, restarts: 3 },
      { name: 'a', node: 'n', ready: since },
    ],
    [
      'younger by an order of magnitude',
      { name: 'b', node: 'n', created: late },
      { name: 'a', node: 'n' },
    ],
    [
      'else by uid, ages of one magnitude being equal',
      { name: 'a', node: 'n', created: '2026-01-01T00:00:01Z' },
      { name: 'b', node: 'n', created: '2026-01-01T00:00:09Z' },
    ],
  ])('%s', (_, first, second) => {
    const pods = [pod(second), pod(first)]
    expect(podsToDelete(pods, [], 1, wall).map((p) => p.metadata.name)).toEqual([first.name])
  })

  it('takes from crowded nodes, pods of sibling ReplicaSets counted', () => {
    const [a, b] = [
      pod({ name: 'a', node: 'x', ready: since }),
      pod({ name: 'b', node: 'y', ready: since }),
    ]
    const sibling = pod({ name: 'c', node: 'y', ready: since })
    expect(podsToDelete([a, b], [a, b, sibling], 1, wall)).toEqual([b])
  })
})

describe('replicaSetStatus (C1)', () => {
  const spec = { replicas: 3, minReadySeconds: 10, templateLabels: { app: 'web' }, generation: 2 }
  const pods = [
    pod({ name: 'a', ready: '2026-01-01T00:00:00Z' }),
    pod({ name: 'b', ready: '2026-01-01T00:59:55Z' }),
    pod({ name: 'c' }),
  ]

  it('counts, and leaves zeros out', () => {
    const observed = { active: pods, terminating: 0, failure: undefined, wall, now }
    expect(replicaSetStatus(spec, undefined, observed)).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 2,
      availableReplicas: 1,
      terminatingReplicas: 0,
      observedGeneration: 2,
    })
    expect(nextAvailability(pods, 10, wall)).toBe(5_000_000)
  })

  it('keeps the first failure until a sync goes well', () => {
    const error = { code: 403, reason: 'Forbidden', message: 'exceeded quota: q' }
    const observed = { active: [], terminating: 0, failure: error, wall, now }
    const failed = replicaSetStatus(spec, undefined, observed)
    expect(failed.conditions).toEqual([
      {
        type: 'ReplicaFailure',
        status: 'True',
        lastTransitionTime: now,
        reason: 'FailedCreate',
        message: 'exceeded quota: q',
      },
    ])
    const again = { ...observed, failure: { ...error, message: 'another' } }
    expect(replicaSetStatus(spec, failed, again).conditions).toEqual(failed.conditions)
    const well = { ...observed, failure: undefined }
    expect(replicaSetStatus(spec, failed, well).conditions).toBeUndefined()
  })
})
