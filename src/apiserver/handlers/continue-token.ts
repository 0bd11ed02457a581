/** Where the next chunk of a list begins. */
export interface Continuation {
  /** The revision of the whole list; below 0: whatever is the present one. */
  readonly revision: number
  /** The first key not sent yet, after the resource's prefix (and namespace, if the list has one). */
  readonly start: string
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const version = 'meta.k8s.io/v1'

/** The opaque token of the real server: URL-safe base64 of a small JSON object. */
export function encodeContinue(next: Continuation): string {
  const text = JSON.stringify({ v: version, rv: next.revision, start: `/${next.start}` })
  let out = ''
  for (let i = 0; i < text.length; i += 3) {
    const bits =
      (text.charCodeAt(i) << 16) |
      ((text.charCodeAt(i + 1) || 0) << 8) |
      (text.charCodeAt(i + 2) || 0)
    const count = Math.min(text.length - i, 3) + 1
    for (let j = 0; j < count; j++) out += alphabet[(bits >> (18 - 6 * j)) & 63]
  }
  return out
}

/** Undefined when the token is not one of ours. */
export function decodeContinue(token: string): Continuation | undefined {
  let text = ''
  let bits = 0
  let held = 0
  for (const char of token.replace(/=+$/, '')) {
    const value = alphabet.indexOf(char)
    if (value < 0) return undefined
    bits = ((bits << 6) | value) & 0xffffff
    held += 6
    if (held < 8) continue
    held -= 8
    text += String.fromCharCode((bits >> held) & 0xff)
  }
  const match = /^\{"v":"meta\.k8s\.io\/v1","rv":(-?\d+),"start":("\/(?:[^"\\]|\\.)*")\}$/.exec(
    text,
  )
  if (!match) return undefined
  const start = JSON.parse(match[2] as string) as string
  return { revision: Number(match[1]), start: start.slice(1) }
}
