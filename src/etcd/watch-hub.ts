import type { StreamEnd } from '../sim/network'
import { rangeBound } from './mvcc/key-index'
import type { KvStore } from './mvcc/store'
import {
  type WatchClosed,
  type WatchCommand,
  type WatchEvent,
  type WatchMessage,
  type WatchRequest,
  watchAckEvents,
} from './rpc'

/** Events in one message to a watcher that catches up. */
const catchUpEventsMax = 1_000
/** Events under way to one watcher; beyond it reads on from the history when it has caught up. */
const inFlightEventsMax = 4 * watchAckEvents

interface Watcher {
  readonly stream: StreamEnd
  readonly group: Group
  readonly request: WatchRequest
  /** First revision not sent yet; beyond the present when the watcher waits for the future. */
  next: number
  /** In step with the store: new revisions are sent as they come. */
  synced: boolean
  inFlight: number
  progressAsked: boolean
  /** Something was sent since the last periodic progress. */
  busy: boolean
}

/** Watchers that see the same events. */
interface Group {
  readonly id: string
  readonly key: string
  readonly bound: string | undefined
  readonly request: WatchRequest
  readonly watchers: Set<Watcher>
  /** Events of revisions not flushed yet. */
  pending: WatchEvent[]
}

/** All watchers of one member: finds who sees an event, keeps everyone's place in the history. */
export class WatchHub {
  readonly #store: KvStore
  readonly #groups = new Map<string, Group>()
  /** Groups by key, and the greatest bound up to each: rebuilt when a group comes or goes. */
  #sorted: Group[] = []
  #maxBounds: (string | undefined)[] = []
  #touched: Group[] = []
  #watchers = 0

  constructor(store: KvStore) {
    this.#store = store
  }

  get size(): number {
    return this.#watchers
  }

  /** Takes a new stream: tells it where it stands and what it missed. */
  open(request: WatchRequest, stream: StreamEnd): void {
    const { revision, compactRevision } = this.#store
    const next = request.startRevision || revision + 1
    if (next < compactRevision) {
      cancel(stream, { reason: 'compacted', compactRevision })
      return
    }
    const group = this.#group(request)
    const watcher: Watcher = {
      stream,
      group,
      request,
      next,
      synced: false,
      inFlight: 0,
      progressAsked: false,
      busy: true,
    }
    group.watchers.add(watcher)
    this.#watchers++
    stream.onMessage = (message) => this.#command(watcher, message as WatchCommand)
    stream.onClose = () => this.#leave(watcher)
    tell(stream, { type: 'created', revision })
    this.#catchUp(watcher)
  }

  /** One committed revision; `flush` sends it. */
  add(events: readonly WatchEvent[]): void {
    for (const event of events) this.#addEvent(event)
  }

  /** Sends all that was added, each watcher's share in one message. */
  flush(): void {
    if (this.#touched.length === 0) return
    const touched = this.#touched
    this.#touched = []
    for (const group of touched) {
      const events = group.pending
      group.pending = []
      for (const watcher of group.watchers) if (watcher.synced) this.#deliver(watcher, events)
    }
  }

  /** The store has another history now: everyone's place is found anew. */
  resync(): void {
    for (const group of this.#groups.values()) {
      group.pending = []
      for (const watcher of group.watchers) this.#catchUp(watcher)
    }
    this.#touched = []
  }

  /** Tells idle watchers that asked for it how far they are. */
  periodicProgress(): void {
    for (const watcher of this.#all()) {
      if (watcher.synced && watcher.request.progressNotify && !watcher.busy) this.#progress(watcher)
      watcher.busy = false
    }
  }

  /** Cancels the watchers that want a leader. */
  leaderLost(): void {
    for (const watcher of this.#all()) {
      if (watcher.request.requireLeader) this.#cancel(watcher, { reason: 'no leader' })
    }
  }

  #all(): Watcher[] {
    return [...this.#groups.values()].flatMap((group) => [...group.watchers])
  }

  #addEvent(event: WatchEvent): void {
    const { key } = event.kv
    const sorted = this.#sorted
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sorted[middle] as Group).key <= key) low = middle + 1
      else high = middle
    }
    for (let i = low - 1; i >= 0; i--) {
      const max = this.#maxBounds[i]
      if (max !== undefined && max <= key) return
      const group = sorted[i] as Group
      if ((group.bound === undefined || key < group.bound) && passes(group.request, event)) {
        if (group.pending.length === 0) this.#touched.push(group)
        group.pending.push(shown(group.request, event))
      }
    }
  }

  #deliver(watcher: Watcher, events: readonly WatchEvent[]): void {
    const { revision } = this.#store
    let due = events
    if (watcher.next > (events[0] as WatchEvent).kv.modRevision) {
      due = events.filter((event) => event.kv.modRevision >= watcher.next)
      if (due.length === 0) return
    }
    this.#send(watcher, due, revision)
    if (watcher.inFlight >= inFlightEventsMax) watcher.synced = false
  }

  /** Sends from the history until the watcher is in step or has enough under way. */
  #catchUp(watcher: Watcher): void {
    const { revision, compactRevision } = this.#store
    const { request, group } = watcher
    watcher.synced = false
    if (watcher.next <= revision && watcher.next < compactRevision) {
      this.#cancel(watcher, { reason: 'compacted', compactRevision })
      return
    }
    let batch: WatchEvent[] = []
    for (let at = watcher.next; at <= revision; at++) {
      for (const event of this.#store.eventsAt(at)) {
        const { key } = event.kv
        const inside = key >= group.key && (group.bound === undefined || key < group.bound)
        if (inside && passes(request, event)) batch.push(shown(request, event))
      }
      if (batch.length < catchUpEventsMax) continue
      this.#send(watcher, batch, at)
      batch = []
      if (watcher.inFlight >= inFlightEventsMax) return
    }
    if (batch.length > 0) this.#send(watcher, batch, revision)
    watcher.next = Math.max(watcher.next, revision + 1)
    watcher.synced = watcher.inFlight < inFlightEventsMax
    if (watcher.synced && watcher.progressAsked) this.#progress(watcher)
  }

  #send(watcher: Watcher, events: readonly WatchEvent[], revision: number): void {
    watcher.next = revision + 1
    watcher.inFlight += events.length
    watcher.busy = true
    tell(watcher.stream, { type: 'events', events, revision })
  }

  #command(watcher: Watcher, command: WatchCommand): void {
    if (command.type === 'ack') {
      watcher.inFlight -= command.events
      if (!watcher.synced && watcher.inFlight < inFlightEventsMax / 2) this.#catchUp(watcher)
    } else if (watcher.synced) this.#progress(watcher)
    else watcher.progressAsked = true
  }

  /** Everything up to the present is on its way already, so the present may be told. */
  #progress(watcher: Watcher): void {
    watcher.progressAsked = false
    tell(watcher.stream, { type: 'progress', revision: this.#store.revision })
  }

  #cancel(watcher: Watcher, reason: WatchClosed): void {
    this.#leave(watcher)
    cancel(watcher.stream, reason)
  }

  #leave(watcher: Watcher): void {
    const { group } = watcher
    if (!group.watchers.delete(watcher)) return
    this.#watchers--
    if (group.watchers.size > 0) return
    this.#groups.delete(group.id)
    this.#sort()
  }

  #group(request: WatchRequest): Group {
    const { key, rangeEnd, noPut = false, noDelete = false, prevKv = false } = request
    const bound = rangeBound(key, rangeEnd)
    const id = `${noPut} ${noDelete} ${prevKv} ${key.length} ${key}${bound ?? ''}`
    const known = this.#groups.get(id)
    if (known) return known
    const group: Group = { id, key, bound, request, watchers: new Set(), pending: [] }
    this.#groups.set(id, group)
    this.#sort()
    return group
  }

  #sort(): void {
    this.#sorted = [...this.#groups.values()].sort(byKey)
    let max: string | undefined = ''
    this.#maxBounds = this.#sorted.map(({ bound }) => {
      if (max !== undefined && (bound === undefined || bound > max)) max = bound
      return max
    })
  }
}

function passes(request: WatchRequest, event: WatchEvent): boolean {
  return event.type === 'put' ? !request.noPut : !request.noDelete
}

function shown(request: WatchRequest, event: WatchEvent): WatchEvent {
  return request.prevKv ? event : { type: event.type, kv: event.kv }
}

function tell(stream: StreamEnd, message: WatchMessage): void {
  stream.send(message)
}

function cancel(stream: StreamEnd, reason: WatchClosed): void {
  tell(stream, { type: 'cancelled', reason })
  stream.close()
}

function byKey(a: Group, b: Group): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1
  return a.id < b.id ? -1 : 1
}
