import type { Rect } from './rect'
import { cellsByPlace, type Seats } from './slots'

/** The place of pods that have no node. */
export const WAITING = 'waiting'

export interface StageInput {
  /** The window's pixels that the stage may fill. */
  readonly width: number
  readonly height: number
  readonly clients: readonly string[]
  readonly balancers: readonly string[]
  readonly masters: readonly string[]
  readonly workers: readonly string[]
  /** Service keys in the order shown. */
  readonly services: readonly string[]
  readonly seats: Seats
}

/** Where the rows and columns of worker cards are, for wires that run between them. */
export interface WorkerGrid {
  readonly left: number
  /** From one card's left edge to the next one's. */
  readonly pitch: number
  /** Lower edge of each row, from the top. */
  readonly bottoms: readonly number[]
}

export interface StageLayout {
  /** Size of the whole; `scale` makes it fit the window. */
  readonly width: number
  readonly height: number
  readonly scale: number
  readonly machines: ReadonlyMap<string, Rect>
  /** Room for the Deployments, beside the balancers. */
  readonly workloads: Rect
  readonly waiting: Rect
  /** Cells of pods by key; those that found no room in the waiting area are left out. */
  readonly pods: ReadonlyMap<string, Rect>
  readonly services: ReadonlyMap<string, Rect>
  readonly workerGrid: WorkerGrid
  /** Top of the channel in which wires run to the Services. */
  readonly channelTop: number
  /** Pods that wait and are not shown as cells. */
  readonly waitingHidden: number
}

export const MARGIN = 14
export const GAP = 12
const TOP_ROW = 36
export const WIRE_ROW = 26
const CELL_HEIGHT = 28
export const CELL_GAP = 10
const CELL_ROW_GAP = 6
const CELL_WIDTH_MIN = 100
const CELL_WIDTH_WIDE = 128
const MASTER_HEAD = 104
const MASTER_WIDTH_MIN = 188
const WORKER_HEAD = 62
const WORKER_WIDTH_MIN = 196
const WORKER_HEIGHT_MIN = 104
const CARD_PADDING = 12
const CARD_WIDTH_MAX = 520
const CHANNEL = 36
const SERVICE_HEIGHT = 34
const SERVICE_WIDTH_MIN = 180
const WAITING_LABEL = 150
const WAITING_ROWS_MAX = 2
const WAITING_LEAST = 44 + GAP
const SCALE_MAX = 1.4
const COMFORT_WIDTH = 900
const COMFORT_HEIGHT = 640

/** Places everything; the same input gives the same places, and nothing overlaps. */
export function layOut(input: StageInput): StageLayout {
  const columns = chooseColumns(input)
  const cells = cellsByPlace(input.seats)
  const at = (scale: number) => layOutAt(input, columns, cells, scale)
  const fits = (layout: StageLayout) => layout.height * layout.scale <= input.height + 1
  let layout = at(columns.scale)
  if (!fits(layout)) {
    let low = layout.scale / 2
    let high = layout.scale
    while (!fits(at(low))) {
      high = low
      low /= 2
    }
    for (let round = 0; round < SEARCH_ROUNDS; round += 1) {
      const middle = (low + high) / 2
      if (fits(at(middle))) low = middle
      else high = middle
    }
    layout = at(low)
  }
  return { ...layout, scale: Math.min(input.width / layout.width, input.height / layout.height) }
}

interface Columns {
  readonly masters: number
  readonly workers: number
  readonly scale: number
}

const COLUMNS_MAX = 64
const SEARCH_ROUNDS = 6

/**
 * The numbers of columns with which the stage is shown largest. Pods do not count here, so that
 * machines stay in place while pods come and go.
 */
function chooseColumns(input: StageInput): Columns {
  const masters = Math.max(1, input.masters.length)
  const workers = Math.max(1, input.workers.length)
  const roomy = Math.min(input.width / COMFORT_WIDTH, input.height / COMFORT_HEIGHT)
  const enough = Math.min(SCALE_MAX, Math.max(1, roomy))
  let best: Columns = { masters, workers, scale: 0 }
  const candidates = evenColumns(workers)
  for (const m of evenColumns(masters)) {
    for (const w of candidates) {
      const width = Math.max(rowWidth(m, MASTER_WIDTH_MIN), rowWidth(w, WORKER_WIDTH_MIN))
      const height = leastHeight(input, width, Math.ceil(masters / m), Math.ceil(workers / w))
      const scale = Math.min(enough, input.width / width, input.height / height)
      if (scale > best.scale + 0.001) best = { masters: m, workers: w, scale }
    }
  }
  return best
}

/** Numbers of columns, largest first, without those that leave a row emptier than it need be. */
function evenColumns(count: number): readonly number[] {
  const columns: number[] = []
  for (let c = Math.min(count, COLUMNS_MAX); c >= 1; c -= 1) {
    if (Math.ceil(count / Math.ceil(count / c)) === c) columns.push(c)
  }
  return columns
}

function rowWidth(columns: number, cardWidth: number): number {
  return columns * (cardWidth + GAP) - GAP + 2 * MARGIN
}

function leastHeight(
  input: StageInput,
  width: number,
  masterRows: number,
  workerRows: number,
): number {
  const cards = masterRows * (MASTER_HEAD + GAP) + workerRows * (WORKER_HEIGHT_MIN + GAP)
  const rest = MARGIN + TOP_ROW + WIRE_ROW + WAITING_LEAST + CHANNEL + MARGIN
  return rest + cards + servicesHeight(input.services.length, Math.max(width, input.width))
}

function layOutAt(
  input: StageInput,
  columns: Columns,
  cells: ReadonlyMap<string, number>,
  scale: number,
): StageLayout {
  const tall = input.height / scale
  const width = Math.max(
    input.width / scale,
    rowWidth(columns.masters, MASTER_WIDTH_MIN),
    rowWidth(columns.workers, WORKER_WIDTH_MIN),
  )
  const machines = new Map<string, Rect>()
  let y = MARGIN
  placeTopRow(input, width, y, machines)
  y += TOP_ROW + WIRE_ROW
  y = placeRows(input.masters, columns.masters, { y, width, cells, head: MASTER_HEAD }, machines)
  const waiting = placeWaiting(cells.get(WAITING) ?? 0, width, y)
  y += waiting.rect.height + GAP
  const below = CHANNEL + servicesHeight(input.services.length, width) + MARGIN
  const rows = Math.ceil(input.workers.length / columns.workers)
  const rowHeight = (tall - y - below - GAP * (rows - 1)) / Math.max(1, rows)
  const minHeight = Math.max(WORKER_HEIGHT_MIN, Math.floor(rowHeight))
  const place = { y, width, cells, head: WORKER_HEAD, minHeight }
  y = placeRows(input.workers, columns.workers, place, machines) - GAP
  return {
    width,
    height: y + below,
    scale,
    machines,
    workloads: placeWorkloads(input, width, machines),
    waiting: waiting.rect,
    waitingHidden: waiting.hidden,
    pods: placePods(input, machines, waiting),
    services: placeServices(input.services, width, y + CHANNEL),
    workerGrid: gridOf(input.workers, columns.workers, machines),
    channelTop: y,
  }
}

function gridOf(
  ids: readonly string[],
  columns: number,
  machines: ReadonlyMap<string, Rect>,
): WorkerGrid {
  const first = machines.get(ids[0] ?? '')
  if (!first) return { left: 0, pitch: 1, bottoms: [] }
  const bottoms: number[] = []
  for (let start = 0; start < ids.length; start += columns) {
    const card = machines.get(ids[start]!)!
    bottoms.push(card.y + card.height)
  }
  return { left: first.x, pitch: first.width + GAP, bottoms }
}

function placeTopRow(
  input: StageInput,
  width: number,
  y: number,
  machines: Map<string, Rect>,
): void {
  const clientWidth = 104
  input.clients.forEach((id, index) => {
    const x = MARGIN + index * (clientWidth + GAP)
    machines.set(id, { x, y, width: clientWidth, height: TOP_ROW })
  })
  const wide = Math.min(286, width - 2 * (MARGIN + clientWidth + 2 * GAP))
  const start = (width - input.balancers.length * (wide + GAP) + GAP) / 2
  input.balancers.forEach((id, index) => {
    machines.set(id, { x: start + index * (wide + GAP), y, width: wide, height: TOP_ROW })
  })
}

function placeWorkloads(
  input: StageInput,
  width: number,
  machines: ReadonlyMap<string, Rect>,
): Rect {
  const last = machines.get(input.balancers.at(-1) ?? '')
  const x = last ? last.x + last.width + 2 * GAP : width / 2
  return { x, y: MARGIN, width: width - MARGIN - x, height: TOP_ROW }
}

interface Rows {
  readonly y: number
  readonly width: number
  readonly cells: ReadonlyMap<string, number>
  readonly head: number
  readonly minHeight?: number
}

/** Cards in rows of equal height; answers the y below them. */
function placeRows(
  ids: readonly string[],
  columns: number,
  rows: Rows,
  machines: Map<string, Rect>,
): number {
  const wide = Math.min(CARD_WIDTH_MAX, (rows.width - 2 * MARGIN + GAP) / columns - GAP)
  const left = (rows.width - columns * (wide + GAP) + GAP) / 2
  let y = rows.y
  for (let start = 0; start < ids.length; start += columns) {
    const row = ids.slice(start, start + columns)
    const most = Math.max(...row.map((id) => rows.cells.get(id) ?? 0))
    const lines = Math.ceil(most / podColumns(wide))
    const needed = rows.head + cellsHeight(lines)
    const height = Math.max(needed, rows.minHeight ?? 0)
    row.forEach((id, index) => {
      machines.set(id, { x: left + index * (wide + GAP), y, width: wide, height })
    })
    y += height + GAP
  }
  return y
}

function cellsHeight(lines: number): number {
  return lines === 0 ? 0 : lines * (CELL_HEIGHT + CELL_ROW_GAP) + CARD_PADDING - CELL_ROW_GAP
}

/** How many cells stand side by side in a card of this width. */
export function podColumns(cardWidth: number): number {
  const inner = cardWidth - 2 * CARD_PADDING + CELL_GAP
  const narrow = Math.floor(inner / (CELL_WIDTH_MIN + CELL_GAP))
  const wide = Math.floor(inner / (CELL_WIDTH_WIDE + CELL_GAP))
  return Math.max(1, wide >= 3 ? wide : Math.min(2, narrow))
}

interface WaitingPlace {
  readonly rect: Rect
  readonly columns: number
  readonly cellWidth: number
  readonly shown: number
  readonly hidden: number
}

function placeWaiting(count: number, width: number, y: number): WaitingPlace {
  const inner = width - 2 * MARGIN
  const cellWidth = 116
  const forCells = Math.max(cellWidth, (inner - WAITING_LABEL) * (count > 3 ? 0.72 : 0.5))
  const columns = Math.max(1, Math.floor(forCells / (cellWidth + CELL_GAP)))
  const lines = Math.min(WAITING_ROWS_MAX, Math.max(1, Math.ceil(count / columns)))
  const shown = Math.min(count, lines * columns)
  const height = lines * (CELL_HEIGHT + CELL_ROW_GAP) - CELL_ROW_GAP + 16
  const rect = { x: MARGIN, y, width: inner, height }
  return { rect, columns, cellWidth, shown, hidden: count - shown }
}

function serviceColumns(width: number): number {
  return Math.max(1, Math.floor((width - 2 * MARGIN + GAP) / (SERVICE_WIDTH_MIN + GAP)))
}

function servicesHeight(count: number, width: number): number {
  const rows = Math.max(1, Math.ceil(count / serviceColumns(width)))
  return rows * (SERVICE_HEIGHT + 8) - 8
}

function placeServices(keys: readonly string[], width: number, y: number): Map<string, Rect> {
  const columns = serviceColumns(width)
  const used = Math.min(columns, Math.max(1, keys.length))
  const wide = Math.min(300, (width - 2 * MARGIN + GAP) / used - GAP)
  const services = new Map<string, Rect>()
  keys.forEach((key, index) => {
    const x = MARGIN + (index % columns) * (wide + GAP)
    const top = y + Math.floor(index / columns) * (SERVICE_HEIGHT + 8)
    services.set(key, { x, y: top, width: wide, height: SERVICE_HEIGHT })
  })
  return services
}

function placePods(
  input: StageInput,
  machines: ReadonlyMap<string, Rect>,
  waiting: WaitingPlace,
): Map<string, Rect> {
  const masters = new Set(input.masters)
  const pods = new Map<string, Rect>()
  for (const [key, { place, slot }] of input.seats) {
    if (place === WAITING) {
      if (slot < waiting.shown) pods.set(key, waitingCell(waiting, slot))
      continue
    }
    const card = machines.get(place)
    if (!card) continue
    pods.set(key, cellIn(card, slot, masters.has(place) ? MASTER_HEAD : WORKER_HEAD))
  }
  return pods
}

function cellIn(card: Rect, slot: number, head: number): Rect {
  const columns = podColumns(card.width)
  const width = (card.width - 2 * CARD_PADDING + CELL_GAP) / columns - CELL_GAP
  return {
    x: card.x + CARD_PADDING + (slot % columns) * (width + CELL_GAP),
    y: card.y + head + Math.floor(slot / columns) * (CELL_HEIGHT + CELL_ROW_GAP),
    width,
    height: CELL_HEIGHT,
  }
}

function waitingCell(waiting: WaitingPlace, slot: number): Rect {
  const { rect, columns, cellWidth } = waiting
  return {
    x: rect.x + WAITING_LABEL + (slot % columns) * (cellWidth + CELL_GAP),
    y: rect.y + 8 + Math.floor(slot / columns) * (CELL_HEIGHT + CELL_ROW_GAP),
    width: cellWidth,
    height: CELL_HEIGHT,
  }
}

/** Where the sentence about the waiting pods may stand. */
export function waitingTextStart(layout: StageLayout, waitingKeys: readonly string[]): number {
  let end = layout.waiting.x + WAITING_LABEL
  for (const key of waitingKeys) {
    const cell = layout.pods.get(key)
    if (cell) end = Math.max(end, cell.x + cell.width + CELL_GAP)
  }
  return end
}
