/** Straight-line code that waits in virtual time: yields futures, is resumed with their values. */
export type Task<T> = Generator<Future<unknown>, T, unknown>

/** Somebody who wants a future's value. */
export interface Waiter<T> {
  settle(value: T): void
}

/** A value that will be there later, once. Waiters run in the order they came. */
export class Future<T> {
  done = false
  value: T | undefined = undefined
  /** Nearly always there is one waiter: it needs no list. */
  #first: Waiter<T> | undefined = undefined
  #others: Waiter<T>[] | undefined = undefined

  /** The first call counts; later ones do nothing. */
  resolve(value: T): void {
    if (this.done) return
    this.done = true
    this.value = value
    const first = this.#first
    if (!first) return
    const others = this.#others
    this.#first = undefined
    this.#others = undefined
    first.settle(value)
    if (others) for (const waiter of others) waiter.settle(value)
  }

  /** Settles at once when the value is there. */
  awaitBy(waiter: Waiter<T>): void {
    if (this.done) waiter.settle(this.value as T)
    else if (!this.#first) this.#first = waiter
    else if (this.#others) this.#others.push(waiter)
    else this.#others = [waiter]
  }

  /** Runs at once when the value is there. */
  onDone(settle: (value: T) => void): void {
    this.awaitBy({ settle })
  }
}

/** `const value = yield* wait(future)`. */
export function* wait<T>(future: Future<T>): Task<T> {
  if (!future.done) yield future as Future<unknown>
  return future.value as T
}

/** Resolves with the position of the future that is done first. */
export function firstOf(...futures: readonly Future<unknown>[]): Future<number> {
  const first = new Future<number>()
  futures.forEach((future, position) => {
    future.onDone(() => first.resolve(position))
  })
  return first
}

/** An unbounded queue between tasks of one process. */
export class Channel<T> {
  readonly #items: T[] = []
  readonly #readers: Future<T>[] = []

  get length(): number {
    return this.#items.length
  }

  send(item: T): void {
    const reader = this.#readers.shift()
    if (reader) reader.resolve(item)
    else this.#items.push(item)
  }

  receive(): Future<T> {
    const future = new Future<T>()
    if (this.#items.length > 0) future.resolve(this.#items.shift() as T)
    else this.#readers.push(future)
    return future
  }
}
