import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Node, PersistentVolumeClaim, Pod, Taint } from '../api/generated/core-v1'
import type { SchedulerCache } from './cache'
import type { Decision } from './cycle'
import { scoredNodes } from './decision-log'
import { unschedulableMessage } from './diagnosis'
import { podInfo } from './node-info'
import { preempt } from './preemption'
import { boundTo, cacheOf, cycleOf, lookup, nodeOf } from './testing/fixtures'

interface RecordedNode {
  readonly name: string
  readonly labels?: { readonly [key: string]: string }
  readonly taints?: readonly Taint[]
  readonly unschedulable?: boolean
  readonly notReady?: boolean
  readonly allocatable: { readonly [resource: string]: string }
  readonly images?: Node['status']['images']
}

interface RecordedPod {
  readonly name: string
  readonly nodeName: string | null
  readonly nominatedNodeName?: string
  readonly condition?: {
    readonly status: string
    readonly reason: string
    readonly message: string
  }
}

interface Scenario {
  readonly name: string
  readonly nodes: readonly RecordedNode[]
  readonly before: readonly { kind: string; value?: number; preemptionPolicy?: string }[]
  readonly podsInOrder: readonly Pod[]
  readonly scores: { readonly [pod: string]: { readonly [node: string]: Points } }
  readonly observed: {
    readonly pods: readonly RecordedPod[]
    readonly events: readonly { readonly object: string; readonly reason: string }[]
  }
}

type Points = { readonly [plugin: string]: number }

const file = new URL('../../../shared/golden/scheduling.json.gz', import.meta.url)

/** What a real scheduler of v1.36.3 did; printed and skipped where it is not at hand. */
function scenarios(): readonly Scenario[] {
  if (existsSync(file)) return JSON.parse(gunzipSync(readFileSync(file)).toString())
  console.log(`skipped: ${file.pathname} is absent`)
  return []
}

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

function recordedNode(given: RecordedNode): Node {
  const taints = [...(given.taints ?? []), ...(given.notReady ? [notReady] : [])]
  if (given.unschedulable) {
    taints.push({ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' })
  }
  const node = nodeOf(given.name)
  return {
    metadata: { name: given.name, labels: given.labels },
    spec: { ...node.spec, taints, unschedulable: given.unschedulable },
    status: { allocatable: given.allocatable, images: given.images },
  }
}

/** As admission leaves it. */
function admitted(pod: Pod, { before }: Scenario): Pod {
  const named = before as readonly { kind: string; metadata?: { name: string } }[]
  const wanted = pod.spec.priorityClassName
  const at = named.findIndex((o) => o.kind === 'PriorityClass' && o.metadata?.name === wanted)
  const { value: priority = 0, preemptionPolicy } = before[at] ?? {}
  return {
    ...pod,
    metadata: { ...pod.metadata, namespace: 'ns', uid: pod.metadata.name },
    spec: { ...pod.spec, priority: wanted === 'high' ? 1_000_000 : priority, preemptionPolicy },
    status: {},
  }
}

function recordedCache(scenario: Scenario): SchedulerCache {
  const claims: { [key: string]: PersistentVolumeClaim } = {}
  for (const object of scenario.before) {
    if (object.kind !== 'PersistentVolumeClaim') continue
    const claim = object as unknown as PersistentVolumeClaim
    claims[`ns/${claim.metadata.name}`] = claim
  }
  const nodes = scenario.nodes.map(recordedNode)
  return cacheOf({ nodes, around: { claims: lookup(claims) } })
}

/** DynamicResources has nothing to say in any of these clusters. */
function withoutZeros(points: Points): Points {
  const entries = Object.entries(points).filter(([plugin]) => plugin !== 'DynamicResources')
  return Object.fromEntries(entries)
}

function compareScores(want: { readonly [node: string]: Points }, decision: Decision): string[] {
  const wrong: string[] = []
  const got = new Map(scoredNodes(decision).map((scored) => [scored.node, scored]))
  for (const [node, points] of Object.entries(want)) {
    const scored = got.get(node)
    const given: Points = scored?.points ?? {}
    for (const [plugin, value] of Object.entries(withoutZeros(points))) {
      const ours = plugin === 'total' ? scored?.total : given[plugin]
      if (ours !== value) wrong.push(`${node} ${plugin}: want ${value}, got ${ours}`)
    }
    for (const plugin of Object.keys(given)) {
      if (!(plugin in points)) wrong.push(`${node} ${plugin}: not wanted, got ${given[plugin]}`)
    }
  }
  return wrong
}

/** Places each pod where it really went, so that one toss of a coin does not change the rest. */
function replay(scenario: Scenario, tally: { scores: number }): string[] {
  const cache = recordedCache(scenario)
  const cycle = cycleOf()
  const wrong: string[] = []
  for (const given of scenario.podsInOrder) {
    const pod = admitted(given, scenario)
    const { name } = pod.metadata
    const want = scenario.observed.pods.find((one) => one.name === name)
    if (!want || pod.spec.schedulingGates || pod.spec.schedulerName) continue
    const info = podInfo(pod)
    const decision = cycle.decide(info, cache)
    const points = scenario.scores[name]
    if (points) {
      tally.scores += Object.keys(points).length
      wrong.push(...compareScores(points, decision).map((text) => `${name}: ${text}`))
    }
    if (want.nodeName === null) {
      const tries = decision.nodes > 0 && !decision.refusal && decision.node === undefined
      const preemption = tries ? preempt(info, cache, decision, cycle) : undefined
      const message = unschedulableMessage(decision, preemption?.outcome)
      if (decision.node !== undefined) wrong.push(`${name}: placed on ${decision.node}`)
      if (message !== want.condition?.message) wrong.push(`${name}: ${message}`)
      const evicted = scenario.observed.events.filter(({ reason }) => reason === 'Preempted')
      const victims = preemption?.victims?.pods.map(({ metadata }) => metadata.name) ?? []
      expect(victims).toEqual(want.nominatedNodeName ? evicted.map(({ object }) => object) : [])
      continue
    }
    const best = scoredNodes(decision)
    const tied = best.filter(({ total }) => total === best[0]?.total).map(({ node }) => node)
    if (!tied.includes(want.nodeName)) wrong.push(`${name}: ${tied} instead of ${want.nodeName}`)
    cache.setPod(boundTo(pod, want.nodeName))
  }
  return wrong
}

describe('decisions of a real kube-scheduler', () => {
  const all = scenarios()
  it('are ours too: placements, messages, victims and every plugin’s points', () => {
    const tally = { scores: 0 }
    const wrong = all.flatMap((s) => replay(s, tally).map((text) => `${s.name}/${text}`))
    const failed = new Set(wrong.map((text) => text.split('/')[0]))
    const passed = all.length - failed.size
    console.log(`scheduling: ${passed}/${all.length} scenarios, ${tally.scores} rated nodes`)
    expect(wrong).toEqual([])
  })
})
