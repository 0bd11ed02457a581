import type { ApiError } from '../client/request'
import type { ProcessEnv } from '../sim/process'
import { type Task, wait } from '../sim/task'

export interface BatchOutcome {
  readonly successes: number
  /** The first error; batches after it were not begun. */
  readonly error?: ApiError
}

/**
 * Does `count` pieces of work in batches of 1, 2, 4 …, each batch at once, and stops after a batch
 * with an error: a manifest that the server refuses is not sent 500 times.
 */
export function* slowStartBatch(
  env: ProcessEnv,
  count: number,
  work: () => Task<ApiError | undefined>,
): Task<BatchOutcome> {
  let successes = 0
  let left = count
  for (let batch = Math.min(1, left); batch > 0; batch = Math.min(batch * 2, left)) {
    const errors = yield* allAtOnce(env, Array.from({ length: batch }, work))
    successes += batch - errors.length
    if (errors.length > 0) return { successes, error: errors[0] }
    left -= batch
  }
  return { successes }
}

/** Runs the tasks side by side; the errors in the order of the tasks. */
export function* allAtOnce(
  env: ProcessEnv,
  tasks: readonly Task<ApiError | undefined>[],
): Task<ApiError[]> {
  const running = tasks.map((task) => env.spawn(task))
  const errors: ApiError[] = []
  for (const future of running) {
    const error = yield* wait(future)
    if (error) errors.push(error)
  }
  return errors
}
