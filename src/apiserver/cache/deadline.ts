import type { Clock } from '../../sim/process'
import { Future, type Task, wait } from '../../sim/task'
import type { Micros } from '../../sim/time'

/** Waits for a future, at most the given time; false when the time was up first. */
export function* waitAtMost<T>(clock: Clock, future: Future<T>, timeout: Micros): Task<boolean> {
  if (future.done) return true
  const either = new Future<boolean>()
  const timer = clock.after(timeout, () => either.resolve(false), 'apiserver.deadline')
  future.onDone(() => {
    timer.cancel()
    either.resolve(true)
  })
  return yield* wait(either)
}
