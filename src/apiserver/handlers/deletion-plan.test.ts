import { describe, expect, it } from 'vitest'
import type { DeleteOptions } from '../../api/generated/meta-v1'
import type { KubeObject } from '../../api/object'
import { seconds } from '../../sim/time'
import { type DeletionPlan, planDeletion } from './deletion-plan'

const now = seconds(1_767_225_600)
const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`

function plan(
  resource: string,
  metadata: object,
  options: DeleteOptions = {},
  rest: object = {},
): DeletionPlan {
  const current = { metadata: { name: 'a', uid: 'u', resourceVersion: '7', ...metadata }, ...rest }
  const [name = '', group = ''] = resource.split('.')
  return planDeletion({
    current: current as unknown as KubeObject,
    options,
    resource: { group, name },
    now,
  })
}

const marked = (result: DeletionPlan) =>
  result.type === 'mark' ? { ...result.object.metadata, removes: result.removes } : result.type

const bound = { spec: { nodeName: 'n', terminationGracePeriodSeconds: 30 } }

describe('A9 the plan of a deletion', () => {
  it.each<[string, DeletionPlan, unknown]>([
    ['no finalizer: at once', plan('configmaps', {}), 'remove'],
    [
      'a finalizer holds it',
      plan('configmaps', { finalizers: ['x/y'], generation: 3 }),
      {
        deletionTimestamp: at(0),
        deletionGracePeriodSeconds: 0,
        generation: 4,
        finalizers: ['x/y'],
        removes: false,
      },
    ],
    [
      'a second delete changes nothing',
      plan('configmaps', {
        finalizers: ['x/y'],
        deletionTimestamp: at(0),
        deletionGracePeriodSeconds: 0,
      }),
      'pending',
    ],
    [
      'foreground waits for dependents',
      plan('deployments.apps', { generation: 1 }, { propagationPolicy: 'Foreground' }),
      { finalizers: ['foregroundDeletion'], generation: 2, removes: false },
    ],
    [
      'orphan releases them first',
      plan('deployments.apps', {}, { propagationPolicy: 'Orphan' }),
      { finalizers: ['orphan'], removes: false },
    ],
    ['jobs orphan by default', plan('jobs.batch', {}), { finalizers: ['orphan'] }],
    ['background does not', plan('jobs.batch', {}, { propagationPolicy: 'Background' }), 'remove'],
    [
      'a policy replaces the finalizer of another',
      plan('deployments.apps', { finalizers: ['orphan'] }, { propagationPolicy: 'Background' }),
      { removes: true },
    ],
    [
      'a bound pod has its own grace',
      plan('pods', { generation: 1 }, {}, bound),
      { deletionTimestamp: at(30), deletionGracePeriodSeconds: 30, generation: 2, removes: false },
    ],
    [
      'or the client says which',
      plan('pods', {}, { gracePeriodSeconds: 5 }, bound),
      { deletionTimestamp: at(5), deletionGracePeriodSeconds: 5 },
    ],
    [
      'an unscheduled pod has none',
      plan('pods', {}, {}, { spec: { terminationGracePeriodSeconds: 30 } }),
      { deletionTimestamp: at(0), deletionGracePeriodSeconds: 0, removes: true },
    ],
    [
      'an ended one neither',
      plan('pods', {}, {}, { ...bound, status: { phase: 'Succeeded' } }),
      { deletionGracePeriodSeconds: 0, removes: true },
    ],
    [
      'grace is shortened from where it began',
      plan(
        'pods',
        { deletionTimestamp: at(30), deletionGracePeriodSeconds: 30 },
        { gracePeriodSeconds: 10 },
        bound,
      ),
      { deletionTimestamp: at(10), deletionGracePeriodSeconds: 10 },
    ],
    [
      'but never made longer',
      plan(
        'pods',
        { deletionTimestamp: at(30), deletionGracePeriodSeconds: 30 },
        { gracePeriodSeconds: 31 },
        bound,
      ),
      'pending',
    ],
    [
      'a pod marked without grace but not removed goes with the next delete',
      plan('pods', { deletionTimestamp: at(0), deletionGracePeriodSeconds: 0 }, {}, bound),
      'remove',
    ],
    [
      'a namespace terminates while it has content',
      plan('namespaces', {}, {}, { spec: { finalizers: ['kubernetes'] } }),
      { deletionTimestamp: at(0), removes: false },
    ],
    ['another uid is refused', plan('configmaps', {}, { preconditions: { uid: 'x' } }), 'refuse'],
    [
      'another version too',
      plan('configmaps', {}, { preconditions: { resourceVersion: '6' } }),
      'refuse',
    ],
  ])('%s', (_, result, expected) => {
    if (typeof expected === 'string') expect(result.type).toBe(expected)
    else expect(marked(result)).toMatchObject(expected as object)
  })
})
