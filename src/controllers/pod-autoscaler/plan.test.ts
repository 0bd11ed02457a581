import { describe, expect, it } from 'vitest'
import type { HorizontalPodAutoscaler } from '../../api/generated/autoscaling-v2'
import { metricFailure, planSize } from './plan'

describe('planSize (C12)', () => {
  const hpa = { spec: { minReplicas: 2, maxReplicas: 5 } } as HorizontalPodAutoscaler
  it.each([
    [1, 'resize', 2],
    [9, 'resize', 5],
    [3, 'measure', undefined],
    [0, 'disabled', undefined],
  ])('%i replicas: %s', (current, type, to) => {
    expect(planSize(hpa, current)).toMatchObject({ type, ...(to && { to }) })
  })
})

describe('metricFailure', () => {
  it('says what a cluster without a metrics server says', () => {
    const target = { type: 'Utilization', averageUtilization: 50 }
    const metric = { type: 'Resource', resource: { name: 'cpu', target } }
    expect(metricFailure(metric, 'the server could not find the requested resource')).toEqual({
      reason: 'FailedGetResourceMetric',
      message:
        'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch ' +
        'metrics from resource metrics API: the server could not find the requested resource',
      summary: expect.stringMatching(/^failed to get cpu resource metric value: failed to get cpu/),
    })
  })
})
