import { formatTime } from '../../api/machinery/time'
import type { ShellSystem } from './system'

/** One command's surroundings. Output is text with its own line ends. */
export interface CommandIo {
  readonly system: ShellSystem
  readonly vars: Map<string, string>
  readonly shellName: string
  readonly input: string
  out(text: string): void
  err(text: string): void
}

type Command = (args: readonly string[], io: CommandIo) => number

function absolute(path: string): string {
  return path.startsWith('/') ? path : `/${path.replace(/^\.\//, '')}`
}

function exists(io: CommandIo, path: string): boolean {
  const { files } = io.system
  const full = absolute(path)
  if (full === '/' || full === '/tmp' || full === '/etc' || full === '/dev/null') return true
  if (files.has(full)) return true
  const folder = full.endsWith('/') ? full : `${full}/`
  for (const name of files.keys()) if (name.startsWith(folder)) return true
  return false
}

function readAll(name: string, args: readonly string[], io: CommandIo): [string, number] {
  const paths = args.filter((arg) => !arg.startsWith('-') || arg === '-')
  if (paths.length === 0) return [io.input, 0]
  let text = ''
  let code = 0
  for (const path of paths) {
    const found = path === '-' ? io.input : io.system.files.get(absolute(path))
    if (found !== undefined) text += found
    else if (absolute(path) !== '/dev/null') {
      io.err(`${name}: can't open '${path}': No such file or directory\n`)
      code = 1
    }
  }
  return [text, code]
}

function lines(text: string): string[] {
  const parts = text.split('\n')
  if (parts.at(-1) === '') parts.pop()
  return parts
}

function echo(args: readonly string[], io: CommandIo): number {
  let rest = args
  let end = '\n'
  let escapes = false
  while (/^-[neE]+$/.test(rest[0] ?? '')) {
    if (rest[0]?.includes('n')) end = ''
    if (rest[0]?.includes('e')) escapes = true
    rest = rest.slice(1)
  }
  const text = rest.join(' ')
  io.out((escapes ? withEscapes(text) : text) + end)
  return 0
}

function withEscapes(text: string): string {
  return text.replace(/\\([ntr\\"])/g, (_, c: string) =>
    c === 'n' ? '\n' : c === 't' ? '\t' : c === 'r' ? '\r' : c,
  )
}

function printf(args: readonly string[], io: CommandIo): number {
  const [format = '', ...values] = args
  let next = 0
  do {
    io.out(
      withEscapes(format).replace(/%(-?0?\d*)([sd%])/g, (_, width: string, verb: string) => {
        if (verb === '%') return '%'
        const value = values[next++] ?? (verb === 'd' ? '0' : '')
        const length = Number(width.replace('-', '')) || 0
        if (width.startsWith('-')) return value.padEnd(length)
        return value.padStart(length, width.startsWith('0') ? '0' : ' ')
      }),
    )
  } while (next > 0 && next < values.length)
  return 0
}

function test(args: readonly string[], io: CommandIo): number {
  const list = args.at(-1) === ']' ? args.slice(0, -1) : args
  return evaluate(list, io) ? 0 : 1
}

function evaluate(args: readonly string[], io: CommandIo): boolean {
  const or = args.indexOf('-o')
  if (or > 0) return evaluate(args.slice(0, or), io) || evaluate(args.slice(or + 1), io)
  const and = args.indexOf('-a')
  if (and > 0) return evaluate(args.slice(0, and), io) && evaluate(args.slice(and + 1), io)
  const [a = '', b = '', c = ''] = args
  if (a === '!' && args.length > 1) return !evaluate(args.slice(1), io)
  if (args.length <= 1) return a !== ''
  if (args.length === 2) {
    if (a === '-z') return b === ''
    if (a === '-n') return b !== ''
    if (/^-[efdrswx]$/.test(a)) {
      return a === '-s' ? (io.system.files.get(absolute(b)) ?? '') !== '' : exists(io, b)
    }
    return false
  }
  const [x, y] = [Number(a), Number(c)]
  switch (b) {
    case '=':
    case '==':
      return a === c
    case '!=':
      return a !== c
    case '-eq':
      return x === y
    case '-ne':
      return x !== y
    case '-lt':
      return x < y
    case '-le':
      return x <= y
    case '-gt':
      return x > y
    case '-ge':
      return x >= y
    default:
      return false
  }
}

function date(args: readonly string[], io: CommandIo): number {
  const wall = io.system.wall()
  const iso = formatTime(wall)
  const format = args.find((arg) => arg.startsWith('+'))
  if (format === undefined) {
    io.out(`${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC\n`)
    return 0
  }
  const parts: { readonly [code: string]: string } = {
    Y: iso.slice(0, 4),
    m: iso.slice(5, 7),
    d: iso.slice(8, 10),
    H: iso.slice(11, 13),
    M: iso.slice(14, 16),
    S: iso.slice(17, 19),
    s: String(Math.floor(wall / 1_000_000)),
    F: iso.slice(0, 10),
    T: iso.slice(11, 19),
  }
  io.out(`${format.slice(1).replace(/%([a-zA-Z])/g, (_, code: string) => parts[code] ?? '')}\n`)
  return 0
}

function remove(args: readonly string[], io: CommandIo): number {
  const force = args.some((arg) => /^-\w*f/.test(arg))
  let code = 0
  for (const path of args.filter((arg) => !arg.startsWith('-'))) {
    const full = absolute(path)
    let found = io.system.files.delete(full)
    for (const name of [...io.system.files.keys()]) {
      if (name.startsWith(`${full}/`)) found = io.system.files.delete(name)
    }
    if (found || force) continue
    io.err(`rm: can't remove '${path}': No such file or directory\n`)
    code = 1
  }
  return code
}

function list(args: readonly string[], io: CommandIo): number {
  let code = 0
  for (const path of args.filter((arg) => !arg.startsWith('-'))) {
    const full = absolute(path)
    if (!exists(io, path)) {
      io.err(`ls: ${path}: No such file or directory\n`)
      code = 1
      continue
    }
    if (io.system.files.has(full)) io.out(`${path}\n`)
    const inside = new Set<string>()
    const folder = full.endsWith('/') ? full : `${full}/`
    for (const name of io.system.files.keys()) {
      if (name.startsWith(folder)) inside.add(name.slice(folder.length).split('/')[0] ?? '')
    }
    for (const name of [...inside].sort()) io.out(`${name}\n`)
  }
  return code
}

function grep(args: readonly string[], io: CommandIo): number {
  const flags = args.filter((arg) => arg.startsWith('-')).join('')
  const [pattern = '', ...paths] = args.filter((arg) => !arg.startsWith('-'))
  const [text] = readAll('grep', paths, io)
  const sought = flags.includes('i') ? pattern.toLowerCase() : pattern
  const found = lines(text).filter((line) => {
    const where = flags.includes('i') ? line.toLowerCase() : line
    return where.includes(sought) !== flags.includes('v')
  })
  if (flags.includes('c')) io.out(`${found.length}\n`)
  else if (!flags.includes('q')) for (const line of found) io.out(`${line}\n`)
  return found.length > 0 ? 0 : 1
}

function headOrTail(last: boolean): Command {
  return (args, io) => {
    const flag = args.findIndex((arg) => /^-(n|\d+)/.test(arg))
    const count = flag < 0 ? 10 : Number(/\d+/.exec(args[flag] ?? '')?.[0] ?? args[flag + 1])
    const paths = args.filter((arg, i) => !arg.startsWith('-') && i !== flag + 1)
    const [text, code] = readAll(last ? 'tail' : 'head', flag < 0 ? args : paths, io)
    const all = lines(text)
    const kept = last ? all.slice(-count) : all.slice(0, count)
    for (const line of kept) io.out(`${line}\n`)
    return code
  }
}

function sequence(args: readonly string[], io: CommandIo): number {
  const numbers = args.map(Number)
  const first = numbers.length > 1 ? (numbers[0] as number) : 1
  const step = numbers.length > 2 ? (numbers[1] as number) : 1
  const end = numbers.at(-1) ?? 0
  const countMax = 10_000
  for (let n = first, i = 0; step > 0 ? n <= end : n >= end; n += step) {
    if (++i > countMax || step === 0) break
    io.out(`${n}\n`)
  }
  return 0
}

function copy(move: boolean): Command {
  return (args, io) => {
    const [from = '', to = ''] = args.filter((arg) => !arg.startsWith('-'))
    const text = io.system.files.get(absolute(from))
    if (text === undefined) {
      const name = move ? 'mv' : 'cp'
      io.err(`${name}: can't stat '${from}': No such file or directory\n`)
      return 1
    }
    const inFolder = to.endsWith('/') ? `${to}${from.split('/').at(-1)}` : to
    io.system.files.set(absolute(inFolder), text)
    if (move) io.system.files.delete(absolute(from))
    return 0
  }
}

function exportVars(args: readonly string[], io: CommandIo): number {
  for (const arg of args) {
    const equals = arg.indexOf('=')
    if (equals > 0) io.vars.set(arg.slice(0, equals), arg.slice(equals + 1))
  }
  return 0
}

/** The commands that end at once. A small busybox; see `run.ts` for those that wait. */
export const commands: { readonly [name: string]: Command } = {
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  echo,
  printf,
  test,
  '[': test,
  '[[': (args, io) => test(args.at(-1) === ']]' ? args.slice(0, -1) : args, io),
  date,
  rm: remove,
  ls: list,
  grep,
  head: headOrTail(false),
  tail: headOrTail(true),
  seq: sequence,
  cp: copy(false),
  mv: copy(true),
  export: exportVars,
  readonly: exportVars,
  local: exportVars,
  cat: (args, io) => {
    const [text, code] = readAll('cat', args, io)
    io.out(text)
    return code
  },
  tee: (args, io) => {
    for (const path of args.filter((arg) => !arg.startsWith('-'))) {
      io.system.files.set(absolute(path), io.input)
    }
    io.out(io.input)
    return 0
  },
  wc: (args, io) => {
    const [text, code] = readAll('wc', args, io)
    io.out(`${args.includes('-c') ? text.length : lines(text).length}\n`)
    return code
  },
  touch: (args, io) => {
    for (const path of args.filter((arg) => !arg.startsWith('-'))) {
      const full = absolute(path)
      io.system.files.set(full, io.system.files.get(full) ?? '')
    }
    return 0
  },
  hostname: (_, io) => {
    io.out(`${io.system.hostname}\n`)
    return 0
  },
  env: (_, io) => {
    for (const [name, value] of io.vars) io.out(`${name}=${value}\n`)
    return 0
  },
  printenv: (args, io) => {
    const value = io.vars.get(args[0] ?? '')
    if (value !== undefined) io.out(`${value}\n`)
    return value === undefined ? 1 : 0
  },
  uname: (args, io) => {
    io.out(args.includes('-n') ? `${io.system.hostname}\n` : 'Linux\n')
    return 0
  },
  pwd: (_, io) => {
    io.out('/\n')
    return 0
  },
  id: (_, io) => {
    io.out('uid=0(root) gid=0(root) groups=0(root)\n')
    return 0
  },
  whoami: (_, io) => {
    io.out('root\n')
    return 0
  },
  cd: () => 0,
  mkdir: () => 0,
  chmod: () => 0,
  chown: () => 0,
  sync: () => 0,
  umask: () => 0,
  unset: (args, io) => {
    for (const name of args) io.vars.delete(name)
    return 0
  },
}
