/** Physical truth at one instant. All times are virtual, in microseconds. Fields may be added. */
export interface LabState {
  readonly time: number
  /** Wall clock of virtual time 0, milliseconds since 1970: what timestamps in objects count from. */
  readonly epochMs: number
  readonly speed: number | 'max'
  readonly seed: number
  readonly traceHash: string
  readonly machines: readonly MachineState[]
  readonly etcd: readonly EtcdState[]
  readonly leases: readonly LeaseState[]
  /** Every control-plane machine and worker is Ready and nothing is being started. */
  readonly settled: boolean
  /** What the engine is doing beside real-time play: `booting`, `advancing`, `settling`, or idle. */
  readonly activity: 'booting' | 'advancing' | 'settling' | 'playing' | 'paused'
}

export type MachineRole = 'master' | 'worker' | 'load-balancer' | 'client'
export type Power = 'on' | 'booting' | 'shutting-down' | 'off'

export interface MachineState {
  readonly id: string
  readonly role: MachineRole
  readonly power: Power
  readonly ip: string
  readonly zone?: string
  readonly cpu: string
  readonly memory: string
  readonly processes: readonly ProcessState[]
  readonly links: readonly LinkState[]
  /** Time of the last change of power. */
  readonly since: number
}

export interface ProcessState {
  readonly name: string
  readonly state: 'running' | 'exited' | 'crashed'
}

/** A one-way wire that is not in order; healthy links are left out. */
export interface LinkState {
  readonly to: string
  readonly state: 'cut' | 'slow'
}

export interface EtcdState {
  readonly machine: string
  readonly term: number
  readonly role: 'leader' | 'follower' | 'candidate' | 'pre-candidate' | 'learner' | 'down'
  /** Machine that this member believes to lead; '' when it knows of none. */
  readonly leader: string
  readonly commitIndex: number
  readonly appliedIndex: number
  readonly revision: number
}

/** Who holds a component's leader lease, as the holder itself believes. */
export interface LeaseState {
  readonly name: string
  readonly holder: string
  readonly machine: string
}

/** One remembered event of the simulation. `cause` is the id of the event that led to it, or 0. */
export interface TraceRecord {
  readonly id: number
  readonly cause: number
  readonly time: number
  readonly machine: string
  readonly process: string
  readonly kind: string
  readonly detail: string
}
