import { type FieldError, invalid, type Path } from '../../machinery/field'
import { ipFamily } from '../../machinery/names'

/**
 * An address that may stand in Endpoints, EndpointSlices and externalIPs: not unspecified,
 * loopback or link-local.
 */
export function checkNonSpecialIP(ip: string, path: Path, errors: FieldError[]): void {
  const family = ipFamily(ip)
  if (family === undefined) {
    errors.push(invalid(path, ip, 'must be a valid IP address'))
    return
  }
  const detail = family === 4 ? special4(ip) : special6(ip)
  if (detail) errors.push(invalid(path, ip, detail))
}

const LOOPBACK = 'may not be in the loopback range (127.0.0.0/8, ::1/128)'
const LINK_LOCAL = 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'
const MULTICAST = 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'

function special4(ip: string): string | undefined {
  if (ip === '0.0.0.0') return `may not be unspecified (${ip})`
  if (ip.startsWith('127.')) return LOOPBACK
  if (ip.startsWith('169.254.')) return LINK_LOCAL
  return ip.startsWith('224.0.0.') ? MULTICAST : undefined
}

function special6(ip: string): string | undefined {
  const lower = ip.toLowerCase()
  if (/^[0:]+$/.test(lower)) return `may not be unspecified (${ip})`
  if (/^[0:]*:0*1$/.test(lower)) return LOOPBACK
  if (/^fe[89ab][0-9a-f]:/.test(lower)) return LINK_LOCAL
  return /^ff[0-9a-f]2:/.test(lower) ? MULTICAST : undefined
}
