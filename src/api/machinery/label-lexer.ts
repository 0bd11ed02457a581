type TokenKind =
  | 'end'
  | 'identifier'
  | '('
  | ')'
  | ','
  | '!'
  | '!='
  | '='
  | '=='
  | '>'
  | '<'
  | 'in'
  | 'notin'
  | 'error'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
}

const SYMBOLS = new Set(['(', ')', ',', '!', '!=', '=', '==', '>', '<'])

/** Splits a label selector into tokens; the last one is `end`. */
export function labelTokens(text: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at]!
    if (isSpace(char)) {
      at += 1
      continue
    }
    let end = at
    if (isSymbol(char)) {
      end = symbolEnd(text, at)
      const symbol = text.slice(at, end)
      tokens.push({ kind: SYMBOLS.has(symbol) ? (symbol as TokenKind) : 'error', text: symbol })
    } else {
      while (end < text.length && !isSymbol(text[end]!) && !isSpace(text[end]!)) end += 1
      const word = text.slice(at, end)
      tokens.push({ kind: word === 'in' || word === 'notin' ? word : 'identifier', text: word })
    }
    at = end
  }
  tokens.push({ kind: 'end', text: '' })
  return tokens
}

/** The end of the longest symbol at a place; `(a` must not swallow what is no symbol with it. */
function symbolEnd(text: string, at: number): number {
  const two = text.slice(at, at + 2)
  return two.length === 2 && SYMBOLS.has(two) ? at + 2 : at + 1
}

function isSpace(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\r' || char === '\n'
}

function isSymbol(char: string): boolean {
  return '=!(),><'.includes(char)
}
