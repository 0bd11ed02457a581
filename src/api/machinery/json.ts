import { goQuote } from './go-text'

/** Bounds for text from outside. Depth is Go's own limit; bytes are counted as UTF-16 units. */
interface JsonLimits {
  readonly depthMax?: number
  readonly lengthMax?: number
}

export type ParsedJson =
  | {
      readonly ok: true
      readonly value: unknown
      /** Paths of keys that occur twice in one object: `spec.replicas`, `spec.ports[0].name`. */
      readonly duplicates: readonly string[]
    }
  | {
      readonly ok: false
      readonly error: string
      /** The limit that the text exceeds; absent for text that is not JSON. */
      readonly tooLarge?: number
    }

const DEPTH_MAX = 10_000

/** The real server's default for request bodies: 3 MiB. */
export const BODY_LENGTH_MAX = 3 * 1024 * 1024

class SyntaxFault {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

/**
 * Parses JSON text with the error texts of Go's `encoding/json`. Objects carry own properties only,
 * `__proto__` included; of duplicate keys the last wins and each is reported.
 */
export function parseJson(text: string, limits: JsonLimits = {}): ParsedJson {
  const lengthMax = limits.lengthMax ?? BODY_LENGTH_MAX
  if (text.length > lengthMax) {
    return { ok: false, error: `limit is ${lengthMax}`, tooLarge: lengthMax }
  }
  const parser = new Parser(text, limits.depthMax ?? DEPTH_MAX)
  try {
    return { ok: true, value: parser.document(), duplicates: parser.duplicates }
  } catch (fault) {
    if (fault instanceof SyntaxFault) return { ok: false, error: fault.message }
    throw fault
  }
}

/** Sets an own property even for `__proto__`, which plain assignment would take as the prototype. */
export function setOwn(target: { [key: string]: unknown }, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  } else {
    target[key] = value
  }
}

class Parser {
  readonly duplicates: string[] = []
  readonly #text: string
  readonly #depthMax: number
  readonly #path: (string | number)[] = []
  #at = 0

  constructor(text: string, depthMax: number) {
    this.#text = text
    this.#depthMax = depthMax
  }

  document(): unknown {
    this.#space()
    const value = this.#value(0)
    this.#space()
    if (this.#at < this.#text.length) this.#fail('after top-level value')
    return value
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at += 1
    }
  }

  #fail(where: string): never {
    const code = this.#text.codePointAt(this.#at)
    if (code === undefined) throw new SyntaxFault('unexpected end of JSON input')
    throw new SyntaxFault(`invalid character ${quoteChar(String.fromCodePoint(code))} ${where}`)
  }

  #value(depth: number): unknown {
    if (depth > this.#depthMax) throw new SyntaxFault('exceeded max depth')
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      case 't':
        return this.#literal('true', true)
      case 'f':
        return this.#literal('false', false)
      case 'n':
        return this.#literal('null', null)
      default:
        return this.#number()
    }
  }

  #literal<T>(word: string, value: T): T {
    for (let i = 1; i < word.length; i++) {
      this.#at += 1
      if (this.#text[this.#at] !== word[i]) {
        this.#fail(`in literal ${word} (expecting ${quoteChar(word[i]!)})`)
      }
    }
    this.#at += 1
    return value
  }

  #number(): number {
    const start = this.#at
    const text = this.#text
    if (text[this.#at] === '-') {
      this.#at += 1
      if (!this.#digit()) this.#fail('in numeric literal')
    } else if (!this.#digit()) {
      this.#fail('looking for beginning of value')
    }
    if (text[this.#at] === '0') this.#at += 1
    else this.#digits()
    if (text[this.#at] === '.') {
      this.#at += 1
      if (!this.#digit()) this.#fail('after decimal point in numeric literal')
      this.#digits()
    }
    if (text[this.#at] === 'e' || text[this.#at] === 'E') {
      this.#at += 1
      if (text[this.#at] === '+' || text[this.#at] === '-') this.#at += 1
      if (!this.#digit()) this.#fail('in exponent of numeric literal')
      this.#digits()
    }
    return Number(text.slice(start, this.#at))
  }

  #digit(): boolean {
    const code = this.#text.charCodeAt(this.#at)
    return code >= 0x30 && code <= 0x39
  }

  #digits(): void {
    while (this.#digit()) this.#at += 1
  }

  #string(): string {
    const start = this.#at + 1
    let escaped = false
    for (;;) {
      this.#at += 1
      const code = this.#text.charCodeAt(this.#at)
      if (code === 0x22) break
      if (Number.isNaN(code) || code < 0x20) this.#fail('in string literal')
      if (code === 0x5c) {
        escaped = true
        this.#escape()
      }
    }
    const raw = this.#text.slice(start, this.#at)
    this.#at += 1
    return escaped ? (JSON.parse(`"${raw}"`) as string) : raw
  }

  #escape(): void {
    this.#at += 1
    const char = this.#text[this.#at]
    if (char === 'u') {
      for (let i = 0; i < 4; i++) {
        this.#at += 1
        if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at] ?? '')) {
          this.#fail('in \\u hexadecimal character escape')
        }
      }
    } else if (char === undefined || !'"\\/bfnrt'.includes(char)) {
      this.#fail('in string escape code')
    }
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = []
    this.#at += 1
    this.#space()
    if (this.#text[this.#at] === ']') {
      this.#at += 1
      return items
    }
    for (;;) {
      this.#path.push(items.length)
      this.#space()
      items.push(this.#value(depth + 1))
      this.#path.pop()
      this.#space()
      const char = this.#text[this.#at]
      if (char !== ',' && char !== ']') this.#fail('after array element')
      this.#at += 1
      if (char === ']') return items
    }
  }

  #object(depth: number): { [key: string]: unknown } {
    const object: { [key: string]: unknown } = {}
    this.#at += 1
    this.#space()
    if (this.#text[this.#at] === '}') {
      this.#at += 1
      return object
    }
    for (;;) {
      this.#space()
      if (this.#text[this.#at] !== '"') this.#fail('looking for beginning of object key string')
      const key = this.#string()
      this.#space()
      if (this.#text[this.#at] !== ':') this.#fail('after object key')
      this.#at += 1
      this.#space()
      this.#path.push(key)
      if (Object.hasOwn(object, key)) this.duplicates.push(pathText(this.#path))
      setOwn(object, key, this.#value(depth + 1))
      this.#path.pop()
      this.#space()
      const char = this.#text[this.#at]
      if (char !== ',' && char !== '}') this.#fail('after object key:value pair')
      this.#at += 1
      if (char === '}') return object
    }
  }
}

function pathText(path: readonly (string | number)[]): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else text += text === '' ? part : `.${part}`
  }
  return text
}

function quoteChar(char: string): string {
  if (char === "'") return "'\\''"
  if (char === '"') return "'\"'"
  return `'${goQuote(char).slice(1, -1)}'`
}
