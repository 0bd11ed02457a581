import { type AffinityTerm, type NamespaceLabels, termMatches } from '../affinity-term'
import { type Cluster, type Rejection, type SchedulerPlugin, scoreMax } from '../framework'
import type { NodeInfo, PodInfo } from '../node-info'
import type { PodQuery } from '../pod-tally'

const name = 'InterPodAffinity'

const lacksFriends: Rejection = {
  plugin: name,
  reasons: ["node(s) didn't match pod affinity rules"],
  unresolvable: true,
}
const hasFoes: Rejection = {
  plugin: name,
  reasons: ["node(s) didn't match pod anti-affinity rules"],
  unresolvable: false,
}
const isFoe: Rejection = {
  plugin: name,
  reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"],
  unresolvable: false,
}

/** Sums by topology key and value; pairs that come to nothing are absent. */
class TopologySums {
  readonly #byKey = new Map<string, Map<string, number>>()

  get empty(): boolean {
    return this.#byKey.size === 0
  }

  add(key: string, node: NodeInfo, amount: number): void {
    const value = node.labels[key]
    if (value === undefined || !node.node) return
    let sums = this.#byKey.get(key)
    if (!sums) {
      sums = new Map()
      this.#byKey.set(key, sums)
    }
    sums.set(value, (sums.get(value) ?? 0) + amount)
  }

  /** As `add`, forgetting what is used up. */
  change(key: string, node: NodeInfo, amount: number): void {
    this.add(key, node, amount)
    const value = node.labels[key]
    const sums = this.#byKey.get(key)
    if (!sums || value === undefined || sums.get(value) !== 0) return
    sums.delete(value)
    if (sums.size === 0) this.#byKey.delete(key)
  }

  at(key: string, value: string): number {
    return this.#byKey.get(key)?.get(value) ?? 0
  }

  /** The sum over all keys of what the node's values have. */
  total({ labels }: NodeInfo): number {
    let total = 0
    for (const [key, sums] of this.#byKey) {
      const value = labels[key]
      if (value !== undefined) total += sums.get(value) ?? 0
    }
    return total
  }
}

function namespaceLabels({ surroundings }: Cluster): NamespaceLabels {
  return (namespace) => surroundings.namespaces.get(namespace)?.metadata.labels
}

function queryOf(terms: readonly AffinityTerm[], labelsOf: NamespaceLabels): PodQuery {
  return {
    key: `affinity|${terms.map(({ key }) => key).join('&')}`,
    matches: (pod) => terms.every((term) => termMatches(term, pod, labelsOf)),
  }
}

/** Where the pods are that all required affinity terms match. */
function friends(terms: readonly AffinityTerm[], cluster: Cluster): TopologySums {
  const sums = new TopologySums()
  if (terms.length === 0) return sums
  for (const [node, pods] of cluster.tally(queryOf(terms, namespaceLabels(cluster))).counts) {
    for (const { topologyKey } of terms) sums.add(topologyKey, node, pods)
  }
  return sums
}

/** Where the pods are that one or another of these terms matches, times its weight. */
function matchesOfEach(
  terms: readonly AffinityTerm[],
  cluster: Cluster,
  sums: TopologySums,
): TopologySums {
  const labelsOf = namespaceLabels(cluster)
  for (const term of terms) {
    const { counts } = cluster.tally(queryOf([term], labelsOf))
    for (const [node, pods] of counts) sums.add(term.topologyKey, node, pods * (term.weight || 1))
  }
  return sums
}

/** Where placed pods are whose own anti-affinity speaks of this pod. */
function foes(pod: PodInfo, cluster: Cluster): TopologySums {
  const sums = new TopologySums()
  const labelsOf = namespaceLabels(cluster)
  for (const { term, nodes } of cluster.antiAffinity.groups()) {
    if (!termMatches(term, pod.pod, labelsOf)) continue
    for (const [node, pods] of nodes) sums.add(term.topologyKey, node, pods)
  }
  return sums
}

/** The state of one pod's required terms, and of others' against it. */
class RequiredTerms {
  readonly #pod: PodInfo
  readonly #labelsOf: NamespaceLabels
  readonly #affinity: readonly AffinityTerm[]
  readonly #antiAffinity: readonly AffinityTerm[]
  readonly #friends: TopologySums
  readonly #foesOfPod: TopologySums
  readonly #foes: TopologySums

  constructor(pod: PodInfo, cluster: Cluster) {
    this.#pod = pod
    this.#labelsOf = namespaceLabels(cluster)
    this.#affinity = pod.terms?.affinity ?? []
    this.#antiAffinity = pod.terms?.antiAffinity ?? []
    this.#friends = friends(this.#affinity, cluster)
    this.#foesOfPod = matchesOfEach(this.#antiAffinity, cluster, new TopologySums())
    this.#foes = foes(pod, cluster)
  }

  get idle(): boolean {
    return this.#affinity.length + this.#antiAffinity.length === 0 && this.#foes.empty
  }

  reject(node: NodeInfo): Rejection | undefined {
    if (!this.#hasFriends(node)) return lacksFriends
    for (const { topologyKey } of this.#antiAffinity) {
      const value = node.labels[topologyKey]
      if (value !== undefined && this.#foesOfPod.at(topologyKey, value) > 0) return hasFoes
    }
    return !this.#foes.empty && this.#foes.total(node) > 0 ? isFoe : undefined
  }

  /** The first of a group that is to stay together may go anywhere the topology keys exist. */
  #hasFriends({ labels }: NodeInfo): boolean {
    let all = true
    for (const { topologyKey } of this.#affinity) {
      const value = labels[topologyKey]
      if (value === undefined) return false
      if (this.#friends.at(topologyKey, value) <= 0) all = false
    }
    return all || (this.#friends.empty && this.#matchesAll(this.#pod))
  }

  #matchesAll({ pod }: PodInfo): boolean {
    return this.#affinity.every((term) => termMatches(term, pod, this.#labelsOf))
  }

  supposed(other: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    for (const term of other.terms?.antiAffinity ?? []) {
      if (!termMatches(term, this.#pod.pod, this.#labelsOf)) continue
      this.#foes.change(term.topologyKey, node, sign)
    }
    for (const term of this.#antiAffinity) {
      if (!termMatches(term, other.pod, this.#labelsOf)) continue
      this.#foesOfPod.change(term.topologyKey, node, sign)
    }
    if (this.#affinity.length === 0 || !this.#matchesAll(other)) return
    for (const { topologyKey } of this.#affinity) this.#friends.change(topologyKey, node, sign)
  }
}

/** 0 … 100 from the lowest to the highest sum; all 0 when there is no difference. */
function stretched(points: Int32Array): void {
  let lowest = Number.MAX_SAFE_INTEGER
  let highest = Number.MIN_SAFE_INTEGER
  for (const point of points) {
    if (point < lowest) lowest = point
    if (point > highest) highest = point
  }
  const range = highest - lowest
  for (let at = 0; at < points.length; at++) {
    const above = (points[at] as number) - lowest
    points[at] = range > 0 ? Math.floor(scoreMax * (above / range)) : 0
  }
}

export const interPodAffinity: SchedulerPlugin = {
  name,
  weight: 2,
  events: ['NodeAdd', 'NodeLabel', 'AssignedPodAdd', 'AssignedPodLabels', 'AssignedPodDelete'],
  filterStep(pod, cluster) {
    if (!pod.terms && cluster.antiAffinity.size === 0) return undefined
    const required = new RequiredTerms(pod, cluster)
    if (required.idle) return undefined
    return {
      reject: (node) => required.reject(node),
      supposed: (other, node, sign) => required.supposed(other, node, sign),
    }
  },
  scoreStep(pod, cluster) {
    const own = pod.terms?.preferred ?? []
    if (own.length === 0 && cluster.preferences.size === 0) return undefined
    const sums = matchesOfEach(own, cluster, new TopologySums())
    const labelsOf = namespaceLabels(cluster)
    for (const { term, nodes } of cluster.preferences.groups()) {
      if (!termMatches(term, pod.pod, labelsOf)) continue
      for (const [node, pods] of nodes) sums.add(term.topologyKey, node, pods * term.weight)
    }
    if (sums.empty) return undefined
    return { score: (node) => sums.total(node), normalize: stretched }
  },
  /** A pod that came helps only those that want it near; one that went, those it kept away. */
  helps({ terms, pod }, change, cluster) {
    if (change.type !== 'AssignedPodAdd') return true
    const labelsOf = namespaceLabels(cluster)
    if (change.pod.metadata.uid === pod.metadata.uid) return false
    return !!terms?.affinity.some((term) => termMatches(term, change.pod, labelsOf))
  },
}
