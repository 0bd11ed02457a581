/** The address as a number, or undefined when the text is none. */
export function parseIpv4(text: string): number | undefined {
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

export function formatIpv4(value: number): string {
  const part = (shift: number) => Math.floor(value / shift) % 256
  return `${part(0x1_00_00_00)}.${part(0x1_00_00)}.${part(0x1_00)}.${part(1)}`
}

/** A range of addresses: its first one and how many there are. */
export interface Cidr {
  readonly first: number
  readonly size: number
}

export function parseCidr(text: string): Cidr | undefined {
  const [address = '', bits = ''] = text.split('/')
  const value = parseIpv4(address)
  const length = Number(bits)
  if (value === undefined || !/^\d+$/.test(bits) || length > 32) return undefined
  const size = 2 ** (32 - length)
  return { first: Math.floor(value / size) * size, size }
}
