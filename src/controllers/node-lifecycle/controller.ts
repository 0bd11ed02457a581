import type { Lease } from '../../api/generated/coordination-v1'
import type { Node, Pod, Taint } from '../../api/generated/core-v1'
import { LEASES, NODES, PODS } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { Reflector } from '../../client/reflector'
import { isNotFound } from '../../client/result'
import { type SyncResult, startWorkers, synced, WorkQueue } from '../../client/work-queue'
import { type Future, type Task, wait } from '../../sim/task'
import { millis } from '../../sim/time'
import type { Controller, ControllerContext } from '../context'
import { byNode, nodeIndex } from '../pod-index'
import { podCondition, withPodCondition } from '../pod-state'
import { hasTaint, swapTaints } from '../taints'
import {
  conditionTaints,
  disruptionChange,
  evictionRate,
  type NodeHealth,
  notReadyTaint,
  observeHealth,
  readyCondition,
  silentConditions,
  unreachableTaint,
  type ZoneCount,
  type ZoneState,
  zoneOf,
  zoneState,
} from './plan'
import { ZoneTainter } from './zone-tainter'

const taintWorkers = 8
const writeAttemptsMax = 5
const writeRetryDelay = millis(100)
const leaseNamespace = 'kube-node-lease'
const excludedLabel = 'node.kubernetes.io/exclude-disruption'

/**
 * Judges nodes by their signs of life, writes Unknown conditions for silent ones, keeps taints in
 * step with conditions, and marks the pods of nodes that are not ready as not ready.
 */
export const nodeLifecycleController: Controller = {
  name: 'node-lifecycle-controller',
  wire: (context) => {
    const monitor = new NodeMonitor(context)
    return () => monitor.run()
  },
}

interface Zone {
  state: ZoneState
  readonly tainter: ZoneTainter
}

class NodeMonitor {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #recorder: EventRecorder
  readonly #nodes: Reflector<Node>
  readonly #leases: Reflector<Lease>
  readonly #pods: Reflector<Pod>
  readonly #taintQueue: WorkQueue
  readonly #health = new Map<string, NodeHealth>()
  /** Uid by name of the nodes that were told of. */
  readonly #known = new Map<string, Node>()
  readonly #zones = new Map<string, Zone>()
  /** Nodes some of whose pods could not be marked. */
  readonly #retry = new Set<string>()

  constructor(context: ControllerContext) {
    this.#context = context
    this.#client = context.client('node-controller')
    this.#recorder = context.recorder(this.#client, 'node-controller')
    this.#taintQueue = new WorkQueue(context.env.clock)
    this.#nodes = context.informer(NODES).store
    this.#leases = context.informer(LEASES).store
    this.#pods = context.informer(PODS).store
    this.#pods.addIndex(byNode, nodeIndex)
    const enqueue = (node: Node) => this.#taintQueue.add(node.metadata.name)
    this.#nodes.addHandler({
      onAdd: enqueue,
      onUpdate: (node, old) => {
        if (node.spec !== old.spec || node.status !== old.status) enqueue(node)
      },
    })
    this.#pods.addHandler({
      onAdd: (pod) => this.#podBound(pod),
      onUpdate: (pod, old) => {
        if (pod.spec.nodeName !== old.spec.nodeName) this.#podBound(pod)
      },
    })
  }

  run(): void {
    const { env } = this.#context
    startWorkers(env, this.#taintQueue, taintWorkers, (name) => this.#syncTaints(name))
    env.spawn(this.#watchOver())
  }

  *#watchOver(): Task<void> {
    const { env, settings } = this.#context
    for (;;) {
      yield* this.#pass()
      yield* wait(env.clock.sleep(settings.nodeMonitorPeriod, 'node.monitor'))
    }
  }

  *#pass(): Task<void> {
    const nodes = [...this.#nodes.values()]
    this.#noteArrivals(nodes)
    const counts = new Map<string, { ready: number; notReady: number }>()
    const running: Future<string | undefined>[] = []
    for (const node of nodes) running.push(this.#context.env.spawn(this.#judge(node)))
    for (const [i, future] of running.entries()) {
      const status = yield* wait(future)
      const node = nodes[i] as Node
      if (status === undefined || node.metadata.labels?.[excludedLabel] !== undefined) continue
      const zone = zoneOf(node)
      const count = counts.get(zone) ?? { ready: 0, notReady: 0 }
      if (status === 'True') count.ready++
      else count.notReady++
      counts.set(zone, count)
    }
    yield* this.#handleDisruption(counts, nodes)
  }

  #noteArrivals(nodes: readonly Node[]): void {
    const present = new Set<string>()
    for (const node of nodes) {
      const { name, uid } = node.metadata
      present.add(name)
      this.#zone(zoneOf(node))
      if (this.#known.get(name)?.metadata.uid === uid) {
        this.#known.set(name, node)
        continue
      }
      this.#known.set(name, node)
      this.#tellOf(node, 'RegisteredNode', `Registered Node ${name} in Controller`)
    }
    for (const [name, node] of this.#known) {
      if (present.has(name)) continue
      this.#tellOf(node, 'RemovingNode', `Removing Node ${name} from Controller`)
      this.#known.delete(name)
      this.#health.delete(name)
      this.#retry.delete(name)
    }
  }

  #tellOf(node: Node, reason: string, text: string): void {
    const { name } = node.metadata
    this.#recorder.event(subjectOf(node), 'Normal', reason, `Node ${name} event: ${text}`)
  }

  #zone(name: string): Zone {
    let zone = this.#zones.get(name)
    if (!zone) {
      const { env, settings } = this.#context
      const taint = (node: string) => env.spawn(this.#taintNoExecute(node))
      const tainter = new ZoneTainter(env.clock, settings.nodeEvictionRate, taint)
      zone = { state: 'Initial', tainter }
      this.#zones.set(name, zone)
    }
    return zone
  }

  /** Returns the Ready status as it stands after this look. */
  *#judge(listed: Node): Task<string | undefined> {
    let node = listed
    const { name } = node.metadata
    for (let attempt = 1; ; attempt++) {
      const observed = readyCondition(node)
      const silent = this.#isSilent(node) ? silentConditions(node, this.#context.now()) : undefined
      if (!silent) {
        yield* this.#follow(node, observed?.status ?? 'Unknown', observed?.status)
        return observed?.status
      }
      const status = { ...node.status, conditions: silent }
      const written = yield* this.#client.updateStatus(NODES, { ...node, status })
      if (written.ok) {
        yield* this.#follow(written.value, observed?.status ?? 'Unknown', 'Unknown')
        return 'Unknown'
      }
      if (isNotFound(written.error) || attempt === writeAttemptsMax) return observed?.status
      yield* wait(this.#context.env.clock.sleep(writeRetryDelay, 'node.retry'))
      const fresh = yield* this.#client.get(NODES, { name })
      if (!fresh.ok) return observed?.status
      node = fresh.value
    }
  }

  #isSilent(node: Node): boolean {
    const { env, settings } = this.#context
    const { name } = node.metadata
    const now = env.clock.monotonic()
    const renewTime = this.#leases.get(`${leaseNamespace}/${name}`)?.spec.renewTime
    const clocks = { now, wall: env.clock.wall() }
    const health = observeHealth(this.#health.get(name), node, renewTime, clocks)
    this.#health.set(name, health)
    const grace = readyCondition(node)
      ? settings.nodeMonitorGracePeriod
      : settings.nodeStartupGracePeriod
    return now > health.probedAt + grace
  }

  /** What follows from the Ready status before (`observed`) and after (`current`) the judgement. */
  *#follow(node: Node, observed: string, current: string | undefined): Task<void> {
    if (current === undefined) return
    const { name } = node.metadata
    yield* this.#markForEviction(node, observed)
    const turned = current !== 'True' && observed === 'True'
    if (turned) {
      const text = `Node ${name} status is now: NodeNotReady`
      this.#recorder.event(subjectOf(node), 'Normal', 'NodeNotReady', text)
    }
    if (!turned && !(this.#retry.has(name) && observed !== 'True')) {
      if (observed === 'True') this.#retry.delete(name)
      return
    }
    const marked = yield* this.#markPods(this.#pods.byIndex(byNode, name))
    if (marked) this.#retry.delete(name)
    else this.#retry.add(name)
  }

  *#markForEviction(node: Node, observed: string): Task<void> {
    if (observed === 'True') {
      yield* this.#markReachable(node)
      return
    }
    const [wanted, other] =
      observed === 'False' ? [notReadyTaint, unreachableTaint] : [unreachableTaint, notReadyTaint]
    if (hasTaint(node, other)) yield* this.#swap(node, wanted, other)
    else if (!hasTaint(node, wanted)) {
      this.#zone(zoneOf(node)).tainter.add(node.metadata.name)
    }
  }

  *#markReachable(node: Node): Task<void> {
    this.#zone(zoneOf(node)).tainter.remove(node.metadata.name)
    if (!hasTaint(node, notReadyTaint) && !hasTaint(node, unreachableTaint)) return
    yield* swapTaints(this.#client, node, [], [notReadyTaint, unreachableTaint])
  }

  *#swap(node: Node, add: Taint, remove: Taint): Task<boolean> {
    const dated = { ...add, timeAdded: this.#context.now() }
    return (yield* swapTaints(this.#client, node, [dated], [remove])) === undefined
  }

  *#taintNoExecute(name: string): Task<boolean> {
    const node = this.#nodes.get(name)
    const ready = node && readyCondition(node)
    if (!node || !ready || ready.status === 'True') return true
    return ready.status === 'False'
      ? yield* this.#swap(node, notReadyTaint, unreachableTaint)
      : yield* this.#swap(node, unreachableTaint, notReadyTaint)
  }

  *#syncTaints(name: string): Task<SyncResult> {
    const node = this.#nodes.get(name)
    if (!node) return synced
    const { add, remove } = conditionTaints(node, this.#context.now())
    if (add.length === 0 && remove.length === 0) return synced
    const error = yield* swapTaints(this.#client, node, add, remove)
    return error ? { ok: false, error } : synced
  }

  #podBound(pod: Pod): void {
    const node = this.#nodes.get(pod.spec.nodeName ?? '')
    const ready = node && readyCondition(node)
    if (!ready || ready.status === 'True' || !this.#health.has(node.metadata.name)) return
    const { name } = node.metadata
    this.#context.env.spawn(this.#markPods([pod])).onDone((marked) => {
      if (!marked) this.#retry.add(name)
    })
  }

  /** Sets Ready=False on pods of a node that is not ready; false when some must be tried again. */
  *#markPods(pods: readonly Pod[]): Task<boolean> {
    let all = true
    for (const pod of pods) {
      const ready = podCondition(pod, 'Ready')
      if (!ready || ready.status === 'False') continue
      const { generation } = pod.metadata
      const conditions = withPodCondition(pod.status.conditions, {
        ...ready,
        ...(generation && { observedGeneration: generation }),
        status: 'False',
        lastTransitionTime: this.#context.now(),
      })
      const status = { ...pod.status, conditions }
      const written = yield* this.#client.updateStatus(PODS, { ...pod, status })
      if (written.ok) this.#recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
      else if (!isNotFound(written.error)) all = false
    }
    return all
  }

  *#handleDisruption(counts: ReadonlyMap<string, ZoneCount>, nodes: readonly Node[]): Task<void> {
    const { settings, env } = this.#context
    const after = new Map<string, ZoneState>()
    for (const [name, count] of counts) {
      after.set(name, zoneState(count, settings.unhealthyZoneThreshold))
    }
    const before = [...after.keys()].map((name) => this.#zone(name).state)
    const change = disruptionChange(before, [...after.values()])
    if (change === 'none') return
    if (change === 'stop') {
      env.note('node.disruption', 'no node is ready: evictions stop')
      for (const node of nodes) yield* this.#markReachable(node)
      for (const [name] of after) {
        const zone = this.#zone(name)
        zone.state = 'FullDisruption'
        zone.tainter.setRate(0)
      }
      return
    }
    if (change === 'resume') {
      env.note('node.disruption', 'a node is ready again: evictions resume')
      const now = env.clock.monotonic()
      for (const [name, health] of this.#health)
        this.#health.set(name, { ...health, probedAt: now })
    }
    const rates = {
      normal: settings.nodeEvictionRate,
      secondary: settings.secondaryNodeEvictionRate,
      largeZone: settings.largeClusterSizeThreshold,
    }
    for (const [name, state] of after) {
      const zone = this.#zone(name)
      if (change === 'zones' && zone.state === state) continue
      zone.state = state
      zone.tainter.setRate(evictionRate(state, counts.get(name) as ZoneCount, rates))
    }
  }
}

function subjectOf(node: Node) {
  const { name, uid } = node.metadata
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid } }
}
