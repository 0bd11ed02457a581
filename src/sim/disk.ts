import type { Random } from './random'
import { Future } from './task'
import { type Micros, micros } from './time'

type Undo =
  | { readonly type: 'append'; readonly file: string }
  | { readonly type: 'truncate'; readonly file: string; readonly tail: readonly unknown[] }
  | { readonly type: 'drop'; readonly file: string; readonly head: readonly unknown[] }
  | {
      readonly type: 'put'
      readonly file: string
      readonly previous: readonly unknown[] | undefined
    }

/** What a sync of a virtual machine's disk costs; a quarter more by chance. */
export const syncLatencyMicros: Micros = micros(2_000)

/** A machine's disk as its processes see it. Records are frozen plain data, kept by reference. */
export interface Disk {
  /** Adds one record at the end of a file; makes the file when there is none. */
  append(file: string, record: unknown): void
  /** Keeps the first `length` records. */
  truncate(file: string, length: number): void
  /** Removes the first `count` records. */
  dropFront(file: string, count: number): void
  /** Replaces a whole file at once, as a rename does. */
  put(file: string, records: readonly unknown[]): void
  remove(file: string): void
  /** The records; a missing file is `undefined`. Live view: do not keep it over a wait. */
  read(file: string): readonly unknown[] | undefined
  list(prefix: string): string[]
  /** Resolves when everything written before the call survives a power cut. */
  sync(): Future<void>
}

/**
 * Writes are seen at once and survive a process's death; a power cut keeps what was synced and,
 * of the rest, only a prefix chosen by chance, as a real write cache does.
 */
export class VirtualDisk implements Disk {
  #files = new Map<string, unknown[]>()
  /** How to take back what is not durable yet, oldest first. */
  #undo: Undo[] = []
  #written = 0
  #durable = 0
  #busyUntil: Micros = 0
  #nextSync: { upTo: number; future: Future<void> } | undefined
  /** Multiplies the latency of a sync; 1 is healthy. */
  slowness = 1
  readonly #random: Random
  readonly #after: (delay: Micros, action: () => void) => void
  readonly #now: () => Micros

  constructor(env: {
    random: Random
    now: () => Micros
    after: (delay: Micros, action: () => void) => void
  }) {
    this.#random = env.random
    this.#now = env.now
    this.#after = env.after
  }

  append(file: string, record: unknown): void {
    const records = this.#files.get(file)
    if (records) {
      records.push(record)
      this.#remember({ type: 'append', file })
    } else this.put(file, [record])
  }

  truncate(file: string, length: number): void {
    const tail = this.#files.get(file)?.splice(length)
    if (tail && tail.length > 0) this.#remember({ type: 'truncate', file, tail })
  }

  dropFront(file: string, count: number): void {
    const head = this.#files.get(file)?.splice(0, count)
    if (head && head.length > 0) this.#remember({ type: 'drop', file, head })
  }

  put(file: string, records: readonly unknown[]): void {
    const previous = this.#files.get(file)
    this.#files.set(file, [...records])
    this.#remember({ type: 'put', file, previous })
  }

  remove(file: string): void {
    const previous = this.#files.get(file)
    if (!previous) return
    this.#files.delete(file)
    this.#remember({ type: 'put', file, previous })
  }

  read(file: string): readonly unknown[] | undefined {
    return this.#files.get(file)
  }

  list(prefix: string): string[] {
    return [...this.#files.keys()].filter((name) => name.startsWith(prefix)).sort()
  }

  sync(): Future<void> {
    if (this.#nextSync) {
      this.#nextSync.upTo = this.#written
      return this.#nextSync.future
    }
    const ticket = { upTo: this.#written, future: new Future<void>() }
    const base = syncLatencyMicros * this.slowness
    const latency = base + this.#random.below(Math.max(1, Math.floor(base / 4)))
    const start = Math.max(this.#now(), this.#busyUntil)
    this.#busyUntil = start + latency
    if (start > this.#now()) {
      this.#nextSync = ticket
      this.#after(start - this.#now(), () => {
        if (this.#nextSync === ticket) this.#nextSync = undefined
      })
    }
    this.#after(start + latency - this.#now(), () => {
      this.#markDurable(ticket.upTo)
      ticket.future.resolve(undefined)
    })
    return ticket.future
  }

  /** Everything written so far becomes durable without a wait: an orderly power-off. */
  flush(): void {
    this.#markDurable(this.#written)
  }

  /** The power cut: undoes all that was not synced, but for a prefix chosen by chance. */
  losePower(): void {
    const keep = this.#random.below(this.#undo.length + 1)
    while (this.#undo.length > keep) this.#takeBack(this.#undo.pop() as Undo)
    this.#undo = []
    this.#durable = this.#written
    this.#busyUntil = 0
    this.#nextSync = undefined
  }

  #remember(undo: Undo): void {
    this.#written++
    this.#undo.push(undo)
  }

  #markDurable(upTo: number): void {
    if (upTo <= this.#durable) return
    this.#undo.splice(0, upTo - this.#durable)
    this.#durable = upTo
  }

  #takeBack(undo: Undo): void {
    const records = this.#files.get(undo.file)
    if (undo.type === 'append') records?.pop()
    else if (undo.type === 'truncate') records?.push(...undo.tail)
    else if (undo.type === 'drop') records?.unshift(...undo.head)
    else if (undo.previous) this.#files.set(undo.file, undo.previous as unknown[])
    else this.#files.delete(undo.file)
  }
}
