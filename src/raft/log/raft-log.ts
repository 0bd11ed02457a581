import { broken } from '../invariant'
import type { Logger } from '../logger'
import { NO_ENTRIES } from '../message'
import type { Entry, EntrySize, Snapshot, Storage, StorageError } from '../types'
import { limitSize } from './entry-size'
import { Unstable } from './unstable'

interface RaftLogOptions {
  readonly storage: Storage
  readonly logger: Logger | undefined
  readonly sizeOf: EntrySize
  /** Limit of the committed entries that are being applied. */
  readonly maxApplyingSize: number
}

/** Stable storage plus the unstable tail, seen as one log (applied <= applying, committed: R9). */
export class RaftLog {
  readonly storage: Storage
  readonly unstable: Unstable
  readonly maxApplyingSize: number
  readonly #logger: Logger | undefined
  readonly #sizeOf: EntrySize
  committed: number
  /** Highest index handed to the owner for applying. */
  applying: number
  applied: number
  #applyingSize = 0
  #applyingPaused = false

  constructor(options: RaftLogOptions) {
    this.storage = options.storage
    this.#logger = options.logger
    this.#sizeOf = options.sizeOf
    this.maxApplyingSize = options.maxApplyingSize
    this.unstable = new Unstable(options.storage.lastIndex() + 1, options.logger)
    this.committed = options.storage.firstIndex() - 1
    this.applying = this.committed
    this.applied = this.committed
  }

  describe(): string {
    const { offset, offsetInProgress, length } = this.unstable
    return `committed=${this.committed}, applied=${this.applied}, applying=${this.applying}, unstable.offset=${offset}, unstable.offsetInProgress=${offsetInProgress}, len(unstable.Entries)=${length}`
  }

  /** Index of the last new entry, or undefined if the entry before them does not match (R3). */
  maybeAppend(
    prevIndex: number,
    prevTerm: number,
    entries: readonly Entry[],
    leaderCommit: number,
  ): number | undefined {
    if (!this.matchTerm(prevIndex, prevTerm)) return undefined
    const last = prevIndex + entries.length
    const conflict = this.#findConflict(entries)
    if (conflict !== 0) {
      if (conflict <= this.committed) {
        broken(`entry ${conflict} conflict with committed entry [committed(${this.committed})]`)
      }
      const skip = conflict - (prevIndex + 1)
      this.append(skip === 0 ? entries : entries.slice(skip))
    }
    this.commitTo(Math.min(leaderCommit, last))
    return last
  }

  append(entries: readonly Entry[]): number {
    const first = entries[0]
    if (first === undefined) return this.lastIndex()
    if (first.index - 1 < this.committed) {
      broken(`after(${first.index - 1}) is out of range [committed(${this.committed})]`)
    }
    this.unstable.append(entries)
    return this.lastIndex()
  }

  /** First index whose term differs or is missing here; 0 if all entries are present. */
  #findConflict(entries: readonly Entry[]): number {
    const first = entries[0]
    if (first === undefined || first.index === this.lastIndex() + 1) return first?.index ?? 0
    for (const { index, term } of entries) {
      if (this.matchTerm(index, term)) continue
      if (index <= this.lastIndex()) {
        this.#logger?.info(
          `found conflict at index ${index} [existing term: ${this.termOrZero(index)}, conflicting term: ${term}]`,
        )
      }
      return index
    }
    return 0
  }

  /** Largest index at most `index` whose term is at most `term`, or unknown (then term 0). */
  findConflictByTerm(index: number, term: number): { index: number; term: number } {
    for (let i = index; i > 0; i--) {
      const ours = this.term(i)
      if (typeof ours !== 'number') return { index: i, term: 0 }
      if (ours <= term) return { index: i, term: ours }
    }
    return { index: 0, term: 0 }
  }

  hasNextCommitted(allowUnstable: boolean): boolean {
    if (this.#applyingPaused || this.unstable.snapshot !== undefined) return false
    return this.applying < this.#maxAppliable(allowUnstable)
  }

  /** Committed entries to apply next; only durable ones unless `allowUnstable`. */
  nextCommitted(allowUnstable: boolean): readonly Entry[] {
    if (!this.hasNextCommitted(allowUnstable)) return NO_ENTRIES
    const room = this.maxApplyingSize - this.#applyingSize
    if (room <= 0) {
      broken(
        `applying entry size (${this.maxApplyingSize}-${this.#applyingSize})=${room} not positive`,
      )
    }
    const entries = this.slice(this.applying + 1, this.#maxAppliable(allowUnstable) + 1, room)
    if (typeof entries === 'string') {
      return broken(`unexpected error when getting unapplied entries (${entries})`)
    }
    return entries
  }

  #maxAppliable(allowUnstable: boolean): number {
    return allowUnstable ? this.committed : Math.min(this.committed, this.unstable.offset - 1)
  }

  snapshot(): Snapshot | undefined {
    return this.unstable.snapshot ?? this.storage.snapshot()
  }

  firstIndex(): number {
    return this.unstable.firstIndex() ?? this.storage.firstIndex()
  }

  lastIndex(): number {
    return this.unstable.lastIndex() ?? this.storage.lastIndex()
  }

  lastTerm(): number {
    const term = this.term(this.lastIndex())
    return typeof term === 'number'
      ? term
      : broken(`unexpected error when getting the last term (${term})`)
  }

  /** Never decreases; committing what is not in the log means that the log was damaged. */
  commitTo(index: number): void {
    if (this.committed >= index) return
    if (this.lastIndex() < index) {
      broken(
        `tocommit(${index}) is out of range [lastIndex(${this.lastIndex()})]. Was the raft log corrupted, truncated, or lost?`,
      )
    }
    this.committed = index
  }

  appliedTo(index: number, size: number): void {
    if (this.committed < index || index < this.applied) {
      broken(
        `applied(${index}) is out of range [prevApplied(${this.applied}), committed(${this.committed})]`,
      )
    }
    this.applied = index
    this.applying = Math.max(this.applying, index)
    this.#applyingSize = Math.max(0, this.#applyingSize - size)
    this.#applyingPaused = this.#applyingSize >= this.maxApplyingSize
  }

  acceptApplying(index: number, size: number, allowUnstable: boolean): void {
    if (this.committed < index) {
      broken(
        `applying(${index}) is out of range [prevApplying(${this.applying}), committed(${this.committed})]`,
      )
    }
    this.applying = index
    this.#applyingSize += size
    this.#applyingPaused =
      this.#applyingSize >= this.maxApplyingSize || index < this.#maxAppliable(allowUnstable)
  }

  term(i: number): number | StorageError {
    const unstable = this.unstable.term(i)
    if (unstable !== undefined) return unstable
    if (i + 1 < this.firstIndex()) return 'compacted'
    if (i > this.lastIndex()) return 'unavailable'
    return this.storage.term(i)
  }

  /** 0 where the term is not known. */
  termOrZero(i: number): number {
    const term = this.term(i)
    return typeof term === 'number' ? term : 0
  }

  matchTerm(index: number, term: number): boolean {
    return this.term(index) === term
  }

  /** Whether a log ending at (index, term) is at least as complete as ours (Raft 5.4.1). */
  isUpToDate(index: number, term: number): boolean {
    const ours = this.lastTerm()
    return term > ours || (term === ours && index >= this.lastIndex())
  }

  /** Commits `index` if its entry is of `term`: older terms commit only by implication (R12). */
  maybeCommit(index: number, term: number): boolean {
    if (index <= this.committed || term === 0 || this.term(index) !== term) return false
    this.commitTo(index)
    return true
  }

  restore(snapshot: Snapshot): void {
    const { index, term } = snapshot.metadata
    this.#logger?.info(
      `log [${this.describe()}] starts to restore snapshot [index: ${index}, term: ${term}]`,
    )
    this.committed = index
    this.unstable.restore(snapshot)
  }

  entries(from: number, maxSize: number): readonly Entry[] | StorageError {
    const last = this.lastIndex()
    return from > last ? NO_ENTRIES : this.slice(from, last + 1, maxSize)
  }

  /** Copy of entries [lo, hi), cut to `maxSize` but never empty. */
  slice(lo: number, hi: number, maxSize: number): readonly Entry[] | StorageError {
    if (lo > hi) broken(`invalid slice ${lo} > ${hi}`)
    if (lo < this.firstIndex()) return 'compacted'
    if (hi > this.lastIndex() + 1) {
      broken(`slice[${lo},${hi}) out of bound [${this.firstIndex()},${this.lastIndex()}]`)
    }
    if (lo === hi) return NO_ENTRIES
    const { offset } = this.unstable
    if (lo >= offset) return this.#limit(this.unstable.slice(lo, hi), maxSize)
    const cut = Math.min(hi, offset)
    const stored = this.storage.entries(lo, cut, maxSize)
    if (stored === 'unavailable') broken(`entries[${lo}:${cut}) is unavailable from storage`)
    if (typeof stored === 'string') return stored
    if (stored.length < cut - lo || hi <= offset) return stored
    return this.#limit([...stored, ...this.unstable.slice(offset, hi)], maxSize)
  }

  #limit(entries: Entry[], maxSize: number): Entry[] {
    entries.length = limitSize(entries, 0, entries.length, maxSize, this.#sizeOf)
    return entries
  }
}
