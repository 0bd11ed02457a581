/** A number or text: ports, percentages. The types' own alias is `number | string`. */
export type IntOrString = number | string

const PERCENT = /^[0-9]+%$/

/** True for `25%`. */
export function isPercent(value: IntOrString): boolean {
  return typeof value === 'string' && PERCENT.test(value)
}

/**
 * The number that a value stands for, percentages taken of `total` and rounded as asked. Undefined
 * for text that is no percentage (Go: `invalid value for IntOrString: invalid type: string is not
 * a percentage`).
 */
export function scaledValue(
  value: IntOrString,
  total: number,
  round: 'up' | 'down',
): number | undefined {
  if (typeof value === 'number') return value
  if (!PERCENT.test(value)) return undefined
  const exact = (Number(value.slice(0, -1)) * total) / 100
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact)
}
