import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../../api/generated/core-v1'
import type { LabState, MachineState } from '../../control/state'
import { explainMasters } from '../setup/explain'
import { labNotes } from '../timeline/lab-notes'
import { marksOf, windowOf } from '../timeline/marks'
import { clusterStatus } from './cluster-status'
import { machineView } from './machine-view'
import { shortName } from './names'

import { podView } from './pod-state'
import { reachOf } from './reach'
import { clockText, durationText } from './time'
import { waitingReasons } from './waiting'

type Status = NonNullable<Pod['status']>

function pod(status: Partial<Status>, changes: { spec?: object; metadata?: object } = {}): Pod {
  return {
    metadata: { name: 'web', namespace: 'default', ...changes.metadata },
    spec: { nodeName: 'worker-1', containers: [{ name: 'main', image: 'nginx' }], ...changes.spec },
    status: status as Status,
  }
}

const container = (changes: object) => ({
  name: 'main',
  image: 'nginx',
  imageID: '',
  ready: false,
  restartCount: 0,
  ...changes,
})
const condition = (type: string, status: string, more: object = {}) => ({ type, status, ...more })

describe('podView', () => {
  const running = { running: { startedAt: '2026-01-01T00:00:00Z' } }
  const crash = {
    waiting: {
      reason: 'CrashLoopBackOff',
      message: 'back-off 1m20s restarting failed container=main',
    },
  }
  const unschedulable = condition('PodScheduled', 'False', {
    reason: 'Unschedulable',
    message: '0/6 nodes are available: 6 Insufficient cpu.',
  })
  const cases: {
    name: string
    pod: Pod
    nodeReady?: string
    state: string
    word: string
    says: RegExp
  }[] = [
    {
      name: 'just made',
      pod: pod({ phase: 'Pending' }, { spec: { nodeName: undefined } }),
      state: 'unscheduled',
      word: 'Pending',
      says: /scheduler/,
    },
    {
      name: 'that fits nowhere',
      pod: pod(
        { phase: 'Pending', conditions: [unschedulable] },
        { spec: { nodeName: undefined } },
      ),
      state: 'unscheduled',
      word: 'Unschedulable',
      says: /6 Insufficient cpu/,
    },
    {
      name: 'with a gate',
      pod: pod({}, { spec: { nodeName: undefined, schedulingGates: [{ name: 'g' }] } }),
      state: 'unscheduled',
      word: 'SchedulingGated',
      says: /gate g/,
    },
    {
      name: 'bound',
      pod: pod({ phase: 'Pending' }),
      nodeReady: 'True',
      state: 'creating',
      word: 'Scheduled',
      says: /worker-1/,
    },
    {
      name: 'pulling',
      pod: pod({
        phase: 'Pending',
        containerStatuses: [container({ state: { waiting: { reason: 'ContainerCreating' } } })],
      }),
      nodeReady: 'True',
      state: 'creating',
      word: 'ContainerCreating',
      says: /0 of 1/,
    },
    {
      name: 'running, not ready',
      pod: pod({
        phase: 'Running',
        conditions: [condition('Ready', 'False')],
        containerStatuses: [container({ state: running })],
      }),
      nodeReady: 'True',
      state: 'running',
      word: 'Running',
      says: /not ready/,
    },
    {
      name: 'ready',
      pod: pod({
        phase: 'Running',
        conditions: [condition('Ready', 'True')],
        containerStatuses: [container({ state: running, ready: true })],
      }),
      nodeReady: 'True',
      state: 'ready',
      word: 'Ready',
      says: /Services may/,
    },
    {
      name: 'crash looping',
      pod: pod({
        phase: 'Running',
        containerStatuses: [
          container({ state: crash, restartCount: 3, lastState: { terminated: { exitCode: 1 } } }),
        ],
      }),
      nodeReady: 'True',
      state: 'backing-off',
      word: 'CrashLoopBackOff',
      says: /1 min 20 s.*exit code 1.*3 times/,
    },
    {
      name: 'without its image',
      pod: pod({
        phase: 'Pending',
        containerStatuses: [container({ state: { waiting: { reason: 'ImagePullBackOff' } } })],
      }),
      nodeReady: 'True',
      state: 'backing-off',
      word: 'ImagePullBackOff',
      says: /cannot be pulled/,
    },
    {
      name: 'being deleted',
      pod: pod(
        { phase: 'Running' },
        { metadata: { deletionTimestamp: 'x', deletionGracePeriodSeconds: 30 } },
      ),
      nodeReady: 'True',
      state: 'terminating',
      word: 'Terminating',
      says: /30 s/,
    },
    {
      name: 'deleted on a lost node',
      pod: pod({ phase: 'Running' }, { metadata: { deletionTimestamp: 'x' } }),
      nodeReady: 'Unknown',
      state: 'terminating',
      word: 'Terminating',
      says: /nobody can confirm/,
    },
    {
      name: 'on a lost node',
      pod: pod({ phase: 'Running', conditions: [condition('Ready', 'True')] }),
      nodeReady: 'Unknown',
      state: 'unknown',
      word: 'Unknown',
      says: /not known/,
    },
    {
      name: 'whose node is gone',
      pod: pod({ phase: 'Running' }),
      state: 'unknown',
      word: 'Unknown',
      says: /does not exist/,
    },
    {
      name: 'that succeeded',
      pod: pod({ phase: 'Succeeded' }),
      nodeReady: 'True',
      state: 'succeeded',
      word: 'Succeeded',
      says: /exit code 0/,
    },
    {
      name: 'that was evicted',
      pod: pod({
        phase: 'Failed',
        reason: 'Evicted',
        message: 'The node was low on resource: memory.',
      }),
      nodeReady: 'True',
      state: 'failed',
      word: 'Evicted',
      says: /low on resource/,
    },
    {
      name: 'that ran out of memory',
      pod: pod({
        phase: 'Failed',
        containerStatuses: [
          container({ state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }),
        ],
      }),
      nodeReady: 'True',
      state: 'failed',
      word: 'OOMKilled',
      says: /137/,
    },
  ]
  it.each(cases)('sees a pod $name', ({ pod, nodeReady, state, word, says }) => {
    const view = podView(pod, { nodeReady })
    expect([view.state, view.word]).toEqual([state, word])
    expect(view.sentence).toMatch(says)
  })
})

function machine(id: string, changes: Partial<MachineState> = {}): MachineState {
  const role = id.startsWith('master') ? 'master' : id.startsWith('lb') ? 'load-balancer' : 'worker'
  return {
    id,
    role,
    power: 'on',
    ip: '',
    cpu: '4',
    memory: '8Gi',
    processes: [],
    links: [],
    since: 0,
    ...changes,
  }
}

function lab(machines: readonly MachineState[], changes: Partial<LabState> = {}): LabState {
  const masters = machines.filter((m) => m.role === 'master')
  return {
    time: 60_000_000,
    epochMs: 0,
    speed: 1,
    seed: 1,
    traceHash: '',
    leases: [],
    settled: true,
    activity: 'playing',
    machines,
    etcd: masters.map((m, index) => ({
      machine: m.id,
      term: 2,
      leader: 'master-1',
      commitIndex: 1,
      appliedIndex: 1,
      revision: 1,
      role: m.power === 'off' ? 'down' : index === 0 ? 'leader' : 'follower',
    })),
    ...changes,
  }
}

const node = (status: string): Node => ({
  metadata: { name: 'worker-1' },
  spec: {},
  status: { conditions: [{ type: 'Ready', status }] },
})
const cut = (...to: readonly string[]) => to.map((id) => ({ to: id, state: 'cut' as const }))

describe('machineView', () => {
  const cases: {
    name: string
    machine: MachineState
    status: string
    physical: string
    word?: string
  }[] = [
    { name: 'on and Ready', machine: machine('worker-1'), status: 'True', physical: 'on' },
    {
      name: 'off and still Ready',
      machine: machine('worker-1', { power: 'off' }),
      status: 'True',
      physical: 'off',
      word: 'physically off',
    },
    {
      name: 'off and known to be',
      machine: machine('worker-1', { power: 'off' }),
      status: 'Unknown',
      physical: 'off',
    },
    {
      name: 'cut off, not missed yet',
      machine: machine('worker-1', { links: cut('master-1', 'lb-1') }),
      status: 'True',
      physical: 'cut-off',
      word: 'cut off',
    },
    {
      name: 'cut off and missed',
      machine: machine('worker-1', { links: cut('master-1', 'lb-1') }),
      status: 'Unknown',
      physical: 'cut-off',
      word: 'still running',
    },
    {
      name: 'with one wire cut',
      machine: machine('worker-1', { links: cut('lb-1') }),
      status: 'True',
      physical: 'on',
    },
    {
      name: 'on and not heard of',
      machine: machine('worker-1'),
      status: 'Unknown',
      physical: 'on',
      word: 'physically on',
    },
  ]
  it.each(cases)(
    'tells the two truths of a machine $name',
    ({ machine: m, status, physical, word }) => {
      const view = machineView(m, node(status), [m, machine('master-1'), machine('lb-1')])
      expect([view.physical, view.disagreement?.word]).toEqual([physical, word])
    },
  )
})

describe('waitingReasons', () => {
  const waits = (name: string, message: string): Pod => ({
    metadata: { namespace: 'default', name },
    spec: { containers: [] },
    status: {
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
    },
  })
  const cpu = waits('a', '0/6 nodes are available: 6 Insufficient cpu. preemption: 0/6 no help.')
  const taint = waits('b', '0/6 nodes are available: 6 node(s) had untolerated taint(s).')
  it.each([
    ['one reason', [cpu, cpu], undefined, '0/6 nodes are available: 6 Insufficient cpu.'],
    ['two', [cpu, taint], undefined, 'a: 0/6 nodes are available: 6 Insufficient cpu. Another'],
    ['two, one selected', [cpu, taint], 'default/b', 'b: 0/6 nodes are available: 6 node(s) had'],
  ] as const)('tells %s', (_, pods, selected, text) => {
    expect(waitingReasons(pods, selected).text.startsWith(text)).toBe(true)
  })
})

describe('countdowns', () => {
  it('know when the next try is due', () => {
    const waiting = {
      reason: 'CrashLoopBackOff',
      message: 'back-off 1m20s restarting failed container=main',
    }
    const finishedAt = '2026-01-01T00:01:00Z'
    const status = container({
      state: { waiting },
      lastState: { terminated: { exitCode: 1, finishedAt } },
    })
    const view = podView(pod({ phase: 'Running', containerStatuses: [status] }), {
      nodeReady: 'True',
    })
    const startMs = Date.parse(finishedAt)
    expect(view.countdown).toEqual({ startMs, endMs: startMs + 80_000, what: 'Next try' })
  })

  it('know when the grace period ends', () => {
    const metadata = { deletionTimestamp: '2026-01-01T00:01:00Z', deletionGracePeriodSeconds: 30 }
    const endMs = Date.parse(metadata.deletionTimestamp)
    const view = podView(pod({ phase: 'Running' }, { metadata }), { nodeReady: 'True' })
    expect(view.countdown).toEqual({ startMs: endMs - 30_000, endMs, what: 'Killed' })
  })
})

describe('reachOf', () => {
  const links = (...to: readonly string[]) => ({ links: cut(...to) })
  const peersCut = [
    machine('master-1', links('master-3')),
    machine('master-2', links('master-3')),
    machine('master-3', links('master-1', 'master-2')),
    machine('worker-1'),
  ]
  const allCut = [
    machine('master-1', links('worker-1')),
    machine('lb-1', links('worker-1')),
    machine('worker-1', links('master-1', 'lb-1')),
  ]
  const oneCut = [
    machine('lb-1', links('master-1')),
    machine('master-1', links('lb-1')),
    machine('worker-1'),
  ]
  it.each([
    ['a master without peers', peersCut, ['all', 'all', 'no-master', 'all']],
    ['a worker without anybody', allCut, ['all', 'all', 'nobody']],
    ['a single wire', oneCut, ['some', 'some', 'all']],
  ] as const)('blames the right end for %s', (_, machines, kinds) => {
    expect(machines.map((m) => reachOf(m, machines).kind)).toEqual(kinds)
  })
})

describe('clusterStatus', () => {
  const off = { power: 'off' } as const
  const silent = { state: 'silent', since: 51_000_000, message: 'connection refused' } as const
  const masters = ['master-1', 'master-2', 'master-3']
  const cases: { name: string; state: LabState; says: RegExp }[] = [
    {
      name: 'two of three masters off',
      state: lab([...masters.map((id, i) => machine(id, i > 0 ? off : {})), machine('lb-1')]),
      says: /since 00:00:51\. Two of three masters are off: etcd has no quorum \(1 of 2 needed\)/,
    },
    {
      name: 'all masters off',
      state: lab([...masters.map((id) => machine(id, off)), machine('lb-1')]),
      says: /All masters are off/,
    },
    {
      name: 'the balancer off',
      state: lab([...masters.map((id) => machine(id)), machine('lb-1', off)]),
      says: /load balancer is off/,
    },
    {
      name: 'no leader',
      state: lab(
        masters.map((id) => machine(id)),
        {
          etcd: masters.map((id) => ({
            machine: id,
            term: 3,
            role: 'candidate',
            leader: '',
            commitIndex: 1,
            appliedIndex: 1,
            revision: 1,
          })),
        },
      ),
      says: /electing a leader/,
    },
    {
      name: 'nothing physical',
      state: lab([...masters.map((id) => machine(id)), machine('lb-1')]),
      says: /connection refused/,
    },
  ]
  it.each(cases)('explains the silence with $name', ({ state, says }) => {
    expect(clusterStatus(silent, state, {}).sentence).toMatch(says)
  })

  const answering = { state: 'answering' } as const
  const three = masters.map((id) => machine(id))
  it.each([
    [
      'all well',
      [...three, machine('worker-1')],
      { 'worker-1': 'True' },
      'calm',
      /master-1 leads etcd, the worker is Ready/,
    ],
    [
      'a master off',
      [machine('master-1'), machine('master-2'), machine('master-3', off)],
      {},
      'degraded',
      /master-3 is off: etcd keeps its quorum \(2 of 3/,
    ],
    [
      'a worker off, not missed',
      [...three, machine('worker-1', off)],
      { 'worker-1': 'True' },
      'degraded',
      /has not noticed/,
    ],
    [
      'a worker off and missed',
      [...three, machine('worker-1', off)],
      { 'worker-1': 'Unknown' },
      'degraded',
      /NotReady/,
    ],
    [
      'a worker on and not Ready',
      [...three, machine('worker-1')],
      { 'worker-1': 'False' },
      'degraded',
      /worker-1 is not Ready/,
    ],
  ] as const)('sums up a cluster with %s', (_, machines, nodeReady, tone, says) => {
    const status = clusterStatus(answering, lab(machines), nodeReady)
    expect(status.tone).toBe(tone)
    expect(status.sentence).toMatch(says)
  })
})

describe('labNotes', () => {
  it('tells of power, wires and leaders, once each', () => {
    const before = lab([machine('master-1'), machine('master-2'), machine('worker-1')])
    const now = lab(
      [
        machine('master-1', { power: 'off', since: 5 }),
        machine('master-2'),
        machine('worker-1', { links: cut('master-2') }),
      ],
      {
        etcd: [
          {
            machine: 'master-2',
            term: 3,
            role: 'leader',
            leader: 'master-2',
            commitIndex: 1,
            appliedIndex: 1,
            revision: 1,
          },
        ],
        leases: [{ name: 'kube-scheduler', holder: 'master-2_x', machine: 'master-2' }],
      },
    )
    expect(labNotes(before, now, 0).map((n) => n.text)).toEqual([
      'master-1 lost power.',
      'worker-1 lost its wire to master-2.',
      'master-2 leads etcd in term 3.',
      'kube-scheduler on master-2 took the lead.',
    ])
    expect(labNotes(now, now, 4)).toEqual([])
  })
})

describe('timeline', () => {
  it('keeps the weightiest of marks that would cover one another', () => {
    const line = (id: string, time: number, tone: 'good' | 'bad' | 'plain') =>
      ({ id, time, tone, source: 'api', reason: '', about: '', text: id, count: 1 }) as const
    const lines = [
      line('a', 0, 'good'),
      line('b', 500_000, 'bad'),
      line('c', 60_000_000, 'good'),
      line('d', 61_000_000, 'plain'),
    ]
    expect(marksOf(lines, { from: 0, to: 120_000_000 }).map((m) => m.id)).toEqual(['b', 'c'])
  })

  it('shows a window that has room for what comes', () => {
    expect(windowOf(0)).toEqual({ from: 0, to: 120_000_000 })
    for (const now of [1e8, 1e9, 1e11, 1e12]) {
      const { from, to } = windowOf(now)
      expect(from).toBeLessThanOrEqual(now)
      expect(to).toBeGreaterThan(now)
    }
  })
})

describe('words', () => {
  it.each([
    [462_318_000, '00:07:42.3'],
    [86_400_000_000 + 1_000_000, '1 d 00:00:01.0'],
    [0, '00:00:00.0'],
  ])('writes %d µs as %s', (micros, text) => {
    expect(clockText(micros)).toBe(text)
  })

  it.each([
    [3_000_000, '3 s'],
    [245_000_000, '4 min 5 s'],
    [7_380_000_000, '2 h 3 min'],
  ])('writes a duration of %d µs as %s', (micros, text) => {
    expect(durationText(micros)).toBe(text)
  })

  it('keeps the end of a name, which tells siblings apart', () => {
    const owned = (name: string, owner: string, hash?: string): Pod => ({
      metadata: {
        name,
        labels: hash ? { 'pod-template-hash': hash } : {},
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ReplicaSet', name: owner, uid: '', controller: true },
        ],
      },
      spec: { containers: [] },
      status: {},
    })
    expect(shortName(owned('web-5d8f-x2x9k', 'web-5d8f', '5d8f'))).toEqual({
      head: 'web',
      tail: '-x2x9k',
    })
    expect(shortName(owned('db-0', 'db'))).toEqual({ head: 'db', tail: '-0' })
    expect(shortName(pod({}))).toEqual({ head: 'web', tail: '' })
  })

  it.each([
    [1, /needs it/],
    [3, /needs two of them.*loss of one\./],
    [4, /needs three.*loss of one, no more than three masters would/],
    [7, /needs four.*loss of three\./],
  ])('explains %d masters', (masters, says) => {
    expect(explainMasters(masters)).toMatch(says)
  })
})
