import { assert } from '../../sim/assert'

/** An IPv4 network as numbers. */
export interface AddressRange {
  readonly first: number
  readonly size: number
  readonly bits: number
}

/** A dotted IPv4 address as a number below 2³², or undefined. */
export function parseAddress(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (!match) return undefined
  let value = 0
  for (let i = 1; i <= 4; i++) {
    const part = Number(match[i])
    if (part > 255) return undefined
    value = value * 256 + part
  }
  return value
}

export function addressText(value: number): string {
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256)
  return parts.join('.')
}

/** `10.96.0.0/16`; a bad one is a mistake of whoever configured the server. */
export function parseRange(cidr: string): AddressRange {
  const [address = '', prefix = ''] = cidr.split('/')
  const first = parseAddress(address)
  const bits = Number(prefix)
  assert(first !== undefined && bits >= 8 && bits <= 30, `bad service CIDR ${cidr}`)
  const size = 2 ** (32 - bits)
  return { first: first - (first % size), size, bits }
}
