import { broken } from '../invariant'
import type { Logger } from '../logger'
import { NO_ENTRIES } from '../message'
import type { Entry, Snapshot } from '../types'

/**
 * The tail of the log (and a snapshot to install) that storage does not have yet. Entries stay here
 * while they are being written, until `stableTo` says a reader of storage will see them.
 */
export class Unstable {
  snapshot: Snapshot | undefined
  snapshotInProgress = false
  /** Index of `#entries[0]`; may be less than storage's last index, whose tail is then void. */
  offset: number
  /** First index that was not yet handed out for writing. */
  offsetInProgress: number
  #entries: Entry[] = []
  readonly #logger: Logger | undefined

  constructor(offset: number, logger: Logger | undefined) {
    this.offset = offset
    this.offsetInProgress = offset
    this.#logger = logger
  }

  get length(): number {
    return this.#entries.length
  }

  firstIndex(): number | undefined {
    return this.snapshot === undefined ? undefined : this.snapshot.metadata.index + 1
  }

  lastIndex(): number | undefined {
    if (this.#entries.length > 0) return this.offset + this.#entries.length - 1
    return this.snapshot?.metadata.index
  }

  term(i: number): number | undefined {
    if (i >= this.offset) return this.#entries[i - this.offset]?.term
    const metadata = this.snapshot?.metadata
    return metadata?.index === i ? metadata.term : undefined
  }

  hasNextEntries(): boolean {
    return this.#entries.length > this.offsetInProgress - this.offset
  }

  /** Entries not yet handed out for writing, as a copy. */
  nextEntries(): readonly Entry[] {
    if (!this.hasNextEntries()) return NO_ENTRIES
    return this.#entries.slice(this.offsetInProgress - this.offset)
  }

  nextSnapshot(): Snapshot | undefined {
    return this.snapshotInProgress ? undefined : this.snapshot
  }

  /** Everything present is being written from now on. */
  acceptInProgress(): void {
    if (this.#entries.length > 0) this.offsetInProgress = this.offset + this.#entries.length
    if (this.snapshot !== undefined) this.snapshotInProgress = true
  }

  /** Entries up to `index` are durable, provided that the one there still has that term. */
  stableTo(index: number, term: number): void {
    const ours = this.term(index)
    if (ours === undefined) {
      this.#logger?.info(`entry at index ${index} missing from unstable log; ignoring`)
      return
    }
    if (index < this.offset) {
      this.#logger?.info(`entry at index ${index} matched unstable snapshot; ignoring`)
      return
    }
    if (ours !== term) {
      this.#logger?.info(
        `entry at (index,term)=(${index},${term}) mismatched with entry at (${index},${ours}) in unstable log; ignoring`,
      )
      return
    }
    const count = index + 1 - this.offset
    this.#entries = count === this.#entries.length ? [] : this.#entries.slice(count)
    this.offset = index + 1
    this.offsetInProgress = Math.max(this.offsetInProgress, this.offset)
  }

  stableSnapshotTo(index: number): void {
    if (this.snapshot?.metadata.index !== index) return
    this.snapshot = undefined
    this.snapshotInProgress = false
  }

  /** The snapshot replaces everything. */
  restore(snapshot: Snapshot): void {
    this.offset = snapshot.metadata.index + 1
    this.offsetInProgress = this.offset
    this.#entries = []
    this.snapshot = snapshot
    this.snapshotInProgress = false
  }

  append(entries: readonly Entry[]): void {
    const from = entries[0]!.index
    if (from <= this.offset && this.#entries.length + this.offset !== from) {
      this.#logger?.info(`replace the unstable entries from index ${from}`)
      this.#entries = []
      this.offset = from
      this.offsetInProgress = from
    } else if (from < this.offset + this.#entries.length) {
      this.#logger?.info(`truncate the unstable entries before index ${from}`)
      this.#entries.length = from - this.offset
      this.offsetInProgress = Math.min(this.offsetInProgress, from)
    } else if (from > this.offset + this.#entries.length) {
      broken(`unstable entries end before ${from}`)
    }
    for (const entry of entries) this.#entries.push(entry)
  }

  /** Copy of entries [lo, hi), all of which must be here. */
  slice(lo: number, hi: number): Entry[] {
    const upper = this.offset + this.#entries.length
    if (lo > hi) broken(`invalid unstable.slice ${lo} > ${hi}`)
    if (lo < this.offset || hi > upper) {
      broken(`unstable.slice[${lo},${hi}) out of bound [${this.offset},${upper}]`)
    }
    return this.#entries.slice(lo - this.offset, hi - this.offset)
  }
}
