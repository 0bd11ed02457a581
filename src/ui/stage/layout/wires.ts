import { centre, type Point, type Rect } from './rect'
import { CELL_GAP, GAP, type StageLayout, WIRE_ROW, type WorkerGrid } from './stage-layout'

const RADIUS = 7
const LANES = 4

/** An SVG path through the points, straight, with rounded corners. */
export function roundedPath(points: readonly Point[]): string {
  const [first, ...rest] = points.filter((p, i) => i === 0 || !samePoint(p, points[i - 1]!))
  if (!first) return ''
  let path = `M${round(first.x)},${round(first.y)}`
  let from = first
  rest.forEach((corner, index) => {
    const next = rest[index + 1]
    if (!next) {
      path += `L${round(corner.x)},${round(corner.y)}`
      return
    }
    const a = towards(corner, from)
    const b = towards(corner, next)
    path += `L${round(a.x)},${round(a.y)}Q${round(corner.x)},${round(corner.y)} ${round(b.x)},${round(b.y)}`
    from = corner
  })
  return path
}

function samePoint(a: Point, b: Point): boolean {
  return Math.abs(a.x - b.x) < 0.5 && Math.abs(a.y - b.y) < 0.5
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function towards(corner: Point, other: Point): Point {
  const dx = other.x - corner.x
  const dy = other.y - corner.y
  const length = Math.hypot(dx, dy)
  const part = Math.min(RADIUS, length / 2) / (length || 1)
  return { x: corner.x + dx * part, y: corner.y + dy * part }
}

/**
 * From a pod's left side into the gap beside its column, down to the channel, along the Service's
 * lane and into the Service: never over another pod, and past rows of workers between their cards.
 */
export function endpointWire(
  layout: StageLayout,
  pod: Rect,
  service: Rect,
  lane: number,
): readonly Point[] {
  const lanes = lane % LANES
  const shift = (lanes - (LANES - 1) / 2) * 2
  const gap = pod.x - CELL_GAP / 2 + shift
  const level = layout.channelTop + 9 + lanes * 6
  const port = { x: service.x + service.width / 2, y: service.y }
  const start = { x: pod.x, y: pod.y + pod.height / 2 }
  const past = pastRows(layout.workerGrid, pod)
  const way = past
    ? [
        { x: gap, y: past.y + shift },
        { x: past.x + shift, y: past.y + shift },
        { x: past.x + shift, y: level },
      ]
    : [{ x: gap, y: level }]
  return [start, { x: gap, y: start.y }, ...way, { x: port.x, y: level }, port]
}

/** Under the pod's card and left of its column of cards, unless no row of workers is below. */
function pastRows({ left, pitch, bottoms }: WorkerGrid, pod: Rect): Point | undefined {
  const row = bottoms.findIndex((bottom) => pod.y < bottom)
  if (row < 0 || row === bottoms.length - 1) return undefined
  const column = Math.floor((pod.x - left) / pitch)
  return { x: left + column * pitch - GAP / 2, y: bottoms[row]! + GAP / 2 }
}

/**
 * From the lower edge of a machine to the upper edge of one in a row below it. To rows further down
 * it runs beside the cards, not behind them.
 */
export function downWire(from: Rect, to: Rect): readonly Point[] {
  const start = { x: centre(from).x, y: from.y + from.height }
  const end = { x: centre(to).x, y: to.y }
  const level = start.y + WIRE_ROW / 2
  if (end.y - start.y <= WIRE_ROW + 1) {
    return [start, { x: start.x, y: level }, { x: end.x, y: level }, end]
  }
  const beside = to.x - GAP / 2
  const above = end.y - GAP / 2
  return [
    start,
    { x: start.x, y: level },
    { x: beside, y: level },
    { x: beside, y: above },
    { x: end.x, y: above },
    end,
  ]
}

/** Straight between two machines of one row. */
export function acrossWire(from: Rect, to: Rect): readonly Point[] {
  return [
    { x: from.x + from.width, y: from.y + from.height / 2 },
    { x: to.x, y: to.y + to.height / 2 },
  ]
}
