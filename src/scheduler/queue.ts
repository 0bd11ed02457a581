import type { Pod } from '../api/generated/core-v1'
import type { Clock, Timer } from '../sim/process'
import { Future } from '../sim/task'
import { type Micros, minutes, seconds } from '../sim/time'
import { Heap } from './heap'
import { type PodInfo, podInfo, priorityOf } from './node-info'

const backoffFirst: Micros = seconds(1)
const backoffMax: Micros = seconds(10)
/** Pods whose back-off ends within the same of these go by priority. */
const backoffWindow: Micros = seconds(1)
/** A pod nobody woke is tried again after this long. */
const unschedulableMax: Micros = minutes(5)

type Place = 'active' | 'backoff' | 'unschedulable' | 'gated' | 'in flight'

interface Entry {
  info: PodInfo
  place: Place
  /** Counts the places, so that what a heap still holds of an earlier one is known as stale. */
  moves: number
  attempts: number
  failedAt: Micros
  /** When the back-off ends. */
  until: Micros
  /** When the pod came into the active queue, for the order among equals. */
  since: Micros
  readonly sequence: number
  rejectedBy: ReadonlySet<string>
  /** Room is being made for it: waking it only counts once that is done. */
  hold: 'none' | 'held' | 'woken'
  timer: Timer | undefined
}

/** An entry as it was when it came to a place. */
interface Ticket {
  readonly entry: Entry
  readonly move: number
}

/**
 * Kube-scheduler's three queues: active (by priority, then age), back-off (1 s doubling to 10 s)
 * and unschedulable, which a pod leaves when something changes that its refusals depend on. When
 * nothing is active, pods that were refused are served from the back-off queue before their time;
 * those that met an error wait it out.
 */
export class SchedulingQueue {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #unschedulable = new Set<Entry>()
  readonly #active = new Heap<Ticket>((a, b) => comesBefore(a.entry, b.entry))
  readonly #backoff = new Heap<Ticket>((a, b) => endsBefore(a.entry, b.entry))
  #waiting: Future<PodInfo> | undefined
  #sequence = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Adds a new pod or takes note of its changed object. */
  set(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    let entry = this.#entries.get(uid)
    if (!entry) {
      entry = newEntry(pod, this.#sequence++)
      this.#entries.set(uid, entry)
    }
    if (entry.info.pod !== pod) entry.info = renewed(entry.info, pod)
    if (entry.place !== 'gated' || isGated(pod)) return
    this.#activate(entry)
    this.#serve()
  }

  /** The pod is bound, gone or not ours any more. */
  delete(uid: string): void {
    const entry = this.#entries.get(uid)
    if (!entry) return
    this.#leave(entry)
    this.#entries.delete(uid)
  }

  /** The next pod to place. One taker at a time. */
  take(): Future<PodInfo> {
    const future = new Future<PodInfo>()
    this.#waiting = future
    this.#serve()
    return future
  }

  /** No node fitted; `rejectedBy` names the plugins that saw to it. */
  addUnschedulable(uid: string, rejectedBy: ReadonlySet<string>): void {
    const entry = this.#entries.get(uid)
    if (!entry) return
    entry.rejectedBy = rejectedBy
    entry.failedAt = this.#clock.monotonic()
    this.#move(entry, 'unschedulable')
    this.#unschedulable.add(entry)
    const flush = () => {
      this.#wake(entry)
      this.#serve()
    }
    entry.timer = this.#clock.after(unschedulableMax, flush, 'scheduler.flush')
  }

  /** Until `release` the pod is not served: its victims are being evicted. */
  hold(uid: string): void {
    const entry = this.#entries.get(uid)
    if (entry) entry.hold = 'held'
  }

  release(uid: string): void {
    const entry = this.#entries.get(uid)
    if (!entry) return
    const woken = entry.hold === 'woken'
    entry.hold = 'none'
    if (woken) this.wakeOne(uid)
  }

  /** Something failed that is not the pod's fault: a binding that was refused. */
  addFailed(uid: string): void {
    const entry = this.#entries.get(uid)
    if (!entry) return
    entry.failedAt = this.#clock.monotonic()
    this.#backOff(entry)
  }

  /** Wakes the pods a change may help; asks once per plugin that refused, until one says yes. */
  wake(helps: (plugin: string, waiting: PodInfo) => boolean): void {
    if (this.#unschedulable.size === 0) return
    const woken: Entry[] = []
    for (const entry of this.#unschedulable) {
      const { rejectedBy, info } = entry
      let helped = rejectedBy.size === 0
      for (const plugin of rejectedBy) helped ||= helps(plugin, info)
      if (helped) woken.push(entry)
    }
    for (const entry of woken) this.#wake(entry)
    this.#serve()
  }

  /** Wakes this one pod, if it waits. */
  wakeOne(uid: string): void {
    const entry = this.#entries.get(uid)
    if (entry?.place !== 'unschedulable') return
    this.#wake(entry)
    this.#serve()
  }

  /** What waits, for inspection. */
  counts(): { readonly [place in Place]: number } {
    const counts = { active: 0, backoff: 0, unschedulable: 0, gated: 0, 'in flight': 0 }
    for (const { place } of this.#entries.values()) counts[place]++
    return counts
  }

  #wake(entry: Entry): void {
    if (entry.hold !== 'none') {
      entry.hold = 'woken'
      return
    }
    const now = this.#clock.monotonic()
    const until = entry.failedAt + backoffOf(entry)
    if (until <= now) {
      this.#activate(entry)
      return
    }
    this.#backOff(entry)
    this.#backoff.push({ entry, move: entry.moves })
  }

  #backOff(entry: Entry): void {
    this.#move(entry, 'backoff')
    entry.until = entry.failedAt + backoffOf(entry)
    const left = Math.max(0, entry.until - this.#clock.monotonic())
    const end = () => {
      this.#activate(entry)
      this.#serve()
    }
    entry.timer = this.#clock.after(left, end, 'scheduler.backoff')
  }

  #activate(entry: Entry): void {
    this.#move(entry, 'active')
    entry.since = this.#clock.monotonic()
    this.#active.push({ entry, move: entry.moves })
  }

  #move(entry: Entry, place: Place): void {
    this.#leave(entry)
    entry.place = place
  }

  #leave(entry: Entry): void {
    entry.timer?.cancel()
    entry.timer = undefined
    entry.moves++
    this.#unschedulable.delete(entry)
  }

  #serve(): void {
    const waiting = this.#waiting
    if (!waiting) return
    const next = this.#pop(this.#active) ?? this.#pop(this.#backoff)
    if (!next) return
    this.#waiting = undefined
    this.#move(next, 'in flight')
    next.attempts++
    waiting.resolve(next.info)
  }

  /** Skips what has gone elsewhere since it was pushed. */
  #pop(heap: Heap<Ticket>): Entry | undefined {
    for (;;) {
      const top = heap.pop()
      if (!top) return undefined
      if (top.move === top.entry.moves) return top.entry
    }
  }
}

function newEntry(pod: Pod, sequence: number): Entry {
  return {
    info: podInfo(pod),
    place: 'gated',
    moves: 0,
    attempts: 0,
    failedAt: 0,
    until: 0,
    since: 0,
    sequence,
    rejectedBy: new Set(),
    hold: 'none',
    timer: undefined,
  }
}

/** What a pod takes depends on its spec and labels alone. */
function renewed(known: PodInfo, pod: Pod): PodInfo {
  const { spec, metadata } = known.pod
  const same = spec === pod.spec && metadata.labels === pod.metadata.labels
  return same ? { ...known, pod } : podInfo(pod)
}

function backoffOf({ attempts }: Entry): Micros {
  const doublings = Math.min(Math.max(attempts - 1, 0), 10)
  return Math.min(backoffFirst * 2 ** doublings, backoffMax)
}

function isGated(pod: Pod): boolean {
  return (pod.spec.schedulingGates?.length ?? 0) > 0
}

function comesBefore(a: Entry, b: Entry): boolean {
  const difference = priorityOf(a.info.pod) - priorityOf(b.info.pod)
  if (difference !== 0) return difference > 0
  if (a.since !== b.since) return a.since < b.since
  return a.sequence < b.sequence
}

function endsBefore(a: Entry, b: Entry): boolean {
  const first = Math.floor(a.until / backoffWindow)
  const second = Math.floor(b.until / backoffWindow)
  return first === second ? comesBefore(a, b) : first < second
}
