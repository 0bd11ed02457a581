import { describe, expect, it } from 'vitest'
import type { Deployment, DeploymentSpec, ReplicaSet } from '../../api/generated/apps-v1'
import { parseTime } from '../../api/machinery/time'
import { newReplicaSetAnnotations, revisionOf } from './annotations'
import { fenceposts, planCleanup, planRollingUpdate, planScaling, splitReplicaSets } from './plan'
import { rolloutStatus, untilDeadline } from './status'

const template = (image: string, hash?: string) => ({
  metadata: { labels: { app: 'web', ...(hash && { 'pod-template-hash': hash }) } },
  spec: { containers: [{ name: 'c', image }] },
})

function deployment(replicas: number, spec: Partial<DeploymentSpec> = {}): Deployment {
  return {
    metadata: { name: 'web', uid: 'd', generation: 1 },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template('b'), ...spec },
    status: {},
  }
}

const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
})

interface Set {
  readonly name: string
  readonly size: number
  readonly available?: number
  readonly max?: number
  readonly desired?: number
  readonly image?: string
  readonly age?: number
}

function rs({ name, size, available = size, max, desired, image = 'a', age = 0 }: Set): ReplicaSet {
  const annotations = {
    ...(max !== undefined && { 'deployment.kubernetes.io/max-replicas': String(max) }),
    ...(desired !== undefined && { 'deployment.kubernetes.io/desired-replicas': String(desired) }),
  }
  return {
    metadata: { name, uid: name, creationTimestamp: `2026-01-01T00:00:0${age}Z`, annotations },
    spec: { replicas: size, selector: {}, template: template(image, name) },
    status: { replicas: size, availableReplicas: available, terminatingReplicas: 0 },
  }
}

describe('fenceposts', () => {
  it.each([
    [4, '25%', '25%', 1, 1],
    [3, '25%', '25%', 1, 0],
    [10, 0, 0, 0, 1],
    [1, '0%', '50%', 0, 1],
    [5, 2, 0, 2, 0],
  ])('%i pods, surge %s, unavailable %s', (replicas, max, min, surge, unavailable) => {
    expect(fenceposts(deployment(replicas, rolling(max, min)))).toEqual({ surge, unavailable })
  })
})

describe('planRollingUpdate (C3)', () => {
  const cases: [string, Deployment, Set, Set[], { name: string; to: number }[]][] = [
    [
      'up first',
      deployment(4),
      { name: 'n', size: 0 },
      [{ name: 'o', size: 4 }],
      [{ name: 'n', to: 1 }],
    ],
    [
      'then down',
      deployment(4),
      { name: 'n', size: 1, available: 0 },
      [{ name: 'o', size: 4 }],
      [{ name: 'o', to: 3 }],
    ],
    [
      'not below the minimum',
      deployment(4, rolling(1, 0)),
      { name: 'n', size: 1, available: 0 },
      [{ name: 'o', size: 4 }],
      [],
    ],
    [
      'surge 0: down first',
      deployment(4, rolling(0, 1)),
      { name: 'n', size: 0 },
      [{ name: 'o', size: 4 }],
      [{ name: 'o', to: 3 }],
    ],
    [
      'unhealthy old pods first',
      deployment(4),
      { name: 'n', size: 1, available: 1 },
      [
        { name: 'o', size: 3, available: 3, age: 1 },
        { name: 'p', size: 1, available: 0, age: 2 },
      ],
      [
        { name: 'p', to: 0 },
        { name: 'o', to: 2 },
      ],
    ],
    [
      'the new never above the wanted',
      deployment(2),
      { name: 'n', size: 5 },
      [],
      [{ name: 'n', to: 2 }],
    ],
  ]
  it.each(cases)('%s', (_, d, current, old, steps) => {
    expect(planRollingUpdate(d, rs({ image: 'b', ...current }), old.map(rs))).toEqual(steps)
  })
})

describe('planScaling', () => {
  it('resizes the only active ReplicaSet', () => {
    expect(
      planScaling(deployment(6), rs({ name: 'n', size: 3 }), [rs({ name: 'o', size: 0 })]),
    ).toEqual([{ name: 'n', to: 6 }])
  })

  it('spreads a growth by proportion, the rest to the largest', () => {
    const sets = [rs({ name: 'o', size: 8, max: 13, desired: 10 })]
    const current = rs({ name: 'n', size: 5, max: 13, desired: 10, age: 1 })
    const d = deployment(15, rolling(3, 2))
    expect(planScaling(d, current, sets)).toEqual([
      { name: 'o', to: 11 },
      { name: 'n', to: 7 },
    ])
  })

  it('empties the old ones once the new is complete', () => {
    const current = rs({ name: 'n', size: 3, desired: 3 })
    expect(planScaling(deployment(3), current, [rs({ name: 'o', size: 2 })])).toEqual([
      { name: 'o', to: 0 },
    ])
  })
})

describe('revisions', () => {
  it('finds the present template whatever its hash label', () => {
    const sets = [rs({ name: 'x', size: 1 }), rs({ name: 'y', size: 0, image: 'b' })]
    expect(splitReplicaSets(deployment(1), sets).current?.metadata.name).toBe('y')
  })

  it('moves an old revision to the history on a rollback', () => {
    const old = { 'deployment.kubernetes.io/revision': '1' }
    expect(newReplicaSetAnnotations(deployment(1), old, 3)).toEqual({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    })
    expect(newReplicaSetAnnotations(deployment(1), old, 1)).toBe(old)
  })

  it('cleans up empty ReplicaSets beyond the limit, lowest revision first', () => {
    const sets = [3, 1, 2].map((revision) => {
      const set = rs({ name: `r${revision}`, size: 0 })
      const annotations = { 'deployment.kubernetes.io/revision': String(revision) }
      return { ...set, metadata: { ...set.metadata, annotations } }
    })
    const doomed = planCleanup(deployment(1, { revisionHistoryLimit: 1 }), sets, revisionOf)
    expect(doomed.map(({ metadata }) => metadata.name)).toEqual(['r1', 'r2'])
  })
})

describe('rolloutStatus', () => {
  const at = (time: string) => ({ now: time, wall: parseTime(time) as number })
  const current = rs({ name: 'n', size: 2, available: 0, image: 'b' })
  const progressing = (reason: string) => ({
    conditions: [
      {
        type: 'Progressing',
        status: 'True',
        reason,
        message: '',
        lastUpdateTime: '2026-01-01T00:00:00Z',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  })
  const d = {
    ...deployment(2, { progressDeadlineSeconds: 10 }),
    status: { ...progressing('NewReplicaSetCreated'), replicas: 2, updatedReplicas: 2 },
  }
  const reason = (status: Deployment['status']) =>
    status.conditions?.find(({ type }) => type === 'Progressing')?.reason

  it('tells of the deadline when it has passed, not before', () => {
    expect(reason(rolloutStatus(d, [current], current, at('2026-01-01T00:00:10Z')))).toBe(
      'NewReplicaSetCreated',
    )
    const late = rolloutStatus(d, [current], current, at('2026-01-01T00:00:11Z'))
    expect(late.conditions).toContainEqual(
      expect.objectContaining({
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
        message: 'ReplicaSet "n" has timed out progressing.',
      }),
    )
    expect(untilDeadline(d, {}, at('2026-01-01T00:00:04Z').wall)).toBe(7_000_000)
  })

  it('is complete when all are new and available', () => {
    const whole = rs({ name: 'n', size: 2, image: 'b' })
    const status = rolloutStatus(d, [whole], whole, at('2026-01-01T00:00:05Z'))
    expect(reason(status)).toBe('NewReplicaSetAvailable')
    expect(status).toMatchObject({ replicas: 2, availableReplicas: 2, terminatingReplicas: 0 })
    expect(status.unavailableReplicas).toBeUndefined()
  })
})
