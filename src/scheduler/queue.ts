import type { Pod } from '../api/generated/core-v1'
import type { Clock, Timer } from '../sim/process'
import { Future } from '../sim/task'
import { type Micros, minutes, seconds } from '../sim/time'

const backoffFirst: Micros = seconds(1)
const backoffMax: Micros = seconds(10)
/** A pod nobody woke is tried again after this long. */
const unschedulableMax: Micros = minutes(5)

type Place = 'active' | 'backoff' | 'unschedulable' | 'gated' | 'in flight'

interface Entry {
  readonly uid: string
  pod: Pod
  place: Place
  attempts: number
  /** When the pod came into the active queue, for the order among equals. */
  since: Micros
  sequence: number
  rejectedBy: ReadonlySet<string>
  /** An event that may help came while the pod was being looked at. */
  woken: boolean
  timer: Timer | undefined
}

/**
 * Kube-scheduler's three queues: active (by priority, then age), back-off (1 s doubling to 10 s)
 * and unschedulable, which a pod leaves when something changes that its refusals depend on.
 */
export class SchedulingQueue {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #active: Entry[] = []
  #waiting: Future<Pod> | undefined
  #sequence = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Adds a new pod or takes note of its changed object. */
  set(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const known = this.#entries.get(uid)
    if (known) {
      const ungated = known.place === 'gated' && !isGated(pod)
      known.pod = pod
      if (ungated) this.#activate(known)
      return
    }
    const entry: Entry = {
      uid,
      pod,
      place: 'gated',
      attempts: 0,
      since: this.#clock.monotonic(),
      sequence: this.#sequence++,
      rejectedBy: new Set(),
      woken: false,
      timer: undefined,
    }
    this.#entries.set(uid, entry)
    if (!isGated(pod)) this.#activate(entry)
  }

  /** The pod is bound, gone or not ours any more. */
  delete(uid: string): void {
    const entry = this.#entries.get(uid)
    if (!entry) return
    entry.timer?.cancel()
    this.#entries.delete(uid)
  }

  /** The next pod to place. */
  take(): Future<Pod> {
    const future = new Future<Pod>()
    const next = this.#pop()
    if (next) future.resolve(this.#fly(next))
    else this.#waiting = future
    return future
  }

  /** No node fitted; `rejectedBy` names the plugins whose events may wake the pod. */
  addUnschedulable(uid: string, rejectedBy: ReadonlySet<string>): void {
    const entry = this.#entries.get(uid)
    if (!entry) return
    entry.rejectedBy = rejectedBy
    if (entry.woken) {
      this.#backOff(entry)
      return
    }
    entry.place = 'unschedulable'
    entry.timer = this.#clock.after(unschedulableMax, () => this.#wake(entry), 'scheduler.flush')
  }

  /** Something failed that is not the pod's fault: a binding that was refused. */
  addFailed(uid: string): void {
    const entry = this.#entries.get(uid)
    if (entry) this.#backOff(entry)
  }

  /** Wakes the pods that one of these plugins had refused. */
  wake(helps: (plugin: string) => boolean): void {
    for (const entry of this.#entries.values()) {
      if (entry.place === 'in flight') entry.woken = true
      if (entry.place !== 'unschedulable') continue
      const { rejectedBy } = entry
      if (rejectedBy.size === 0 || [...rejectedBy].some(helps)) this.#wake(entry)
    }
  }

  /** What waits, for inspection. */
  counts(): { readonly [place in Place]: number } {
    const counts = { active: 0, backoff: 0, unschedulable: 0, gated: 0, 'in flight': 0 }
    for (const { place } of this.#entries.values()) counts[place]++
    return counts
  }

  #fly(entry: Entry): Pod {
    entry.timer?.cancel()
    entry.timer = undefined
    entry.place = 'in flight'
    entry.attempts++
    entry.woken = false
    return entry.pod
  }

  #wake(entry: Entry): void {
    entry.timer?.cancel()
    this.#backOff(entry)
  }

  #backOff(entry: Entry): void {
    const doublings = Math.min(Math.max(entry.attempts - 1, 0), 10)
    const delay = Math.min(backoffFirst * 2 ** doublings, backoffMax)
    entry.place = 'backoff'
    entry.timer = this.#clock.after(delay, () => this.#activate(entry), 'scheduler.backoff')
  }

  #activate(entry: Entry): void {
    entry.timer?.cancel()
    entry.timer = undefined
    entry.place = 'active'
    entry.since = this.#clock.monotonic()
    this.#push(entry)
    const waiting = this.#waiting
    if (!waiting) return
    const next = this.#pop()
    if (!next) return
    this.#waiting = undefined
    waiting.resolve(this.#fly(next))
  }

  #push(entry: Entry): void {
    const heap = this.#active
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const up = (at - 1) >> 1
      const parent = heap[up] as Entry
      if (!comesBefore(entry, parent)) break
      heap[at] = parent
      at = up
    }
    heap[at] = entry
  }

  /** Skips what has left the queue since it was pushed. */
  #pop(): Entry | undefined {
    for (;;) {
      const top = this.#active[0]
      if (!top) return undefined
      const last = this.#active.pop() as Entry
      if (last !== top) this.#sink(last)
      if (top.place === 'active' && this.#entries.get(top.uid) === top) return top
    }
  }

  #sink(entry: Entry): void {
    const heap = this.#active
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right && comesBefore(right, heap[child] as Entry)) child++
      if (!comesBefore(heap[child] as Entry, entry)) break
      heap[at] = heap[child] as Entry
      at = child
    }
    heap[at] = entry
  }
}

function isGated(pod: Pod): boolean {
  return (pod.spec.schedulingGates?.length ?? 0) > 0
}

function comesBefore(a: Entry, b: Entry): boolean {
  const difference = (a.pod.spec.priority ?? 0) - (b.pod.spec.priority ?? 0)
  if (difference !== 0) return difference > 0
  if (a.since !== b.since) return a.since < b.since
  return a.sequence < b.sequence
}
