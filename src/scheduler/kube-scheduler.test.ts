import { beforeEach, describe, expect, it } from 'vitest'
import type { PodSpec } from '../api/generated/core-v1'
import { EVENTS, NODES, PERSISTENTVOLUMECLAIMS, PODS } from '../api/resources'
import type { Machine } from '../sim/machine'
import { minutes, seconds } from '../sim/time'
import { type ApiFixture, apiFixture, createServiceAccount } from '../testing/api-fixture'
import { kubeScheduler } from './kube-scheduler'
import { nodeOf, podOf } from './testing/fixtures'

const namespace = 'default'
const process = 'kube-scheduler'

interface Inspection {
  readonly leading: boolean
  readonly queue: { readonly unschedulable: number }
  readonly decisions: readonly { readonly pod: string; readonly node?: string }[]
}

function inspect(machine: Machine): Inspection | undefined {
  const handle = machine.process(process)
  return handle?.status === 'running' ? (handle.program.inspect?.() as Inspection) : undefined
}

class Bench {
  readonly api: ApiFixture

  constructor(masters: number) {
    this.api = apiFixture({ masters })
    createServiceAccount(this.api)
    for (const { id } of this.api.masters) {
      this.api.start(process, kubeScheduler({ server: 'localhost:6443' }), id)
    }
    this.api.until(() => this.leader !== undefined)
  }

  get leader(): Machine | undefined {
    return this.api.masters.find((machine) => inspect(machine)?.leading)
  }

  addNode(name: string): void {
    const { api } = this
    const { status, ...node } = nodeOf(name)
    const all = { capacity: status.allocatable, allocatable: status.allocatable }
    expect(api.runTask(api.client.create(NODES, node))).toMatchObject({ ok: true })
    const where = { name, subresource: 'status' }
    api.runTask(api.client.patch(NODES, where, 'merge', { status: all }))
    api.runTask(api.client.patch(NODES, { name }, 'merge', { spec: { taints: null } }))
  }

  addPod(name: string, cpu: string, more: Partial<PodSpec> = {}): void {
    const { spec, metadata } = podOf(name, { requests: { cpu } })
    const pod = { metadata: { name: metadata.name, namespace }, spec: { ...spec, ...more } }
    const created = this.api.runTask(this.api.clientOf(0).create(PODS, pod))
    expect(created).toMatchObject({ ok: true })
  }

  pod(name: string) {
    const found = this.api.runTask(this.api.client.get(PODS, { namespace, name }))
    return found.ok ? found.value : undefined
  }

  nodeOf(name: string): string | undefined {
    return this.pod(name)?.spec.nodeName
  }

  messages(name: string): string[] {
    const listed = this.api.runTask(this.api.client.list(EVENTS, { namespace }))
    const items = listed.ok ? listed.value.items : []
    return items
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`)
  }

  kill(name: string): void {
    const where = { namespace, name }
    this.api.runTask(this.api.client.delete(PODS, where, { gracePeriodSeconds: 0 }))
  }
}

function addPriorities(api: ApiFixture): void {
  const path = '/apis/scheduling.k8s.io/v1/priorityclasses'
  const about = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' }
  for (const [name, value] of [
    ['low', 10],
    ['high', 1000],
  ] as const) {
    const body = { ...about, metadata: { name }, value }
    expect(api.runTask(api.client.send({ method: 'POST', path, body })).status).toBe(201)
  }
}

describe('kube-scheduler', () => {
  let bench: Bench
  beforeEach(() => {
    bench = new Bench(1)
  })

  it('binds, and serves what waited as soon as a node comes', () => {
    bench.addPod('a', '1')
    bench.api.advance(seconds(2))
    expect(bench.pod('a')?.status.conditions).toMatchObject([
      {
        type: 'PodScheduled',
        reason: 'Unschedulable',
        message: 'no nodes available to schedule pods',
      },
    ])
    bench.addNode('n1')
    bench.api.until(() => bench.nodeOf('a') === 'n1', seconds(2))
    bench.api.advance(seconds(1))
    expect(bench.messages('a')).toContain('Scheduled: Successfully assigned default/a to n1')
    const { decisions } = inspect(bench.api.masters[0] as Machine) as Inspection
    expect(decisions).toMatchObject([{ pod: 'default/a', node: 'n1', nodes: 1, feasible: 1 }])
  })

  it('keeps the room it made for the pod it made it for', () => {
    const { api } = bench
    addPriorities(api)
    bench.addNode('n1')
    bench.addPod('victim', '4', { priorityClassName: 'low' })
    api.until(() => bench.nodeOf('victim') === 'n1')
    bench.addPod('winner', '4', { priorityClassName: 'high' })
    api.until(() => bench.pod('winner')?.status.nominatedNodeName === 'n1')
    const victim = bench.pod('victim')
    expect(victim?.metadata.deletionTimestamp).toBeDefined()
    expect(victim?.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'PreemptionByScheduler' }),
    )
    const { uid } = bench.pod('winner')?.metadata ?? {}
    bench.addPod('thief', '4', { priorityClassName: 'low' })
    api.advance(seconds(2))
    expect(bench.messages('victim')).toContain(`Preempted: Preempted by pod ${uid} on node n1`)
    bench.kill('victim')
    api.until(() => bench.nodeOf('winner') === 'n1', seconds(5))
    api.advance(minutes(6))
    expect(bench.nodeOf('thief')).toBeUndefined()
    bench.kill('winner')
    api.until(() => bench.nodeOf('thief') === 'n1', seconds(5))
  })

  it('gives promised room free again when the pod it was for is gone', () => {
    const { api } = bench
    addPriorities(api)
    bench.addNode('n1')
    bench.addPod('victim', '4', { priorityClassName: 'low' })
    api.until(() => bench.nodeOf('victim') === 'n1')
    bench.addPod('winner', '4', { priorityClassName: 'high' })
    api.until(() => bench.pod('winner')?.status.nominatedNodeName === 'n1')
    bench.addPod('next', '4', { priorityClassName: 'low' })
    api.advance(seconds(1))
    bench.kill('victim')
    bench.kill('winner')
    api.until(() => bench.nodeOf('next') === 'n1', seconds(5))
  })

  it('places a pod when its claim is there and bound', () => {
    const { api } = bench
    const claim = { metadata: { name: 'data', namespace } }
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]
    bench.addNode('n1')
    bench.addPod('a', '1', { volumes })
    api.advance(seconds(2))
    expect(bench.messages('a')).toEqual([
      'FailedScheduling: 0/1 nodes are available: persistentvolumeclaim "data" not found. not found',
    ])
    const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' }
    const bound = {
      metadata: { ...claim.metadata, annotations },
      spec: { ...spec, volumeName: 'pv-1' },
    }
    expect(api.runTask(api.client.create(PERSISTENTVOLUMECLAIMS, bound)).ok).toBe(true)
    api.until(() => bench.nodeOf('a') === 'n1', seconds(2))
  })
})

describe('replicas of kube-scheduler', () => {
  it('go on where the leader died, and bind each pod once', () => {
    const bench = new Bench(3)
    const { api } = bench
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    bench.addNode('n1')
    bench.addNode('n2')
    for (const name of names) bench.addPod(name, '1')
    api.until(() => names.some((name) => bench.nodeOf(name)))
    const first = bench.leader
    const placed = names.map((name) => bench.nodeOf(name))
    if (first?.id === 'master-1') first.process(process)?.terminate()
    else first?.powerOff('abrupt')
    bench.addPod('g', '1')
    api.until(() => [...names, 'g'].every((name) => bench.nodeOf(name)), minutes(2))
    expect(bench.leader?.id).not.toBe(first?.id)
    for (const [at, node] of placed.entries()) {
      if (node) expect(bench.nodeOf(names[at] as string)).toBe(node)
    }
    const perNode = [...names, 'g'].filter((name) => bench.nodeOf(name) === 'n1').length
    expect(perNode).toBeLessThanOrEqual(4)
    expect(perNode).toBeGreaterThanOrEqual(3)
  })
})
