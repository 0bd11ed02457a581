import type { Progress } from '../../raft/index'

/** One line per member, by id. */
export function describeProgress(progress: ReadonlyMap<number, Progress>): string {
  const ids = [...progress.keys()].sort((a, b) => a - b)
  return ids.map((id) => `${id}: ${progress.get(id)}\n`).join('')
}
