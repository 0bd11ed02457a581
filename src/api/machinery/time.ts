import { goQuote } from './go-text'

const DAYS_PER_ERA = 146_097
const SECONDS_PER_DAY = 86_400

/** Days since 1970-01-01 of a date in the proleptic Gregorian calendar; `month` counts from 1. */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * DAYS_PER_ERA + dayOfEra - 719_468
}

function dateOf(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / DAYS_PER_ERA)
  const dayOfEra = shifted - era * DAYS_PER_ERA
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

let lastSecond = Number.NaN
let lastText = ''

function dateTime(epochSeconds: number): string {
  if (epochSeconds === lastSecond) return lastText
  const days = Math.floor(epochSeconds / SECONDS_PER_DAY)
  const rest = epochSeconds - days * SECONDS_PER_DAY
  const { year, month, day } = dateOf(days)
  const clock = `${pad(Math.floor(rest / 3600), 2)}:${pad(Math.floor(rest / 60) % 60, 2)}:${pad(rest % 60, 2)}`
  lastSecond = epochSeconds
  lastText = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${clock}`
  return lastText
}

/** `2026-11-20T08:52:13Z`: a metav1.Time. Fractions of a second are cut off, as Kubernetes does. */
export function formatTime(epochMicros: number): string {
  return `${dateTime(Math.floor(epochMicros / 1_000_000))}Z`
}

/** `2026-11-20T08:52:13.000250Z`: a metav1.MicroTime. */
export function formatMicroTime(epochMicros: number): string {
  const seconds = Math.floor(epochMicros / 1_000_000)
  return `${dateTime(seconds)}.${pad(epochMicros - seconds * 1_000_000, 6)}Z`
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/

/** Microseconds since 1970 of an RFC 3339 time, or undefined. Finer fractions are cut off. */
export function parseTime(text: string): number | undefined {
  if (text === lastParsed) return lastMicros
  const micros = readTime(text)
  if (micros === undefined) return undefined
  lastParsed = text
  lastMicros = micros
  return micros
}

let lastParsed = ''
let lastMicros = 0

function readTime(text: string): number | undefined {
  const match = RFC3339.exec(text)
  if (match === null) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const micros = match[7] === undefined ? 0 : Number(match[7].padEnd(6, '0').slice(0, 6))
  const zone = match[8]!
  let offset = 0
  if (zone !== 'Z') {
    offset = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60
    if (zone.startsWith('-')) offset = -offset
  }
  const seconds =
    daysOf(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset
  return seconds * 1_000_000 + micros
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

const LAYOUT: readonly (readonly [pattern: RegExp, layout: string])[] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d\d/, '01'],
  [/^-/, '-'],
  [/^\d\d/, '02'],
  [/^T/, 'T'],
  [/^\d\d/, '15'],
  [/^:/, ':'],
  [/^\d\d/, '04'],
  [/^:/, ':'],
  [/^\d\d(?:[.,]\d+)?/, '05'],
  [/^(?:Z|[+-]\d\d:\d\d)/, 'Z07:00'],
]

/** What Go's `time.Parse` says of text that `parseTime` refused. */
export function timeError(text: string, layout: string): string {
  const head = `parsing time ${goQuote(text)}`
  let rest = text
  for (const [pattern, part] of LAYOUT) {
    const match = pattern.exec(rest)
    if (match === null)
      return `${head} as ${goQuote(layout)}: cannot parse ${goQuote(rest)} as ${goQuote(part)}`
    rest = rest.slice(match[0].length)
  }
  if (rest !== '') return `${head}: extra text: ${goQuote(rest)}`
  const month = Number(text.slice(5, 7))
  if (month < 1 || month > 12) return `${head}: month out of range`
  if (Number(text.slice(11, 13)) > 23) return `${head}: hour out of range`
  if (Number(text.slice(14, 16)) > 59) return `${head}: minute out of range`
  if (Number(text.slice(17, 19)) > 59) return `${head}: second out of range`
  return `${head}: day out of range`
}

/** Go layouts of the two kinds of time. */
export const TIME_LAYOUT = '2006-01-02T15:04:05Z07:00'
export const MICRO_TIME_LAYOUT = '2006-01-02T15:04:05.000000Z07:00'

/**
 * A duration as kubectl's AGE column prints it: `45s`, `3m20s`, `12m`, `3h5m`, `2d4h`, `150d`,
 * `2y10d`. More than two seconds below zero is `<invalid>`.
 */
export function humanDuration(micros: number): string {
  const seconds = Math.trunc(micros / 1_000_000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return withRest(days, 'd', hours % 24, 'h')
  if (days < 730) return `${days}d`
  const years = Math.floor(days / 365)
  if (days < 365 * 8) return withRest(years, 'y', days % 365, 'd')
  return `${years}y`
}

function withRest(value: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${value}${unit}` : `${value}${unit}${rest}${restUnit}`
}
