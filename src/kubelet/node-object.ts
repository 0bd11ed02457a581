import type { Node, NodeCondition, NodeStatus } from '../api/generated/core-v1'
import {
  formatQuantity,
  mustQuantity,
  quantityOf,
  quantityValue,
  subtractQuantity,
} from '../api/machinery/quantity'
import { formatTime } from '../api/machinery/time'
import type { ImageStatus } from '../runtime/cri'
import { hash32 } from '../sim/random'
import type { Micros } from '../sim/time'
import type { KubeletOptions } from './options'

export const kubeletVersion = 'v1.36.3'
const kubeletPort = 10_250
/** The default hard eviction threshold for memory, kept from pods. */
const evictionMemory = mustQuantity('100Mi')
/** nodeStatusMaxImages. */
const imagesMax = 50

export interface NodeFacts {
  readonly bootCount: number
  readonly runtimeVersion: string
  /** Why the node is not ready, or undefined. */
  readonly problem: string | undefined
  readonly images: readonly ImageStatus[]
  readonly now: Micros
}

function hex(text: string, length: number): string {
  let digits = ''
  for (let i = 0; digits.length < length; i++) {
    digits += hash32(`${text}/${i}`).toString(16).padStart(8, '0')
  }
  return digits.slice(0, length)
}

function uuid(text: string): string {
  const digits = hex(text, 32)
  const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16)]
  return [...parts, digits.slice(16, 20), digits.slice(20)].join('-')
}

/** The labels that a kubelet sets and keeps on its node. */
function nodeLabels(options: KubeletOptions): { readonly [key: string]: string } {
  return {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': options.nodeName,
    'kubernetes.io/os': 'linux',
    ...(options.region ? { 'topology.kubernetes.io/region': options.region } : {}),
    ...(options.zone ? { 'topology.kubernetes.io/zone': options.zone } : {}),
    ...options.labels,
  }
}

/** The node as this kubelet registers it. */
export function newNode(options: KubeletOptions, facts: NodeFacts): Node {
  const { podCidr, taints, nodeName } = options
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: nodeLabels(options),
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: {
      ...(podCidr ? { podCIDR: podCidr, podCIDRs: [podCidr] } : {}),
      ...(taints && taints.length > 0 ? { taints } : {}),
    },
    status: nodeStatus(options, facts, undefined),
  }
}

/** The node's status now; times of transition come from the status before. */
export function nodeStatus(
  options: KubeletOptions,
  facts: NodeFacts,
  before: NodeStatus | undefined,
): NodeStatus {
  const { nodeName, ip } = options
  return {
    capacity: capacityOf(options),
    allocatable: allocatableOf(options),
    conditions: conditionsOf(facts, before?.conditions ?? []),
    addresses: [
      { type: 'InternalIP', address: ip },
      { type: 'Hostname', address: nodeName },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    nodeInfo: {
      machineID: hex(`machine ${nodeName}`, 32),
      systemUUID: uuid(`system ${nodeName}`),
      bootID: uuid(`boot ${nodeName} ${facts.bootCount}`),
      kernelVersion: '6.12.0',
      osImage: 'Debian GNU/Linux 13 (trixie)',
      containerRuntimeVersion: `containerd://${facts.runtimeVersion}`,
      kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
    images: imagesOf(facts.images),
  }
}

function imagesOf(images: readonly ImageStatus[]): { names: string[]; sizeBytes: number }[] {
  return [...images]
    .sort((a, b) => b.sizeBytes - a.sizeBytes || (a.id < b.id ? -1 : 1))
    .slice(0, imagesMax)
    .map(({ id, names, sizeBytes }) => ({ names: [id, ...names], sizeBytes }))
}

function capacityOf(options: KubeletOptions): { readonly [name: string]: string } {
  const { cpu, memory, ephemeralStorage = '100Gi' } = options.capacity
  return {
    cpu: formatQuantity(mustQuantity(cpu)),
    'ephemeral-storage': formatQuantity(mustQuantity(ephemeralStorage)),
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: formatQuantity(mustQuantity(memory)),
    pods: String(options.maxPods),
  }
}

function allocatableOf(options: KubeletOptions): { readonly [name: string]: string } {
  const capacity = capacityOf(options)
  const storage = quantityValue(mustQuantity(capacity['ephemeral-storage'] ?? '0'))
  const memory = subtractQuantity(mustQuantity(capacity.memory ?? '0'), evictionMemory)
  return {
    ...capacity,
    'ephemeral-storage': formatQuantity(quantityOf(Math.floor(storage * 0.9))),
    memory: formatQuantity(memory),
  }
}

function conditionsOf(facts: NodeFacts, before: readonly NodeCondition[]): NodeCondition[] {
  const { problem } = facts
  const rows = [
    [
      'MemoryPressure',
      'False',
      'KubeletHasSufficientMemory',
      'kubelet has sufficient memory available',
    ],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    problem === undefined
      ? ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status']
      : ['Ready', 'False', 'KubeletNotReady', problem],
  ]
  const now = formatTime(facts.now)
  return rows.map(([type = '', status = '', reason = '', message = '']) => {
    const old = before.find((condition) => condition.type === type)
    const since = old?.status === status ? old.lastTransitionTime : undefined
    return {
      type,
      status,
      lastHeartbeatTime: now,
      lastTransitionTime: since ?? now,
      reason,
      message,
    }
  })
}
