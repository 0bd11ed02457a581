import type { TopologySpreadConstraint } from '../../api/generated/core-v1'
import { matchesLabels } from '../../api/machinery/selectors'
import { type Cluster, type Rejection, type SchedulerPlugin, scoreMax } from '../framework'
import type { NodeInfo, PodInfo } from '../node-info'
import {
  type Constraint,
  constraintsOf,
  counts,
  defaultConstraints,
  hasEveryKey,
  includes,
} from './spread-constraint'

const name = 'PodTopologySpread'
const mismatch = "node(s) didn't match pod topology spread constraints"
const hostnameLabel = 'kubernetes.io/hostname'

const skewed: Rejection = { plugin: name, reasons: [mismatch], unresolvable: false }
const unlabelled: Rejection = {
  plugin: name,
  reasons: [`${mismatch} (missing required label)`],
  unresolvable: true,
}

/** How many matching pods each domain of one hard constraint has. */
class Domains {
  readonly constraint: Constraint
  /** 1 when the pod itself is one of those it counts. */
  readonly self: 0 | 1
  readonly #pods = new Map<string, number>()
  #least: number | undefined

  constructor(constraint: Constraint, self: boolean) {
    this.constraint = constraint
    this.self = self ? 1 : 0
  }

  add(domain: string, pods: number): void {
    this.#pods.set(domain, (this.#pods.get(domain) ?? 0) + pods)
    this.#least = undefined
  }

  skewIn(domain: string): number {
    this.#least ??= this.#pods.size < this.constraint.minDomains ? 0 : this.#lowest()
    return (this.#pods.get(domain) ?? 0) + this.self - this.#least
  }

  #lowest(): number {
    let lowest = Number.MAX_SAFE_INTEGER
    for (const pods of this.#pods.values()) if (pods < lowest) lowest = pods
    return lowest
  }
}

function domainsOf(pod: PodInfo, constraints: readonly Constraint[], cluster: Cluster): Domains[] {
  const all: Domains[] = []
  for (const constraint of constraints) {
    const { selector, key, query } = constraint
    const domains = new Domains(constraint, matchesLabels(selector, pod.pod.metadata.labels))
    const tally = cluster.tally(query)
    for (const node of cluster.nodeList) {
      if (!hasEveryKey(node, constraints) || !includes(constraint, pod.pod, node)) continue
      domains.add(node.labels[key] as string, tally.counts.get(node) ?? 0)
    }
    all.push(domains)
  }
  return all
}

function softConstraints(pod: PodInfo, cluster: Cluster): readonly Constraint[] {
  if (pod.pod.spec.topologySpreadConstraints?.length)
    return constraintsOf(pod.pod, 'ScheduleAnyway')
  return defaultConstraints(pod.pod, cluster.surroundings)
}

/** Pods by domain, for the domains in which there is a feasible node. */
function countsByDomain(
  pod: PodInfo,
  { constraint, feasible, isIgnored }: Counting,
  cluster: Cluster,
): Map<string, number> {
  const { key, query } = constraint
  const domains = new Map<string, number>()
  for (const node of feasible) if (!isIgnored(node)) domains.set(node.labels[key] ?? '', 0)
  for (const [node, pods] of cluster.tally(query).counts) {
    const domain = node.labels[key] ?? ''
    const before = domains.get(domain)
    if (before === undefined || !node.node || isIgnored(node)) continue
    if (includes(constraint, pod.pod, node)) domains.set(domain, before + pods)
  }
  return domains
}

interface Counting {
  readonly constraint: Constraint
  readonly feasible: readonly NodeInfo[]
  readonly isIgnored: (node: NodeInfo) => boolean
}

/** One soft constraint: the points of a node grow with the pods that are in its domain already. */
function costOf(pod: PodInfo, counting: Counting, cluster: Cluster): (node: NodeInfo) => number {
  const { constraint, feasible, isIgnored } = counting
  const { key, maxSkew, query } = constraint
  if (key === hostnameLabel) {
    const weight = Math.log(feasible.filter((node) => !isIgnored(node)).length + 2)
    const { counts: pods } = cluster.tally(query)
    return (node) =>
      node.labels[key] === undefined ? 0 : (pods.get(node) ?? 0) * weight + maxSkew - 1
  }
  const domains = countsByDomain(pod, counting, cluster)
  const weight = Math.log(domains.size + 2)
  return (node) => {
    const domain = node.labels[key]
    return domain === undefined ? 0 : (domains.get(domain) ?? 0) * weight + maxSkew - 1
  }
}

/** The fewest matching pods have the most points; ignored nodes none. */
function fewestBest(
  points: Int32Array,
  nodes: readonly NodeInfo[],
  isIgnored: (node: NodeInfo) => boolean,
): void {
  let least = Number.MAX_SAFE_INTEGER
  let most = 0
  for (let at = 0; at < points.length; at++) {
    if (isIgnored(nodes[at] as NodeInfo)) continue
    const point = points[at] as number
    if (point < least) least = point
    if (point > most) most = point
  }
  for (let at = 0; at < points.length; at++) {
    const point = points[at] as number
    if (isIgnored(nodes[at] as NodeInfo)) points[at] = 0
    else if (most === 0) points[at] = scoreMax
    else points[at] = Math.floor((scoreMax * (most + least - point)) / most)
  }
}

function hardConstraints(pod: PodInfo): readonly Constraint[] {
  const given: readonly TopologySpreadConstraint[] | undefined =
    pod.pod.spec.topologySpreadConstraints
  return given?.length ? constraintsOf(pod.pod, 'DoNotSchedule') : []
}

export const podTopologySpread: SchedulerPlugin = {
  name,
  weight: 2,
  events: [
    'NodeAdd',
    'NodeLabel',
    'NodeTaint',
    'AssignedPodAdd',
    'AssignedPodLabels',
    'AssignedPodDelete',
  ],
  filterStep(pod, cluster) {
    const constraints = hardConstraints(pod)
    if (constraints.length === 0) return undefined
    const all = domainsOf(pod, constraints, cluster)
    return {
      reject({ labels }) {
        for (const domains of all) {
          const { key, maxSkew } = domains.constraint
          const domain = labels[key]
          if (domain === undefined) return unlabelled
          if (domains.skewIn(domain) > maxSkew) return skewed
        }
        return undefined
      },
      supposed(other, node, sign) {
        if (!hasEveryKey(node, constraints)) return
        for (const domains of all) {
          const { constraint } = domains
          if (!counts(constraint, other.pod) || !includes(constraint, pod.pod, node)) continue
          domains.add(node.labels[constraint.key] as string, sign)
        }
      },
    }
  },
  scoreStep(pod, cluster, feasible) {
    const constraints = softConstraints(pod, cluster)
    if (constraints.length === 0) return undefined
    const own = !!pod.pod.spec.topologySpreadConstraints?.length
    const isIgnored = (node: NodeInfo) => own && !hasEveryKey(node, constraints)
    const costs = constraints.map((constraint) =>
      costOf(pod, { constraint, feasible, isIgnored }, cluster),
    )
    return {
      score(node) {
        if (isIgnored(node)) return 0
        let sum = 0
        for (const cost of costs) sum += cost(node)
        return Math.round(sum)
      },
      normalize: (points, nodes) => fewestBest(points, nodes, isIgnored),
    }
  },
  /** Another pod matters only where it counts. */
  helps(waiting, change) {
    if (!('pod' in change)) return true
    if (change.type === 'AssignedPodLabels') return true
    return hardConstraints(waiting).some((constraint) => counts(constraint, change.pod))
  },
}
