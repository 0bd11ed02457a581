import { describe, expect, it } from 'vitest'
import type { Container, Pod } from '../api/generated/core-v1'
import type { ContainerStatus, PodRuntimeStatus, SandboxStatus } from '../runtime/cri'
import { seconds } from '../sim/time'
import { Backoff, goMillis, goSeconds } from './backoff'
import { containerEnv, expand, fromBase64 } from './container-config'
import { podActions } from './pod-actions'
import { podStatus } from './pod-status'
import type { PodView } from './pod-view'
import { statusPatch } from './status-writer'

const sandbox: SandboxStatus = {
  id: 's1',
  config: {
    uid: 'u',
    name: 'web',
    namespace: 'default',
    attempt: 0,
    hostname: 'web',
    hostNetwork: false,
    hostPorts: [],
  },
  ready: true,
  ip: '10.244.1.2',
  createdAt: 0,
}

/** `main=running`, `main=exit:1`, in order of creation. */
function containers(text: string): ContainerStatus[] {
  return text
    .split(' ')
    .filter(Boolean)
    .map((part, i) => {
      const [name = '', state = ''] = part.split('=')
      const exitCode = Number(state.split(':')[1] ?? 0)
      const config = { name, image: 'i', attempt: 0, env: {}, ports: [], files: {}, labels: {} }
      return {
        id: `c${i}`,
        sandboxId: 's1',
        podUid: 'u',
        config,
        state: state === 'running' ? 'running' : 'exited',
        createdAt: i,
        startedAt: 1,
        finishedAt: state === 'running' ? 0 : 2,
        exitCode,
        reason: exitCode === 0 ? 'Completed' : 'Error',
        message: '',
        imageName: 'i',
        imageId: 'i@1',
        generic: false,
      }
    })
}

function view(restartPolicy: string, names: string, runtimeText: string, ready = true): PodView {
  const inits: Container[] = []
  const mains: Container[] = []
  for (const name of names.split(' ')) {
    if (name.startsWith('init')) inits.push({ name, image: 'i' })
    else if (name.startsWith('side')) inits.push({ name, image: 'i', restartPolicy: 'Always' })
    else mains.push({ name, image: 'i' })
  }
  const pod: Pod = {
    metadata: { name: 'web', namespace: 'default', uid: 'u' },
    spec: { restartPolicy, initContainers: inits, containers: mains },
    status: {},
  }
  const runtime: PodRuntimeStatus = {
    sandboxes: [{ ...sandbox, ready }],
    containers: containers(runtimeText),
  }
  const probe = () => ({ started: true, ready: true, unhealthy: undefined })
  return { pod, runtime, probe, waiting: new Map() }
}

const table: readonly [
  policy: string,
  names: string,
  runtime: string,
  phase: string,
  next: string,
][] = [
  ['Always', 'a', '', 'Pending', 'start a'],
  ['Always', 'a', 'a=running', 'Running', ''],
  ['Always', 'a', 'a=exit:0', 'Running', 'start a'],
  ['Always', 'a b', 'a=running', 'Pending', 'start b'],
  ['OnFailure', 'a', 'a=exit:0', 'Succeeded', 'end'],
  ['OnFailure', 'a', 'a=exit:2', 'Running', 'start a'],
  ['Never', 'a', 'a=exit:2', 'Failed', 'end'],
  ['Never', 'a b', 'a=exit:0 b=exit:0', 'Succeeded', 'end'],
  ['Never', 'a b', 'a=exit:1 b=running', 'Running', ''],
  ['Always', 'init1 init2 a', '', 'Pending', 'start init1'],
  ['Always', 'init1 init2 a', 'init1=running', 'Pending', ''],
  ['Always', 'init1 init2 a', 'init1=exit:0', 'Pending', 'start init2'],
  ['Always', 'init1 a', 'init1=exit:1', 'Pending', 'start init1'],
  ['Never', 'init1 a', 'init1=exit:1', 'Failed', 'end'],
  ['Always', 'init1 a', 'init1=exit:0', 'Pending', 'start a'],
  ['Never', 'side a', 'side=running', 'Pending', 'start a'],
  ['Never', 'side a', 'side=running a=exit:0', 'Running', 'end'],
  ['Never', 'side a', 'side=exit:0 a=running', 'Running', 'start side'],
  ['Never', 'side a', 'side=exit:0 a=exit:0', 'Succeeded', 'end'],
]

describe('what a kubelet decides', () => {
  it.each(table)('%s [%s] with [%s]: %s, %s', (policy, names, runtime, phase, next) => {
    const seen = view(policy, names, runtime)
    const context = { hostIp: '10.0.0.1', now: 0, previous: undefined, terminal: false }
    expect(podStatus(seen, context).phase).toBe(phase)
    const actions = podActions(seen)
    const start = actions.start.map((c) => c.name).join(' ')
    expect(actions.killPod ? 'end' : start ? `start ${start}` : '').toBe(next)
  })

  it('makes a new sandbox for what must go on, and none for what is over', () => {
    expect(podActions(view('Always', 'a', 'a=exit:255', false)).createSandbox).toBe(1)
    expect(podActions(view('Never', 'a', 'a=exit:255', false)).killPod).toBe(true)
    expect(podActions(view('OnFailure', 'a', 'a=exit:0', false)).killPod).toBe(true)
  })

  it('backs off from 10 s to 5 min, and forgets after 10 min', () => {
    const backoff = new Backoff()
    const delays: string[] = []
    let now = 0
    for (let i = 0; i < 8; i++) {
      now += backoff.remaining('k', now, now)
      backoff.next('k', now, now)
      delays.push(goSeconds(backoff.delay('k')))
    }
    expect(delays).toEqual(['10s', '20s', '40s', '1m20s', '2m40s', '5m0s', '5m0s', '5m0s'])
    now += seconds(601)
    expect(backoff.remaining('k', now, now)).toBe(0)
    backoff.next('k', now, now)
    expect(goSeconds(backoff.delay('k'))).toBe('10s')
    expect([goMillis(432_100), goMillis(1_250_000), goMillis(61_000_000)]).toEqual([
      '432ms',
      '1.25s',
      '1m1s',
    ])
  })

  it('patches what changed, and takes out what went', () => {
    const before = { phase: 'Running', podIP: '1', podIPs: [{ ip: '1' }], reason: 'x' }
    expect(statusPatch(before, before)).toBeUndefined()
    expect(statusPatch(before, { phase: 'Running', podIP: '2', podIPs: [{ ip: '2' }] })).toEqual({
      podIP: '2',
      podIPs: [{ ip: '2' }, { ip: '1', $patch: 'delete' }],
      reason: null,
    })
  })

  it('builds the environment of a container', () => {
    const { pod } = view('Always', 'a', '')
    const secretKeyRef = { name: 's', key: 'password' }
    const container: Container = {
      name: 'a',
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '$(A)-$$(A)-$(C)' },
        { name: 'P', valueFrom: { secretKeyRef } },
        { name: 'N', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
    }
    const place = { podIp: '', hostIp: '', nodeName: 'n' }
    const secret = { metadata: { name: 's' }, data: { password: 'w6TDtg==' } }
    const sources = { configMaps: new Map(), secrets: new Map([['s', secret]]) }
    expect(containerEnv(pod, container, sources, place)).toEqual({
      ok: true,
      env: { A: '1', B: '1-$(A)-$(C)', P: 'äö', N: 'web' },
    })
    const none = { configMaps: new Map(), secrets: new Map() }
    expect(containerEnv(pod, container, none, place)).toEqual({
      ok: false,
      error: 'secret "s" not found',
    })
    expect(expand('$(A)', {})).toBe('$(A)')
    expect(fromBase64('aGk=')).toBe('hi')
  })
})
