import type { Node, Pod } from '../api/generated/core-v1'
import { semanticEqual } from '../api/machinery/semantic-equal'
import { NODES, PODS } from '../api/resources'
import { ApiClient } from '../client/api-client'
import { EventRecorder } from '../client/event-recorder'
import { InformerSet } from '../client/informer'
import { LeaderElection } from '../client/leader-election'
import type { Process, ProcessEnv, ProcessFactory } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { PodBinder } from './binder'
import { SchedulerCache } from './cache'
import { type Decision, SchedulingCycle } from './cycle'
import type { ClusterEvent } from './framework'
import { podInfo } from './node-info'
import { defaultPlugins } from './plugins'
import { SchedulingQueue } from './queue'

export interface SchedulerOptions {
  /** `host:port` of the API server. */
  readonly server: string
}

const schedulerName = 'default-scheduler'
/** How many decisions are remembered for inspection. */
const decisionsMax = 200

/** kube-scheduler: every replica keeps its cache warm, the one that holds the lease places pods. */
export function kubeScheduler(options: SchedulerOptions): ProcessFactory {
  return (env) => new KubeScheduler(env, options)
}

class KubeScheduler implements Process {
  readonly #env: ProcessEnv
  readonly #cache = new SchedulerCache()
  readonly #queue: SchedulingQueue
  readonly #cycle: SchedulingCycle
  readonly #informers: InformerSet
  readonly #binder: PodBinder
  readonly #election: LeaderElection
  readonly #decisions = new Map<string, Decision>()

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
    this.#binder = new PodBinder(env, client, recorder)
    const suffix = `${hex(env)}${hex(env)}`
    this.#election = new LeaderElection(env, client.as(client.identity, 'leader-election'), {
      namespace: 'kube-system',
      name: 'kube-scheduler',
      identity: `${env.self.machine}_${suffix}`,
      recorder,
      onStartedLeading: () => env.spawn(this.#scheduleForever()),
      onStoppedLeading: () => env.exit(1),
    })
  }

  start(): void {
    this.#watchPods()
    this.#watchNodes()
    this.#informers.start()
    this.#env.spawn(this.#electWhenSynced())
  }

  inspect(): unknown {
    return {
      leading: this.#election.leading,
      holder: this.#election.holder,
      queue: this.#queue.counts(),
      decisions: this.#decisions,
    }
  }

  *#electWhenSynced(): Task<void> {
    yield* this.#informers.synced()
    this.#election.start()
  }

  #watchPods(): void {
    this.#informers.for(PODS).store.addHandler({
      onAdd: (pod) => this.#podSet(pod),
      onUpdate: (pod, old) => this.#podSet(pod, old),
      onDelete: (pod) => this.#podGone(pod),
    })
  }

  #podSet(pod: Pod, old?: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const ended = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed'
    if (pod.spec.nodeName) {
      this.#queue.delete(uid)
      this.#cache.setPod(pod)
      if (ended) this.#wake('AssignedPodDelete')
    } else if (pod.spec.schedulerName === schedulerName && !ended) {
      if (pod.metadata.deletionTimestamp) this.#queue.delete(uid)
      else if (!this.#cache.isAssumed(uid)) {
        this.#queue.set(pod)
        if (old && old.spec !== pod.spec) this.#wake('PodUpdate')
      }
    }
  }

  #podGone(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    this.#queue.delete(uid)
    this.#decisions.delete(uid)
    if (this.#cache.removePod(uid)) this.#wake('AssignedPodDelete')
  }

  #watchNodes(): void {
    this.#informers.for(NODES).store.addHandler({
      onAdd: (node) => {
        this.#cache.setNode(node)
        this.#wake('NodeAdd')
      },
      onUpdate: (node, old) => {
        this.#cache.setNode(node)
        for (const event of nodeChanges(node, old)) this.#wake(event)
      },
      onDelete: (node) => this.#cache.removeNode(node.metadata.name),
    })
  }

  #wake(event: ClusterEvent): void {
    this.#queue.wake((name) =>
      defaultPlugins.some((plugin) => plugin.name === name && plugin.events.includes(event)),
    )
  }

  *#scheduleForever(): Task<void> {
    for (;;) {
      const pod = yield* wait(this.#queue.take())
      this.#schedule(pod)
    }
  }

  /** One cycle: decides at once; the binding goes on in a task of its own. */
  #schedule(pod: Pod): void {
    const info = podInfo(pod)
    const decision = this.#cycle.decide(info, this.#cache)
    this.#remember(pod.metadata.uid ?? '', decision)
    if (decision.node === undefined) {
      const plugins = new Set([...decision.rejected.values()].map(({ plugin }) => plugin))
      const { rejected } = decision
      this.#env.spawn(
        this.#binder.refuse({ info, rejected, cluster: this.#cache, cycle: this.#cycle }),
      )
      this.#queue.addUnschedulable(pod.metadata.uid ?? '', plugins)
      return
    }
    this.#cache.assume(pod, decision.node)
    this.#env.spawn(this.#bind(pod, decision.node))
  }

  *#bind(pod: Pod, node: string): Task<void> {
    const bound = yield* this.#binder.bind(pod, node)
    if (bound) return
    const uid = pod.metadata.uid ?? ''
    if (this.#cache.isAssumed(uid)) this.#cache.removePod(uid)
    this.#queue.addFailed(uid)
  }

  #remember(uid: string, decision: Decision): void {
    this.#decisions.delete(uid)
    this.#decisions.set(uid, decision)
    if (this.#decisions.size > decisionsMax) {
      this.#decisions.delete(this.#decisions.keys().next().value ?? '')
    }
  }
}

function hex(env: ProcessEnv): string {
  return env.random.next32().toString(16).padStart(8, '0')
}

function nodeChanges(node: Node, old: Node): ClusterEvent[] {
  const events: ClusterEvent[] = []
  if (!semanticEqual(node.status.allocatable, old.status.allocatable))
    events.push('NodeAllocatable')
  if (!semanticEqual(node.metadata.labels, old.metadata.labels)) events.push('NodeLabel')
  if (!semanticEqual(node.spec.taints, old.spec.taints)) events.push('NodeTaint')
  if (node.spec.unschedulable !== old.spec.unschedulable) events.push('NodeUnschedulable')
  return events
}
