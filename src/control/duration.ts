import type { Micros } from '../sim/time'

const unitMicros: { readonly [unit: string]: number } = {
  ns: 0.001,
  us: 1,
  // Both signs that look like this one, as in Go: micro and the Greek letter.
  '\u00b5s': 1,
  '\u03bcs': 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
}

/** The longest stretch of virtual time one command may ask for. */
export const durationMax: Micros = 30 * 24 * 3_600_000_000

/**
 * Go's duration text (`1h30m`, `500ms`, `.5s`, `0`), rounded to microseconds. `undefined` when it
 * is none, or negative, or longer than `durationMax`.
 */
export function parseDuration(text: string): Micros | undefined {
  if (text === '0') return 0
  const part = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/gy
  let total = 0
  let end = 0
  for (let match = part.exec(text); match; match = part.exec(text)) {
    total += Number(match[1]) * (unitMicros[match[2] as string] as number)
    end = part.lastIndex
  }
  if (text === '' || end !== text.length || total > durationMax) return undefined
  return Math.round(total)
}
