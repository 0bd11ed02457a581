/** `00:07:42.3` from virtual microseconds; days in front when there are any. */
export function clockText(micros: number, digits = 1): string {
  const total = Math.max(0, Math.floor(micros / 1000))
  const days = Math.floor(total / 86_400_000)
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = two(Math.floor(total / 3_600_000) % 24)
  const minutes = two(Math.floor(total / 60_000) % 60)
  const seconds = two(Math.floor(total / 1000) % 60)
  const fraction = String(total % 1000)
    .padStart(3, '0')
    .slice(0, digits)
  const text = `${hours}:${minutes}:${seconds}`
  return `${days > 0 ? `${days} d ` : ''}${text}${digits > 0 ? `.${fraction}` : ''}`
}

/** Virtual microseconds of a timestamp in an object; undefined when it has none. */
export function microsOf(timestamp: string | undefined, epochMs: number): number | undefined {
  if (!timestamp) return undefined
  const ms = Date.parse(timestamp)
  return Number.isNaN(ms) ? undefined : (ms - epochMs) * 1000
}

/** `3 s`, `4 min 5 s`, `2 h 3 min`, `1 d 4 h`: two units at most. */
export function durationText(micros: number): string {
  const seconds = Math.max(0, Math.round(micros / 1_000_000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return join(minutes, 'min', seconds % 60, 's')
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return join(hours, 'h', minutes % 60, 'min')
  return join(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function join(a: number, unitA: string, b: number, unitB: string): string {
  return b === 0 ? `${a} ${unitA}` : `${a} ${unitA} ${b} ${unitB}`
}
