const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Bytes that base64 text stands for. */
export function base64Bytes(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return Math.floor((text.length * 3) / 4) - padding
}

/** Text in UTF-8 in base64. */
export function encodeBase64(text: string): string {
  const bytes = utf8(text)
  let out = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const rest = bytes.length - i
    const word = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    out += ALPHABET[word >> 18]! + ALPHABET[(word >> 12) & 63]!
    out += rest > 1 ? ALPHABET[(word >> 6) & 63]! : '='
    out += rest > 2 ? ALPHABET[word & 63]! : '='
  }
  return out
}

/** The text behind base64 of UTF-8; broken sequences become U+FFFD. */
export function decodeBase64(base64: string): string {
  let bits = 0
  let word = 0
  const bytes: number[] = []
  for (const char of base64) {
    const value = ALPHABET.indexOf(char)
    if (value < 0) continue
    word = ((word << 6) | value) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes.push((word >> bits) & 255)
  }
  return fromUtf8(bytes)
}

function utf8(text: string): number[] {
  const bytes: number[] = []
  for (const char of text) {
    const code = char.codePointAt(0)!
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63))
    else if (code < 0x10000) {
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
    } else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63))
      bytes.push(0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
    }
  }
  return bytes
}

function fromUtf8(bytes: readonly number[]): string {
  let text = ''
  let i = 0
  while (i < bytes.length) {
    const first = bytes[i++]!
    const extra = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : -1
    if (extra < 0 || i + extra > bytes.length) {
      text += '\ufffd'
      continue
    }
    let code = extra === 0 ? first : first & (0x3f >> extra)
    for (let n = 0; n < extra; n++) code = (code << 6) | (bytes[i++]! & 63)
    text += String.fromCodePoint(code > 0x10ffff ? 0xfffd : code)
  }
  return text
}
