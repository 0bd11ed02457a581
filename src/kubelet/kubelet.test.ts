import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../api/generated/core-v1'
import { NODES, PODS } from '../api/resources'
import { datapath } from '../network/datapath'
import { PodNetwork } from '../network/pod-network'
import { type Containerd, containerd } from '../runtime/containerd'
import type { MachineHost, Process } from '../sim/process'
import { seconds } from '../sim/time'
import { type ApiFixture, apiFixture, createServiceAccount } from '../testing/api-fixture'
import { kubelet } from './kubelet'
import type { KubeletOptions } from './options'

const nodeName = 'worker-1'

function startKubelet(host: MachineHost, more: Partial<KubeletOptions>): void {
  host.start(
    'kubelet',
    kubelet({
      server: '10.0.0.1:6443',
      nodeName,
      ip: '10.0.2.1',
      capacity: { cpu: '4', memory: '8Gi' },
      maxPods: 110,
      podCidr: '10.244.1.0/24',
      ...more,
    }),
  )
}

class Pulse implements Process {
  start() {}
  stop() {}
}

function cluster(more: Partial<KubeletOptions> = {}) {
  const api = apiFixture()
  createServiceAccount(api)
  const machine = api.sim.addMachine({
    id: nodeName,
    ip: '10.0.2.1',
    bootMicros: seconds(1),
    boot: (host) => {
      host.start('network', datapath())
      host.start(
        'containerd',
        containerd({
          network: (env) => new PodNetwork(env),
          processPrograms: { 'registry.k8s.io/kube-scheduler': () => () => new Pulse() },
        }),
      )
      startKubelet(host, more)
    },
  })
  machine.powerOn()
  api.until(() => isReady(get<Node>(api, NODES, nodeName)))
  return { api, machine, runtime: () => machine.process('containerd')?.program as Containerd }
}

function get<T extends Node | Pod>(api: ApiFixture, ref: typeof NODES | typeof PODS, name: string) {
  const where = ref === PODS ? { namespace: 'default', name } : { name }
  const found = api.runTask(api.client.get(ref as typeof PODS, where))
  return found.ok ? (found.value as T) : undefined
}

const pod = (api: ApiFixture, name: string) => get<Pod>(api, PODS, name)

function isReady(object: Node | Pod | undefined): boolean {
  const conditions = object?.status?.conditions as { type: string; status: string }[] | undefined
  return conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false
}

function run(api: ApiFixture, name: string, spec: object): void {
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName, ...spec },
  }
  const created = api.runTask(api.client.create(PODS, body))
  if (!created.ok) throw new Error(created.error.message)
}

function events(api: ApiFixture, name: string): string[] {
  const path = '/api/v1/namespaces/default/events'
  const answer = api.runTask(api.client.send({ method: 'GET', path }))
  type Row = { involvedObject: { name: string }; reason: string; message: string }
  const { items } = answer.body as unknown as { items: Row[] }
  return items
    .filter((event) => event.involvedObject.name === name)
    .map((event) => `${event.reason}: ${event.message}`)
}

function state(api: ApiFixture, name: string) {
  return pod(api, name)?.status?.containerStatuses?.[0]
}

const shell = (script: string, more: object = {}) => ({
  containers: [{ name: 'c', image: 'busybox:1.36', command: ['sh', '-c', script], ...more }],
})

describe('a kubelet', () => {
  it('runs a pod and lets it go, in the words of the real one', () => {
    const { api } = cluster()
    run(api, 'web', { containers: [{ name: 'c', image: 'nginx:1.27' }] })
    api.until(() => isReady(pod(api, 'web')))
    const status = pod(api, 'web')?.status
    expect(status).toMatchObject({ phase: 'Running', podIP: '10.244.1.2', hostIP: '10.0.2.1' })
    expect(status?.conditions?.map((c) => [c.type, c.status, c.reason])).toEqual([
      ['PodReadyToStartContainers', 'True', undefined],
      ['Initialized', 'True', undefined],
      ['Ready', 'True', undefined],
      ['ContainersReady', 'True', undefined],
      ['PodScheduled', 'True', undefined],
    ])
    api.runTask(api.client.delete(PODS, { namespace: 'default', name: 'web' }))
    api.until(() => pod(api, 'web') === undefined, seconds(5))
    api.advance(seconds(1))
    expect(events(api, 'web')).toEqual([
      'Pulling: Pulling image "nginx:1.27"',
      expect.stringMatching(
        /^Pulled: Successfully pulled image "nginx:1.27" in 1\.\d+s \(1\.\d+s including waiting\)\. Image size: \d+ bytes\.$/,
      ),
      'Created: Container created',
      'Started: Container started',
      'Killing: Stopping container c',
    ])
  })

  it('restarts what crashes, later and later', () => {
    const { api } = cluster()
    run(api, 'bad', shell('echo going; sleep 5; exit 3'))
    api.until(() => state(api, 'bad')?.state?.waiting?.reason === 'CrashLoopBackOff')
    const uid = pod(api, 'bad')?.metadata.uid
    expect(state(api, 'bad')).toMatchObject({
      restartCount: 1,
      state: {
        waiting: {
          message: `back-off 10s restarting failed container=c pod=bad_default(${uid})`,
        },
      },
      lastState: { terminated: { exitCode: 3, reason: 'Error' } },
    })
    expect(pod(api, 'bad')?.status?.phase).toBe('Running')
    expect(events(api, 'bad')).toContain(
      `BackOff: Back-off restarting failed container c in pod bad_default(${uid})`,
    )
    api.advance(seconds(15))
    expect(state(api, 'bad')?.restartCount).toBe(2)
    api.advance(seconds(10))
    expect(state(api, 'bad')?.state?.waiting?.message).toContain('back-off 20s')
  })

  it('ends pods that end, by their restart policy', () => {
    const { api } = cluster()
    run(api, 'good', { restartPolicy: 'Never', ...shell('sleep 2') })
    run(api, 'bad', { restartPolicy: 'Never', ...shell('exit 4') })
    run(api, 'again', { restartPolicy: 'OnFailure', ...shell('test $HOSTNAME = x') })
    api.advance(seconds(20))
    expect(pod(api, 'good')?.status?.phase).toBe('Succeeded')
    expect(pod(api, 'bad')?.status?.phase).toBe('Failed')
    expect(state(api, 'again')?.restartCount).toBeGreaterThan(0)
    const ready = pod(api, 'good')?.status?.conditions?.find((c) => c.type === 'Ready')
    expect(ready).toMatchObject({ status: 'False', reason: 'PodCompleted' })
  })

  it('says why an image cannot be pulled, and backs off', () => {
    const { api } = cluster()
    run(api, 'typo', { containers: [{ name: 'c', image: 'nginx:1.161' }] })
    api.until(() => state(api, 'typo')?.state?.waiting?.reason === 'ErrImagePull')
    const name = 'docker.io/library/nginx:1.161'
    const why = `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`
    expect(state(api, 'typo')?.state?.waiting?.message).toContain(why)
    api.until(() => state(api, 'typo')?.state?.waiting?.reason === 'ImagePullBackOff')
    expect(state(api, 'typo')?.state?.waiting?.message).toContain(
      'Back-off pulling image "nginx:1.161": ErrImagePull: ',
    )
    expect(pod(api, 'typo')?.status?.phase).toBe('Pending')
  })

  it('lets probes decide', () => {
    const { api } = cluster()
    const command = 'touch /tmp/ok; sleep 12; rm /tmp/ok; sleep 600'
    const check = { exec: { command: ['cat', '/tmp/ok'] }, periodSeconds: 2, failureThreshold: 2 }
    run(api, 'probed', {
      terminationGracePeriodSeconds: 3,
      ...shell(command, {
        readinessProbe: check,
        livenessProbe: { ...check, failureThreshold: 4 },
      }),
    })
    api.until(() => isReady(pod(api, 'probed')))
    api.until(() => !isReady(pod(api, 'probed')), seconds(20))
    expect(state(api, 'probed')?.restartCount).toBe(0)
    api.until(() => (state(api, 'probed')?.restartCount ?? 0) > 0, seconds(20))
    expect(state(api, 'probed')?.lastState?.terminated?.exitCode).toBe(137)
    const told = events(api, 'probed')
    expect(told).toContain('Killing: Container c failed liveness probe, will be restarted')
    expect(told).toContain(
      "Unhealthy: Readiness probe failed: cat: can't open '/tmp/ok': No such file or directory",
    )
  })

  it('waits for a slow server by its HTTP probe', () => {
    const { api } = cluster()
    run(api, 'slow', {
      containers: [
        {
          name: 'c',
          image: 'registry.k8s.io/e2e-test-images/agnhost:2.53',
          args: ['liveness'],
          startupProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
          livenessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 3 },
        },
      ],
    })
    api.until(() => isReady(pod(api, 'slow')))
    api.until(() => (state(api, 'slow')?.restartCount ?? 0) > 0)
    expect(events(api, 'slow')).toContain(
      'Unhealthy: Liveness probe failed: HTTP probe failed with statuscode: 500',
    )
  })

  it('runs init containers in order, and sidecars beside', () => {
    const { api } = cluster()
    const image = 'busybox:1.36'
    run(api, 'staged', {
      restartPolicy: 'Never',
      initContainers: [
        { name: 'one', image, command: ['sleep', '2'] },
        {
          name: 'side',
          image,
          command: ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 1; done'],
          restartPolicy: 'Always',
        },
        { name: 'two', image, command: ['sleep', '2'] },
      ],
      containers: [{ name: 'main', image, command: ['sleep', '5'] }],
    })
    api.advance(seconds(4))
    const early = pod(api, 'staged')?.status
    expect(early?.phase).toBe('Pending')
    expect(early?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('PodInitializing')
    expect(early?.conditions?.find((c) => c.type === 'Initialized')?.message).toBe(
      'containers with incomplete status: [two]',
    )
    api.until(() => pod(api, 'staged')?.status?.phase === 'Running')
    api.until(() => pod(api, 'staged')?.status?.phase === 'Succeeded')
    const ended = pod(api, 'staged')?.status?.initContainerStatuses
    expect(ended?.map((c) => c.state?.terminated?.exitCode)).toEqual([0, 0, 0])
  })

  it('K5 keeps the object until the containers are dead', () => {
    const { api, runtime } = cluster()
    run(api, 'deaf', { terminationGracePeriodSeconds: 10, ...shell('sleep 1000') })
    api.until(() => isReady(pod(api, 'deaf')))
    const uid = pod(api, 'deaf')?.metadata.uid ?? ''
    api.runTask(api.client.delete(PODS, { namespace: 'default', name: 'deaf' }))
    api.advance(seconds(8))
    expect(pod(api, 'deaf')?.metadata.deletionTimestamp).toBeDefined()
    expect(runtime().pod(uid).containers[0]?.state).toBe('running')
    api.until(() => pod(api, 'deaf') === undefined, seconds(4))
    expect(runtime().podUids()).toEqual([])
  })

  it('K8 leaves containers alone when only the kubelet restarts', () => {
    const { api, machine, runtime } = cluster()
    run(api, 'web', { containers: [{ name: 'c', image: 'nginx' }] })
    run(api, 'gone', { containers: [{ name: 'c', image: 'nginx' }] })
    api.until(() => isReady(pod(api, 'web')) && isReady(pod(api, 'gone')))
    const before = state(api, 'web')
    api.sim.inject('test', () => machine.process('kubelet')?.kill())
    const options = { gracePeriodSeconds: 0 }
    api.runTask(api.client.delete(PODS, { namespace: 'default', name: 'gone' }, options))
    expect(runtime().podUids()).toHaveLength(2)
    api.sim.inject('test', () => startKubelet(machine.host(machine.life), {}))
    api.advance(seconds(40))
    expect(state(api, 'web')).toEqual(before)
    expect(runtime().podUids()).toEqual([pod(api, 'web')?.metadata.uid])
  })

  it('starts everything again after the machine was without power', () => {
    const { api, machine } = cluster()
    run(api, 'web', { containers: [{ name: 'c', image: 'nginx' }] })
    api.until(() => isReady(pod(api, 'web')))
    const { containerID } = state(api, 'web') ?? {}
    api.sim.inject('test', () => machine.powerOff('abrupt'))
    api.advance(seconds(5))
    api.sim.inject('test', () => machine.powerOn())
    api.until(() => (state(api, 'web')?.restartCount ?? 0) === 1 && isReady(pod(api, 'web')))
    expect(state(api, 'web')?.lastState?.terminated).toMatchObject({
      exitCode: 255,
      reason: 'Unknown',
      containerID,
    })
  })

  it('runs static pods, with or without an API server', () => {
    const manifest: Pod = {
      metadata: { name: 'kube-scheduler', namespace: 'kube-system' },
      status: {},
      spec: {
        hostNetwork: true,
        containers: [{ name: 'kube-scheduler', image: 'registry.k8s.io/kube-scheduler:v1.36.3' }],
      },
    }
    const { api, machine } = cluster({ staticPods: [manifest] })
    const where = { namespace: 'kube-system', name: 'kube-scheduler-worker-1' }
    const mirror = () => {
      const found = api.runTask(api.client.get<Pod>(PODS, where))
      return found.ok ? found.value : undefined
    }
    api.until(() => isReady(mirror()))
    const first = mirror()
    expect(first?.metadata.annotations).toMatchObject({ 'kubernetes.io/config.source': 'file' })
    expect(machine.process('kube-scheduler')?.status).toBe('running')
    api.sim.inject('test', () => machine.process('kube-scheduler')?.kill())
    api.until(() => mirror()?.status?.containerStatuses?.[0]?.restartCount === 1)
    api.runTask(api.client.delete(PODS, where))
    api.until(() => isReady(mirror()) && mirror()?.metadata.uid !== first?.metadata.uid)
    expect(machine.process('kube-scheduler')?.status).toBe('running')
    api.sim.inject('test', () => machine.powerOff('abrupt'))
    api.sim.inject('test', () => api.masters[0]?.powerOff('abrupt'))
    api.sim.inject('test', () => machine.powerOn())
    api.advance(seconds(10))
    expect(machine.process('kube-scheduler')?.status).toBe('running')
  })

  it('refuses what does not fit', () => {
    const { api } = cluster()
    const resources = { requests: { cpu: '3' } }
    run(api, 'one', { containers: [{ name: 'c', image: 'nginx', resources }] })
    run(api, 'two', { containers: [{ name: 'c', image: 'nginx', resources }] })
    api.until(() => pod(api, 'two')?.status?.phase === 'Failed')
    expect(pod(api, 'two')?.status).toMatchObject({
      reason: 'OutOfcpu',
      message:
        "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 3000, capacity: 4000",
    })
  })

  it('corrects what another wrote over its status', () => {
    const { api } = cluster()
    run(api, 'web', { containers: [{ name: 'c', image: 'nginx' }] })
    api.until(() => isReady(pod(api, 'web')))
    const conditions = [{ type: 'Ready', status: 'False', reason: 'NodeNotReady' }]
    const where = { namespace: 'default', name: 'web', subresource: 'status' }
    api.runTask(api.client.patch(PODS, where, 'strategic-merge', { status: { conditions } }))
    api.until(() => isReady(pod(api, 'web')), seconds(5))
  })

  it.each([50, 200, 400, 700, 1200, 1900])(
    'leaves nothing of a pod that is deleted %d ms after its creation',
    (ms) => {
      const { api, runtime } = cluster()
      run(api, 'brief', { containers: [{ name: 'c', image: 'nginx' }] })
      api.advance(ms * 1000)
      const options = { gracePeriodSeconds: 0 }
      api.runTask(api.client.delete(PODS, { namespace: 'default', name: 'brief' }, options))
      api.advance(seconds(5))
      expect(runtime().podUids()).toEqual([])
    },
  )

  it('outlives its runtime', () => {
    const { api, machine } = cluster()
    run(api, 'web', { containers: [{ name: 'c', image: 'nginx' }] })
    api.until(() => isReady(pod(api, 'web')))
    api.sim.inject('test', () => machine.process('containerd')?.kill())
    api.until(() => !isReady(get<Node>(api, NODES, nodeName)), seconds(15))
    api.sim.inject('test', () => {
      const factory = containerd({ network: (env) => new PodNetwork(env) })
      machine.host(machine.life).start('containerd', factory)
    })
    api.until(() => isReady(get<Node>(api, NODES, nodeName)))
    api.until(() => state(api, 'web')?.restartCount === 1 && isReady(pod(api, 'web')))
  })

  it('does nothing for pods that are well', () => {
    const { api } = cluster()
    for (let i = 0; i < 30; i++) run(api, `p${i}`, { containers: [{ name: 'c', image: 'nginx' }] })
    api.until(() =>
      Array.from({ length: 30 }, (_, i) => `p${i}`).every((n) => isReady(pod(api, n))),
    )
    api.advance(seconds(60))
    const before = api.sim.eventsHandled
    api.advance(seconds(300))
    const kubeletEvents = api.sim
      .trace(0, 100_000)
      .filter((e) => e.machine === nodeName && e.time > api.sim.now - seconds(300))
    expect(kubeletEvents.length).toBeLessThan(400)
    expect(api.sim.eventsHandled).toBeGreaterThan(before)
  })
})
