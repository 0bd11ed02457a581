import { type Action, Callback } from './action'
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
      readonly previous: DiskFile | undefined
    }

interface DiskFile {
  readonly records: unknown[]
  /** How every append to it is taken back. */
  readonly appended: Undo
}

/** Durable undo records that may wait to be dropped. */
const undoSlackMax = 256

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
  readonly #files = new Map<string, DiskFile>()
  /** How to take back what is not durable yet, oldest first. */
  #undo: Undo[] = []
  /** Those before it are durable already. */
  #undoFrom = 0
  #written = 0
  #durable = 0
  #busyUntil: Micros = 0
  #nextSync: DiskSync | undefined
  /** Multiplies the latency of a sync; 1 is healthy. */
  slowness = 1
  readonly #random: Random
  readonly #after: (delay: Micros, action: Action) => void
  readonly #now: () => Micros

  constructor(env: {
    random: Random
    now: () => Micros
    after: (delay: Micros, action: Action) => void
  }) {
    this.#random = env.random
    this.#now = env.now
    this.#after = env.after
  }

  append(file: string, record: unknown): void {
    const found = this.#files.get(file)
    if (found) {
      found.records.push(record)
      this.#remember(found.appended)
    } else this.put(file, [record])
  }

  truncate(file: string, length: number): void {
    const tail = this.#files.get(file)?.records.splice(length)
    if (tail && tail.length > 0) this.#remember({ type: 'truncate', file, tail })
  }

  dropFront(file: string, count: number): void {
    const head = this.#files.get(file)?.records.splice(0, count)
    if (head && head.length > 0) this.#remember({ type: 'drop', file, head })
  }

  put(file: string, records: readonly unknown[]): void {
    const previous = this.#files.get(file)
    this.#files.set(file, { records: [...records], appended: { type: 'append', file } })
    this.#remember({ type: 'put', file, previous })
  }

  remove(file: string): void {
    const previous = this.#files.get(file)
    if (!previous) return
    this.#files.delete(file)
    this.#remember({ type: 'put', file, previous })
  }

  read(file: string): readonly unknown[] | undefined {
    return this.#files.get(file)?.records
  }

  list(prefix: string): string[] {
    return [...this.#files.keys()].filter((name) => name.startsWith(prefix)).sort()
  }

  sync(): Future<void> {
    if (this.#nextSync) {
      this.#nextSync.upTo = this.#written
      return this.#nextSync
    }
    const ticket = new DiskSync(this, this.#written)
    const base = syncLatencyMicros * this.slowness
    const latency = base + this.#random.below(Math.max(1, Math.floor(base / 4)))
    const start = Math.max(this.#now(), this.#busyUntil)
    this.#busyUntil = start + latency
    if (start > this.#now()) {
      this.#nextSync = ticket
      const begin = new Callback(() => {
        if (this.#nextSync === ticket) this.#nextSync = undefined
      })
      this.#after(start - this.#now(), begin)
    }
    this.#after(start + latency - this.#now(), ticket)
    return ticket
  }

  /** Everything written so far becomes durable without a wait: an orderly power-off. */
  flush(): void {
    this.markDurable(this.#written)
  }

  /** The power cut: undoes all that was not synced, but for a prefix chosen by chance. */
  losePower(): void {
    const keep = this.#undoFrom + this.#random.below(this.#undo.length - this.#undoFrom + 1)
    while (this.#undo.length > keep) this.#takeBack(this.#undo.pop() as Undo)
    this.#undo = []
    this.#undoFrom = 0
    this.#durable = this.#written
    this.#busyUntil = 0
    this.#nextSync = undefined
  }

  #remember(undo: Undo): void {
    this.#written++
    this.#undo.push(undo)
  }

  /** What was written up to the `upTo`th record survives. */
  markDurable(upTo: number): void {
    if (upTo <= this.#durable) return
    this.#undoFrom += upTo - this.#durable
    this.#durable = upTo
    if (this.#undoFrom === this.#undo.length) this.#undo.length = 0
    else if (this.#undoFrom > undoSlackMax) this.#undo.splice(0, this.#undoFrom)
    else return
    this.#undoFrom = 0
  }

  #takeBack(undo: Undo): void {
    const records = this.#files.get(undo.file)?.records
    if (undo.type === 'append') records?.pop()
    else if (undo.type === 'truncate') records?.push(...undo.tail)
    else if (undo.type === 'drop') records?.unshift(...undo.head)
    else if (undo.previous) this.#files.set(undo.file, undo.previous)
    else this.#files.delete(undo.file)
  }
}

/** A sync under way: a future whose time comes. */
class DiskSync extends Future<void> implements Action {
  readonly #disk: VirtualDisk
  upTo: number

  constructor(disk: VirtualDisk, upTo: number) {
    super()
    this.#disk = disk
    this.upTo = upTo
  }

  run(): void {
    this.#disk.markDurable(this.upTo)
    this.resolve(undefined)
  }
}
