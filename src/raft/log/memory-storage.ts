import { type ConfState, EMPTY_CONF_STATE } from '../conf-change'
import { broken } from '../invariant'
import { NO_ENTRIES } from '../message'
import type { Entry, EntrySize, HardState, Snapshot, Storage, StorageError } from '../types'
import { countEntries, limitSize } from './entry-size'

const EMPTY_HARD_STATE: HardState = Object.freeze({ term: 0, vote: 0, commit: 0 })
const EMPTY_SNAPSHOT: Snapshot = Object.freeze({
  data: undefined,
  metadata: Object.freeze({ confState: EMPTY_CONF_STATE, index: 0, term: 0 }),
})

/**
 * The stable log as an array in memory: what a member has read back from its disk. The owner
 * writes through to the disk first; this object only answers raft's questions.
 */
export class MemoryStorage implements Storage {
  readonly #sizeOf: EntrySize
  #hardState: HardState = EMPTY_HARD_STATE
  #snapshot: Snapshot = EMPTY_SNAPSHOT
  /** Index and term of the entry before `#entries[0]`. */
  #offset = 0
  #offsetTerm = 0
  #entries: Entry[] = []

  constructor(sizeOf: EntrySize = countEntries) {
    this.#sizeOf = sizeOf
  }

  initialState(): { hardState: HardState; confState: ConfState } {
    return { hardState: this.#hardState, confState: this.#snapshot.metadata.confState }
  }

  firstIndex(): number {
    return this.#offset + 1
  }

  lastIndex(): number {
    return this.#offset + this.#entries.length
  }

  term(i: number): number | StorageError {
    if (i === this.#offset) return this.#offsetTerm
    if (i < this.#offset) return 'compacted'
    const entry = this.#entries[i - this.#offset - 1]
    return entry === undefined ? 'unavailable' : entry.term
  }

  entries(lo: number, hi: number, maxSize: number): readonly Entry[] | StorageError {
    if (lo <= this.#offset) return 'compacted'
    if (hi > this.lastIndex() + 1) {
      broken(`entries' hi(${hi}) is out of bound lastindex(${this.lastIndex()})`)
    }
    if (this.#entries.length === 0) return 'unavailable'
    if (lo === hi) return NO_ENTRIES
    const from = lo - this.#offset - 1
    const to = hi - this.#offset - 1
    return this.#entries.slice(
      from,
      from + limitSize(this.#entries, from, to, maxSize, this.#sizeOf),
    )
  }

  snapshot(): Snapshot {
    return this.#snapshot
  }

  setHardState(hardState: HardState): void {
    this.#hardState = hardState
  }

  /** Appends after, or overwrites from, `entries[0].index`; entries already compacted are skipped. */
  append(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    const at = first.index - this.#offset - 1
    if (at > this.#entries.length) {
      broken(`missing log entry [last: ${this.lastIndex()}, append at: ${first.index}]`)
    }
    if (at >= 0 && at < this.#entries.length) this.#entries.length = at
    else if (at < 0 && at + entries.length > 0) this.#entries.length = 0
    for (let i = Math.max(0, -at); i < entries.length; i++) this.#entries.push(entries[i]!)
  }

  /** Replaces everything by the snapshot; false (and no change) if it is not newer. */
  applySnapshot(snapshot: Snapshot): boolean {
    const { index, term } = snapshot.metadata
    const current = this.#snapshot.metadata.index
    if (current !== 0 && current >= index) return false
    this.#snapshot = snapshot
    this.#offset = index
    this.#offsetTerm = term
    this.#entries = []
    return true
  }

  /**
   * Records a snapshot at `index` (applied, still in the log). The log is kept; see
   * {@link compact}. Undefined if an equal or newer snapshot exists.
   */
  createSnapshot(
    index: number,
    confState: ConfState | undefined,
    data: unknown,
  ): Snapshot | undefined {
    const old = this.#snapshot.metadata
    if (index <= old.index) return undefined
    if (index > this.lastIndex()) {
      broken(`snapshot ${index} is out of bound lastindex(${this.lastIndex()})`)
    }
    const term = this.term(index)
    if (typeof term !== 'number') return broken(`snapshot at ${index}: entry is ${term}`)
    this.#snapshot = { data, metadata: { confState: confState ?? old.confState, index, term } }
    return this.#snapshot
  }

  /** Drops entries up to and including `index`; 'compacted' if they are gone already. */
  compact(index: number): 'compacted' | undefined {
    if (index <= this.#offset) return 'compacted'
    if (index > this.lastIndex()) {
      broken(`compact ${index} is out of bound lastindex(${this.lastIndex()})`)
    }
    const count = index - this.#offset
    this.#offsetTerm = this.#entries[count - 1]!.term
    this.#offset = index
    this.#entries = this.#entries.slice(count)
    return undefined
  }
}
