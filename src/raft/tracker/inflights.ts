import { broken } from '../invariant'

/** Sliding window of the MsgApps sent to one follower and not yet acknowledged. */
export class Inflights {
  readonly #maxMessages: number
  readonly #maxBytes: number
  #start = 0
  #count = 0
  #bytes = 0
  #indexes: number[] = []
  #sizes: number[] = []

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
  }

  get count(): number {
    return this.#count
  }

  get full(): boolean {
    return this.#count === this.#maxMessages || this.#bytes >= this.#maxBytes
  }

  /** Records a message whose last entry has the given index. Indexes must not decrease. */
  add(index: number, bytes: number): void {
    if (this.full) broken('cannot add into a Full inflights')
    if (this.#count === this.#indexes.length) this.#grow()
    const next = (this.#start + this.#count) & (this.#indexes.length - 1)
    this.#indexes[next] = index
    this.#sizes[next] = bytes
    this.#count++
    this.#bytes += bytes
  }

  /** Frees all messages whose last index is at most `to`. */
  freeUpTo(to: number): void {
    const mask = this.#indexes.length - 1
    while (this.#count > 0 && this.#indexes[this.#start]! <= to) {
      this.#bytes -= this.#sizes[this.#start]!
      this.#start = (this.#start + 1) & mask
      this.#count--
    }
    if (this.#count === 0) this.#start = 0
  }

  reset(): void {
    this.#start = 0
    this.#count = 0
    this.#bytes = 0
  }

  clone(): Inflights {
    const copy = new Inflights(this.#maxMessages, this.#maxBytes)
    const mask = this.#indexes.length - 1
    for (let i = 0; i < this.#count; i++) {
      const at = (this.#start + i) & mask
      copy.add(this.#indexes[at]!, this.#sizes[at]!)
    }
    return copy
  }

  /** Doubles the ring (its capacity is a power of two). */
  #grow(): void {
    const capacity = this.#indexes.length
    const indexes: number[] = []
    const sizes: number[] = []
    for (let i = 0; i < capacity; i++) {
      const at = (this.#start + i) & (capacity - 1)
      indexes.push(this.#indexes[at]!)
      sizes.push(this.#sizes[at]!)
    }
    const grown = Math.max(4, capacity * 2)
    while (indexes.length < grown) {
      indexes.push(0)
      sizes.push(0)
    }
    this.#indexes = indexes
    this.#sizes = sizes
    this.#start = 0
  }
}
