import type { KeyValue, WatchEvent } from '../../etcd/client'
import { isEqual } from './equal'
import type { Ledger } from './ledger'

export type RevisionListener = (revision: number, events: readonly WatchEvent[]) => void

/** One watch of everything beside one member; `next` is the revision it has to get next. */
export interface HistoryStream {
  readonly member: string
  next: number
}

/**
 * The one history that all members must tell: every revision once, in order, complete. M1, M2, M4
 * and M8 are checked as it is told; listeners hear of each revision when the first member tells it.
 */
export class EtcdHistory {
  readonly #ledger: Ledger
  readonly #revisions: (readonly WatchEvent[])[] = []
  readonly #state = new Map<string, KeyValue>()
  readonly #listeners: RevisionListener[] = []
  /** Revisions that touched each prefix asked for. */
  readonly #touched = new Map<string, number[]>()

  /** The first revision that writes something. */
  static readonly first = 2

  constructor(ledger: Ledger, prefixes: readonly string[]) {
    this.#ledger = ledger
    for (const prefix of prefixes) this.#touched.set(prefix, [])
  }

  get revision(): number {
    return EtcdHistory.first + this.#revisions.length - 1
  }

  /** Live keys at `revision`. */
  get state(): ReadonlyMap<string, KeyValue> {
    return this.#state
  }

  onRevision(listener: RevisionListener): void {
    this.#listeners.push(listener)
  }

  at(revision: number): readonly WatchEvent[] {
    return this.#revisions[revision - EtcdHistory.first] ?? []
  }

  /** The first revision after `revision` that touched this prefix, as far as is known. */
  nextTouching(prefix: string, revision: number): number | undefined {
    const revisions = this.#touched.get(prefix) as number[]
    let low = 0
    let high = revisions.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((revisions[middle] as number) <= revision) low = middle + 1
      else high = middle
    }
    return revisions[low]
  }

  /** modRevision by key of what lived below a prefix at a revision that is known. */
  livingAt(prefix: string, revision: number): ReadonlyMap<string, number> {
    const living = new Map<string, number>()
    for (const at of this.#touched.get(prefix) as number[]) {
      if (at > revision) break
      for (const { type, kv } of this.at(at)) {
        if (!kv.key.startsWith(prefix)) continue
        if (type === 'put') living.set(kv.key, kv.modRevision)
        else living.delete(kv.key)
      }
    }
    return living
  }

  /** A batch as a member told it: whole revisions, up to and including `upTo`. */
  take(stream: HistoryStream, events: readonly WatchEvent[], upTo: number): void {
    let from = 0
    while (from < events.length) {
      const revision = (events[from] as WatchEvent).kv.modRevision
      let to = from
      while (to < events.length && events[to]?.kv.modRevision === revision) to++
      this.#revision(stream, revision, events.slice(from, to))
      from = to
    }
    const what = () => `${stream.member} says up to ${upTo}, told up to ${stream.next - 1}`
    this.#ledger.demand(upTo === stream.next - 1, 'M8', what)
  }

  /** A progress notice: nothing up to `revision` is missing. */
  progress(stream: HistoryStream, revision: number): void {
    const what = () => `${stream.member} noted ${revision} before telling ${stream.next}`
    this.#ledger.demand(revision < stream.next, 'M9', what)
  }

  #revision(stream: HistoryStream, revision: number, events: readonly WatchEvent[]): void {
    const { member, next } = stream
    const what = () => `${member} told revision ${revision} where ${next} was due`
    this.#ledger.demand(revision === next, 'M8', what)
    stream.next++
    if (revision > this.revision) this.#append(revision, events)
    else this.#compare(member, revision, events)
  }

  #compare(member: string, revision: number, events: readonly WatchEvent[]): void {
    const known = this.at(revision)
    const same = known.length === events.length && known.every((e, i) => sameEvent(e, events[i]))
    this.#ledger.demand(same, 'R13', () => `${member} tells another history at ${revision}`)
  }

  #append(revision: number, events: readonly WatchEvent[]): void {
    const what = () => `nobody told of revisions ${this.revision + 1} to ${revision - 1}`
    this.#ledger.demand(revision === this.revision + 1, 'M8', what)
    for (const event of events) this.#fold(event)
    this.#revisions.push(events)
    for (const [prefix, revisions] of this.#touched) {
      if (events.some(({ kv }) => kv.key.startsWith(prefix))) revisions.push(revision)
    }
    for (const listener of this.#listeners) listener(revision, events)
  }

  #fold({ type, kv, prevKv }: WatchEvent): void {
    const { key, modRevision } = kv
    const before = this.#state.get(key)
    const told = prevKv?.modRevision ?? 0
    const due = before?.modRevision ?? 0
    const demand = (holds: boolean, rule: string, what: string) =>
      this.#ledger.demand(holds, rule, () => `${key} at ${modRevision}: ${what}`)
    demand(told === due, 'M8', `previous version ${told} instead of ${due}`)
    demand(before === undefined || due < modRevision, 'M1', 'written twice at one revision')
    if (type === 'delete') {
      demand(before !== undefined, 'M2', 'deleted, but was not there')
      this.#state.delete(key)
      return
    }
    const created = before?.createRevision ?? modRevision
    demand(kv.createRevision === created, 'M2', `created at ${kv.createRevision}, not ${created}`)
    const version = (before?.version ?? 0) + 1
    demand(kv.version === version, 'M2', `version ${kv.version}, not ${version}`)
    this.#state.set(key, kv)
  }
}

function sameEvent(a: WatchEvent, b: WatchEvent | undefined): boolean {
  if (!b || a.type !== b.type || a.kv.key !== b.kv.key) return false
  const sameVersion = a.kv.version === b.kv.version && a.kv.createRevision === b.kv.createRevision
  return sameVersion && a.kv.lease === b.kv.lease && isEqual(a.kv.value, b.kv.value)
}
