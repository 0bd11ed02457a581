import { hash32 } from './random'
import type { Micros } from './time'

/** One remembered event. `cause` is the id of the event that led to it; 0 has none. */
export interface TraceEntry {
  readonly id: number
  readonly cause: number
  readonly time: Micros
  readonly machine: string
  readonly process: string
  readonly kind: string
  readonly detail: string
}

const kindHashes = new Map<string, number>()

function kindHash(kind: string): number {
  let hash = kindHashes.get(kind)
  if (hash === undefined) {
    hash = hash32(kind)
    kindHashes.set(kind, hash)
  }
  return hash
}

function mix(hash: number, word: number): number {
  const k = Math.imul(Math.imul(word, 0xcc9e2d51) ^ (hash >>> 15), 0x1b873593)
  return (Math.imul(hash ^ k ^ (k >>> 13), 5) + 0xe6546b64) | 0
}

/** What a machine did, folded into 64 bits: equal runs have equal digests. */
export class TraceDigest {
  #a = 0x243f6a88
  #b = 0x85a308d3

  fold(time: Micros, source: number, sequence: number, kind: string): void {
    this.#a = mix(mix(this.#a, time | 0), sequence)
    this.#b = mix(mix(this.#b, kindHash(kind)), (source << 20) ^ Math.floor(time / 0x1_0000_0000))
  }

  foldWord(word: number): void {
    this.#a = mix(this.#a, word)
    this.#b = mix(this.#b, word ^ this.#a)
  }

  hex(): string {
    const part = (n: number) => (n >>> 0).toString(16).padStart(8, '0')
    return part(this.#a) + part(this.#b)
  }
}

interface TracePlace {
  readonly machine: string
  readonly process: string
}

const nowhere: TracePlace = { machine: '', process: '' }

export const traceEntriesMax = 1 << 16
const slotMask = traceEntriesMax - 1

/** The last `traceEntriesMax` events, in the order they happened. Ids count up from 1. */
export class TraceLog {
  readonly #causes = new Float64Array(traceEntriesMax)
  readonly #times = new Float64Array(traceEntriesMax)
  readonly #places: TracePlace[] = new Array(traceEntriesMax).fill(nowhere)
  readonly #kinds: string[] = new Array(traceEntriesMax).fill('')
  readonly #details: string[] = new Array(traceEntriesMax).fill('')
  #last = 0

  get lastId(): number {
    return this.#last
  }

  add(cause: number, time: Micros, where: TracePlace, kind: string, detail: string): number {
    const id = ++this.#last
    const slot = id & slotMask
    this.#causes[slot] = cause
    this.#times[slot] = time
    this.#places[slot] = where
    this.#kinds[slot] = kind
    this.#details[slot] = detail
    return id
  }

  get(id: number): TraceEntry | undefined {
    if (id < 1 || id > this.#last || id <= this.#last - traceEntriesMax) return undefined
    const slot = id & slotMask
    return {
      id,
      cause: this.#causes[slot] as number,
      time: this.#times[slot] as number,
      machine: (this.#places[slot] as TracePlace).machine,
      process: (this.#places[slot] as TracePlace).process,
      kind: this.#kinds[slot] as string,
      detail: this.#details[slot] as string,
    }
  }

  /** Entries with an id above `from`, oldest first. */
  since(from: number, limit: number): TraceEntry[] {
    const found: TraceEntry[] = []
    const first = Math.max(from + 1, this.#last - traceEntriesMax + 1, 1)
    for (let id = first; id <= this.#last && found.length < limit; id++) {
      const entry = this.get(id)
      if (entry) found.push(entry)
    }
    return found
  }
}
