import type { Entry, Message, ReadState, SoftState } from '../raft'
import { assert } from '../sim/assert'
import type { Process, ProcessEnv, ProcessFactory } from '../sim/process'
import { type Micros, millis, seconds } from '../sim/time'
import { Applier, type MemberPicture, type Proposal } from './applier'
import { ClientService } from './client-service'
import { inspectMember, type MemberInspection } from './inspection'
import { Lessor } from './lessor'
import { KvStore } from './mvcc/store'
import { Proposals } from './proposals'
import { RaftDriver, type StateMachine } from './raft-driver'
import { ReadBarrier } from './read-barrier'
import { clientPort, type KeyValue, peerPort, prefixEnd } from './rpc'
import { WatchHub } from './watch-hub'

export interface EtcdPeer {
  readonly id: number
  readonly name: string
  /** Machine name or IP. */
  readonly host: string
}

export interface EtcdMemberOptions {
  readonly name: string
  /** From 1; one of `peers`. */
  readonly memberId: number
  /** The whole first cluster, this member included: the same on every member. */
  readonly peers: readonly EtcdPeer[]
  readonly dataDir?: string
  /** A tick: leaders send heartbeats at each. Default 100. */
  readonly heartbeatMs?: number
  /** Default 1 000. */
  readonly electionMs?: number
  /** Log entries between snapshots. Default 10 000. */
  readonly snapshotCount?: number
  /** Log entries kept behind a snapshot for late followers. Default 5 000. */
  readonly catchUpEntries?: number
  /** `--watch-progress-notify-interval`. Default 10 minutes. */
  readonly watchProgressMs?: number
  readonly version?: string
}

const requestTimeoutBase: Micros = seconds(5)
const leaseCheckMicros: Micros = millis(500)
const leaderlessElections = 3
const handOverTicksMax = 10

/** An etcd member as a process: peers on port 2380, clients on 2379. */
export function etcdMember(options: EtcdMemberOptions): ProcessFactory {
  return (env) => new EtcdMember(env, options)
}

export class EtcdMember implements Process, StateMachine {
  readonly #env: ProcessEnv
  readonly #options: EtcdMemberOptions
  readonly #tickMicros: Micros
  readonly #electionMicros: Micros
  readonly #store = new KvStore()
  readonly #lessor: Lessor
  readonly #hub: WatchHub
  readonly #applier: Applier
  readonly #proposals: Proposals
  readonly #reads: ReadBarrier
  readonly #driver: RaftDriver
  readonly #service: ClientService
  #leaderId = 0
  #leaderElectedAt: Micros = 0
  #leaderlessSince: Micros
  #leaseCheckedAt: Micros = 0
  #progressAt: Micros = 0
  #stopping = false
  #ticksToStop = 0

  constructor(env: ProcessEnv, options: EtcdMemberOptions) {
    this.#env = env
    this.#options = options
    const { memberId, peers } = options
    assert(
      peers.some(({ id }) => id === memberId),
      `member ${memberId} is not among its peers`,
    )
    this.#tickMicros = millis(options.heartbeatMs ?? 100)
    this.#electionMicros = millis(options.electionMs ?? 1_000)
    const requestTimeout = requestTimeoutBase + 2 * this.#electionMicros
    const now = env.clock.monotonic()
    this.#leaderlessSince = now
    this.#lessor = new Lessor(this.#electionMicros)
    this.#hub = new WatchHub(this.#store)
    const parts = { memberId, store: this.#store, lessor: this.#lessor, hub: this.#hub }
    this.#applier = new Applier({ ...parts, now: () => env.clock.monotonic() })
    // Fewer than one request per microsecond: a later life begins above all ids of this one.
    this.#proposals = new Proposals(memberId, now, requestTimeout)
    this.#reads = new ReadBarrier((id) => this.#driver.readIndex(id), now, requestTimeout)
    const peerAddresses = new Map(peers.map(({ id, host }) => [id, `${host}:${peerPort}`]))
    this.#driver = new RaftDriver(
      env,
      {
        memberId,
        voters: peers.map(({ id }) => id),
        address: (id) => peerAddresses.get(id),
        directory: `${options.dataDir ?? '/var/lib/etcd'}/member`,
        electionTicks: Math.round(this.#electionMicros / this.#tickMicros),
        snapshotCount: options.snapshotCount ?? 10_000,
        catchUpEntries: options.catchUpEntries ?? 5_000,
        machine: this,
      },
      this.#applier.picture(),
    )
    this.#service = new ClientService(env, {
      ...parts,
      version: options.version ?? '3.6.0',
      applier: this.#applier,
      proposals: this.#proposals,
      reads: this.#reads,
      driver: this.#driver,
      hostOf: (id) => peers.find((peer) => peer.id === id)?.host,
    })
  }

  start(): void {
    this.#env.network.listen(peerPort, {
      onDatagram: (message) => this.#driver.receive(message as Message),
      onCall: (message, reply) => {
        this.#driver.receive(message as Message)
        reply(undefined)
      },
    })
    this.#env.network.listen(clientPort, this.#service)
    this.#tickLater()
    this.#driver.start()
  }

  /** What this member has applied below a prefix, for the lab: no request, no barrier. */
  peek(prefix: string): readonly KeyValue[] {
    return this.#store.range({ key: prefix, rangeEnd: prefixEnd(prefix) }).kvs
  }

  /** Hands leadership over, as etcd does on SIGTERM, and ends. */
  stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    this.#ticksToStop = handOverTicksMax
    const successor = this.#driver.isLeader ? this.#successor() : undefined
    if (successor === undefined) this.#env.exit(0)
    else this.#driver.transferLeadership(successor)
  }

  inspect(): MemberInspection {
    return inspectMember(this.#options, this.#driver, this.#store, {
      leases: this.#lessor.size,
      watchers: this.#hub.size,
    })
  }

  apply(entries: readonly Entry[]): void {
    const { memberId } = this.#options
    for (const entry of entries) {
      const proposal = entry.type === 'normal' ? (entry.data as Proposal | undefined) : undefined
      if (!proposal) continue
      const wanted = proposal.memberId === memberId && this.#proposals.awaits(proposal.id)
      const result = this.#applier.apply(entry, wanted)
      if (wanted && result) this.#proposals.settle(proposal.id, result)
    }
    this.#hub.flush()
    this.#reads.applied(this.#driver.appliedIndex, this.#env.clock.monotonic())
  }

  picture(): MemberPicture {
    return this.#applier.picture()
  }

  restore(picture: unknown): void {
    this.#applier.restore(picture as MemberPicture)
  }

  onRole(role: SoftState): void {
    const now = this.#env.clock.monotonic()
    const leads = role.raftState === 'StateLeader'
    if (leads) this.#lessor.promote(now, this.#electionMicros)
    else this.#lessor.demote()
    const { name } = this.#options
    const { term } = this.#driver
    if (role.lead === 0 && this.#leaderId !== 0) {
      this.#leaderlessSince = now
      this.#env.note('etcd.leaderless', `${name} lost its leader at term ${term}`)
    } else if (role.lead !== 0 && role.lead !== this.#leaderId) {
      this.#leaderElectedAt = now
      this.#reads.retry(now, true)
      if (leads) this.#env.note('etcd.leader', `${name} became leader at term ${term}`)
    }
    this.#leaderId = role.lead
    if (this.#stopping && !leads) this.#env.exit(0)
  }

  onReadStates(states: readonly ReadState[]): void {
    this.#reads.confirm(states, this.#driver.appliedIndex, this.#env.clock.monotonic())
  }

  proposeNow(): void {
    if (this.#driver.role.lead === 0) return
    this.#proposals.flush((batch) => this.#driver.propose(batch))
  }

  #tickLater(): void {
    this.#env.clock.after(this.#tickMicros, () => this.#tick(), 'etcd.tick')
  }

  #tick(): void {
    this.#tickLater()
    const now = this.#env.clock.monotonic()
    this.#driver.tick()
    this.#proposals.expire(now, this.#leaderElectedAt, this.#electionMicros)
    this.#reads.expire(now)
    this.#reads.retry(now, false)
    this.#watchLeader(now)
    if (now - this.#leaseCheckedAt >= leaseCheckMicros) this.#revokeExpired(now)
    if (now - this.#progressAt >= millis(this.#options.watchProgressMs ?? 600_000)) {
      this.#progressAt = now
      this.#hub.periodicProgress()
    }
    if (this.#stopping && --this.#ticksToStop <= 0) this.#env.exit(0)
  }

  #watchLeader(now: Micros): void {
    if (this.#driver.role.lead !== 0 || this.#hub.size === 0) return
    const patience = leaderlessElections * this.#electionMicros
    if (now - this.#leaderlessSince >= patience) this.#hub.leaderLost()
  }

  #revokeExpired(now: Micros): void {
    this.#leaseCheckedAt = now
    if (!this.#driver.isLeader) return
    const expired = this.#lessor.takeExpired(now)
    if (expired.length === 0) return
    const { term } = this.#driver
    for (const id of expired) this.#proposals.submitOwn({ type: 'leaseRevoke', id }, term)
    this.#driver.work()
  }

  /** The follower whose log is the longest. */
  #successor(): number | undefined {
    const { memberId } = this.#options
    let best: number | undefined
    let bestMatch = -1
    for (const [id, progress] of this.#driver.status().progress) {
      if (id === memberId || progress.isLearner || !progress.recentActive) continue
      if (progress.match <= bestMatch) continue
      best = id
      bestMatch = progress.match
    }
    return best
  }
}
