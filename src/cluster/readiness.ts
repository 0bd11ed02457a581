import type { Deployment } from '../api/generated/apps-v1'
import type { Node, Pod } from '../api/generated/core-v1'
import type { KubeObject } from '../api/object'
import type { ClusterSpec } from '../control/spec'
import type { EtcdMember } from '../etcd/member'
import type { Machine } from '../sim/machine'
import type { Simulation } from '../sim/simulation'
import { type Micros, seconds } from '../sim/time'
import { balancerName, masterNames } from './addresses'
import { memberOf } from './physical-state'

/** Nothing but heartbeats for this long, and nothing visibly under way. */
const quietMin: Micros = seconds(5)
/** Something looks unfinished, but nothing has moved for this long: it will stay so. */
const stuckMin: Micros = seconds(60)

/** Changes below these prefixes are news; nodes are judged by their conditions. */
const newsPrefixes = [
  '/registry/pods/',
  '/registry/apps/',
  '/registry/batch/',
  '/registry/services/',
  '/registry/endpoints/',
  '/registry/discovery.k8s.io/endpointslices/',
  '/registry/namespaces/',
  '/registry/configmaps/',
  '/registry/serviceaccounts/',
]

const condition = (node: Node, type: string) =>
  node.status.conditions?.find((c) => c.type === type)?.status
const backOffReasons = new Set([
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'ErrImagePull',
  'InvalidImageName',
  'CreateContainerConfigError',
])

/**
 * Judges from outside whether the cluster has come to rest: compares what etcd holds with what the
 * machines do. For the lab only; no component may ask it.
 */
export class Readiness {
  readonly #sim: Simulation
  readonly #spec: ClusterSpec
  #lastNews = -1
  #quietSince: Micros

  constructor(sim: Simulation, spec: ClusterSpec) {
    this.#sim = sim
    this.#spec = spec
    this.#quietSince = sim.now
  }

  ready(): boolean {
    const nodes = new Map(this.#objects<Node>('/registry/nodes/').map((n) => [n.metadata.name, n]))
    const ready = this.#nodeMachines().every((machine) => {
      const node = nodes.get(machine.id)
      const routed = machine.process('kube-proxy')?.status === 'running'
      return machine.power === 'on' && routed && !!node && condition(node, 'Ready') === 'True'
    })
    return ready && this.#hasLeaders() && this.#sim.machine(balancerName)?.power === 'on'
  }

  settled(): boolean {
    const news = this.#latestNews()
    if (news !== this.#lastNews) {
      this.#lastNews = news
      this.#quietSince = this.#sim.now
    }
    const quiet = this.#sim.now - this.#quietSince
    if (quiet < quietMin || this.#changingPower()) return false
    if (!this.#quorumPossible()) return true
    if (!this.#hasLeaders() || !this.#nodesAgree()) return false
    return quiet >= stuckMin || !this.#unfinished()
  }

  /** The member that has applied most: the nearest there is to the truth. */
  #member(): EtcdMember | undefined {
    let best: EtcdMember | undefined
    let applied = -1
    for (const name of masterNames(this.#spec)) {
      const inside = memberOf(this.#sim, name)
      if (!inside || inside.appliedIndex <= applied) continue
      applied = inside.appliedIndex
      best = this.#sim.machine(name)?.process('etcd')?.program as unknown as EtcdMember
    }
    return best
  }

  #objects<T extends KubeObject>(prefix: string): readonly T[] {
    return (this.#member()?.peek(prefix) ?? []).map(({ value }) => value as T)
  }

  #latestNews(): number {
    const member = this.#member()
    let latest = 0
    let count = 0
    for (const prefix of newsPrefixes) {
      for (const kv of member?.peek(prefix) ?? []) {
        count++
        if (kv.modRevision > latest) latest = kv.modRevision
      }
    }
    return latest * 1_000_000 + count
  }

  #nodeMachines(): Machine[] {
    return this.#sim.machines.filter(({ id }) =>
      id.startsWith('master-') ? !this.#spec.hosted : id.startsWith('worker-'),
    )
  }

  #changingPower(): boolean {
    return this.#sim.machines.some(({ power }) => power === 'booting' || power === 'shutting-down')
  }

  /** A majority of the masters has power and reaches one another. */
  #quorumPossible(): boolean {
    const sim = this.#sim
    const masters = masterNames(this.#spec).flatMap((name) => sim.machine(name) ?? [])
    const majority = Math.floor(masters.length / 2) + 1
    return masters.some((master) => {
      const reached = masters.filter((other) =>
        other === master
          ? master.power === 'on'
          : sim.wires.passes(master, other) && sim.wires.passes(other, master),
      )
      return master.power === 'on' && reached.length >= majority
    })
  }

  #hasLeaders(): boolean {
    const names = masterNames(this.#spec)
    const etcd = names.some((name) => memberOf(this.#sim, name)?.role === 'leader')
    const leads = (component: string) =>
      names.some((name) => {
        const process = this.#sim.machine(name)?.process(component)
        if (process?.status !== 'running') return false
        return (process.program.inspect?.() as { leading: boolean } | undefined)?.leading === true
      })
    return etcd && leads('kube-controller-manager') && leads('kube-scheduler')
  }

  /** Node conditions say what the machines do, and pods on lost nodes have been dealt with. */
  #nodesAgree(): boolean {
    const balancer = this.#sim.machine(balancerName)
    const nodes = this.#objects<Node>('/registry/nodes/')
    const lost = new Set<string>()
    for (const node of nodes) {
      const { name } = node.metadata
      const machine = this.#sim.machine(name)
      const reaches = !machine || !balancer || this.#sim.wires.passes(machine, balancer)
      const answers = !machine || !balancer || this.#sim.wires.passes(balancer, machine)
      const kubelet = machine?.process('kubelet')?.status === 'running'
      const alive = machine ? machine.power === 'on' && kubelet && reaches && answers : undefined
      const ready = condition(node, 'Ready') === 'True'
      if (alive !== undefined && alive !== ready) return false
      if (!ready) lost.add(name)
    }
    return !this.#objects<Pod>('/registry/pods/').some(
      (pod) => lost.has(pod.spec.nodeName ?? '') && waitsForEviction(pod),
    )
  }

  #unfinished(): boolean {
    const nodes = new Map(this.#objects<Node>('/registry/nodes/').map((n) => [n.metadata.name, n]))
    const onLostNode = (pod: Pod) => {
      const node = nodes.get(pod.spec.nodeName ?? '')
      return !!node && condition(node, 'Ready') !== 'True'
    }
    return (
      this.#objects<Pod>('/registry/pods/').some((pod) => !onLostNode(pod) && !atRest(pod)) ||
      this.#objects<Deployment>('/registry/apps/deployments/').some(inRollout) ||
      this.#objects('/registry/namespaces/').some((ns) => !!ns.metadata.deletionTimestamp)
    )
  }
}

/** Bound to a lost node, tolerating it only for a time that still runs. */
function waitsForEviction(pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp || pod.metadata.annotations?.['kubernetes.io/config.mirror']) {
    return false
  }
  const tolerations = pod.spec.tolerations?.filter(
    ({ key, effect }) =>
      (!key || key === 'node.kubernetes.io/unreachable') && (!effect || effect === 'NoExecute'),
  )
  return !tolerations?.some(({ tolerationSeconds }) => tolerationSeconds === undefined)
}

function atRest(pod: Pod): boolean {
  const { phase, conditions = [], containerStatuses = [], initContainerStatuses = [] } = pod.status
  if (pod.metadata.deletionTimestamp) return false
  if (phase === 'Succeeded' || phase === 'Failed') return true
  if (!pod.spec.nodeName) return conditions.some((c) => c.type === 'PodScheduled')
  if (conditions.some((c) => c.type === 'Ready' && c.status === 'True')) return true
  return [...initContainerStatuses, ...containerStatuses].some(({ state }) =>
    backOffReasons.has(state?.waiting?.reason ?? ''),
  )
}

function inRollout({ metadata, spec, status }: Deployment): boolean {
  if (spec.paused) return false
  const wanted = spec.replicas ?? 1
  return (
    (status.observedGeneration ?? 0) < (metadata.generation ?? 0) ||
    (status.updatedReplicas ?? 0) < wanted ||
    (status.replicas ?? 0) > (status.updatedReplicas ?? 0)
  )
}
