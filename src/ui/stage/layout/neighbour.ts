import { centre, type Rect } from './rect'

export type Direction = 'left' | 'right' | 'up' | 'down'

/** The nearest thing in a direction, as the arrow keys want it; sideways distance counts double. */
export function neighbour<K>(
  rects: ReadonlyMap<K, Rect>,
  from: K,
  direction: Direction,
): K | undefined {
  const start = rects.get(from)
  if (!start) return undefined
  const origin = centre(start)
  const horizontal = direction === 'left' || direction === 'right'
  const sign = direction === 'right' || direction === 'down' ? 1 : -1
  let best: K | undefined
  let bestCost = Number.POSITIVE_INFINITY
  for (const [key, rect] of rects) {
    if (key === from) continue
    const there = centre(rect)
    const along = sign * (horizontal ? there.x - origin.x : there.y - origin.y)
    const aside = Math.abs(horizontal ? there.y - origin.y : there.x - origin.x)
    if (along <= 2) continue
    const cost = along + 2 * aside
    if (cost < bestCost) {
      bestCost = cost
      best = key
    }
  }
  return best
}
