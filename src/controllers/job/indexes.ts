import type { Job } from '../../api/generated/batch-v1'
import type { Pod } from '../../api/generated/core-v1'

export const indexAnnotation = 'batch.kubernetes.io/job-completion-index'

export const isIndexed = (job: Job): boolean => job.spec.completionMode === 'Indexed'

export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[indexAnnotation]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

/** The indexes of `status.completedIndexes`: `1,3-5,7`. */
export function completedIndexes(job: Job): readonly number[] {
  const found: number[] = []
  for (const part of (job.status?.completedIndexes ?? '').split(',')) {
    const [first = '', last = first] = part.split('-')
    if (!/^\d+$/.test(first)) continue
    for (let i = Number(first); i <= Number(last); i++) {
      if (i < (job.spec.completions ?? 0)) found.push(i)
    }
  }
  return found
}

/** Indexes as ranges: `1,3-5,7`. */
export function indexesText(indexes: Iterable<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b)
  const parts: string[] = []
  for (let i = 0; i < sorted.length; ) {
    let end = i
    while (sorted[end + 1] === (sorted[end] as number) + 1) end++
    const [first, last] = [sorted[i] as number, sorted[end] as number]
    if (first === last) parts.push(`${first}`)
    else parts.push(last === first + 1 ? `${first},${last}` : `${first}-${last}`)
    i = end + 1
  }
  return parts.join(',')
}

/** The lowest indexes that are neither done nor being worked on. */
export function pendingIndexes(
  completions: number,
  completed: ReadonlySet<number>,
  active: readonly Pod[],
  count: number,
): readonly number[] {
  const busy = new Set(active.map(indexOf))
  const found: number[] = []
  for (let i = 0; i < completions && found.length < count; i++) {
    if (!completed.has(i) && !busy.has(i)) found.push(i)
  }
  return found
}
