/** A shell script as a tree. Words are kept as written; they are expanded when they run. */
export type ShellNode =
  | { readonly type: 'command'; readonly words: readonly string[]; readonly redirects: Redirects }
  | { readonly type: 'list'; readonly items: readonly ListItem[] }
  | { readonly type: 'pipe'; readonly stages: readonly ShellNode[] }
  | { readonly type: 'not'; readonly body: ShellNode }
  | {
      readonly type: 'if'
      readonly branches: readonly { readonly test: ShellNode; readonly body: ShellNode }[]
      readonly otherwise: ShellNode | undefined
    }
  | {
      readonly type: 'loop'
      readonly until: boolean
      readonly test: ShellNode
      readonly body: ShellNode
    }
  | {
      readonly type: 'for'
      readonly name: string
      readonly words: readonly string[]
      readonly body: ShellNode
    }
  | {
      readonly type: 'group'
      /** Written in round brackets: what it sets and where it exits stays inside. */
      readonly apart: boolean
      readonly body: ShellNode
      readonly redirects: Redirects
    }

export interface ListItem {
  readonly node: ShellNode
  /** How the next item follows. */
  readonly next: ';' | '&&' | '||' | '&'
}

/** Where standard output and error go; absent: where they went before. */
export interface Redirects {
  readonly out?: string
  readonly append?: boolean
  readonly input?: string
  readonly errOut?: string
}

export type ParsedScript =
  | { readonly ok: true; readonly node: ShellNode }
  | { readonly ok: false; readonly error: string }

class SyntaxFault {
  readonly token: string
  constructor(token: string) {
    this.token = token
  }
}

const operators = ['&&', '||', ';;', ';', '&', '|', '(', ')', '\n']
const reserved = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', '}', ')'])

/** Parses the part of POSIX shell that container manifests use. */
export function parseScript(text: string): ParsedScript {
  try {
    const parser = new Parser(tokenize(text))
    const node = parser.list(() => false)
    const left = parser.peek()
    if (left !== undefined) throw new SyntaxFault(left)
    return { ok: true, node }
  } catch (fault) {
    if (!(fault instanceof SyntaxFault)) throw fault
    return { ok: false, error: `syntax error: unexpected ${tokenName(fault.token)}` }
  }
}

function tokenName(token: string): string {
  if (token === '') return 'end of file'
  if (token === '\n') return 'newline'
  return `"${token}"`
}

function tokenize(text: string): string[] {
  const tokens: string[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at] as string
    if (char === ' ' || char === '\t' || char === '\r') at++
    else if (char === '\\' && text[at + 1] === '\n') at += 2
    else if (char === '#') while (at < text.length && text[at] !== '\n') at++
    else {
      const end = tokenEnd(text, at)
      tokens.push(text.slice(at, end))
      at = end
    }
  }
  return tokens
}

function tokenEnd(text: string, at: number): number {
  const redirect = /^(\d?>>|\d?>&\d|&>|\d?>|<)/.exec(text.slice(at, at + 4))
  if (redirect) return at + redirect[0].length
  const operator = operators.find((op) => text.startsWith(op, at))
  return operator ? at + operator.length : wordEnd(text, at)
}

function wordEnd(text: string, start: number): number {
  let at = start
  while (at < text.length && !' \t\r\n;&|()<>'.includes(text[at] as string)) {
    const char = text[at]
    if (char === '\\') at += 2
    else if (char === "'") at = quoteEnd(text, at + 1, "'")
    else if (char === '"') at = quoteEnd(text, at + 1, '"')
    else if (char === '`') at = quoteEnd(text, at + 1, '`')
    else if (char === '$' && text[at + 1] === '(') at = closing(text, at + 2)
    else if (char === '$' && text[at + 1] === '{') at = quoteEnd(text, at + 2, '}')
    else at++
  }
  return Math.min(at, text.length)
}

function quoteEnd(text: string, start: number, quote: string): number {
  let at = start
  while (at < text.length && text[at] !== quote) {
    if (text[at] === '\\' && quote !== "'") at++
    else if (quote === '"' && text.startsWith('$(', at)) at = closing(text, at + 2) - 1
    at++
  }
  if (at >= text.length) throw new SyntaxFault('')
  return at + 1
}

/** The position after the `)` that closes a `$(` opened before `start`. */
export function closing(text: string, start: number): number {
  let depth = 1
  let at = start
  while (at < text.length) {
    const char = text[at]
    if (char === "'") at = quoteEnd(text, at + 1, "'") - 1
    else if (char === '(') depth++
    else if (char === ')' && --depth === 0) return at + 1
    at++
  }
  throw new SyntaxFault('')
}

class Parser {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  peek(): string | undefined {
    return this.#tokens[this.#at]
  }

  list(ends: (token: string) => boolean): ShellNode {
    const items: ListItem[] = []
    for (;;) {
      this.#skipNewlines()
      const token = this.peek()
      if (token === undefined || ends(token) || reserved.has(token)) break
      const node = this.#pipe()
      const op = this.peek()
      if (op === '&&' || op === '||' || op === '&') {
        this.#at++
        items.push({ node, next: op })
      } else {
        if (op === ';' || op === '\n') this.#at++
        items.push({ node, next: ';' })
        if (op !== ';' && op !== '\n') break
      }
    }
    const last = items.at(-1)
    if (last && (last.next === '&&' || last.next === '||')) throw new SyntaxFault(this.peek() ?? '')
    return { type: 'list', items }
  }

  #pipe(): ShellNode {
    if (this.peek() === '!') {
      this.#at++
      return { type: 'not', body: this.#pipe() }
    }
    const stages = [this.#command()]
    while (this.peek() === '|') {
      this.#at++
      this.#skipNewlines()
      stages.push(this.#command())
    }
    return stages.length === 1 ? (stages[0] as ShellNode) : { type: 'pipe', stages }
  }

  #command(): ShellNode {
    switch (this.peek()) {
      case 'if':
        return this.#if()
      case 'while':
      case 'until':
        return this.#loop()
      case 'for':
        return this.#for()
      case '{':
        return this.#group('}')
      case '(':
        return this.#group(')')
      default:
        return this.#simple()
    }
  }

  #if(): ShellNode {
    const branches: { test: ShellNode; body: ShellNode }[] = []
    let otherwise: ShellNode | undefined
    this.#at++
    for (;;) {
      const test = this.#body()
      this.#expect('then')
      branches.push({ test, body: this.#body() })
      const token = this.#take()
      if (token === 'elif') continue
      if (token === 'else') {
        otherwise = this.#body()
        this.#expect('fi')
      } else if (token !== 'fi') throw new SyntaxFault(token)
      return this.#redirected({ type: 'if', branches, otherwise })
    }
  }

  #loop(): ShellNode {
    const until = this.#take() === 'until'
    const test = this.#body()
    this.#expect('do')
    const body = this.#body()
    this.#expect('done')
    return this.#redirected({ type: 'loop', until, test, body })
  }

  #for(): ShellNode {
    this.#at++
    const name = this.#take()
    const words: string[] = []
    this.#skipNewlines()
    if (this.peek() === 'in') {
      this.#at++
      for (let word = this.#take(); word !== ';' && word !== '\n'; word = this.#take()) {
        if (word === '') throw new SyntaxFault('')
        words.push(word)
      }
    } else if (this.peek() === ';') this.#at++
    this.#skipNewlines()
    this.#expect('do')
    const body = this.#body()
    this.#expect('done')
    return this.#redirected({ type: 'for', name, words, body })
  }

  #group(end: string): ShellNode {
    this.#at++
    const body = this.#body()
    this.#expect(end)
    return { type: 'group', apart: end === ')', body, redirects: this.#redirects() }
  }

  /** What a compound command sends elsewhere is a group with that redirect. */
  #redirected(node: ShellNode): ShellNode {
    const redirects = this.#redirects()
    if (Object.keys(redirects).length === 0) return node
    return { type: 'group', apart: false, body: node, redirects }
  }

  #simple(): ShellNode {
    const words: string[] = []
    let redirects: Redirects = {}
    for (;;) {
      redirects = this.#redirects(redirects)
      const token = this.peek()
      if (token === undefined || operators.includes(token)) break
      words.push(token)
      this.#at++
    }
    if (words.length === 0 && Object.keys(redirects).length === 0) {
      throw new SyntaxFault(this.peek() ?? '')
    }
    return { type: 'command', words, redirects }
  }

  #redirects(before: Redirects = {}): Redirects {
    let redirects = before
    for (;;) {
      const match = /^(?:(\d?)(>>|>)|(<)|(\d?>&\d)|(&>))$/.exec(this.peek() ?? '')
      if (!match) return redirects
      this.#at++
      const [, fd, out, input, duplicate, both] = match
      if (duplicate !== undefined) {
        redirects =
          duplicate === '2>&1'
            ? { ...redirects, errOut: redirects.out ?? '/dev/stdout' }
            : { ...redirects, out: '/dev/stderr' }
        continue
      }
      const target = this.#take()
      if (target === '') throw new SyntaxFault('')
      if (input) redirects = { ...redirects, input: target }
      else if (both) redirects = { ...redirects, out: target, errOut: target }
      else if (fd === '2') redirects = { ...redirects, errOut: target }
      else redirects = { ...redirects, out: target, append: out === '>>' }
    }
  }

  #body(): ShellNode {
    const node = this.list(() => false)
    if (node.type === 'list' && node.items.length === 0) throw new SyntaxFault(this.peek() ?? '')
    return node
  }

  #take(): string {
    return this.#tokens[this.#at++] ?? ''
  }

  #expect(token: string): void {
    const got = this.#take()
    if (got !== token) throw new SyntaxFault(got)
  }

  #skipNewlines(): void {
    while (this.peek() === '\n') this.#at++
  }
}
