import type { Entry, HardState, RaftState } from '../raft'
import type { Proposal } from './applier'
import type { KvStore } from './mvcc/store'
import type { RaftDriver } from './raft-driver'

const logTailEntries = 20

export type EtcdRole = 'leader' | 'follower' | 'candidate' | 'pre-candidate' | 'learner'

export interface EtcdLogEntry {
  readonly term: number
  readonly index: number
  /** The request's type; `empty` for a new leader's first entry. */
  readonly kind: string
}

export interface EtcdFollowerProgress {
  readonly id: number
  readonly match: number
  readonly next: number
  readonly state: 'probe' | 'replicate' | 'snapshot'
  readonly recentlyActive: boolean
}

/** A member's inside as plain data, for the lab and for checkers. */
export interface MemberInspection {
  readonly name: string
  readonly memberId: number
  readonly term: number
  /** Term, vote (0 = none) and commit index as the disk has them. */
  readonly durable: HardState
  readonly role: EtcdRole
  /** 0: no leader is known. */
  readonly leaderId: number
  readonly commitIndex: number
  readonly appliedIndex: number
  readonly firstIndex: number
  /** Of what is durable; a follower may know of a higher commit index while it syncs. */
  readonly lastIndex: number
  readonly snapshotIndex: number
  readonly revision: number
  readonly compactRevision: number
  /** Of every change of the store so far: equal on members with the same `appliedIndex`. */
  readonly digest: number
  readonly keys: number
  readonly leases: number
  readonly watchers: number
  readonly voters: readonly number[]
  readonly learners: readonly number[]
  readonly members: readonly { readonly id: number; readonly name: string; readonly host: string }[]
  /** The last entries of the log, oldest first. */
  readonly logTail: readonly EtcdLogEntry[]
  /** What the leader knows of its followers; empty elsewhere. */
  readonly progress: readonly EtcdFollowerProgress[]
}

const roles: Readonly<Record<RaftState, EtcdRole>> = {
  StateLeader: 'leader',
  StateFollower: 'follower',
  StateCandidate: 'candidate',
  StatePreCandidate: 'pre-candidate',
}

const progressStates = {
  StateProbe: 'probe',
  StateReplicate: 'replicate',
  StateSnapshot: 'snapshot',
} as const

export function inspectMember(
  identity: Pick<MemberInspection, 'name' | 'memberId'> & {
    readonly peers: MemberInspection['members']
  },
  driver: RaftDriver,
  store: KvStore,
  counts: Pick<MemberInspection, 'leases' | 'watchers'>,
): MemberInspection {
  const { name, memberId, peers } = identity
  const status = driver.status()
  const { entries, firstIndex, lastIndex, snapshotIndex } = driver.log(logTailEntries)
  const voters = [...status.config.voters.incoming].sort((a, b) => a - b)
  const learners = [...(status.config.learners ?? [])].sort((a, b) => a - b)
  return {
    name,
    memberId,
    term: status.term,
    durable: driver.durableState(),
    role: learners.includes(memberId) ? 'learner' : roles[status.raftState],
    leaderId: status.lead,
    commitIndex: status.commit,
    appliedIndex: driver.appliedIndex,
    firstIndex,
    lastIndex,
    snapshotIndex,
    revision: store.revision,
    compactRevision: store.compactRevision,
    digest: store.digest,
    keys: store.liveKeys,
    ...counts,
    voters,
    learners,
    members: peers,
    logTail: entries.map(pictureOf),
    progress: [...status.progress]
      .filter(([id]) => id !== memberId)
      .map(([id, { match, next, state, recentActive }]) => ({
        id,
        match,
        next,
        state: progressStates[state],
        recentlyActive: recentActive,
      })),
  }
}

function pictureOf({ term, index, type, data }: Entry): EtcdLogEntry {
  if (type !== 'normal') return { term, index, kind: 'confChange' }
  return { term, index, kind: (data as Proposal | undefined)?.request.type ?? 'empty' }
}
