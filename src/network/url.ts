export interface ParsedUrl {
  readonly host: string
  readonly port: number
  readonly path: string
  /** Host and port as written: the Host header. */
  readonly authority: string
}

/** `http://web.default:8080/path`; the scheme may be left out. */
export function parseUrl(text: string): ParsedUrl | undefined {
  const match =
    /^(?:(https?):\/\/)?([A-Za-z0-9._-]+)(?::(\d{1,5}))?(\/[^\s#?]*)?(\?[^\s#]*)?$/.exec(
      text.trim(),
    )
  if (!match) return undefined
  const [, scheme = 'http', host = '', port, path = '/', query = ''] = match
  const number = port === undefined ? (scheme === 'https' ? 443 : 80) : Number(port)
  if (number < 1 || number > 65_535) return undefined
  const authority = port === undefined ? host : `${host}:${port}`
  return { host: host.toLowerCase(), port: number, path: path + query, authority }
}
