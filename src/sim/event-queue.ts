import type { Micros } from './time'

/** One thing that will happen. Ordered by time, then source machine, then the source's own count. */
export interface QueuedEvent {
  readonly time: Micros
  readonly source: number
  readonly sequence: number
  /** Place in the heap, −1 when not queued: kept by the queue. */
  position: number
}

function before(a: QueuedEvent, b: QueuedEvent): boolean {
  if (a.time !== b.time) return a.time < b.time
  if (a.source !== b.source) return a.source < b.source
  return a.sequence < b.sequence
}

/** A 4-ary heap whose events know their place, so that a cancelled one leaves at once. */
export class EventQueue<E extends QueuedEvent> {
  readonly #heap: E[] = []

  get size(): number {
    return this.#heap.length
  }

  peek(): E | undefined {
    return this.#heap[0]
  }

  push(event: E): void {
    this.#heap.push(event)
    this.#rise(event, this.#heap.length - 1)
  }

  pop(): E | undefined {
    const top = this.#heap[0]
    if (top) this.remove(top)
    return top
  }

  remove(event: E): void {
    const at = event.position
    if (at < 0) return
    event.position = -1
    const last = this.#heap.pop() as E
    if (last === event) return
    const parent = this.#heap[(at - 1) >> 2]
    if (at > 0 && parent && before(last, parent)) this.#rise(last, at)
    else this.#sink(last, at)
  }

  #rise(event: E, from: number): void {
    let at = from
    while (at > 0) {
      const up = (at - 1) >> 2
      const parent = this.#heap[up] as E
      if (!before(event, parent)) break
      this.#heap[at] = parent
      parent.position = at
      at = up
    }
    this.#heap[at] = event
    event.position = at
  }

  #sink(event: E, from: number): void {
    const heap = this.#heap
    const size = heap.length
    let at = from
    for (;;) {
      const first = at * 4 + 1
      if (first >= size) break
      let least = first
      const end = Math.min(first + 4, size)
      for (let child = first + 1; child < end; child++) {
        if (before(heap[child] as E, heap[least] as E)) least = child
      }
      const child = heap[least] as E
      if (!before(child, event)) break
      heap[at] = child
      child.position = at
      at = least
    }
    heap[at] = event
    event.position = at
  }
}
