/** What a cluster is made of. With the seed and the command log it determines the whole run. */
export interface ClusterSpec {
  readonly seed: number
  readonly masters: number
  readonly workers: number
  /** Masters run outside the user's sight and are not registered as Nodes (managed offerings). */
  readonly hosted: boolean
  readonly workerCpu: string
  readonly workerMemory: string
  readonly masterCpu: string
  readonly masterMemory: string
  readonly podsPerNode: number
  readonly zones: readonly string[]
  /** One-way delay between two machines: this, plus up to a fifth of it as jitter. */
  readonly latencyMicros: number
  /** Wall clock of virtual time 0, in milliseconds since 1970. */
  readonly epochMs: number
  readonly serviceCidr: string
  readonly podCidr: string
}

/** A /16 has a /24 for this many nodes. */
const nodesPerPodCidr = 254
/** Where a larger cluster gets its pod ranges from: 32 768 nodes. */
const widePodCidr = '10.128.0.0/9'

/** The network that nodes get their pod ranges from: wider than asked where it would run out. */
export function podNetworkOf(spec: ClusterSpec): string {
  const nodes = spec.masters + spec.workers
  return nodes > nodesPerPodCidr && spec.podCidr.endsWith('/16') ? widePodCidr : spec.podCidr
}

export const mastersMax = 7
export const workersMax = 1000

export const defaultSpec: ClusterSpec = {
  seed: 1,
  masters: 3,
  workers: 3,
  hosted: false,
  workerCpu: '4',
  workerMemory: '8Gi',
  masterCpu: '2',
  masterMemory: '4Gi',
  podsPerNode: 110,
  zones: ['a', 'b', 'c'],
  latencyMicros: 500,
  epochMs: 1_767_225_600_000,
  serviceCidr: '10.96.0.0/16',
  podCidr: '10.244.0.0/16',
}
