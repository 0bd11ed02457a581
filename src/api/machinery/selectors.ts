import type { LabelSelector } from '../generated/meta-v1'
import { goQuote } from './go-text'
import { labelTokens, type Token } from './label-lexer'
import { isQualifiedName, isValidLabelValue } from './names'

export type Labels = { readonly [key: string]: string }

/** One condition on labels. `gt` and `lt` compare integers. */
export interface LabelRequirement {
  readonly key: string
  readonly operator: 'in' | 'notin' | 'exists' | '!' | '=' | '==' | '!=' | 'gt' | 'lt'
  readonly values: readonly string[]
}

/** All requirements must hold; none means everything. `undefined` stands for "selects nothing". */
export type Requirements = readonly LabelRequirement[]

export type Selection<T> =
  | { readonly ok: true; readonly selector: T }
  | { readonly ok: false; readonly error: string }

class SelectorFault {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

function attempt<T>(parse: () => T): Selection<T> {
  try {
    return { ok: true, selector: parse() }
  } catch (fault) {
    if (fault instanceof SelectorFault) return { ok: false, error: fault.message }
    throw fault
  }
}

/** Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`, with the error texts of Go's labels.Parse. */
export function parseLabelSelector(text: string): Selection<Requirements> {
  return attempt(() => new LabelParser(labelTokens(text)).parse())
}

class LabelParser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = []
    for (;;) {
      const token = this.#peek()
      if (token.kind === 'end') return requirements
      if (token.kind !== 'identifier' && token.kind !== '!') {
        throw new SelectorFault(
          `found '${token.text}', expected: !, identifier, or 'end of string'`,
        )
      }
      requirements.push(this.#requirement())
      const next = this.#take()
      if (next.kind === 'end') return requirements
      if (next.kind !== ',') {
        throw new SelectorFault(`found '${next.text}', expected: ',' or 'end of string'`)
      }
      const after = this.#peek()
      if (after.kind !== 'identifier' && after.kind !== '!') {
        throw new SelectorFault(`found '${after.text}', expected: identifier after ','`)
      }
    }
  }

  /** The next token where values stand: there `in` and `notin` are ordinary words. */
  #peek(): Token {
    const token = this.#tokens[this.#at] ?? { kind: 'end', text: '' }
    if (token.kind === 'in' || token.kind === 'notin') {
      return { kind: 'identifier', text: token.text }
    }
    return token
  }

  #take(): Token {
    const token = this.#peek()
    this.#at += 1
    return token
  }

  #requirement(): LabelRequirement {
    try {
      return this.#keyAndCondition()
    } catch (fault) {
      if (!(fault instanceof SelectorFault)) throw fault
      throw new SelectorFault(`unable to parse requirement: ${fault.message}`)
    }
  }

  #keyAndCondition(): LabelRequirement {
    let token = this.#take()
    const isNegated = token.kind === '!'
    if (isNegated) token = this.#take()
    if (token.kind !== 'identifier') {
      throw new SelectorFault(`found '${token.text}', expected: identifier`)
    }
    const key = token.text
    checkKey(key)
    if (isNegated) return { key, operator: '!', values: [] }
    const next = this.#peek()
    if (next.kind === 'end' || next.kind === ',') return { key, operator: 'exists', values: [] }
    const operator = this.#operator()
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#value()]
    return checked({ key, operator, values: [...new Set(values)].sort() })
  }

  #operator(): LabelRequirement['operator'] {
    const token = this.#tokens[this.#at]!
    this.#at += 1
    switch (token.kind) {
      case 'in':
      case 'notin':
      case '=':
      case '==':
      case '!=':
        return token.kind
      case '>':
        return 'gt'
      case '<':
        return 'lt'
      default:
        throw new SelectorFault(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`)
    }
  }

  #value(): string {
    const token = this.#peek()
    if (token.kind === 'end' || token.kind === ',') return ''
    this.#at += 1
    if (token.kind === 'identifier') return token.text
    throw new SelectorFault(`found '${token.text}', expected: identifier`)
  }

  #values(): string[] {
    const open = this.#take()
    if (open.kind !== '(') throw new SelectorFault(`found '${open.text}' expected: '('`)
    if (this.#peek().kind === ')') {
      this.#at += 1
      return []
    }
    const values: string[] = []
    let expectsValue = true
    for (;;) {
      const token = this.#take()
      if (token.kind === 'identifier' && expectsValue) {
        values.push(token.text)
        expectsValue = false
      } else if (token.kind === ',') {
        if (expectsValue) values.push('')
        expectsValue = true
      } else if (token.kind === ')') {
        if (expectsValue) values.push('')
        return values
      } else {
        const wanted = expectsValue ? "',', or identifier" : "',' or ')'"
        throw new SelectorFault(`found '${token.text}', expected: ${wanted}`)
      }
    }
  }
}

function checkKey(key: string): void {
  const wrong = isQualifiedName(key)
  if (wrong.length > 0) {
    throw new SelectorFault(`<nil>: Invalid value: ${goQuote(key)}: ${wrong.join('; ')}`)
  }
}

function checked(requirement: LabelRequirement): LabelRequirement {
  const { key, operator, values } = requirement
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    throw new SelectorFault(
      "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
    )
  }
  for (const [i, value] of values.entries()) {
    if ((operator === 'gt' || operator === 'lt') && !/^[+-]?\d+$/.test(value)) {
      throw new SelectorFault(
        `values[${i}]: Invalid value: ${goQuote(value)}: ` +
          "for 'Gt', 'Lt' operators, the value must be an integer",
      )
    }
    const wrong = isValidLabelValue(value)
    if (wrong.length > 0) {
      throw new SelectorFault(
        `values[${i}][${key}]: Invalid value: ${goQuote(value)}: ${wrong.join('; ')}`,
      )
    }
  }
  return requirement
}

/** True when every requirement holds. Absent keys satisfy `!=`, `notin` and `!`. */
export function matchesLabels(requirements: Requirements, labels: Labels | undefined): boolean {
  for (const requirement of requirements) {
    if (!matchesRequirement(requirement, labels)) return false
  }
  return true
}

function matchesRequirement(requirement: LabelRequirement, labels: Labels | undefined): boolean {
  const { key, values } = requirement
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (requirement.operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value)
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case 'gt':
      return value !== undefined && /^[+-]?\d+$/.test(value) && Number(value) > Number(values[0])
    case 'lt':
      return value !== undefined && /^[+-]?\d+$/.test(value) && Number(value) < Number(values[0])
  }
}

const OPERATORS: { readonly [operator: string]: LabelRequirement['operator'] } = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

/** A LabelSelector's requirements. No selector selects nothing (undefined), an empty one all. */
export function selectorRequirements(
  selector: LabelSelector | undefined,
): Requirements | undefined {
  if (selector === undefined || selector === null) return undefined
  const requirements: LabelRequirement[] = []
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push({ key, operator: '=', values: [value] })
  }
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = OPERATORS[operator]
    if (known === undefined) return undefined
    requirements.push({ key, operator: known, values: values ?? [] })
  }
  return requirements
}

/** Whether a LabelSelector object selects these labels. Hot loops keep `selectorRequirements`. */
export function selectorMatches(
  selector: LabelSelector | undefined,
  labels: Labels | undefined,
): boolean {
  const requirements = selectorRequirements(selector)
  return requirements !== undefined && matchesLabels(requirements, labels)
}

/** The text form of requirements: `app=web,tier in (a,b),!gone`; keys sorted, as Go prints them. */
export function requirementsText(requirements: Requirements): string {
  return [...requirements]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ key, operator, values }) => {
      switch (operator) {
        case 'exists':
          return key
        case '!':
          return `!${key}`
        case 'in':
        case 'notin':
          return `${key} ${operator} (${[...values].sort().join(',')})`
        case 'gt':
          return `${key}>${values[0]}`
        case 'lt':
          return `${key}<${values[0]}`
        default:
          return `${key}${operator}${values[0]}`
      }
    })
    .join(',')
}

/** One condition on a field. */
export interface FieldTerm {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** Parses `metadata.name=a,status.phase!=Running`; `\,` `\=` and `\\` are escapes in values. */
export function parseFieldSelector(text: string): Selection<readonly FieldTerm[]> {
  return attempt(() => {
    const terms: FieldTerm[] = []
    for (const part of splitTerms(text)) {
      if (part === '') continue
      const match = /^((?:\\.|[^\\=!]|!(?!=))*?)(==|!=|=)(.*)$/s.exec(part)
      if (match === null) {
        throw new SelectorFault(`invalid selector: '${text}'; can't understand '${part}'`)
      }
      const [, field = '', operator, value = ''] = match
      terms.push({ field, operator: operator === '!=' ? '!=' : '=', value: unescapeValue(value) })
    }
    return terms
  })
}

function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i += 1
    else if (text[i] === ',') {
      terms.push(text.slice(start, i))
      start = i + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

function unescapeValue(value: string): string {
  if (!/[\\,=]/.test(value)) return value
  let out = ''
  for (let i = 0; i < value.length; i++) {
    const char = value[i]!
    if (char === '\\') {
      const next = value[i + 1] ?? ''
      if (next !== '\\' && next !== ',' && next !== '=') {
        throw new SelectorFault(`invalid field selector: invalid escape sequence: \\${next}`)
      }
      out += next
      i += 1
    } else if (char === ',' || char === '=') {
      throw new SelectorFault(
        `invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`,
      )
    } else out += char
  }
  return out
}
