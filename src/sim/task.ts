/** Straight-line code that waits in virtual time: yields futures, is resumed with their values. */
export type Task<T> = Generator<Future<unknown>, T, unknown>

type Waiter<T> = (value: T) => void

/** A value that will be there later, once. Waiters run in the order they came. */
export class Future<T> {
  done = false
  value: T | undefined = undefined
  #waiters: Waiter<T>[] | undefined = undefined

  /** The first call counts; later ones do nothing. */
  resolve(value: T): void {
    if (this.done) return
    this.done = true
    this.value = value
    const waiters = this.#waiters
    if (!waiters) return
    this.#waiters = undefined
    for (const waiter of waiters) waiter(value)
  }

  /** Runs at once when the value is there. */
  onDone(waiter: Waiter<T>): void {
    if (this.done) waiter(this.value as T)
    else if (this.#waiters) this.#waiters.push(waiter)
    else this.#waiters = [waiter]
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
