/** `key`, `key=value` or `key=(a, b)`. */
export interface DirectiveArg {
  readonly key: string
  readonly values: readonly string[]
}

export interface Command {
  readonly name: string
  readonly args: readonly DirectiveArg[]
}

/** One command of a data-driven file with its input and the output it must produce. */
export interface Directive extends Command {
  /** 1-based line of the command. */
  readonly line: number
  readonly input: string
  readonly expected: string
}

const SEPARATOR = '----'

/**
 * Parses the format of cockroachdb/datadriven: comments, a command line (continued by a trailing
 * backslash), input up to `----`, expected output up to a blank line, or, when a second `----`
 * follows, up to two such lines. Throws on a line that is not a command.
 */
export function parseDirectives(text: string): Directive[] {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  if (lines.at(-1) === '') lines.pop()
  const directives: Directive[] = []
  const cursor = { at: 0 }
  while (cursor.at < lines.length) {
    const line = cursor.at + 1
    const command = parseCommand(takeCommandLine(lines, cursor))
    if (command === undefined) continue
    const input: string[] = []
    let separated = false
    while (cursor.at < lines.length && !separated) {
      const next = lines[cursor.at++]!
      if (next === SEPARATOR) separated = true
      else input.push(next)
    }
    const expected = separated ? takeExpected(lines, cursor) : []
    directives.push({
      ...command,
      line,
      input: input.join('\n').trim(),
      expected: expected.map((text) => `${text}\n`).join(''),
    })
  }
  return directives
}

interface Cursor {
  at: number
}

function takeCommandLine(lines: readonly string[], cursor: Cursor): string {
  let line = lines[cursor.at++]!.trim()
  if (line.startsWith('#')) return ''
  while (line.endsWith('\\') && cursor.at < lines.length) {
    line = `${line.slice(0, -1)} ${lines[cursor.at++]!.trim()}`
  }
  return line
}

function takeExpected(lines: readonly string[], cursor: Cursor): string[] {
  const expected: string[] = []
  if (lines[cursor.at] !== SEPARATOR) {
    while (cursor.at < lines.length) {
      const line = lines[cursor.at++]!
      if (line.trim() === '') break
      expected.push(line)
    }
    return expected
  }
  cursor.at++
  while (cursor.at < lines.length) {
    const line = lines[cursor.at++]!
    if (line === SEPARATOR && lines[cursor.at] === SEPARATOR) {
      cursor.at++
      break
    }
    expected.push(line)
  }
  return expected
}

/** Parses a command line; undefined if it is blank. */
export function parseCommand(line: string): Command | undefined {
  const tokens: DirectiveArg[] = []
  let rest = line.trim()
  while (rest !== '') {
    const match = /^([^\s=()]+)(?:=(?:\(([^)]*)\)|(\S*)))?(?:\s+|$)/.exec(rest)
    if (match === null) throw new Error(`cannot parse directive ${rest}`)
    tokens.push({ key: match[1]!, values: valuesOf(match[2], match[3]) })
    rest = rest.slice(match[0].length)
  }
  const [name, ...args] = tokens
  return name === undefined ? undefined : { name: name.key, args }
}

function valuesOf(list: string | undefined, single: string | undefined): string[] {
  if (single !== undefined) return single === '' ? [] : [single]
  if (list === undefined || list.trim() === '') return []
  return list.split(',').map((value) => value.trim())
}
