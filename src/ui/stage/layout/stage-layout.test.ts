import { describe, expect, it } from 'vitest'
import { neighbour } from './neighbour'
import { overlaps, type Rect } from './rect'
import { assignSeats, type Seats } from './slots'
import { layOut, type StageInput, WAITING } from './stage-layout'
import { downWire, endpointWire, roundedPath } from './wires'

function machines(role: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${role}-${index + 1}`)
}

function seatsOf(counts: { readonly [place: string]: number }): Seats {
  const wanted = Object.entries(counts).flatMap(([place, count]) =>
    Array.from({ length: count }, (_, index) => ({ key: `default/${place}-${index}`, place })),
  )
  return assignSeats(new Map(), wanted)
}

function input(changes: Partial<StageInput> = {}): StageInput {
  return {
    width: 940,
    height: 600,
    clients: ['client'],
    balancers: ['lb-1'],
    masters: machines('master', 3),
    workers: machines('worker', 3),
    services: ['default/web', 'default/kubernetes'],
    seats: seatsOf({ 'worker-1': 7, 'worker-2': 4, [WAITING]: 2 }),
    ...changes,
  }
}

const cases: { name: string; changes: Partial<StageInput> }[] = [
  { name: 'default at 1280×720', changes: {} },
  { name: 'with the inspector open', changes: { width: 640 } },
  { name: 'at 1920×1080', changes: { width: 1560, height: 950 } },
  {
    name: 'one master, no worker, nothing else',
    changes: { masters: machines('master', 1), workers: [], services: [], seats: new Map() },
  },
  { name: 'seven masters', changes: { masters: machines('master', 7) } },
  { name: 'thirty workers', changes: { workers: machines('worker', 30) } },
  {
    name: 'a crowded worker and many services',
    changes: {
      seats: seatsOf({ 'worker-1': 60, [WAITING]: 80, 'master-1': 4 }),
      services: machines('default/s', 9),
    },
  },
]

describe('layOut', () => {
  it.each(cases)('overlaps nothing, keeps pods in their cards and fits: $name', ({ changes }) => {
    const given = input(changes)
    const layout = layOut(given)
    const cards: Rect[] = [
      ...layout.machines.values(),
      layout.workloads,
      layout.waiting,
      ...layout.services.values(),
    ]
    cards.forEach((a, i) => {
      for (const b of cards.slice(i + 1)) expect(overlaps(a, b)).toBe(false)
    })
    const cells = [...layout.pods.values()]
    cells.forEach((a, i) => {
      for (const b of cells.slice(i + 1)) expect(overlaps(a, b)).toBe(false)
    })
    for (const [key, cell] of layout.pods) {
      const { place } = given.seats.get(key)!
      const home = place === WAITING ? layout.waiting : layout.machines.get(place)!
      expect(cell.x).toBeGreaterThan(home.x)
      expect(cell.x + cell.width).toBeLessThanOrEqual(home.x + home.width)
      expect(cell.y + cell.height).toBeLessThanOrEqual(home.y + home.height)
    }
    expect(layout.width * layout.scale).toBeLessThanOrEqual(given.width + 1)
    expect(layout.height * layout.scale).toBeLessThanOrEqual(given.height + 1)
  })

  it('fills the window to its lower edge at the default size', () => {
    for (const size of [
      { width: 940, height: 600 },
      { width: 1560, height: 950 },
    ]) {
      const layout = layOut(input(size))
      expect(layout.width * layout.scale).toBeGreaterThan(size.width * 0.97)
      expect(layout.height * layout.scale).toBeGreaterThan(size.height * 0.97)
    }
  })

  it('leaves machines in place when pods come and go', () => {
    const few = layOut(input({ seats: seatsOf({ 'worker-1': 1 }) }))
    const more = layOut(input({ seats: seatsOf({ 'worker-1': 8, 'worker-2': 8, [WAITING]: 3 }) }))
    expect([...more.machines]).toEqual([...few.machines])
  })
})

describe('assignSeats', () => {
  it('keeps seats when a neighbour goes and gives the lowest free one to a newcomer', () => {
    const at = (key: string, place = 'worker-1') => ({ key, place })
    const first = assignSeats(new Map(), [at('a'), at('b'), at('c')])
    const second = assignSeats(first, [at('a'), at('c')])
    expect(second.get('c')).toEqual({ place: 'worker-1', slot: 2 })
    const third = assignSeats(second, [at('a'), at('c'), at('d')])
    expect(third.get('d')).toEqual({ place: 'worker-1', slot: 1 })
  })

  it('gives a new seat to a pod that was bound to a node', () => {
    const first = assignSeats(new Map(), [{ key: 'a', place: WAITING }])
    const second = assignSeats(first, [{ key: 'a', place: 'worker-2' }])
    expect(second.get('a')).toEqual({ place: 'worker-2', slot: 0 })
  })
})

describe('wires', () => {
  it('ends at its pod and at its Service and crosses no other pod', () => {
    const given = input({ seats: seatsOf({ 'worker-1': 12, 'worker-2': 12 }) })
    const layout = layOut(given)
    const service = layout.services.get('default/web')!
    for (const [key, pod] of layout.pods) {
      const wire = endpointWire(layout, pod, service, 1)
      expect(wire[0]).toEqual({ x: pod.x, y: pod.y + pod.height / 2 })
      expect(wire.at(-1)!.y).toBe(service.y)
      const down: Rect = {
        x: wire[1]!.x - 1,
        y: wire[1]!.y,
        width: 2,
        height: wire[2]!.y - wire[1]!.y,
      }
      for (const [other, cell] of layout.pods) {
        if (other !== key) expect(overlaps(down, cell)).toBe(false)
      }
    }
  })

  it('passes rows of workers between their cards', () => {
    const workers = machines('worker', 12)
    const seats = seatsOf(Object.fromEntries(workers.map((id) => [id, 4])))
    const layout = layOut(input({ workers, seats }))
    const service = layout.services.get('default/web')!
    for (const [key, pod] of layout.pods) {
      const points = endpointWire(layout, pod, service, 2)
      const own = seats.get(key)!.place
      points.slice(1).forEach((b, index) => {
        const a = points[index]!
        const x = Math.min(a.x, b.x) - 0.5
        const y = Math.min(a.y, b.y) - 0.5
        const line = { x, y, width: Math.abs(a.x - b.x) + 1, height: Math.abs(a.y - b.y) + 1 }
        for (const id of workers) {
          if (id !== own) expect(overlaps(line, layout.machines.get(id)!)).toBe(false)
        }
      })
    }
  })

  it('reaches masters of every row without running behind another', () => {
    const layout = layOut(input({ width: 500, masters: machines('master', 7) }))
    const from = layout.machines.get('lb-1')!
    for (const id of machines('master', 7)) {
      const points = downWire(from, layout.machines.get(id)!)
      points.slice(1).forEach((b, index) => {
        const a = points[index]!
        const line = {
          x: Math.min(a.x, b.x) - 0.5,
          y: Math.min(a.y, b.y) + 0.5,
          width: Math.abs(a.x - b.x) + 1,
          height: Math.max(0.1, Math.abs(a.y - b.y) - 1),
        }
        for (const other of machines('master', 7)) {
          expect(overlaps(line, layout.machines.get(other)!)).toBe(false)
        }
      })
    }
  })

  it('rounds corners and leaves straight lines alone', () => {
    expect(
      roundedPath([
        { x: 0, y: 0 },
        { x: 0, y: 50 },
      ]),
    ).toBe('M0,0L0,50')
    expect(
      roundedPath([
        { x: 0, y: 0 },
        { x: 0, y: 50 },
        { x: 50, y: 50 },
      ]),
    ).toBe('M0,0L0,43Q0,50 7,50L50,50')
  })
})

describe('neighbour', () => {
  const rects = new Map<string, Rect>([
    ['a', { x: 0, y: 0, width: 10, height: 10 }],
    ['b', { x: 20, y: 0, width: 10, height: 10 }],
    ['c', { x: 0, y: 20, width: 10, height: 10 }],
    ['d', { x: 20, y: 20, width: 10, height: 10 }],
  ])
  it.each([
    ['a', 'right', 'b'],
    ['a', 'down', 'c'],
    ['d', 'left', 'c'],
    ['d', 'up', 'b'],
    ['a', 'left', undefined],
  ] as const)('from %s to the %s is %s', (from, direction, expected) => {
    expect(neighbour(rects, from, direction)).toBe(expected)
  })
})
