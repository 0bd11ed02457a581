/**
 * Kubernetes quantities (`100m`, `1.5Gi`, `2e3`), exact. A value is `mantissa × 10^exponent10`
 * units; the mantissa is a bigint because memory in nano-units leaves 2^53 quickly. The canonical
 * text follows Go's `resource.Quantity`: the largest suffix that leaves no fraction.
 */
export interface Quantity {
  readonly mantissa: bigint
  /** 0 or negative, at least -9: finer parts are rounded up at parsing. */
  readonly exponent10: number
  readonly format: 'DecimalSI' | 'BinarySI' | 'DecimalExponent'
}

/** The one message that Go has for text that is no quantity. */
const QUANTITY_FORMAT_MESSAGE =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

const QUANTITY_SUFFIX_MESSAGE = "unable to parse quantity's suffix"

const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?([a-zA-Z]*)([+-]?\d+)?$/

const DECIMAL: { readonly [suffix: string]: number } = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
}

const BINARY: { readonly [suffix: string]: number } = {
  Ki: 10,
  Mi: 20,
  Gi: 30,
  Ti: 40,
  Pi: 50,
  Ei: 60,
}

const SUFFIX_OF_EXPONENT: { readonly [exponent: number]: string } = {
  [-9]: 'n',
  [-6]: 'u',
  [-3]: 'm',
  0: '',
  3: 'k',
  6: 'M',
  9: 'G',
  12: 'T',
  15: 'P',
  18: 'E',
}

const MAX = (1n << 63n) - 1n

type ParsedQuantity =
  | { readonly ok: true; readonly quantity: Quantity }
  | { readonly ok: false; readonly error: string }

/** Parses text or a JSON number; whitespace is not trimmed. */
export function parseQuantity(value: string | number): ParsedQuantity {
  const text = String(value)
  const match = PATTERN.exec(text)
  if (match === null || (match[2] === '' && (match[3] ?? '') === '')) {
    return { ok: false, error: QUANTITY_FORMAT_MESSAGE }
  }
  const [, sign, whole = '', fraction = '', letters = '', power] = match
  if (/[^eEinumkKMGTP]/.test(letters)) return { ok: false, error: QUANTITY_FORMAT_MESSAGE }
  const scale = scaleOf(letters, power)
  if (scale === undefined) return { ok: false, error: QUANTITY_SUFFIX_MESSAGE }
  let mantissa = BigInt(whole + fraction || '0')
  let exponent10 = -fraction.length + scale.exponent10
  mantissa <<= BigInt(scale.exponent2)
  if (exponent10 > 0) {
    mantissa *= 10n ** BigInt(exponent10)
    exponent10 = 0
  }
  if (exponent10 < -9) {
    mantissa = divideUp(mantissa, 10n ** BigInt(-9 - exponent10))
    exponent10 = -9
  }
  const limit = exponent10 === 0 ? MAX : MAX * 10n ** BigInt(-exponent10)
  if (mantissa > limit) mantissa = limit
  return {
    ok: true,
    quantity: reduce(sign === '-' ? -mantissa : mantissa, exponent10, scale.format),
  }
}

function scaleOf(
  letters: string,
  power: string | undefined,
): { exponent10: number; exponent2: number; format: Quantity['format'] } | undefined {
  if (power !== undefined) {
    if (letters !== 'e' && letters !== 'E') return undefined
    return { exponent10: Number(power), exponent2: 0, format: 'DecimalExponent' }
  }
  const exponent2 = Object.hasOwn(BINARY, letters) ? BINARY[letters] : undefined
  if (exponent2 !== undefined) return { exponent10: 0, exponent2, format: 'BinarySI' }
  const exponent10 = Object.hasOwn(DECIMAL, letters) ? DECIMAL[letters] : undefined
  if (exponent10 === undefined) return undefined
  return { exponent10, exponent2: 0, format: 'DecimalSI' }
}

function divideUp(value: bigint, by: bigint): bigint {
  const down = value / by
  return down * by === value ? down : down + 1n
}

function reduce(mantissa: bigint, exponent10: number, format: Quantity['format']): Quantity {
  let m = mantissa
  let e = exponent10
  while (e < 0 && m % 10n === 0n) {
    m /= 10n
    e += 1
  }
  return { mantissa: m, exponent10: m === 0n ? 0 : e, format }
}

/** The canonical text. */
export function formatQuantity(quantity: Quantity): string {
  const { mantissa, exponent10, format } = quantity
  if (mantissa === 0n) return '0'
  const size = mantissa < 0n ? -mantissa : mantissa
  if (format === 'BinarySI' && exponent10 === 0 && size >= 1024n) return formatBinary(mantissa)
  const shownAsDecimal = format === 'DecimalExponent' ? 'DecimalExponent' : 'DecimalSI'
  return formatDecimal(mantissa, exponent10, shownAsDecimal)
}

function formatBinary(value: bigint): string {
  let rest = value
  let step = 0
  while (step < 6 && rest % 1024n === 0n) {
    rest /= 1024n
    step += 1
  }
  return `${rest}${['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'][step]}`
}

function formatDecimal(
  mantissa: bigint,
  exponent10: number,
  format: 'DecimalSI' | 'DecimalExponent',
): string {
  let m = mantissa
  let e = exponent10
  while (m % 10n === 0n) {
    m /= 10n
    e += 1
  }
  while (e % 3 !== 0 || e > 18) {
    m *= 10n
    e -= 1
  }
  if (format === 'DecimalExponent') return e === 0 ? `${m}` : `${m}e${e}`
  return `${m}${SUFFIX_OF_EXPONENT[e]}`
}

const canonical = new Map<string, string>()
const CANONICAL_MAX = 4096

/** The canonical text of a quantity's text, or undefined when it is none. Remembers what it saw. */
export function canonicalQuantity(value: string | number): string | undefined {
  const key = String(value)
  const known = canonical.get(key)
  if (known !== undefined) return known
  const parsed = parseQuantity(key)
  if (!parsed.ok) return undefined
  const text = formatQuantity(parsed.quantity)
  if (canonical.size >= CANONICAL_MAX) canonical.clear()
  canonical.set(key, text)
  return text
}

/** Parses text that validation has already seen; throws on anything else. */
export function mustQuantity(value: string | number): Quantity {
  const parsed = parseQuantity(value)
  if (!parsed.ok) throw new Error(`not a quantity: ${value}`)
  return parsed.quantity
}

/** -1, 0 or 1. */
export function compareQuantity(a: Quantity, b: Quantity): number {
  const [x, y] = align(a, b)
  return x < y ? -1 : x > y ? 1 : 0
}

/** The sum, printed in the format of the first operand unless that is zero. */
export function addQuantity(a: Quantity, b: Quantity): Quantity {
  const [x, y, exponent10] = align(a, b)
  return reduce(x + y, exponent10, a.mantissa === 0n ? b.format : a.format)
}

/** The difference, printed in the format of the first operand unless that is zero. */
export function subtractQuantity(a: Quantity, b: Quantity): Quantity {
  const [x, y, exponent10] = align(a, b)
  return reduce(x - y, exponent10, a.mantissa === 0n ? b.format : a.format)
}

function align(a: Quantity, b: Quantity): readonly [bigint, bigint, number] {
  if (a.exponent10 === b.exponent10) return [a.mantissa, b.mantissa, a.exponent10]
  const exponent10 = Math.min(a.exponent10, b.exponent10)
  return [
    a.mantissa * 10n ** BigInt(a.exponent10 - exponent10),
    b.mantissa * 10n ** BigInt(b.exponent10 - exponent10),
    exponent10,
  ]
}

/** The value in whole units, rounded away from zero, as Go's `Value()`. Exact up to 2^53. */
export function quantityValue(quantity: Quantity): number {
  return scaled(quantity, 0)
}

/** The value in thousandths, rounded away from zero, as Go's `MilliValue()`. */
export function quantityMilliValue(quantity: Quantity): number {
  return scaled(quantity, -3)
}

function scaled(quantity: Quantity, exponent10: number): number {
  const shift = quantity.exponent10 - exponent10
  if (shift >= 0) return Number(quantity.mantissa * 10n ** BigInt(shift))
  const by = 10n ** BigInt(-shift)
  const { mantissa } = quantity
  return Number(mantissa < 0n ? -divideUp(-mantissa, by) : divideUp(mantissa, by))
}

/** A quantity of whole units, for example bytes. */
export function quantityOf(value: number, format: Quantity['format'] = 'DecimalSI'): Quantity {
  return reduce(BigInt(Math.trunc(value)), 0, format)
}
