import type { Entry, EntrySize } from '../types'

/** The default measure: limits count entries. */
export const countEntries: EntrySize = () => 1

/** How many leading entries fit into `maxSize`; at least one if there is any. */
export function limitSize(
  entries: readonly Entry[],
  from: number,
  to: number,
  maxSize: number,
  sizeOf: EntrySize,
): number {
  if (maxSize === Number.POSITIVE_INFINITY || to - from <= 1) return to - from
  let size = sizeOf(entries[from]!)
  for (let i = from + 1; i < to; i++) {
    size += sizeOf(entries[i]!)
    if (size > maxSize) return i - from
  }
  return to - from
}

export function totalSize(entries: readonly Entry[], sizeOf: EntrySize): number {
  if (sizeOf === countEntries) return entries.length
  let size = 0
  for (const entry of entries) size += sizeOf(entry)
  return size
}

/** Like {@link totalSize}, but empty entries weigh nothing, so that they are never refused. */
export function payloadSize(entries: readonly Entry[], sizeOf: EntrySize): number {
  let size = 0
  for (const entry of entries) if (entry.data !== undefined) size += sizeOf(entry)
  return size
}
