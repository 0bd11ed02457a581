import { goQuote } from '../../machinery/go-text'

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const FIELDS: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  {
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
]
const DESCRIPTORS = [
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
]

/** What robfig/cron, which the server uses, says of a schedule; undefined when it is good. */
export function scheduleProblem(schedule: string): string | undefined {
  if (schedule.startsWith('@')) {
    if (DESCRIPTORS.includes(schedule)) return undefined
    if (schedule.startsWith('@every ')) {
      const duration = schedule.slice('@every '.length)
      if (/^([0-9.]+(ns|us|µs|ms|s|m|h))+$/.test(duration)) return undefined
      return `failed to parse duration ${schedule}: time: invalid duration ${goQuote(duration)}`
    }
    return `unrecognized descriptor: ${schedule}`
  }
  const fields = schedule.trim().split(/\s+/)
  if (fields.length !== FIELDS.length) {
    return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`
  }
  for (const [i, field] of fields.entries()) {
    for (const part of field.split(',')) {
      const problem = rangeProblem(part, FIELDS[i]!)
      if (problem) return problem
    }
  }
  return undefined
}

function rangeProblem(text: string, bounds: Bounds): string | undefined {
  const [range = '', step, ...more] = text.split('/')
  const [low = '', high, ...rest] = range.split('-')
  if (more.length > 0) return `too many slashes: ${text}`
  if (rest.length > 0) return `too many hyphens: ${text}`
  let start = bounds.min
  let end = bounds.max
  if (low !== '*' && low !== '?') {
    const first = parse(low, bounds)
    if (typeof first === 'string') return first
    const last = high === undefined ? first : parse(high, bounds)
    if (typeof last === 'string') return last
    start = first
    end = high === undefined && step !== undefined ? bounds.max : last
  }
  if (step !== undefined) {
    const by = parse(step, { min: 0, max: 0 })
    if (typeof by === 'string') return by
    if (by === 0) return `step of range should be a positive number: ${text}`
  }
  if (start < bounds.min) {
    return `beginning of range (${start}) below minimum (${bounds.min}): ${text}`
  }
  if (end > bounds.max) return `end of range (${end}) above maximum (${bounds.max}): ${text}`
  return start > end
    ? `beginning of range (${start}) beyond end of range (${end}): ${text}`
    : undefined
}

function parse(text: string, bounds: Bounds): number | string {
  const named = bounds.names?.indexOf(text.toLowerCase()) ?? -1
  if (named >= 0) return named + bounds.min
  if (/^\d+$/.test(text)) return Number(text)
  return `failed to parse int from ${text}: strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`
}
