/** A pod's seat: the place (a machine, or the waiting area) and the number of its cell there. */
export interface Seat {
  readonly place: string
  readonly slot: number
}

export type Seats = ReadonlyMap<string, Seat>

/**
 * Gives every pod a seat. Who has a seat at its place keeps it, so that nothing moves when a
 * neighbour goes; newcomers take the lowest free one, in the order given.
 */
export function assignSeats(
  before: Seats,
  wanted: readonly { readonly key: string; readonly place: string }[],
): Seats {
  const seats = new Map<string, Seat>()
  const taken = new Map<string, Set<number>>()
  for (const { key, place } of wanted) {
    if (!taken.has(place)) taken.set(place, new Set())
    const seat = before.get(key)
    if (seat?.place !== place) continue
    seats.set(key, seat)
    taken.get(place)!.add(seat.slot)
  }
  const next = new Map<string, number>()
  for (const { key, place } of wanted) {
    if (seats.has(key)) continue
    const occupied = taken.get(place)!
    let slot = next.get(place) ?? 0
    while (occupied.has(slot)) slot += 1
    occupied.add(slot)
    next.set(place, slot + 1)
    seats.set(key, { place, slot })
  }
  return seats
}

/** The number of cells that each place needs: its highest slot and one. */
export function cellsByPlace(seats: Seats): ReadonlyMap<string, number> {
  const cells = new Map<string, number>()
  for (const { place, slot } of seats.values()) {
    cells.set(place, Math.max(cells.get(place) ?? 0, slot + 1))
  }
  return cells
}
