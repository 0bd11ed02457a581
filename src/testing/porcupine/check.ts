import type { Model, Operation } from './model'

export interface Verdict {
  /** `unknown`: the time budget was used up first. */
  readonly result: 'linearizable' | 'not linearizable' | 'unknown'
  /** The part that decided: its name, and the first operation that no order could reach. */
  readonly where?: string
}

/** One end of an operation in the list of all calls and returns, in the order of time. */
interface Entry<I, O> {
  readonly id: number
  readonly operation: Operation<I, O>
  /** Of a call: its return. */
  match: Entry<I, O> | undefined
  previous: Entry<I, O>
  next: Entry<I, O> | undefined
}

const clockEvery = 1 << 12

/**
 * Is there an order of the operations, consistent with their times, that the model could have
 * done? Wing and Gong's search with Lowe's memory of what was tried ("Testing for linearizability",
 * 2017), on each partition by itself. `budgetMs` is wall time for the whole history.
 */
export function checkHistory<S, I, O>(
  model: Model<S, I, O>,
  history: readonly Operation<I, O>[],
  budgetMs: number,
): Verdict {
  const deadline = performance.now() + budgetMs
  const parts = model.partition?.(history) ?? new Map([['', history]])
  let verdict: Verdict = { result: 'linearizable' }
  for (const [name, part] of parts) {
    const search = new Search(model, part)
    const result = search.run(deadline)
    if (result === 'linearizable') continue
    verdict = { result, where: `${name} ${search.farthest()}`.trim() }
    if (result === 'not linearizable') return verdict
  }
  return verdict
}

class Search<S, I, O> {
  readonly #model: Model<S, I, O>
  readonly #head: Entry<I, O>
  readonly #linearized: Uint32Array
  #hash = 0
  readonly #tried = new Map<string | number, Map<number, Uint32Array[]>>()
  #reached = 0
  #stuckAt: Operation<I, O> | undefined

  constructor(model: Model<S, I, O>, history: readonly Operation<I, O>[]) {
    this.#model = model
    this.#head = listOf(history)
    this.#linearized = new Uint32Array((history.length + 31) >> 5)
  }

  run(deadline: number): Verdict['result'] {
    const stack: { entry: Entry<I, O>; state: S }[] = []
    let state = this.#model.initial
    let entry = this.#head.next
    for (let steps = 1; this.#head.next; steps++) {
      if (steps % clockEvery === 0 && performance.now() > deadline) return 'unknown'
      if (entry?.match) {
        const { input, output } = entry.operation
        const next = this.#model.step(state, input, output)
        if (next !== undefined && this.#isNew(entry.id, next)) {
          stack.push({ entry, state })
          state = next
          this.#toggle(entry.id)
          lift(entry)
          entry = this.#head.next
        } else entry = entry.next
        continue
      }
      if (stack.length >= this.#reached) {
        this.#reached = stack.length
        this.#stuckAt = entry?.operation
      }
      const last = stack.pop()
      if (!last) return 'not linearizable'
      state = last.state
      this.#toggle(last.entry.id)
      unlift(last.entry)
      entry = last.entry.next
    }
    return 'linearizable'
  }

  /** The operation that had to have happened, but could not, in the longest order found. */
  farthest(): string {
    return this.#stuckAt ? JSON.stringify(this.#stuckAt) : ''
  }

  #toggle(id: number): void {
    const word = id >> 5
    this.#linearized[word] = (this.#linearized[word] as number) ^ (1 << (id & 31))
    this.#hash ^= Math.imul(id + 1, 0x9e3779b1) ^ (Math.imul(id + 7, 0x85ebca6b) << 3)
  }

  /** Remembers the configuration of those linearized, this one included, and the state. */
  #isNew(id: number, state: S): boolean {
    this.#toggle(id)
    const key = this.#model.keyOf(state)
    let byHash = this.#tried.get(key)
    if (!byHash) {
      byHash = new Map()
      this.#tried.set(key, byHash)
    }
    const known = byHash.get(this.#hash)
    const fresh = !known?.some((bits) => sameBits(bits, this.#linearized))
    if (fresh) {
      const bits = this.#linearized.slice()
      if (known) known.push(bits)
      else byHash.set(this.#hash, [bits])
    }
    this.#toggle(id)
    return fresh
  }
}

function sameBits(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** A list of all ends; of ends at the same time calls go first. */
function listOf<I, O>(history: readonly Operation<I, O>[]): Entry<I, O> {
  const ends = history.flatMap((operation, id) => [
    { time: operation.call, isCall: true, id, operation },
    { time: operation.end, isCall: false, id, operation },
  ])
  ends.sort((a, b) => compareTimes(a.time, b.time) || Number(b.isCall) - Number(a.isCall))
  const head = { id: -1, next: undefined } as unknown as Entry<I, O>
  const calls = new Map<number, Entry<I, O>>()
  let last = head
  for (const { id, operation, isCall } of ends) {
    const entry: Entry<I, O> = { id, operation, match: undefined, previous: last, next: undefined }
    last.next = entry
    last = entry
    if (isCall) calls.set(id, entry)
    else (calls.get(id) as Entry<I, O>).match = entry
  }
  return head
}

function compareTimes(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** Takes a call and its return out of the list. */
function lift<I, O>(call: Entry<I, O>): void {
  for (const entry of [call, call.match as Entry<I, O>]) {
    entry.previous.next = entry.next
    if (entry.next) entry.next.previous = entry.previous
  }
}

/** Puts them back: the reverse of `lift`, in reverse order. */
function unlift<I, O>(call: Entry<I, O>): void {
  for (const entry of [call.match as Entry<I, O>, call]) {
    entry.previous.next = entry
    if (entry.next) entry.next.previous = entry
  }
}
