import { type Cidr, parseCidr } from '../../api/machinery/ipv4'
import { assert } from '../../sim/assert'

/** An IPv4 network as numbers. */
export interface AddressRange extends Cidr {
  readonly bits: number
}

/** `10.96.0.0/16`; a bad one is a mistake of whoever configured the server. */
export function parseRange(cidr: string): AddressRange {
  const range = parseCidr(cidr)
  const bits = Number(cidr.slice(cidr.indexOf('/') + 1))
  assert(range && bits >= 8 && bits <= 30, `bad service CIDR ${cidr}`)
  return { ...range, bits }
}
