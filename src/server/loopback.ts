import type { IncomingMessage } from 'node:http'

const loopbackNames = new Set(['127.0.0.1', 'localhost', '[::1]'])

function hostOf(authority: string): string {
  if (authority.startsWith('[')) return authority.slice(0, authority.indexOf(']') + 1)
  return authority.replace(/:\d+$/, '')
}

/**
 * Why a request is refused, if it is. A page from elsewhere reaches a loopback port either with its
 * own Origin or, by rebinding its name, with its own Host: both must be this machine's. Images and
 * scripts come without an Origin, but today's browsers say where from; a link may be followed.
 */
export function strangerReason(
  request: Pick<IncomingMessage, 'headers' | 'method'>,
): string | undefined {
  const { host, origin } = request.headers
  if (!host || !loopbackNames.has(hostOf(host).toLowerCase())) {
    return `Host "${host ?? ''}" is not this machine: use http://127.0.0.1`
  }
  const site = request.headers['sec-fetch-site']
  const isLink = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET'
  if (!isLink && (site === 'cross-site' || site === 'same-site')) {
    return `A page of another site may not use this cluster (Sec-Fetch-Site: ${site})`
  }
  if (origin === undefined) return undefined
  const from = /^https?:\/\/(.+)$/.exec(origin)?.[1]
  if (from === host) return undefined
  return `Origin "${origin}" may not use this cluster`
}
