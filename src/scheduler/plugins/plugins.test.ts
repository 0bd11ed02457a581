import { describe, expect, it } from 'vitest'
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  Service,
} from '../../api/generated/core-v1'
import type { StorageClass } from '../../api/generated/storage-v1'
import type { SchedulerCache } from '../cache'
import { scoredNodes } from '../decision-log'
import type { ClusterChange } from '../framework'
import { podInfo } from '../node-info'
import type { Surroundings } from '../surroundings'
import { boundTo, cacheOf, decide, lookup, nodeOf, podOf, rejections } from '../testing/fixtures'
import { defaultPlugins } from '.'

interface FilterCase {
  readonly name: string
  readonly pod: Pod
  readonly nodes: readonly Node[]
  readonly pods?: { readonly [node: string]: readonly Pod[] }
  readonly around?: Partial<Surroundings>
  /** By node; nodes that are not named are feasible. */
  readonly rejected: { readonly [node: string]: string }
}

const zoned = (name: string, zone: string) => nodeOf(name, { labels: { zone } })
const app = { app: 'web' }
const ofApp = { matchLabels: app }
const dedicated = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }

const affinity = (given: PodSpec['affinity']): { spec: Partial<PodSpec> } => ({
  spec: { affinity: given },
})
const near = (topologyKey: string, more: object = {}) =>
  affinity({
    podAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey, labelSelector: ofApp, ...more },
      ],
    },
  })
const apart = (topologyKey: string, more: object = {}) =>
  affinity({
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey, labelSelector: ofApp, ...more },
      ],
    },
  })
const onNodes = (operator: string, ...values: string[]): { spec: Partial<PodSpec> } =>
  affinity({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator, values }] }],
      },
    },
  })
const spread = (more: object = {}): { spec: Partial<PodSpec> } => ({
  spec: {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'zone',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: ofApp,
        ...more,
      },
    ],
  },
})

const port = (hostPort: number, hostIP?: string): { spec: Partial<PodSpec> } => ({
  spec: {
    containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort, hostIP }] }],
  },
})

const noFriends = "InterPodAffinity: node(s) didn't match pod affinity rules !"
const foes = "InterPodAffinity: node(s) didn't match pod anti-affinity rules"
const isFoe = "InterPodAffinity: node(s) didn't satisfy existing pods anti-affinity rules"
const skewed = "PodTopologySpread: node(s) didn't match pod topology spread constraints"
const wrongNode = "NodeAffinity: node(s) didn't match Pod's node affinity/selector !"
const tainted = 'TaintToleration: node(s) had untolerated taint(s) !'

const nodeCases: readonly FilterCase[] = [
  {
    name: 'cordoned',
    pod: podOf('p'),
    nodes: [nodeOf('a', { unschedulable: true }), nodeOf('b')],
    rejected: { a: 'NodeUnschedulable: node(s) were unschedulable !' },
  },
  {
    name: 'cordoned, and the pod does not mind',
    pod: podOf('p', {
      spec: { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] },
    }),
    nodes: [nodeOf('a', { unschedulable: true })],
    rejected: {},
  },
  {
    name: 'taints: equal value and effect, or not',
    pod: podOf('p', { spec: { tolerations: [{ key: 'dedicated', value: 'gpu' }] } }),
    nodes: [
      nodeOf('a', { taints: [dedicated] }),
      nodeOf('b', { taints: [{ ...dedicated, value: 'db' }] }),
      nodeOf('c', { taints: [{ ...dedicated, effect: 'NoExecute' }] }),
      nodeOf('d', { taints: [{ ...dedicated, value: 'db', effect: 'PreferNoSchedule' }] }),
    ],
    rejected: { b: tainted },
  },
  {
    name: 'node affinity operators',
    pod: podOf('p', onNodes('NotIn', 'a')),
    nodes: [zoned('a', 'a'), zoned('b', 'b'), nodeOf('c')],
    rejected: { a: wrongNode },
  },
  {
    name: 'Gt compares integers',
    pod: podOf('p', onNodes('Gt', '9')),
    nodes: [zoned('a', '10'), zoned('b', '9'), zoned('c', 'x')],
    rejected: { b: wrongNode, c: wrongNode },
  },
  {
    name: 'a term that names nodes keeps the others from being looked at',
    pod: podOf(
      'p',
      affinity({
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] },
            ],
          },
        },
      }),
    ),
    nodes: [nodeOf('a'), nodeOf('b')],
    rejected: { a: "NodeAffinity: node(s) didn't satisfy plugin(s) [NodeAffinity] !" },
  },
  {
    name: 'host ports: the wildcard conflicts with every address',
    pod: podOf('p', port(80, '10.0.0.1')),
    nodes: [nodeOf('a'), nodeOf('b'), nodeOf('c')],
    pods: { a: [podOf('x', port(80))], b: [podOf('y', port(80, '10.0.0.2'))] },
    rejected: { a: "NodePorts: node(s) didn't have free ports for the requested pod ports" },
  },
  {
    name: 'resources: every shortage is told; what could never fit is beyond help',
    pod: podOf('p', { requests: { cpu: '3', memory: '6Gi', 'example.com/gpu': '1' } }),
    nodes: [
      nodeOf('a', { more: { 'example.com/gpu': '1' } }),
      nodeOf('b', { cpu: '2', more: { 'example.com/gpu': '1' } }),
      nodeOf('c', { more: { 'example.com/gpu': '1' } }),
      nodeOf('d'),
      nodeOf('e', { pods: '1', more: { 'example.com/gpu': '1' } }),
    ],
    pods: { a: [podOf('x', { requests: { cpu: '2', memory: '4Gi' } })], e: [podOf('y')] },
    rejected: {
      a: 'NodeResourcesFit: Insufficient cpu, Insufficient memory',
      b: 'NodeResourcesFit: Insufficient cpu !',
      d: 'NodeResourcesFit: Insufficient example.com/gpu !',
      e: 'NodeResourcesFit: Too many pods',
    },
  },
  {
    name: 'an overcommitted node still takes what asks for nothing',
    pod: podOf('p'),
    nodes: [nodeOf('a', { cpu: '1' })],
    pods: { a: [podOf('x', { requests: { cpu: '2' } })] },
    rejected: {},
  },
]

const podCases: readonly FilterCase[] = [
  {
    name: 'affinity wants every term’s topology occupied',
    pod: podOf('p', near('zone')),
    nodes: [zoned('a', '1'), zoned('b', '1'), zoned('c', '2'), nodeOf('d')],
    pods: { a: [podOf('x', { labels: app })] },
    rejected: { c: noFriends, d: noFriends },
  },
  {
    name: 'the first of a group that wants to be together may go where the key exists',
    pod: podOf('p', { ...near('zone'), labels: app }),
    nodes: [zoned('a', '1'), nodeOf('b')],
    rejected: { b: noFriends },
  },
  {
    name: 'affinity looks into its own namespace only',
    pod: podOf('p', near('zone')),
    nodes: [zoned('a', '1')],
    pods: { a: [podOf('x', { labels: app, namespace: 'other' })] },
    rejected: { a: noFriends },
  },
  {
    name: 'affinity by namespace selector',
    pod: podOf('p', near('zone', { namespaceSelector: { matchLabels: { team: 'a' } } })),
    nodes: [zoned('a', '1'), zoned('b', '2')],
    pods: {
      a: [podOf('x', { labels: app, namespace: 'one' })],
      b: [podOf('y', { labels: app, namespace: 'two' })],
    },
    around: {
      namespaces: lookup({
        one: { metadata: { name: 'one', labels: { team: 'a' } }, spec: {}, status: {} },
        two: { metadata: { name: 'two', labels: { team: 'b' } }, spec: {}, status: {} },
      }),
    },
    rejected: { b: noFriends },
  },
  {
    name: 'anti-affinity, with the pod’s own value of a key left out',
    pod: podOf('p', {
      ...apart('zone', { mismatchLabelKeys: ['version'] }),
      labels: { ...app, version: '2' },
    }),
    nodes: [zoned('a', '1'), zoned('b', '2'), nodeOf('c')],
    pods: {
      a: [podOf('x', { labels: { ...app, version: '1' } })],
      b: [podOf('y', { labels: { ...app, version: '2' } })],
    },
    rejected: { a: foes },
  },
  {
    name: 'anti-affinity of those already there',
    pod: podOf('p', { labels: app }),
    nodes: [zoned('a', '1'), zoned('b', '1'), zoned('c', '2')],
    pods: { a: [podOf('x', apart('zone'))] },
    rejected: { a: isFoe, b: isFoe },
  },
  {
    name: 'spread: no domain more than maxSkew above the least',
    pod: podOf('p', { ...spread(), labels: app }),
    nodes: [zoned('a', '1'), zoned('b', '2'), nodeOf('c')],
    pods: { a: [podOf('x', { labels: app })] },
    rejected: { a: skewed, c: `${skewed} (missing required label) !` },
  },
  {
    name: 'spread: pods on their way out do not count',
    pod: podOf('p', { ...spread(), labels: app }),
    nodes: [zoned('a', '1'), zoned('b', '2')],
    pods: { a: [podOf('x', { labels: app, terminating: true })] },
    rejected: {},
  },
  {
    name: 'spread: fewer domains than minDomains count the least as none',
    pod: podOf('p', { ...spread({ minDomains: 3 }), labels: app }),
    nodes: [zoned('a', '1'), zoned('b', '2')],
    pods: { a: [podOf('x', { labels: app })], b: [podOf('y', { labels: app })] },
    rejected: { a: skewed, b: skewed },
  },
  {
    name: 'spread: nodes the pod cannot have do not count by default',
    pod: podOf('p', {
      labels: app,
      spec: { ...spread().spec, ...onNodes('NotIn', '3').spec },
    }),
    nodes: [zoned('a', '1'), zoned('b', '2'), zoned('c', '3')],
    pods: { a: [podOf('x', { labels: app })], b: [podOf('y', { labels: app })] },
    rejected: { c: wrongNode },
  },
  {
    name: 'spread: nodeAffinityPolicy Ignore counts them',
    pod: podOf('p', {
      labels: app,
      spec: { ...spread({ nodeAffinityPolicy: 'Ignore' }).spec, ...onNodes('NotIn', '3').spec },
    }),
    nodes: [zoned('a', '1'), zoned('b', '2'), zoned('c', '3')],
    pods: { a: [podOf('x', { labels: app })], b: [podOf('y', { labels: app })] },
    rejected: { a: skewed, b: skewed, c: wrongNode },
  },
  {
    name: 'spread: nodeTaintsPolicy Honor leaves tainted nodes out',
    pod: podOf('p', { ...spread({ nodeTaintsPolicy: 'Honor' }), labels: app }),
    nodes: [zoned('a', '1'), nodeOf('b', { labels: { zone: '2' }, taints: [dedicated] })],
    pods: { a: [podOf('x', { labels: app })] },
    rejected: { b: tainted },
  },
  {
    name: 'spread: matchLabelKeys count one revision only',
    pod: podOf('p', {
      ...spread({ matchLabelKeys: ['version'] }),
      labels: { ...app, version: '2' },
    }),
    nodes: [zoned('a', '1'), zoned('b', '2')],
    pods: {
      a: [podOf('x', { labels: { ...app, version: '1' } })],
      b: [podOf('y', { labels: { ...app, version: '2' } })],
    },
    rejected: { b: skewed },
  },
]

function filterCase({ pod, nodes, pods, around, rejected }: FilterCase): void {
  const decision = decide(pod, cacheOf({ nodes, pods, around }))
  expect(decision.refusal).toBeUndefined()
  expect(rejections(decision.rejected)).toEqual(rejected)
  const feasible = nodes.map(({ metadata }) => metadata.name).filter((name) => !(name in rejected))
  expect(decision.feasible.map(({ name }) => name).sort()).toEqual(feasible.sort())
}

describe('filters', () => {
  it.each(nodeCases)('of nodes · $name', filterCase)
  it.each(podCases)('between pods · $name', filterCase)
})

function claim(spec: object, more: object = {}): PersistentVolumeClaim {
  return {
    metadata: { name: 'c', namespace: 'default', ...more },
    spec: { accessModes: ['ReadWriteOnce'], ...spec },
    status: {},
  }
}

const withClaim = podOf('p', {
  spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] },
})
const withTemplate = podOf('p', {
  spec: { volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: {} } } }] },
})
const bound = claim(
  { volumeName: 'pv' },
  { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
)
const local: PersistentVolume = {
  metadata: { name: 'pv' },
  spec: {
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['1'] }] }],
      },
    },
  },
  status: {},
}
const delayed: StorageClass = {
  metadata: { name: 'late' },
  provisioner: 'x',
  volumeBindingMode: 'WaitForFirstConsumer',
}

describe('VolumeBinding', () => {
  it.each([
    ['missing', withClaim, undefined, 'persistentvolumeclaim "c" not found'],
    [
      'not made yet',
      withTemplate,
      undefined,
      'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-v"',
    ],
    ['unbound', withClaim, claim({}), 'pod has unbound immediate PersistentVolumeClaims'],
    [
      'ending',
      withClaim,
      claim({}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      'persistentvolumeclaim "c" is being deleted',
    ],
    [
      'lost',
      withClaim,
      { ...claim({ volumeName: 'pv' }), status: { phase: 'Lost' } },
      'persistentvolumeclaim "c" bound to non-existent persistentvolume "pv"',
    ],
  ])('refuses the pod when a claim is %s', (_, pod, given, refusal) => {
    const claims = lookup(given ? { 'default/c': given } : {})
    const decision = decide(pod, cacheOf({ nodes: [nodeOf('a')], around: { claims } }))
    expect(decision.refusal).toEqual({ plugin: 'VolumeBinding', refusal })
  })

  it('keeps the pod where its volumes are', () => {
    const around = { claims: lookup({ 'default/c': bound }), volumes: lookup({ pv: local }) }
    const cache = cacheOf({ nodes: [zoned('a', '1'), zoned('b', '2')], around })
    expect(rejections(decide(withClaim, cache).rejected)).toEqual({
      b: "VolumeBinding: node(s) didn't match PersistentVolume's node affinity !",
    })
  })

  it('has no volume for a claim that waits for its first consumer', () => {
    const claims = lookup({ 'default/c': claim({ storageClassName: 'late' }) })
    const around = { claims, storageClasses: lookup({ late: delayed }) }
    const cache = cacheOf({ nodes: [nodeOf('a')], around })
    expect(rejections(decide(withClaim, cache).rejected)).toEqual({
      a: "VolumeBinding: node(s) didn't find available persistent volumes to bind !",
    })
  })
})

interface ScoreCase {
  readonly name: string
  readonly plugin: string
  readonly pod: Pod
  readonly nodes: readonly Node[]
  readonly pods?: { readonly [node: string]: readonly Pod[] }
  readonly around?: Partial<Surroundings>
  /** Weighted; undefined: the plugin has nothing to say. */
  readonly points: { readonly [node: string]: number | undefined }
}

const prefers = (weight: number, ...values: string[]) => ({
  weight,
  preference: { matchExpressions: [{ key: 'zone', operator: 'In', values }] },
})
const wish = (kind: 'podAffinity' | 'podAntiAffinity', weight: number) =>
  affinity({
    [kind]: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight, podAffinityTerm: { topologyKey: 'zone', labelSelector: ofApp } },
      ],
    },
  })
const softSpread = spread({ whenUnsatisfiable: 'ScheduleAnyway' })
const three = [zoned('a', '1'), zoned('b', '2'), zoned('c', '2')]
const service: Service = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: app },
  status: {},
}
const mebibytes = (n: number) => n * 1024 * 1024

const scoreCases: readonly ScoreCase[] = [
  {
    name: 'the fewer PreferNoSchedule taints the better',
    plugin: 'TaintToleration',
    pod: podOf('p'),
    nodes: [
      nodeOf('a'),
      nodeOf('b', { taints: [{ ...dedicated, effect: 'PreferNoSchedule' }] }),
      nodeOf('c', {
        taints: [
          { key: 'x', effect: 'PreferNoSchedule' },
          { key: 'y', effect: 'PreferNoSchedule' },
        ],
      }),
    ],
    points: { a: 300, b: 150, c: 0 },
  },
  {
    name: 'preferred terms add up and are scaled to the best',
    plugin: 'NodeAffinity',
    pod: podOf(
      'p',
      affinity({
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            prefers(30, '1', '2'),
            prefers(10, '2'),
          ],
        },
      }),
    ),
    nodes: [zoned('a', '1'), zoned('b', '2'), zoned('c', '3')],
    points: { a: 150, b: 200, c: 0 },
  },
  {
    name: 'least allocated, with what a container that asks for nothing is thought to take',
    plugin: 'NodeResourcesFit',
    pod: podOf('p'),
    nodes: [nodeOf('a'), nodeOf('b'), nodeOf('c', { cpu: '100m' })],
    pods: { b: [podOf('x', { requests: { cpu: '2', memory: '4Gi' } })] },
    points: { a: 97, b: 47, c: 48 },
  },
  {
    name: 'balance: 75 unchanged, more when the pod evens things out',
    plugin: 'NodeResourcesBalancedAllocation',
    pod: podOf('p', { requests: { cpu: '2' } }),
    nodes: [nodeOf('a'), nodeOf('b'), nodeOf('c', { memory: '0' })],
    pods: { b: [podOf('x', { requests: { memory: '4Gi' } })] },
    points: { a: 62, b: 87, c: 75 },
  },
  {
    name: 'balance has nothing to say about pods that ask for nothing',
    plugin: 'NodeResourcesBalancedAllocation',
    pod: podOf('p'),
    nodes: [nodeOf('a'), nodeOf('b')],
    points: { a: undefined, b: undefined },
  },
  {
    name: 'images by size and by how far they have spread',
    plugin: 'ImageLocality',
    pod: podOf('p'),
    nodes: [
      nodeOf('a', { images: [{ names: ['x:latest'], sizeBytes: mebibytes(1023) }] }),
      nodeOf('b'),
    ],
    points: { a: 50, b: 0 },
  },
  {
    name: 'soft spread: the fewest matching pods have the most points',
    plugin: 'PodTopologySpread',
    pod: podOf('p', { ...softSpread, labels: app }),
    nodes: [...three, nodeOf('d')],
    pods: { b: [podOf('x', { labels: app }), podOf('y', { labels: app })] },
    points: { a: 200, b: 0, c: 0, d: 0 },
  },
  {
    name: 'without constraints of its own a pod of a service is spread over hosts and zones',
    plugin: 'PodTopologySpread',
    pod: podOf('p', { labels: app }),
    nodes: [nodeOf('a'), nodeOf('b')],
    pods: { a: [podOf('x', { labels: app }), podOf('y', { labels: app })] },
    around: { services: lookup({ 'default/web': service }) },
    points: { a: 80, b: 200 },
  },
  {
    name: 'a pod that belongs to nothing is not spread',
    plugin: 'PodTopologySpread',
    pod: podOf('p', { labels: app }),
    nodes: [nodeOf('a'), nodeOf('b')],
    pods: { a: [podOf('x', { labels: app })] },
    points: { a: undefined, b: undefined },
  },
  {
    name: 'preferred affinity, stretched from the lowest to the highest',
    plugin: 'InterPodAffinity',
    pod: podOf('p', wish('podAffinity', 10)),
    nodes: three,
    pods: { b: [podOf('x', { labels: app })] },
    points: { a: 0, b: 200, c: 200 },
  },
  {
    name: 'what placed pods would rather not have near them',
    plugin: 'InterPodAffinity',
    pod: podOf('p', { labels: app }),
    nodes: three,
    pods: { b: [podOf('x', wish('podAntiAffinity', 10))] },
    points: { a: 200, b: 0, c: 0 },
  },
  {
    name: 'required affinity of placed pods counts as a weak wish',
    plugin: 'InterPodAffinity',
    pod: podOf('p', { labels: app }),
    nodes: three,
    pods: { c: [podOf('x', near('zone'))] },
    points: { a: 0, b: 200, c: 200 },
  },
]

describe('scores', () => {
  it.each(scoreCases)('$plugin · $name', ({ plugin, pod, nodes, pods, around, points }) => {
    const decision = decide(pod, cacheOf({ nodes, pods, around }))
    const got = scoredNodes(decision).map((scored) => [scored.node, scored.points[plugin]])
    expect(Object.fromEntries(got)).toEqual(points)
  })
})

const added = (node: Node): ClusterChange => ({ type: 'NodeAdd', node })
const gone = (node: string): ClusterChange => ({
  type: 'AssignedPodDelete',
  pod: boundTo(podOf('y'), node),
})
const came = (labels: { [key: string]: string }): ClusterChange => ({
  type: 'AssignedPodAdd',
  pod: boundTo(podOf('y', { labels }), 'n'),
})

describe('which changes are worth another try', () => {
  const plugin = (name: string) => defaultPlugins.find((one) => one.name === name)
  const helps = (name: string, waiting: Pod, change: ClusterChange, cache: SchedulerCache) =>
    plugin(name)?.events.includes(change.type) &&
    (plugin(name)?.helps?.(podInfo(waiting), change, cache) ?? true)
  const big = podOf('p', { requests: { cpu: '3' } })
  const full = { n: [podOf('x', { requests: { cpu: '2' } })] }

  it.each<[string, string, Pod, ClusterChange, boolean]>([
    ['a node that could hold it', 'NodeResourcesFit', big, added(nodeOf('m')), true],
    ['one too small', 'NodeResourcesFit', big, added(nodeOf('m', { cpu: '2' })), false],
    ['a node it tolerates', 'TaintToleration', big, added(nodeOf('m')), true],
    ['one it does not', 'TaintToleration', big, added(nodeOf('m', { taints: [dedicated] })), false],
    ['a pod gone, still no room', 'NodeResourcesFit', big, gone('n'), false],
    ['a pod gone from the right node', 'NodeResourcesFit', big, gone('m'), true],
    [
      'a pod gone, for one that may push others aside',
      'NodeResourcesFit',
      podOf('p', { requests: { cpu: '3' }, priority: 1 }),
      gone('n'),
      true,
    ],
    ['a friend', 'InterPodAffinity', podOf('p', near('zone')), came(app), true],
    ['somebody else', 'InterPodAffinity', podOf('p', near('zone')), came({}), false],
    ['another foe', 'InterPodAffinity', podOf('p', apart('zone')), came(app), false],
    ['one that counts', 'PodTopologySpread', podOf('p', spread()), came(app), true],
    ['one that does not', 'PodTopologySpread', podOf('p', spread()), came({}), false],
    ['a plugin’s other events', 'NodeAffinity', big, came(app), false],
  ])('%s · %s', (_, name, waiting, change, expected) => {
    const cache = cacheOf({ nodes: [nodeOf('m'), nodeOf('n')], pods: full })
    expect(helps(name, waiting, change, cache)).toBe(expected)
  })
})
