import { describe, expect, it } from 'vitest'
import type { Job } from '../api/generated/batch-v1'
import type { KubeObject, ResourceRef } from '../api/object'
import {
  CONTROLLERREVISIONS,
  CRONJOBS,
  DAEMONSETS,
  DEPLOYMENTS,
  JOBS,
  PERSISTENTVOLUMECLAIMS,
  PODDISRUPTIONBUDGETS,
  PODS,
  SERVICEACCOUNTS,
  STATEFULSETS,
} from '../api/resources'
import { seconds } from '../sim/time'
import { apiFixture } from '../testing/api-fixture'
import { kubeControllerManager } from './controller-manager'
import { FakeNodes } from './testing/fake-nodes'

function lab(nodeCount = 3) {
  const api = apiFixture()
  let nodes: FakeNodes | undefined
  api.start('nodes', (env) => {
    nodes = new FakeNodes(env, api.client, nodeCount)
    return nodes
  })
  api.start('kcm', kubeControllerManager({ server: `${api.masters[0]?.ip}:6443` }))
  const list = <T extends KubeObject>(ref: ResourceRef<T>): readonly T[] => {
    const listed = api.runTask(api.client.list(ref, { namespace: 'default' }))
    return listed.ok ? listed.value.items : []
  }
  const get = <T extends KubeObject>(ref: ResourceRef<T>, name: string): T =>
    list(ref).find(({ metadata }) => metadata.name === name) as T
  const create = <T extends KubeObject>(ref: ResourceRef<T>, name: string, spec: object): void => {
    const made = api.runTask(
      api.client.create(ref, { metadata: { name, namespace: 'default' }, spec }),
    )
    if (!made.ok) throw new Error(made.error.message)
  }
  const patch = <T extends KubeObject>(ref: ResourceRef<T>, name: string, spec: object): void => {
    const where = { namespace: 'default', name }
    api.runTask(api.client.patch(ref, where, 'strategic-merge', { spec }))
  }
  api.until(() => list(SERVICEACCOUNTS).length > 0)
  return { ...api, nodes: nodes as FakeNodes, list, get, create, patch }
}

const labels = { app: 'x' }
const template = (image: string, more: object = {}) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image }], ...more },
})
const names = (objects: readonly KubeObject[]) =>
  objects.map(({ metadata }) => metadata.name).sort()

describe('StatefulSet (C4)', () => {
  it('starts and updates in order, keeps names and claims', () => {
    const c = lab()
    c.create(STATEFULSETS, 's', {
      replicas: 3,
      serviceName: 's',
      selector: { matchLabels: labels },
      template: template('a:1'),
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    })
    let most = 0
    c.until(() => {
      const pods = c.list(PODS)
      most = Math.max(most, pods.filter((pod) => pod.status.phase !== 'Running').length)
      return pods.length === 3 && c.get(STATEFULSETS, 's').status.readyReplicas === 3
    })
    expect(most).toBeLessThanOrEqual(1)
    expect(names(c.list(PODS))).toEqual(['s-0', 's-1', 's-2'])
    expect(names(c.list(PERSISTENTVOLUMECLAIMS))).toEqual(['data-s-0', 'data-s-1', 'data-s-2'])
    c.patch(STATEFULSETS, 's', {
      template: { spec: { containers: [{ name: 'c', image: 'a:2' }] } },
      updateStrategy: { rollingUpdate: { partition: 1 } },
    })
    c.advance(seconds(20))
    const images = c
      .list(PODS)
      .map(({ metadata, spec }) => [metadata.name, spec.containers[0]?.image])
    expect(images.sort()).toEqual([
      ['s-0', 'a:1'],
      ['s-1', 'a:2'],
      ['s-2', 'a:2'],
    ])
    expect(c.list(CONTROLLERREVISIONS)).toHaveLength(2)
    c.patch(STATEFULSETS, 's', { replicas: 1 })
    c.advance(seconds(10))
    expect(names(c.list(PODS))).toEqual(['s-0'])
    expect(c.list(PERSISTENTVOLUMECLAIMS)).toHaveLength(3)
  })
})

describe('DaemonSet (C5)', () => {
  it('runs one pod per node, rolls, and survives a silent node', () => {
    const c = lab(3)
    c.create(DAEMONSETS, 'd', { selector: { matchLabels: labels }, template: template('a:1') })
    c.until(() => c.get(DAEMONSETS, 'd').status.numberReady === 3)
    const onNodes = () =>
      c
        .list(PODS)
        .map(({ spec }) => spec.nodeName ?? '')
        .sort()
    expect(onNodes()).toEqual(['node-1', 'node-2', 'node-3'])
    c.patch(DAEMONSETS, 'd', { template: { spec: { containers: [{ name: 'c', image: 'a:2' }] } } })
    c.until(() => c.get(DAEMONSETS, 'd').status.updatedNumberScheduled === 3)
    c.nodes.silent.add('node-3')
    c.advance(seconds(400))
    expect(onNodes()).toEqual(['node-1', 'node-2', 'node-3'])
  })
})

describe('Job (C6)', () => {
  const condition = (job: Job, type: string) => job.status.conditions?.find((x) => x.type === type)
  const run = (spec: object) => {
    const c = lab()
    c.create(JOBS, 'j', spec)
    c.until(() => {
      const { status } = c.get(JOBS, 'j')
      return (
        status.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed') ?? false
      )
    }, seconds(300))
    c.advance(seconds(5))
    return { c, job: c.get(JOBS, 'j') }
  }

  it.each(['NonIndexed', 'Indexed'])('completes, counting each pod once (%s)', (completionMode) => {
    const pod = template('true', { restartPolicy: 'Never' })
    const { c, job } = run({ completions: 5, parallelism: 2, completionMode, template: pod })
    expect(job.status.succeeded).toBe(5)
    expect(job.status.active).toBeUndefined()
    expect(job.status.completedIndexes).toBe(completionMode === 'Indexed' ? '0-4' : undefined)
    expect(condition(job, 'Complete')).toMatchObject({
      status: 'True',
      reason: 'CompletionsReached',
      message: 'Reached expected number of succeeded pods',
    })
    expect(c.list(PODS)).toHaveLength(5)
    expect(c.list(PODS).every(({ metadata }) => !metadata.finalizers?.length)).toBe(true)
    c.runTask(
      c.client.delete(
        JOBS,
        { namespace: 'default', name: 'j' },
        { propagationPolicy: 'Background' },
      ),
    )
    c.until(() => c.list(PODS).length === 0)
  })

  it('gives up beyond its backoff limit', () => {
    const pod = template('false', { restartPolicy: 'Never' })
    const { job } = run({ backoffLimit: 2, template: pod })
    expect(job.status.failed).toBe(3)
    expect(condition(job, 'Failed')).toMatchObject({
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    })
  })

  it('goes when its time after the end is over', () => {
    const pod = template('true', { restartPolicy: 'Never' })
    const { c } = run({ ttlSecondsAfterFinished: 20, template: pod })
    expect(c.list(JOBS)).toHaveLength(1)
    c.advance(seconds(30))
    expect([...c.list(JOBS), ...c.list(PODS)]).toEqual([])
  })

  it('ends at its deadline', () => {
    const pod = template('sleep', { restartPolicy: 'Never' })
    const { c, job } = run({ activeDeadlineSeconds: 10, template: pod })
    expect(condition(job, 'Failed')?.reason).toBe('DeadlineExceeded')
    expect(c.list(PODS)).toHaveLength(0)
  })
})

describe('PodDisruptionBudget (C10)', () => {
  it('allows evictions down to its minimum', () => {
    const c = lab()
    c.create(PODDISRUPTIONBUDGETS, 'b', {
      maxUnavailable: '50%',
      selector: { matchLabels: labels },
    })
    const selector = { matchLabels: labels }
    c.create(DEPLOYMENTS, 'x', { replicas: 3, selector, template: template('a') })
    c.until(() => c.get(PODDISRUPTIONBUDGETS, 'b').status?.currentHealthy === 3)
    expect(c.get(PODDISRUPTIONBUDGETS, 'b').status).toMatchObject({
      disruptionsAllowed: 2,
      desiredHealthy: 1,
      expectedPods: 3,
      conditions: [{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods' }],
    })
  })
})

describe('CronJob (C7)', () => {
  it('starts one Job a minute and keeps three', () => {
    const c = lab()
    const pod = template('true', { restartPolicy: 'Never' })
    c.create(CRONJOBS, 'c', { schedule: '* * * * *', jobTemplate: { spec: { template: pod } } })
    c.advance(seconds(6 * 60))
    const times = c
      .list(JOBS)
      .map(({ metadata }) => Number(metadata.name.slice(2)))
      .sort()
    expect(times).toHaveLength(3)
    expect((times[2] as number) - (times[0] as number)).toBe(2)
    expect(c.list(PODS)).toHaveLength(3)
  })
})
