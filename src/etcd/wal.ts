import type { ConfState, Entry, HardState, Snapshot } from '../raft'
import { assert } from '../sim/assert'
import type { Disk } from '../sim/disk'
import type { Future } from '../sim/task'

/** Records in one segment file before the next one is begun. */
const segmentRecordsDefault = 4_096

/** A log entry is a record as it is; these are the others. */
type WalMark =
  | ({ readonly mark: 'state' } & HardState)
  /** Whatever was written before is void: the log goes on after a snapshot. */
  | { readonly mark: 'restart' }

interface Segment {
  readonly file: string
  /** Index of the first entry that may be in it. */
  readonly first: number
}

/** What a member finds on its disk. */
export interface Recovered {
  readonly snapshot: Snapshot
  readonly hardState: HardState
  readonly entries: readonly Entry[]
}

/**
 * The durable side of one member: snapshot files, and a write-ahead log in segment files. A power
 * cut leaves a prefix of what was written, so whatever is found is a state the member once was in.
 */
export class Wal {
  readonly #disk: Disk
  readonly #directory: string
  readonly #segmentRecordsMax: number
  #segments: Segment[] = []
  #nextSequence = 0
  #records = 0
  #hardState: HardState = { term: 0, vote: 0, commit: 0 }
  #lastIndex = 0

  constructor(disk: Disk, directory: string, segmentRecordsMax = segmentRecordsDefault) {
    this.#segmentRecordsMax = segmentRecordsMax
    this.#disk = disk
    this.#directory = directory
  }

  /** Reads everything back; on an empty disk begins with the initial state, the same on all. */
  open(initial: { readonly confState: ConfState; readonly data: unknown }): Recovered {
    const snapshot = this.#readSnapshot()
    if (!snapshot) return this.#create(initial)
    const replay = new Replay()
    for (const file of this.#disk.list(`${this.#directory}/wal/`)) {
      const name = file.slice(file.lastIndexOf('/') + 1).split('.')[0] as string
      const [sequence, first] = name.split('-').map((hex) => Number.parseInt(hex, 16))
      this.#segments.push({ file, first: first as number })
      this.#nextSequence = (sequence as number) + 1
      const records = this.#disk.read(file) ?? []
      for (const record of records) replay.take(record as Entry | WalMark)
      this.#records = records.length
    }
    const recovered = replay.finish(snapshot)
    this.#hardState = recovered.hardState
    this.#lastIndex = snapshot.metadata.index + recovered.entries.length
    if (!replay.leadsOn) this.#restartAfter(snapshot)
    return recovered
  }

  /** Writes what one Ready has to keep. Durable after the next `sync`. */
  save(entries: readonly Entry[], hardState: HardState | undefined): void {
    const last = entries.at(-1)
    if (!last && !hardState) return
    if (this.#records >= this.#segmentRecordsMax) {
      this.#cut((entries[0]?.index ?? this.#lastIndex + 1) - 1)
    }
    const { file } = this.#segments.at(-1) as Segment
    for (const entry of entries) this.#disk.append(file, entry)
    this.#records += entries.length
    if (last) this.#lastIndex = last.index
    if (hardState) this.#mark({ mark: 'state', ...hardState }, hardState)
  }

  /** Keeps a snapshot; `received`: it replaces the log, which then goes on after it. */
  saveSnapshot(snapshot: Snapshot, received: boolean): void {
    const { index, term } = snapshot.metadata
    const old = this.#disk.list(`${this.#directory}/snap/`)
    const file = `${this.#directory}/snap/${hex(term)}-${hex(index)}.snap`
    this.#disk.put(file, [snapshot.metadata, snapshot.data])
    for (const other of old) if (other !== file) this.#disk.remove(other)
    if (received) this.#restartAfter(snapshot)
    else this.#release(index)
  }

  sync(): Future<void> {
    return this.#disk.sync()
  }

  /** The log files do not lead on from the snapshot: a new one does. */
  #restartAfter({ metadata: { index } }: Snapshot): void {
    this.#lastIndex = index
    this.#cut(index)
    this.#mark({ mark: 'restart' })
    this.#release(index)
  }

  /** Removes the files that hold nothing after `index`. */
  #release(index: number): void {
    while (this.#segments.length > 1 && (this.#segments[1] as Segment).first <= index + 1) {
      this.#disk.remove((this.#segments.shift() as Segment).file)
    }
  }

  #create(initial: { readonly confState: ConfState; readonly data: unknown }): Recovered {
    for (const file of this.#disk.list(`${this.#directory}/`)) this.#disk.remove(file)
    const metadata = { confState: initial.confState, index: 1, term: 1 }
    const snapshot: Snapshot = { data: initial.data, metadata }
    this.#hardState = { term: 1, vote: 0, commit: 1 }
    this.#lastIndex = 1
    this.#cut(1)
    this.saveSnapshot(snapshot, false)
    return { snapshot, hardState: this.#hardState, entries: [] }
  }

  #readSnapshot(): Snapshot | undefined {
    const [file] = this.#disk.list(`${this.#directory}/snap/`).slice(-1)
    const records = file === undefined ? undefined : this.#disk.read(file)
    if (!records) return undefined
    const [metadata, data] = records
    return { metadata: metadata as Snapshot['metadata'], data }
  }

  /** Begins a segment for the entries after `index`; it tells the hard state by itself. */
  #cut(index: number): void {
    const first = index + 1
    const file = `${this.#directory}/wal/${hex(this.#nextSequence++)}-${hex(first)}.wal`
    this.#segments.push({ file, first })
    this.#records = 0
    this.#mark({ mark: 'state', ...this.#hardState })
  }

  #mark(mark: WalMark, hardState?: HardState): void {
    this.#disk.append((this.#segments.at(-1) as Segment).file, mark)
    this.#records++
    if (hardState) this.#hardState = hardState
  }
}

/** Plays records back in the order they were written. */
class Replay {
  #state: HardState = { term: 0, vote: 0, commit: 0 }
  #entries: Entry[] = []
  /** Index of the first of `#entries`. */
  #first = 0
  /** Whether the entries lead on from the snapshot they were played back for. */
  leadsOn = true

  take(record: Entry | WalMark): void {
    if (!('mark' in record)) this.#append(record)
    else if (record.mark === 'restart') this.#entries = []
    else this.#state = { term: record.term, vote: record.vote, commit: record.commit }
  }

  finish(snapshot: Snapshot): Recovered {
    const { index, term } = snapshot.metadata
    const at = index - this.#first
    if (at >= 0 && this.#entries.length > 0 && this.#entries[at]?.term !== term) {
      this.#entries = []
      this.leadsOn = false
    }
    const entries = this.#entries.slice(Math.max(0, index + 1 - this.#first))
    const { vote, commit } = this.#state
    const hardState =
      this.#state.term < term
        ? { term, vote: 0, commit: index }
        : { term: this.#state.term, vote, commit: Math.max(commit, index) }
    assert(hardState.commit <= index + entries.length, 'the log ends before the commit index')
    return { snapshot, hardState, entries }
  }

  /** An entry ends whatever was written before at its index and after it. */
  #append(entry: Entry): void {
    const at = entry.index - this.#first
    if (this.#entries.length === 0 || at < 0) {
      this.#entries = [entry]
      this.#first = entry.index
      return
    }
    assert(at <= this.#entries.length, `the log lacks the entries before ${entry.index}`)
    this.#entries.length = at
    this.#entries.push(entry)
  }
}

function hex(n: number): string {
  return n.toString(16).padStart(16, '0')
}
