import type { EtcdClient, KeyValue, WatchEvent } from '../../etcd/client'
import { Channel, type Task, wait } from '../../sim/task'
import { millis } from '../../sim/time'
import type { EtcdCluster, EtcdSeat } from './cluster'

interface Observation {
  readonly kind: 'write' | 'read'
  readonly key: string
  readonly revision: number
  /** Highest revision anyone had been told of when the request began. */
  readonly floor: number
  /** What was written or read. */
  readonly value: unknown
}

/**
 * Stands outside a cluster, sees what clients were told, and knows what must be true of it: the
 * revision is the order of all operations, so linearizability is checked against one history.
 */
export class Witness {
  readonly #cluster: EtcdCluster
  readonly #observations: Observation[] = []
  readonly #history = new Map<number, readonly WatchEvent[]>()
  readonly #leaders = new Map<number, number>()
  readonly #states = new Map<number, string>()
  readonly #ballots = new Map<string, number>()
  readonly #floors = new Map<string, number>()
  #told = 1
  /** No watch can be sure to have seen what was before. */
  #compacted = 0
  unknownOutcomes = 0
  leaderChanges = 0
  compactedWatches = 0

  constructor(cluster: EtcdCluster) {
    this.#cluster = cluster
  }

  get acknowledged(): number {
    return this.#observations.length
  }

  /** One random operation by a client. */
  *operate(client: EtcdClient, key: string, value: string, dice: number): Task<void> {
    const floor = this.#told
    if (dice < 3) {
      const result = yield* client.range({ key })
      if (!result.ok) return
      this.#note({
        kind: 'read',
        key,
        revision: result.value.header.revision,
        floor,
        value: result.value.kvs[0]?.value,
      })
    } else if (dice < 4) {
      const result = yield* client.deleteRange({ key })
      if (!result.ok) this.unknownOutcomes++
      else if (result.value.deleted > 0) {
        this.#note({
          kind: 'write',
          key,
          revision: result.value.header.revision,
          floor,
          value: undefined,
        })
      }
    } else {
      const result = yield* client.put({ key, value })
      if (!result.ok) this.unknownOutcomes++
      else {
        this.#note({ kind: 'write', key, revision: result.value.header.revision, floor, value })
      }
    }
  }

  /** Watches everything beside one member, for ever, from where the last watch there ended. */
  *watch(seat: EtcdSeat, progress: { next: number }): Task<void> {
    for (;;) {
      const closed = new Channel<number | undefined>()
      seat.client.watch(
        { key: 'k', rangeEnd: 'l', startRevision: progress.next, prevKv: true },
        {
          onEvents: (events, revision) => {
            this.#events(events, progress.next)
            progress.next = revision + 1
          },
          onProgress: () => undefined,
          onClosed: (reason) =>
            closed.send(reason.reason === 'compacted' ? reason.compactRevision : undefined),
        },
      )
      const compacted = yield* wait(closed.receive())
      if (compacted !== undefined) {
        this.compactedWatches++
        this.#compacted = Math.max(this.#compacted, compacted)
        progress.next = compacted
      }
      yield* wait(seat.env.clock.sleep(millis(100)))
    }
  }

  /** What must hold at every moment. */
  inspect(): void {
    for (const seat of this.#cluster.seats) {
      const inside = seat.inspect()
      if (!inside) continue
      const { term, appliedIndex, commitIndex, revision, compactRevision } = inside
      if (inside.role === 'leader') {
        const known = this.#leaders.get(term)
        if (known === undefined) this.leaderChanges++
        this.#demand(known === undefined || known === seat.id, `two leaders in term ${term}`)
        this.#leaders.set(term, seat.id)
      }
      this.#demand(appliedIndex <= commitIndex, 'applied more than is committed')
      this.#demand(inside.snapshotIndex <= appliedIndex, 'a snapshot of the future')
      const { digest, keys, leases } = inside
      const state = `${revision} ${compactRevision} ${digest} ${keys} ${leases}`
      const known = this.#states.get(appliedIndex)
      this.#demand(known === undefined || known === state, `${known} became ${state}`)
      this.#states.set(appliedIndex, state)
      this.#rises(`${seat.id} term`, inside.durable.term)
      this.#votes(seat.id, inside.durable)
    }
  }

  /** After the faults are over and all is quiet: nothing acknowledged was lost or seen too early. */
  conclude(): void {
    const past = this.#past()
    const last = Math.max(...past.keys())
    for (const seen of this.#observations) {
      const { kind, key, revision, floor } = seen
      const what = `${kind} of ${key} at revision ${revision}`
      if (kind === 'write') {
        this.#demand(revision > floor, `${what} is not after ${floor}`)
        const events = this.#history.get(revision)
        if (!events && revision < this.#compacted) continue
        const event = events?.find(({ kv }) => kv.key === key)
        this.#demand(event !== undefined, `${what} was lost`)
        this.#demand(event?.kv.value === seen.value, `${what} became another`)
      } else {
        this.#demand(revision >= floor, `${what} is older than ${floor}`)
        const state = past.get(Math.min(revision, last))
        if (!state || (!state.complete && !state.values.has(key))) continue
        const expected = state.values.get(key)
        this.#demand(expected === seen.value, `${what}: ${seen.value} instead of ${expected}`)
      }
    }
  }

  /** The state at each revision; not complete once a revision was compacted before anyone saw it. */
  #past(): Map<number, { values: ReadonlyMap<string, unknown>; complete: boolean }> {
    const past = new Map()
    let values = new Map<string, unknown>()
    let complete = true
    for (let revision = 2; revision <= Math.max(...this.#history.keys()); revision++) {
      const events = this.#history.get(revision)
      this.#demand(events !== undefined || revision < this.#compacted, `no revision ${revision}`)
      if (!events) {
        values = new Map()
        complete = false
        continue
      }
      for (const { type, kv } of events) values.set(kv.key, type === 'put' ? kv.value : undefined)
      past.set(revision, { values: new Map(values), complete })
    }
    return past
  }

  /** One vote per term, which a restart must not forget. */
  #votes(member: number, durable: { readonly term: number; readonly vote: number }): void {
    const ballot = `${member} in ${durable.term}`
    const known = this.#ballots.get(ballot) ?? 0
    this.#demand(known === 0 || known === durable.vote, `${ballot} voted ${known}, then another`)
    this.#ballots.set(ballot, durable.vote)
  }

  /** A watch that expects `next` got these. */
  #events(events: readonly WatchEvent[], next: number): void {
    let previous: KeyValue | undefined
    const byRevision = new Map<number, WatchEvent[]>()
    for (const event of events) {
      const { kv } = event
      this.#demand(kv.modRevision >= next, `event of ${kv.modRevision} after ${next - 1}`)
      this.#demand(!previous || previous.modRevision <= kv.modRevision, 'events out of order')
      previous = kv
      const same = byRevision.get(kv.modRevision) ?? []
      same.push(event)
      byRevision.set(kv.modRevision, same)
    }
    for (const [revision, here] of byRevision) {
      const known = this.#history.get(revision)
      if (!known) this.#history.set(revision, here)
      else {
        const same = known.length === here.length && known.every((e, i) => sameEvent(e, here[i]))
        this.#demand(same, `two histories at revision ${revision}`)
      }
    }
    for (let r = Math.max(next, 2); r <= (events.at(-1)?.kv.modRevision ?? 0); r++) {
      this.#demand(byRevision.has(r), `revision ${r} was skipped`)
    }
  }

  #note(observation: Observation): void {
    this.#observations.push(observation)
    this.#told = Math.max(this.#told, observation.revision)
  }

  #rises(what: string, value: number): void {
    this.#demand(value >= (this.#floors.get(what) ?? 0), `${what} went back to ${value}`)
    this.#floors.set(what, value)
  }

  #demand(holds: boolean, otherwise: string): void {
    if (holds) return
    const { seed, now } = this.#cluster.sim
    throw new Error(`${otherwise} (seed ${seed}, t=${now} µs)`)
  }
}

function sameEvent(a: WatchEvent, b: WatchEvent | undefined): boolean {
  if (a.type !== b?.type) return false
  return (
    a.kv.key === b.kv.key &&
    a.kv.value === b.kv.value &&
    a.kv.version === b.kv.version &&
    a.kv.createRevision === b.kv.createRevision &&
    a.prevKv?.modRevision === b.prevKv?.modRevision
  )
}
