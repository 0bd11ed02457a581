import type { IncomingMessage } from 'node:http'

const loopbackNames = new Set(['127.0.0.1', 'localhost', '[::1]', '::1'])

function hostOf(authority: string): string {
  if (authority.startsWith('[')) return authority.slice(0, authority.indexOf(']') + 1)
  return authority.replace(/:\d+$/, '')
}

/**
 * Why a request is refused, if it is. A page from elsewhere reaches a loopback port either with its
 * own Origin or, by rebinding its name, with its own Host: both must be this machine's.
 */
export function strangerReason(request: IncomingMessage): string | undefined {
  const { host, origin } = request.headers
  if (!host || !loopbackNames.has(hostOf(host).toLowerCase())) {
    return `Host "${host ?? ''}" is not this machine: use http://127.0.0.1`
  }
  if (origin === undefined) return undefined
  const from = /^https?:\/\/(.+)$/.exec(origin)?.[1]
  if (from === host) return undefined
  return `Origin "${origin}" may not use this cluster`
}
