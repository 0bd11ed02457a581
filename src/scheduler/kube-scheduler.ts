import type { Node, Pod } from '../api/generated/core-v1'
import { semanticEqual } from '../api/machinery/semantic-equal'
import { NODES, PODS } from '../api/resources'
import { ApiClient } from '../client/api-client'
import { EventRecorder } from '../client/event-recorder'
import { InformerSet } from '../client/informer'
import { LeaderElection } from '../client/leader-election'
import type { Process, ProcessEnv, ProcessFactory } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { PodBinder, type Refused } from './binder'
import { SchedulerCache } from './cache'
import { type Decision, SchedulingCycle } from './cycle'
import { DecisionLog } from './decision-log'
import { unschedulableMessage } from './diagnosis'
import type { ClusterChange } from './framework'
import { type PodInfo, podInfo } from './node-info'
import { defaultPlugins } from './plugins'
import { type Preemption, preempt } from './preemption'
import { SchedulingQueue } from './queue'
import { watchSurroundings } from './surroundings'

export interface SchedulerOptions {
  /** `host:port` of the API server. */
  readonly server: string
}

const schedulerName = 'default-scheduler'
const plugins = new Map(defaultPlugins.map((plugin) => [plugin.name, plugin]))

/** kube-scheduler: the replica that holds the lease fills its caches and places pods. */
export function kubeScheduler(options: SchedulerOptions): ProcessFactory {
  return (env) => new KubeScheduler(env, options)
}

class KubeScheduler implements Process {
  readonly #env: ProcessEnv
  readonly #cache: SchedulerCache
  readonly #queue: SchedulingQueue
  readonly #cycle: SchedulingCycle
  readonly #informers: InformerSet
  readonly #binder: PodBinder
  readonly #election: LeaderElection
  readonly #decisions = new DecisionLog()

  constructor(env: ProcessEnv, options: SchedulerOptions) {
    this.#env = env
    const client = new ApiClient(env, {
      server: options.server,
      identity: { user: 'system:kube-scheduler', groups: ['system:authenticated'] },
      userAgent: 'kube-scheduler',
      qps: 50,
      burst: 100,
    })
    const recorder = new EventRecorder(env, client, schedulerName)
    this.#queue = new SchedulingQueue(env.clock)
    this.#cycle = new SchedulingCycle(defaultPlugins, env.random)
    this.#informers = new InformerSet(env, client)
    const surroundings = watchSurroundings(this.#informers, {
      namespaces: () => this.#cache.namespacesChanged(),
      storage: () => this.#wake({ type: 'Storage' }),
    })
    this.#cache = new SchedulerCache(surroundings)
    this.#binder = new PodBinder(env, client, recorder)
    const suffix = `${hex(env)}${hex(env)}`
    this.#election = new LeaderElection(env, client.as(client.identity, 'leader-election'), {
      namespace: 'kube-system',
      name: 'kube-scheduler',
      identity: `${env.self.machine}_${suffix}`,
      recorder,
      onStartedLeading: () => env.spawn(this.#lead()),
      onStoppedLeading: () => env.exit(1),
    })
  }

  start(): void {
    this.#watchPods()
    this.#watchNodes()
    this.#election.start()
  }

  inspect(): unknown {
    return {
      leading: this.#election.leading,
      holder: this.#election.holder,
      queue: this.#queue.counts(),
      decisions: this.#decisions.reports([...plugins.keys()]),
    }
  }

  /** As with delayCacheUntilActive: a standby watches nothing, a new leader lists first. */
  *#lead(): Task<void> {
    this.#informers.start()
    yield* this.#informers.synced()
    yield* this.#scheduleForever()
  }

  #watchPods(): void {
    this.#informers.for(PODS).store.addHandler({
      onAdd: (pod) => this.#podSet(pod),
      onUpdate: (pod, old) => this.#podSet(pod, old),
      onDelete: (pod) => this.#podGone(pod),
    })
  }

  #podSet(pod: Pod, old?: Pod): void {
    const ended = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed'
    if (pod.spec.nodeName) this.#assignedSet(pod, old)
    else if (pod.spec.schedulerName === schedulerName && !ended) this.#pendingSet(pod, old)
    else this.#forget(pod)
  }

  #assignedSet(pod: Pod, old: Pod | undefined): void {
    const uid = pod.metadata.uid ?? ''
    const { phase } = pod.status
    if (!old?.spec.nodeName) this.#queue.delete(uid)
    this.#cache.setPod(pod)
    if (phase === 'Succeeded' || phase === 'Failed') {
      if (old?.status.phase !== phase) this.#wake({ type: 'AssignedPodDelete', pod })
    } else if (!old?.spec.nodeName) this.#wake({ type: 'AssignedPodAdd', pod })
    else if (!semanticEqual(pod.metadata.labels, old.metadata.labels)) {
      this.#wake({ type: 'AssignedPodLabels', pod })
    }
  }

  #pendingSet(pod: Pod, old: Pod | undefined): void {
    const uid = pod.metadata.uid ?? ''
    if (pod.metadata.deletionTimestamp) {
      this.#forget(pod)
      return
    }
    if (this.#cache.isAssumed(uid)) return
    const promised = pod.status.nominatedNodeName
    if (promised && this.#cache.nominations.nodeOf(uid) !== promised) {
      this.#cache.nominations.set(podInfo(pod), promised)
    } else if (!promised && old?.status.nominatedNodeName) this.#unpromise(pod)
    this.#queue.set(pod)
    if (!old) return
    const changed =
      !semanticEqual(old.spec, pod.spec) || !semanticEqual(old.metadata.labels, pod.metadata.labels)
    if (changed) this.#queue.wakeOne(uid)
  }

  /** The pod is not, or no longer, to be placed. */
  #forget(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    this.#queue.delete(uid)
    this.#unpromise(pod)
  }

  /** Room that was kept for the pod is free for others. */
  #unpromise(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    if (this.#cache.nominations.nodeOf(uid) === undefined) return
    this.#cache.nominations.delete(uid)
    this.#wake({ type: 'AssignedPodDelete', pod })
  }

  #podGone(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    this.#forget(pod)
    this.#decisions.delete(uid)
    if (this.#cache.removePod(uid)) this.#wake({ type: 'AssignedPodDelete', pod })
  }

  #watchNodes(): void {
    this.#informers.for(NODES).store.addHandler({
      onAdd: (node) => {
        this.#cache.setNode(node)
        this.#wake({ type: 'NodeAdd', node })
      },
      onUpdate: (node, old) => {
        this.#cache.setNode(node)
        for (const type of nodeChanges(node, old)) this.#wake({ type, node })
      },
      onDelete: (node) => this.#cache.removeNode(node.metadata.name),
    })
  }

  #wake(change: ClusterChange): void {
    this.#queue.wake((name, waiting) => {
      const plugin = plugins.get(name)
      if (!plugin?.events.includes(change.type)) return false
      return plugin.helps?.(waiting, change, this.#cache) ?? true
    })
  }

  *#scheduleForever(): Task<void> {
    for (;;) {
      const pod = yield* wait(this.#queue.take())
      this.#schedule(pod)
    }
  }

  /** One cycle: decides at once; the binding goes on in a task of its own. */
  #schedule(pod: PodInfo): void {
    const decision = this.#cycle.decide(pod, this.#cache)
    if (decision.node === undefined) {
      this.#refuse(pod, decision)
      return
    }
    const at = this.#env.clock.monotonic()
    this.#decisions.add({ pod, at, decision, message: undefined, victims: undefined })
    const promised = this.#cache.nominations.nodeOf(pod.uid)
    this.#cache.assume(pod, decision.node)
    if (promised !== undefined && promised !== decision.node) {
      this.#wake({ type: 'AssignedPodDelete', pod: pod.pod })
    }
    this.#env.spawn(this.#bind(pod, decision.node))
  }

  *#bind(pod: PodInfo, node: string): Task<void> {
    const bound = yield* this.#binder.bind(pod.pod, node)
    if (bound) return
    this.#cache.forget(pod.uid)
    this.#queue.addFailed(pod.uid)
    this.#wake({ type: 'AssignedPodDelete', pod: pod.pod })
  }

  /** Makes room if it can; the pod waits for a change in any case. */
  #refuse(pod: PodInfo, decision: Decision): void {
    const { nominations } = this.#cache
    const worthIt = decision.nodes > 0 && !decision.refusal
    const preemption = worthIt ? preempt(pod, this.#cache, decision, this.#cycle) : undefined
    const victims = preemption?.victims
    const message = unschedulableMessage(decision, preemption?.outcome)
    const at = this.#env.clock.monotonic()
    this.#decisions.add({ pod, at, decision, message, victims })
    const displaced = victims ? nominations.below(pod, victims.node) : []
    for (const { uid } of displaced) nominations.delete(uid)
    const nominated = nominatedBy(preemption)
    if (nominated) nominations.set(pod, nominated)
    else if (nominated === '') this.#unpromise(pod.pod)
    this.#queue.addUnschedulable(pod.uid, rejectedBy(decision))
    if (victims) this.#queue.hold(pod.uid)
    this.#env.spawn(
      this.#carryOut({
        pod: pod.pod,
        message,
        victims,
        displaced: displaced.map((other) => other.pod),
        nominated,
      }),
    )
  }

  *#carryOut(refused: Refused): Task<void> {
    yield* this.#binder.refuse(refused)
    this.#queue.release(refused.pod.metadata.uid ?? '')
  }
}

/** The node the pod is promised now, '' for none; undefined when its promise stands. */
function nominatedBy(preemption: Preemption | undefined): string | undefined {
  if (preemption?.victims) return preemption.victims.node
  return preemption?.outcome.type === 'impossible' ? '' : undefined
}

function rejectedBy({ refusal, rejected }: Decision): ReadonlySet<string> {
  const plugins = new Set<string>()
  if (refusal) plugins.add(refusal.plugin)
  for (const { plugin } of rejected.values()) plugins.add(plugin)
  return plugins
}

function hex(env: ProcessEnv): string {
  return env.random.next32().toString(16).padStart(8, '0')
}

type NodeChange = Extract<ClusterChange, { readonly node: Node }>['type']

function nodeChanges(node: Node, old: Node): NodeChange[] {
  const changes: NodeChange[] = []
  if (!semanticEqual(node.status.allocatable, old.status.allocatable)) {
    changes.push('NodeAllocatable')
  }
  if (!semanticEqual(node.metadata.labels, old.metadata.labels)) changes.push('NodeLabel')
  if (!semanticEqual(node.spec.taints, old.spec.taints)) changes.push('NodeTaint')
  if (node.spec.unschedulable !== old.spec.unschedulable) changes.push('NodeUnschedulable')
  return changes
}
