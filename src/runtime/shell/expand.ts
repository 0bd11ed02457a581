import type { Task } from '../../sim/task'
import { closing } from './syntax'

/** What words may refer to. */
export interface Scope {
  variable(name: string): string | undefined
  /** The output of a command substitution, without its last line ends. */
  substitute(script: string): Task<string>
}

interface Piece {
  text: string
  /** Unquoted results of expansion are split into fields at white space. */
  readonly splits: boolean
}

/** One written word becomes any number of fields: quotes, `$NAME`, `${NAME:-x}`, `$(…)`, `$((…))`. */
export function* expandWord(word: string, scope: Scope): Task<string[]> {
  const pieces: Piece[] = []
  let quoted = false
  let at = 0
  let inside = false
  const literal = (text: string) => pieces.push({ text, splits: false })
  while (at < word.length) {
    const char = word[at] as string
    if (char === "'" && !inside) {
      const end = word.indexOf("'", at + 1)
      literal(word.slice(at + 1, end))
      quoted = true
      at = end + 1
    } else if (char === '"') {
      inside = !inside
      quoted = true
      at++
    } else if (char === '\\') {
      const next = word[at + 1] ?? ''
      literal(inside && !'$"\\`\n'.includes(next) ? char + next : next)
      at += 2
    } else if (char === '$' || char === '`') {
      const [text, end] = yield* expandDollar(word, at, scope)
      pieces.push({ text, splits: !inside })
      at = end
    } else {
      literal(char)
      at++
    }
  }
  return fieldsOf(pieces, quoted)
}

export function* expandToText(word: string, scope: Scope): Task<string> {
  return (yield* expandWord(word, scope)).join(' ')
}

function fieldsOf(pieces: readonly Piece[], quoted: boolean): string[] {
  const fields: string[] = []
  let field = ''
  let begun = quoted
  for (const { text, splits } of pieces) {
    if (!splits) {
      field += text
      begun = true
      continue
    }
    const parts = text.split(/[ \t\n]+/)
    parts.forEach((part, i) => {
      if (i > 0 && (begun || field !== '')) {
        fields.push(field)
        field = ''
        begun = false
      }
      field += part
      if (part !== '') begun = true
    })
  }
  if (begun || field !== '') fields.push(field)
  return fields
}

function* expandDollar(word: string, at: number, scope: Scope): Task<[string, number]> {
  if (word[at] === '`') {
    const end = word.indexOf('`', at + 1)
    return [yield* scope.substitute(word.slice(at + 1, end)), end + 1]
  }
  const next = word[at + 1] ?? ''
  if (next === '(') {
    const end = closing(word, at + 2)
    const inner = word.slice(at + 2, end - 1)
    if (inner.startsWith('(') && inner.endsWith(')')) {
      return [String(arithmetic(inner.slice(1, -1), scope)), end]
    }
    return [yield* scope.substitute(inner), end]
  }
  if (next === '{') {
    const end = word.indexOf('}', at)
    return [yield* parameter(word.slice(at + 2, end), scope), end + 1]
  }
  const name = /^([A-Za-z_]\w*|[?$#@*!0-9-])/.exec(word.slice(at + 1))?.[0]
  if (name === undefined) return ['$', at + 1]
  return [scope.variable(name) ?? '', at + 1 + name.length]
}

function* parameter(text: string, scope: Scope): Task<string> {
  const match = /^#?([A-Za-z_]\w*|[?$#@*!0-9])(?:(:?[-=+?])(.*))?$/s.exec(text)
  if (!match) return ''
  const [, name = '', operator = '', word = ''] = match
  const value = scope.variable(name)
  if (text.startsWith('#') && text.length > 1) return String((value ?? '').length)
  const absent = operator.startsWith(':') ? (value ?? '') === '' : value === undefined
  if (operator.endsWith('+')) return absent ? '' : yield* expandToText(word, scope)
  if (operator !== '' && absent) return yield* expandToText(word, scope)
  return value ?? ''
}

/** Integer arithmetic with the usual precedence, comparison included; 0 for what cannot be read. */
export function arithmetic(text: string, scope: Scope): number {
  const tokens = text.match(/\d+|[A-Za-z_]\w*|==|!=|<=|>=|&&|\|\||[-+*/%()<>!]/g) ?? []
  let at = 0
  const levels: readonly (readonly string[])[] = [
    ['||'],
    ['&&'],
    ['==', '!='],
    ['<', '>', '<=', '>='],
    ['+', '-'],
    ['*', '/', '%'],
  ]
  const primary = (): number => {
    const token = tokens[at++]
    if (token === undefined) return 0
    if (token === '-') return -primary()
    if (token === '+') return primary()
    if (token === '!') return primary() === 0 ? 1 : 0
    if (token === '(') {
      const value = level(0)
      at++
      return value
    }
    return Number(/^\d/.test(token) ? token : (scope.variable(token) ?? '0')) || 0
  }
  const level = (depth: number): number => {
    const operators = levels[depth]
    if (!operators) return primary()
    let value = level(depth + 1)
    while (operators.includes(tokens[at] ?? ''))
      value = apply(tokens[at++], value, level(depth + 1))
    return value
  }
  return level(0)
}

function apply(operator: string | undefined, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return b === 0 ? 0 : Math.trunc(a / b)
    case '%':
      return b === 0 ? 0 : a % b
    case '==':
      return Number(a === b)
    case '!=':
      return Number(a !== b)
    case '<':
      return Number(a < b)
    case '>':
      return Number(a > b)
    case '<=':
      return Number(a <= b)
    case '>=':
      return Number(a >= b)
    case '&&':
      return Number(a !== 0 && b !== 0)
    default:
      return Number(a !== 0 || b !== 0)
  }
}
