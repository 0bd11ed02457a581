import type { Node, Pod, PodSpec, Taint } from '../../api/generated/core-v1'
import type { Clock, ProcessEnv, Timer } from '../../sim/process'
import { randomStream } from '../../sim/random'
import { Future } from '../../sim/task'
import type { Micros } from '../../sim/time'
import { SchedulerCache } from '../cache'
import { type Decision, SchedulingCycle } from '../cycle'
import type { Rejection } from '../framework'
import { type PodInfo, podInfo } from '../node-info'
import { defaultPlugins } from '../plugins'
import type { Surroundings } from '../surroundings'

type Labels = { readonly [key: string]: string }

interface NodeOptions {
  readonly labels?: Labels
  readonly taints?: readonly Taint[]
  readonly unschedulable?: boolean
  readonly cpu?: string
  readonly memory?: string
  readonly pods?: string
  readonly more?: { readonly [resource: string]: string }
  readonly images?: Node['status']['images']
}

/** A node of 4 cores, 8 GiB and 110 pods, unless told otherwise. */
export function nodeOf(name: string, options: NodeOptions = {}): Node {
  const { labels, taints, unschedulable, cpu = '4', memory = '8Gi', pods = '110' } = options
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { taints, unschedulable },
    status: { allocatable: { cpu, memory, pods, ...options.more }, images: options.images },
  }
}

interface PodOptions {
  readonly namespace?: string
  readonly labels?: Labels
  readonly requests?: { readonly [resource: string]: string }
  readonly priority?: number
  readonly startTime?: string
  readonly terminating?: boolean
  readonly conditions?: Pod['status']['conditions']
  readonly spec?: Partial<PodSpec>
  readonly metadata?: Partial<Pod['metadata']>
}

/** A pod whose uid is its name. */
export function podOf(name: string, options: PodOptions = {}): Pod {
  const { namespace = 'default', labels, requests, priority, startTime, conditions } = options
  const deletionTimestamp = options.terminating ? '2026-01-01T00:00:00Z' : undefined
  return {
    metadata: { name, namespace, uid: name, labels, deletionTimestamp, ...options.metadata },
    spec: {
      containers: [{ name: 'c', image: 'x', resources: { requests } }],
      priority,
      schedulerName: 'default-scheduler',
      ...options.spec,
    },
    status: { startTime, conditions },
  }
}

export function boundTo(pod: Pod, nodeName: string): Pod {
  return { ...pod, spec: { ...pod.spec, nodeName } }
}

const nothing = { get: () => undefined, byIndex: () => [] }

/** Objects by `namespace/name`; every namespace lookup has them all. */
export function lookup<T>(objects: { readonly [key: string]: T }) {
  const all = Object.values(objects)
  return { get: (key: string) => objects[key], byIndex: () => all }
}

export function surroundings(given: Partial<Surroundings> = {}): Surroundings {
  return {
    namespaces: nothing,
    services: nothing,
    replicaSets: nothing,
    replicationControllers: nothing,
    statefulSets: nothing,
    budgets: nothing,
    claims: nothing,
    volumes: nothing,
    storageClasses: nothing,
    ...given,
  }
}

interface Placed {
  readonly nodes: readonly Node[]
  /** By node name. */
  readonly pods?: { readonly [node: string]: readonly Pod[] }
  readonly around?: Partial<Surroundings>
}

export function cacheOf({ nodes, pods = {}, around }: Placed): SchedulerCache {
  const cache = new SchedulerCache(surroundings(around))
  for (const node of nodes) cache.setNode(node)
  for (const [name, list] of Object.entries(pods)) {
    for (const pod of list) cache.setPod(boundTo(pod, name))
  }
  return cache
}

export function cycleOf(seed = 1): SchedulingCycle {
  return new SchedulingCycle(defaultPlugins, randomStream(seed, 'scheduler'))
}

export function decide(pod: Pod, cache: SchedulerCache, seed = 1): Decision {
  return cycleOf(seed).decide(podInfo(pod), cache)
}

/** Why each node is out: `plugin: reasons`, with `!` when nothing could be done about it. */
export function rejections(rejected: ReadonlyMap<string, Rejection>): { [node: string]: string } {
  const texts: { [node: string]: string } = {}
  for (const [node, { plugin, reasons, unresolvable }] of rejected) {
    texts[node] = `${plugin}: ${reasons.join(', ')}${unresolvable ? ' !' : ''}`
  }
  return texts
}

export function uidsOf(pods: Iterable<PodInfo>): string[] {
  return [...pods].map(({ uid }) => uid)
}

/** A clock that goes on when told to. */
export class ManualClock implements Clock {
  #now: Micros = 0
  #timers: { at: Micros; action: () => void }[] = []

  monotonic(): Micros {
    return this.#now
  }

  wall(): Micros {
    return this.#now
  }

  after(delay: Micros, action: () => void): Timer {
    const timer = { at: this.#now + delay, action }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  sleep(delay: Micros): ReturnType<ProcessEnv['clock']['sleep']> {
    const future = new Future<void>()
    this.after(delay, () => future.resolve(undefined))
    return future
  }

  advance(by: Micros): void {
    const end = this.#now + by
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = next.at
      next.action()
    }
    this.#now = end
  }
}
