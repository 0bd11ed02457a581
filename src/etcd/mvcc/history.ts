import type { WatchEvent } from '../rpc'

const chunkRevisions = 1_024

type Chunk = readonly (readonly WatchEvent[])[]

/** The events from revision `first` on; plain data, chunks shared with the living history. */
export interface HistoryPicture {
  readonly first: number
  readonly chunks: readonly Chunk[]
}

/** What happened at each revision, oldest kept revision to the present. */
export class History {
  #chunks: (readonly WatchEvent[])[][] = []
  /** Revision of the first slot of the first chunk. */
  #base: number
  /** Oldest revision that may be read. */
  #first: number
  #next: number

  /** `next`: the revision that will be appended first. */
  constructor(next: number) {
    this.#base = next
    this.#first = next
    this.#next = next
  }

  get first(): number {
    return this.#first
  }

  append(events: readonly WatchEvent[]): void {
    let chunk = this.#chunks.at(-1)
    if (!chunk || chunk.length === chunkRevisions) {
      chunk = []
      this.#chunks.push(chunk)
    }
    chunk.push(events)
    this.#next++
  }

  /** The events of one revision, in the order of the operations; `first` ≤ revision. */
  at(revision: number): readonly WatchEvent[] {
    const slot = revision - this.#base
    const chunk = this.#chunks[Math.floor(slot / chunkRevisions)]
    return chunk?.[slot % chunkRevisions] ?? []
  }

  /** Forgets what was before `revision`. */
  dropBefore(revision: number): void {
    this.#first = Math.max(this.#first, Math.min(revision, this.#next))
    const chunks = Math.floor((this.#first - this.#base) / chunkRevisions)
    if (chunks === 0) return
    this.#chunks.splice(0, chunks)
    this.#base += chunks * chunkRevisions
  }

  picture(): HistoryPicture {
    const chunks: Chunk[] = [...this.#chunks]
    const last = this.#chunks.at(-1)
    if (last && last.length < chunkRevisions) chunks[chunks.length - 1] = [...last]
    const skipped = this.#first - this.#base
    if (skipped > 0 && chunks[0]) chunks[0] = [...emptySlots(skipped), ...chunks[0].slice(skipped)]
    return { first: this.#first, chunks }
  }

  static restored(picture: HistoryPicture, next: number): History {
    const history = new History(next)
    const chunks = picture.chunks.map((chunk) => [...chunk])
    const slots = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    history.#chunks = chunks
    history.#base = next - slots
    history.#first = picture.first
    return history
  }
}

const nothing: readonly WatchEvent[] = []

function emptySlots(count: number): (readonly WatchEvent[])[] {
  return new Array<readonly WatchEvent[]>(count).fill(nothing)
}
