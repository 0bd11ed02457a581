import { formatTime } from '../../api/machinery/time'
import { type Micros, minutes, seconds } from '../../sim/time'

/** When a cron expression is due, in UTC. */
export interface Schedule {
  /** The first due time after `time`, microseconds since 1970; undefined when there is none soon. */
  next(time: Micros): Micros | undefined
}

interface Field {
  readonly low: number
  readonly high: number
  readonly names?: readonly string[]
}

const monthNames = ['', ...'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')]
const dayNames = 'sun mon tue wed thu fri sat'.split(' ')
const fields: readonly Field[] = [
  { low: 0, high: 59 },
  { low: 0, high: 23 },
  { low: 1, high: 31 },
  { low: 1, high: 12, names: monthNames },
  { low: 0, high: 6, names: dayNames },
]
const descriptors: { readonly [name: string]: string } = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
const day: Micros = minutes(24 * 60)
/** A date like 30 February never comes: the search ends after five years. */
const daysAheadMax = 5 * 366

/** Five fields, a name such as `@daily`, or `@every 1h30m`; undefined when it cannot be read. */
export function parseSchedule(text: string): Schedule | undefined {
  const every = /^@every ((?:\d+[hms])+)$/.exec(text)
  if (every) return intervalSchedule(durationOf(every[1] as string))
  const parts = (descriptors[text] ?? text).trim().split(/\s+/)
  if (parts.length !== fields.length) return undefined
  const sets = parts.map((part, i) => valuesOf(part, fields[i] as Field))
  if (sets.some((set) => set === undefined)) return undefined
  const [minute, hour, dayOfMonth, month, weekday] = sets as [Set5, Set5, Set5, Set5, Set5]
  const isAnyDay = isStar(parts[2] as string) || isStar(parts[4] as string)
  const isDay = (time: Micros): boolean => {
    const [, monthText, dayText] = formatTime(time).slice(0, 10).split('-')
    if (!month.has(Number(monthText))) return false
    const inMonth = dayOfMonth.has(Number(dayText))
    const inWeek = weekday.has((Math.floor(time / day) + 4) % 7)
    return isAnyDay ? inMonth && inWeek : inMonth || inWeek
  }
  return {
    next(time) {
      let start = (Math.floor(time / minutes(1)) + 1) * minutes(1)
      for (let i = 0; i < daysAheadMax; i++) {
        const midnight = Math.floor(start / day) * day
        const due = isDay(midnight) ? withinDay(start, midnight, hour, minute) : undefined
        if (due !== undefined) return due
        start = midnight + day
      }
      return undefined
    },
  }
}

type Set5 = ReadonlySet<number>

function withinDay(start: Micros, midnight: Micros, hours: Set5, inHour: Set5): Micros | undefined {
  for (let time = start; time < midnight + day; time += minutes(1)) {
    const minuteOfDay = Math.floor((time - midnight) / minutes(1))
    if (hours.has(Math.floor(minuteOfDay / 60)) && inHour.has(minuteOfDay % 60)) return time
  }
  return undefined
}

const isStar = (part: string): boolean => /^[*?]/.test(part)

function valuesOf(part: string, field: Field): Set5 | undefined {
  const values = new Set<number>()
  for (const piece of part.split(',')) {
    const [range = '', stepText] = piece.split('/')
    const step = stepText === undefined ? 1 : Number(stepText)
    if (!Number.isInteger(step) || step < 1) return undefined
    const ends = range.split('-')
    let [low, high] = [field.low, field.high]
    if (!isStar(range)) {
      low = numberOf(ends[0] ?? '', field)
      high = ends.length > 1 ? numberOf(ends[1] ?? '', field) : stepText ? field.high : low
    }
    if (!(low >= field.low && high <= field.high && low <= high) || ends.length > 2)
      return undefined
    for (let value = low; value <= high; value += step) values.add(value)
  }
  return values
}

function numberOf(text: string, { names }: Field): number {
  const named = names?.indexOf(text.toLowerCase()) ?? -1
  if (named >= 0 && text !== '') return named
  return /^\d+$/.test(text) ? Number(text) : Number.NaN
}

function durationOf(text: string): Micros {
  let total = 0
  for (const [, count, unit] of text.matchAll(/(\d+)([hms])/g)) {
    total += Number(count) * (unit === 'h' ? minutes(60) : unit === 'm' ? minutes(1) : seconds(1))
  }
  return total
}

function intervalSchedule(interval: Micros): Schedule | undefined {
  if (interval < seconds(1)) return undefined
  return { next: (time) => Math.floor(time / seconds(1)) * seconds(1) + interval }
}
