import {
  apiVersionOf,
  type KubeObject,
  keyOf,
  type ResourceRef,
  resourcePath,
  splitKey,
} from '../../api/object'
import * as resources from '../../api/resources'
import { ApiClient, type ObjectList } from '../../client/api-client'
import type { ApiRequest, ApiResponse, Result } from '../../client/request'
import { resultOf } from '../../client/result'
import { apiServerPort } from '../../client/wire'
import { Cluster } from '../../cluster/cluster'
import { administrator } from '../../cluster/outside'
import type { LabCommand, TrafficResponse } from '../../control/commands'
import { type ClusterSpec, defaultSpec } from '../../control/spec'
import type { Simulation } from '../../sim/simulation'
import type { Future } from '../../sim/task'
import { type Micros, millis, minutes, seconds } from '../../sim/time'
import { type Deed, describeCommand, ScenarioFailure } from './failure'
import { MachineHandle } from './machine-handle'
import { objectsOf } from './manifest'
import { View } from './view'

const bootMax = minutes(10)
const answerMax = minutes(2)
const stepMicros = millis(100)
const eventsAtOnceMax = 100_000

/** A cluster and what a person at the lab would do with it. Synchronous: time passes in the calls. */
export function scenario(options: Partial<ClusterSpec> = {}): Scenario {
  return new Scenario(options)
}

interface Rule {
  readonly what: string
  readonly holds: () => boolean
}

export class Scenario {
  readonly spec: ClusterSpec
  readonly cluster: Cluster
  readonly #deeds: Deed[] = []
  readonly #rules = new Set<Rule>()
  readonly #views = new Map<ResourceRef, View<KubeObject>>()
  #changed = false
  #lastEvent: Micros = -1
  #eventsAtOnce = 0

  constructor(spec: Partial<ClusterSpec>) {
    this.spec = { ...defaultSpec, ...spec }
    this.cluster = new Cluster(this.spec, { freezes: true })
  }

  get sim(): Simulation {
    return this.cluster.sim
  }

  get now(): Micros {
    return this.sim.now
  }

  get state(): ReturnType<Cluster['physicalState']> {
    return this.cluster.physicalState()
  }

  /** Runs until every machine has registered and is Ready. */
  boot(within: Micros = bootMax): void {
    this.until('the cluster is ready', () => this.cluster.ready(), within)
  }

  advance(duration: Micros): void {
    this.#runTo(this.now + duration)
  }

  /** Runs until `condition` holds, looked at every tenth of a second; fails when time is up. */
  until(what: string, condition: () => boolean, within: Micros = minutes(5)): void {
    const end = this.now + within
    while (!condition()) {
      if (this.now >= end) this.fail(`not within ${within / seconds(1)} s: ${what}`)
      this.#runTo(Math.min(end, this.now + stepMicros))
    }
  }

  /** Demands a condition on views after every event that changes one of them, until undone. */
  always(what: string, holds: () => boolean): () => void {
    const rule = { what, holds }
    this.#rules.add(rule)
    this.#changed = true
    return () => this.#rules.delete(rule)
  }

  expect(what: string, holds: boolean): void {
    if (!holds) this.fail(what)
  }

  fail(message: string, cause?: unknown): never {
    throw new ScenarioFailure(
      message,
      { spec: this.spec, now: this.now, deeds: this.#deeds },
      cause,
    )
  }

  /** Waits until the cluster is at rest as it should be. */
  settle(within: Micros = minutes(10)): void {
    this.until('the cluster is settled', () => this.cluster.settled(), within)
  }

  machine(id: string): MachineHandle {
    return new MachineHandle(
      id,
      (command) => this.perform(command),
      () => this.state.machines.find((machine) => machine.id === id),
    )
  }

  perform(command: LabCommand): void {
    const error = this.inject('lab.command', () => this.tryPerform(command))
    if (error) this.fail(`${describeCommand(command)}: ${error}`)
  }

  /** Within an event: the command's error, if it cannot be carried out now. */
  tryPerform(command: LabCommand): string | undefined {
    this.#deed(describeCommand(command))
    return this.cluster.perform(command)
  }

  /** One request to the API server, as the administrator. */
  send<T>(request: ApiRequest): Result<T> {
    return resultOf<T>(this.answer(request))
  }

  answer(request: ApiRequest): ApiResponse {
    if (request.method !== 'GET') this.#deed(`${request.method} ${request.path}`)
    const future = this.inject('client.request', () => this.cluster.outside.send(request))
    return this.#await(future, `${request.method} ${request.path}`)
  }

  /** The same, to the API server of one master, past the balancer. */
  sendTo<T>(master: string, request: ApiRequest): Result<T> {
    this.#deed(`${request.method} ${request.path} at ${master}`)
    const server = `${master}:${apiServerPort}`
    const future = this.inject('client.request', () => {
      const { env } = this.cluster.outside
      const client = new ApiClient(env, { server, identity: administrator, userAgent: 'kubarium' })
      return env.spawn(client.request<T>(request))
    })
    return this.#await(future, `${request.method} ${request.path} at ${master}`)
  }

  get<T extends KubeObject>(ref: ResourceRef<T>, key: string): T | undefined {
    const result = this.send<T>({ method: 'GET', path: resourcePath(ref, splitKey(key)) })
    if (result.ok) return result.value
    if (result.error.code === 404) return undefined
    return this.fail(`get ${ref.resource} ${key}: ${result.error.message}`)
  }

  list<T extends KubeObject>(ref: ResourceRef<T>, namespace?: string): readonly T[] {
    const path = resourcePath(ref, { namespace })
    return this.#must(this.send<ObjectList<T>>({ method: 'GET', path }), path).items
  }

  /** What a client that watches knows: reading it takes no time. Waits for its first list. */
  view<T extends KubeObject>(ref: ResourceRef<T>): View<T> {
    let view = this.#views.get(ref as ResourceRef) as View<T> | undefined
    if (!view) {
      const outside = () => this.cluster.outside
      const onChange = () => {
        this.#changed = true
      }
      view = this.inject('client.view', () => new View(outside, ref, onChange))
      this.#views.set(ref as ResourceRef, view as unknown as View<KubeObject>)
    }
    const { synced } = view
    const known = view
    if (!synced) this.until(`${ref.resource} are listed`, () => known.synced)
    return view
  }

  /** Creates each object of a manifest, or makes the existing one like it by a patch. */
  apply(manifest: string | KubeObject | readonly KubeObject[]): void {
    for (const object of objectsOf(manifest)) {
      const result = this.tryApply(object)
      if (!result.ok) this.fail(`apply ${object.kind} ${keyOf(object)}: ${result.error.message}`)
    }
  }

  tryApply(object: KubeObject): Result<KubeObject> {
    const ref = refOf(object)
    const { name, namespace = ref.namespaced ? 'default' : undefined } = object.metadata
    const created = this.send<KubeObject>({
      method: 'POST',
      path: resourcePath(ref, { namespace }),
      body: object,
    })
    if (created.ok || created.error.reason !== 'AlreadyExists') return created
    return this.send<KubeObject>({
      method: 'PATCH',
      path: resourcePath(ref, { namespace, name }),
      contentType: 'application/strategic-merge-patch+json',
      body: object,
    })
  }

  patch<T extends KubeObject>(ref: ResourceRef<T>, key: string, body: object): T {
    const path = resourcePath(ref, splitKey(key))
    const contentType = 'application/strategic-merge-patch+json'
    return this.#must(this.send<T>({ method: 'PATCH', path, contentType, body }), path)
  }

  delete(ref: ResourceRef, key: string): void {
    const path = resourcePath(ref, splitKey(key))
    this.#must(this.send({ method: 'DELETE', path }), path)
  }

  /** One HTTP request through the cluster's own network; `from`: `outside` or `pod/ns/name`. */
  request(from: string, url: string): TrafficResponse {
    const future = this.inject('lab.request', () => this.cluster.request(from, url))
    return this.#await(future, `a request to ${url}`)
  }

  /** Pods that answered `count` requests, by name and how often. Every request must succeed. */
  answerers(url: string, count: number, from = 'outside'): ReadonlyMap<string, number> {
    const by = new Map<string, number>()
    for (let i = 0; i < count; i++) {
      const { status, pod = '?', error } = this.request(from, url)
      if (status !== 200) this.fail(`${url} answered ${status} ${error ?? ''} by ${pod}`)
      by.set(pod, (by.get(pod) ?? 0) + 1)
    }
    return by
  }

  /** The machine whose etcd member leads in the highest term of all that run. */
  get etcdLeader(): string | undefined {
    const running = this.state.etcd.filter(({ role }) => role !== 'down')
    const term = Math.max(0, ...running.map((member) => member.term))
    return running.find((member) => member.role === 'leader' && member.term === term)?.machine
  }

  expectLeader(within: Micros = seconds(10)): string {
    this.until('etcd has a leader', () => this.etcdLeader !== undefined, within)
    return this.etcdLeader as string
  }

  /** The machine whose instance holds this lease, as the holder itself believes. */
  leaseHolder(name: string): string | undefined {
    return this.state.leases.find((lease) => lease.name === name)?.machine
  }

  /** Something done from outside, between two events. */
  inject<T>(kind: string, action: () => T): T {
    let result: { value: T } | undefined
    this.sim.inject(kind, () => {
      result = { value: action() }
    })
    return (result as { value: T }).value
  }

  #await<T>(future: Future<T>, what: string): T {
    const end = this.now + answerMax
    while (!future.done) {
      if (this.now >= end || !this.#step()) this.fail(`no answer to ${what}`)
    }
    return future.value as T
  }

  #must<T>(result: Result<T>, what: string): T {
    if (!result.ok) this.fail(`${what}: ${result.error.message}`)
    return result.value
  }

  #runTo(end: Micros): void {
    for (;;) {
      const next = this.sim.nextEventTime
      if (next === undefined || next > end) break
      this.#step()
    }
    this.sim.runUntil(end)
  }

  #step(): boolean {
    const next = this.sim.nextEventTime
    if (next === undefined) return false
    this.sim.step()
    this.#eventsAtOnce = next === this.#lastEvent ? this.#eventsAtOnce + 1 : 0
    this.#lastEvent = next
    if (this.#eventsAtOnce > eventsAtOnceMax) this.fail('events without end at one instant')
    if (this.#changed) {
      this.#changed = false
      for (const { what, holds } of this.#rules) if (!holds()) this.fail(`no longer true: ${what}`)
    }
    return true
  }

  #deed(what: string): void {
    this.#deeds.push({ time: this.now, what })
  }
}

const refs = Object.values(resources) as readonly ResourceRef[]

function refOf(object: KubeObject): ResourceRef {
  const ref = refs.find((r) => r.kind === object.kind && apiVersionOf(r) === object.apiVersion)
  if (!ref) throw new Error(`no resource for ${object.apiVersion} ${object.kind}`)
  return ref
}
