import { kubeApiserver } from '../apiserver/server'
import { ApiClient } from '../client/api-client'
import type { Identity } from '../client/request'
import { apiServerPort } from '../client/wire'
import { etcdMember } from '../etcd/member'
import type { Machine } from '../sim/machine'
import type { ProcessEnv, ProcessFactory } from '../sim/process'
import { Simulation } from '../sim/simulation'
import type { Future, Task } from '../sim/task'
import { type Micros, millis, seconds } from '../sim/time'

const epochMs = Date.UTC(2026, 0, 1)

export const admin: Identity = { user: 'kubernetes-admin', groups: ['system:masters'] }

export interface ApiFixtureOptions {
  /** Masters, each with an etcd member and an API server: 1 unless given. */
  readonly masters?: number
  readonly seed?: number
  readonly latencyMicros?: Micros
}

export interface ApiFixture {
  readonly sim: Simulation
  /** `master-1` …, in order. */
  readonly masters: readonly Machine[]
  /** The machine the client runs on. */
  readonly clientMachine: Machine
  /** Environment of the client's process, for informers, recorders and the like. */
  readonly env: ProcessEnv
  /** As `kubernetes-admin`, to the first master's server. */
  readonly client: ApiClient
  /** To one master's server (from 0), as anybody. */
  clientOf(master: number, identity?: Identity): ApiClient
  /** Runs a task of the client's process to its end, at most `within` (60 s) of virtual time. */
  runTask<T>(task: Task<T>, within?: Micros): T
  /** Lets virtual time pass. */
  advance(by: Micros): void
  /** Advances in steps of 100 ms until the condition holds; throws when it does not within a time. */
  until(condition: () => boolean, within?: Micros): void
  /** Starts a master's etcd member again after its process ended. */
  startEtcd(master: number): void
  /** Starts another process on the client's machine, or on a machine of its own. */
  start(name: string, factory: ProcessFactory, machine?: string): void
}

/**
 * A Simulation with etcd and API servers, booted and ready, and a machine for a client. Use:
 *
 * ```ts
 * const api = apiFixture()                     // 1 master; { masters: 3 } for three
 * const pod = api.runTask(api.client.create(PODS, { metadata: { … }, spec: { … } }))
 * api.start('kube-scheduler', (env) => new Scheduler(env, …))
 * api.until(() => …)                           // or api.advance(seconds(5))
 * ```
 *
 * Namespaces `default` and `kube-system` exist. No controllers run: a pod needs its namespace's
 * `default` ServiceAccount; `createServiceAccount(api)` makes it.
 */
export function apiFixture(options: ApiFixtureOptions = {}): ApiFixture {
  const { masters: count = 1, seed = 1, latencyMicros = 500 } = options
  const sim = new Simulation({ seed, epochMs, latencyMicros })
  const masters: Machine[] = []
  for (let i = 0; i < count; i++) masters.push(addMaster(sim, i, count))
  let env: ProcessEnv | undefined
  const clientMachine = sim.addMachine({
    id: 'client',
    ip: '10.0.1.1',
    bootMicros: millis(1),
    boot: (host) => {
      host.start('client', (given) => {
        env = given
        return { start: () => {} }
      })
    },
  })
  for (const machine of sim.machines) machine.powerOn()
  const isReady = () => env !== undefined && masters.every((machine) => isServerReady(machine))
  advanceUntil(sim, isReady, seconds(60))
  const started = env as unknown as ProcessEnv
  const clientOf = (master: number, identity = admin) =>
    new ApiClient(started, {
      server: `${masters[master]?.ip}:${apiServerPort}`,
      identity,
      userAgent: 'test',
    })
  return {
    sim,
    masters,
    clientMachine,
    env: started,
    client: clientOf(0),
    clientOf,
    runTask: (task, within = seconds(60)) => runTask(sim, started, task, within),
    advance: (by) => void sim.runUntil(sim.now + by),
    until: (condition, within = seconds(60)) => advanceUntil(sim, condition, within),
    startEtcd: (master) =>
      sim.inject('test.start', () => void masters[master]?.start('etcd', memberOf(master, count))),
    start(name, factory, machine) {
      const target = machine ? sim.machine(machine) : clientMachine
      if (!target) throw new Error(`no machine ${machine}`)
      sim.inject('test.start', () => void target.host(target.life).start(name, factory))
    },
  }
}

/** The `default` ServiceAccount of a namespace, which pods need. */
export function createServiceAccount(api: ApiFixture, namespace = 'default'): void {
  const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`
  const answer = api.runTask(api.client.send({ method: 'POST', path, body }))
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
}

const ipOf = (master: number) => `10.0.0.${master + 1}`

function memberOf(master: number, count: number): ProcessFactory {
  const peers = Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    name: `master-${i + 1}`,
    host: ipOf(i),
  }))
  return etcdMember({ name: `master-${master + 1}`, memberId: master + 1, peers })
}

function addMaster(sim: Simulation, master: number, count: number): Machine {
  return sim.addMachine({
    id: `master-${master + 1}`,
    ip: ipOf(master),
    bootMicros: millis(1),
    boot: (host) => {
      host.start('etcd', memberOf(master, count))
      host.start(
        'kube-apiserver',
        kubeApiserver({
          etcdEndpoints: ['127.0.0.1'],
          serviceCidr: '10.96.0.0/16',
          nodePortRange: { first: 30_000, last: 32_767 },
          advertiseAddress: ipOf(master),
        }),
      )
    },
  })
}

function isServerReady(machine: Machine): boolean {
  const picture = machine.process('kube-apiserver')?.program.inspect?.()
  return (picture as { ready?: boolean } | undefined)?.ready === true
}

function runTask<T>(sim: Simulation, env: ProcessEnv, task: Task<T>, within: Micros): T {
  let future: Future<T> | undefined
  sim.inject('test.task', () => {
    future = env.spawn(task)
  })
  const deadline = sim.now + within
  while (!future?.done) {
    const next = sim.nextEventTime
    if (next === undefined || next > deadline) throw new Error(`task not done within ${within} µs`)
    sim.step()
  }
  return future.value as T
}

function advanceUntil(sim: Simulation, condition: () => boolean, within: Micros): void {
  const deadline = sim.now + within
  while (!condition()) {
    if (sim.now >= deadline) throw new Error(`condition not met within ${within} µs`)
    sim.runUntil(sim.now + millis(100))
  }
}
