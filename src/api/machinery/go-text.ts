const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u

const ESCAPES: { readonly [char: string]: string } = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

/** A string as Go's `%q` prints it: double quotes, Go escapes, printable Unicode as it is. */
export function goQuote(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`
  let out = '"'
  for (const char of text) {
    const known = ESCAPES[char]
    if (known !== undefined) out += known
    else if (!UNPRINTABLE.test(char)) out += char
    else out += escapeCode(char.codePointAt(0)!)
  }
  return `${out}"`
}

function escapeCode(code: number): string {
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\U${code.toString(16).padStart(8, '0')}`
}

/** Byte order of strings, as Go sorts map keys: never the host's locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * A value as Go's `json.Marshal` writes it: `<`, `>` and `&` escaped, keys of string maps sorted.
 * Objects whose values are not all strings count as structs and keep their order.
 */
export function goJson(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'string') return escapeHtml(JSON.stringify(value))
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`
  const entries = Object.entries(value).filter((entry) => entry[1] !== undefined)
  if (entries.every((entry) => typeof entry[1] === 'string')) {
    entries.sort((a, b) => compareText(a[0], b[0]))
  }
  const parts = entries.map(([key, item]) => `${escapeHtml(JSON.stringify(key))}:${goJson(item)}`)
  return `{${parts.join(',')}}`
}

function escapeHtml(text: string): string {
  return text.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A plain value as Go's `%v` prints it: `map[a:1 b:2]`, `[x y]`, `<nil>`. */
export function goValue(value: unknown): string {
  if (value === undefined || value === null) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`
  if (typeof value !== 'object') return String(value)
  const entries = Object.entries(value).sort((a, b) => compareText(a[0], b[0]))
  return `map[${entries.map(([key, item]) => `${key}:${goValue(item)}`).join(' ')}]`
}
