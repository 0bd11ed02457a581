import { Future, firstOf, type Task, wait } from '../../sim/task'
import { type Micros, millis, seconds } from '../../sim/time'
import { type CommandIo, commands } from './commands'
import { expandToText, expandWord, type Scope } from './expand'
import { type ListItem, parseScript, type Redirects, type ShellNode } from './syntax'
import type { ChildProcess, ShellSystem } from './system'

/** A loop that does not wait takes this long each time round: virtual time cannot stand still. */
const busyRoundMicros: Micros = millis(100)
const capturedMax = 64 * 1024
const depthMax = 40

type Write = (text: string) => void

interface Streams {
  readonly out: Write
  readonly err: Write
  readonly input: string
}

type Flow = { readonly type: 'break' | 'continue'; levels: number } | { readonly type: 'exit' }

/** Commands that run another one: `sh -c …`, `exec …`, `nohup …`. */
const shells = new Set(['sh', 'bash', 'ash', 'dash', '/bin/sh', '/bin/bash', '/bin/ash'])
const wrappers = new Set(['nohup', 'command', 'sudo', 'tini', 'dumb-init', '--', 'busybox'])

const waiting = new Set([
  'exec',
  'exit',
  'sleep',
  'wait',
  'eval',
  'timeout',
  'wget',
  'curl',
  'xargs',
  'trap',
])

/**
 * Runs shell scripts in virtual time. What it knows: lists, pipes, if, while, until, for, groups,
 * variables, substitution, arithmetic, redirects, traps, background jobs and a small busybox. A
 * command that nobody has ends with 127 and `sh: name: not found`.
 */
export class Shell {
  readonly #system: ShellSystem
  readonly #vars = new Map<string, string>()
  readonly #traps = new Map<string, string>()
  readonly #jobs: Future<number>[] = []
  readonly #children = new Set<ChildProcess>()
  readonly #forks = new Set<Shell>()
  readonly #name: string
  readonly #spawn: (task: Task<number>) => Future<number>
  #signalled = new Future<void>()
  #pending: string | undefined
  #flow: Flow | undefined
  #status = 0
  #exitOnError = false
  #depth = 0
  #args: readonly string[] = []
  /** The process that replaced this shell: it gets the signals. */
  #replacedBy: ChildProcess | undefined

  constructor(system: ShellSystem, name: string, spawn: (task: Task<number>) => Future<number>) {
    this.#system = system
    this.#name = name
    this.#spawn = spawn
    for (const [key, value] of Object.entries(system.env)) this.#vars.set(key, value)
    if (!this.#vars.has('HOSTNAME')) this.#vars.set('HOSTNAME', system.hostname)
  }

  /** True for the names this shell runs itself. */
  static knows(name: string): boolean {
    const plain = name.replace(/^(\/usr(\/local)?)?\/s?bin\//, '')
    return (
      shells.has(name) ||
      wrappers.has(plain) ||
      waiting.has(plain) ||
      Object.hasOwn(commands, plain)
    )
  }

  /** SIGTERM: runs the trap when the present command is done; without a trap nothing happens. */
  terminate(): void {
    if (this.#replacedBy) {
      this.#replacedBy.terminate()
      return
    }
    const trap = this.#traps.get('TERM')
    if (trap === undefined || trap === '') return
    this.#pending = trap
    this.#signalled.resolve(undefined)
  }

  kill(): void {
    for (const child of this.#children) child.kill()
    for (const fork of this.#forks) fork.kill()
  }

  /** Runs a command as the kernel would: found by its name, no shell between. */
  *runArgv(argv: readonly string[], write: Write): Task<number> {
    const streams: Streams = { out: write, err: write, input: '' }
    const code = yield* this.#runWords(argv, streams, true)
    return this.#flow?.type === 'exit' ? this.#status : code
  }

  *#script(text: string, streams: Streams, last = false): Task<number> {
    const parsed = parseScript(text)
    if (!parsed.ok) {
      streams.err(`${this.#name}: ${parsed.error}\n`)
      return 2
    }
    return yield* this.#run(parsed.node, streams, last)
  }

  *#run(node: ShellNode, streams: Streams, last = false): Task<number> {
    if (++this.#depth > depthMax) {
      this.#depth--
      streams.err(`${this.#name}: too deep\n`)
      return 2
    }
    this.#status = yield* this.#runNode(node, streams, last)
    this.#depth--
    yield* this.#runPendingTrap(streams)
    return this.#status
  }

  #runNode(node: ShellNode, streams: Streams, last: boolean): Task<number> {
    switch (node.type) {
      case 'list':
        return this.#list(node.items, streams, last)
      case 'pipe':
        return this.#pipe(node.stages, streams)
      case 'not':
        return this.#not(node.body, streams)
      case 'if':
        return this.#if(node, streams)
      case 'loop':
        return this.#loop(node, streams)
      case 'for':
        return this.#for(node, streams)
      case 'group':
        return this.#group(node, streams)
      case 'command':
        return this.#command(node.words, node.redirects, streams, last)
    }
  }

  *#list(items: readonly ListItem[], streams: Streams, last: boolean): Task<number> {
    let code = 0
    let skipping = false
    let guarded = false
    for (let i = 0; i < items.length && !this.#flow; i++) {
      const { node, next } = items[i] as ListItem
      if (!skipping) {
        if (next === '&') this.#background(node, streams)
        else code = yield* this.#run(node, streams, last && i === items.length - 1)
        guarded = next === '&&' || next === '||'
        const fails = code !== 0 && !guarded && this.#exitOnError && node.type !== 'not'
        if (fails && !this.#flow) this.#exit(code)
      }
      skipping = next === '&&' ? code !== 0 : next === '||' ? code === 0 : false
    }
    return this.#flow?.type === 'exit' ? this.#status : code
  }

  #background(node: ShellNode, streams: Streams): void {
    const fork = this.#fork()
    const job = this.#spawn(fork.#runApart(node, streams))
    this.#jobs.push(job)
    job.onDone(() => this.#forks.delete(fork))
  }

  *#pipe(stages: readonly ShellNode[], streams: Streams): Task<number> {
    let input = streams.input
    let code = 0
    for (let i = 0; i < stages.length && !this.#flow; i++) {
      const final = i === stages.length - 1
      let text = ''
      const out: Write = final
        ? streams.out
        : (more) => {
            if (text.length < capturedMax) text += more
          }
      code = yield* this.#run(stages[i] as ShellNode, { ...streams, out, input })
      input = text
    }
    return code
  }

  *#not(body: ShellNode, streams: Streams): Task<number> {
    return (yield* this.#run(body, streams)) === 0 ? 1 : 0
  }

  *#if(node: ShellNode & { type: 'if' }, streams: Streams): Task<number> {
    for (const { test, body } of node.branches) {
      const code = yield* this.#tested(test, streams)
      if (this.#flow) return this.#status
      if (code === 0) return yield* this.#run(body, streams)
    }
    return node.otherwise ? yield* this.#run(node.otherwise, streams) : 0
  }

  /** A condition may fail without ending a `set -e` script. */
  *#tested(node: ShellNode, streams: Streams): Task<number> {
    const exitOnError = this.#exitOnError
    this.#exitOnError = false
    const code = yield* this.#run(node, streams)
    this.#exitOnError = exitOnError
    return code
  }

  *#loop(node: ShellNode & { type: 'loop' }, streams: Streams): Task<number> {
    let code = 0
    for (;;) {
      const began = this.#system.wall()
      const holds = ((yield* this.#tested(node.test, streams)) === 0) !== node.until
      if (this.#flow || !holds) return this.#flow?.type === 'exit' ? this.#status : code
      code = yield* this.#run(node.body, streams)
      if (this.#leavesLoop()) return this.#flow ? this.#status : 0
      if (began === this.#system.wall()) yield* this.#wait(busyRoundMicros)
      yield* this.#runPendingTrap(streams)
      if (this.#flow) return this.#status
    }
  }

  *#for(node: ShellNode & { type: 'for' }, streams: Streams): Task<number> {
    const values: string[] = []
    for (const word of node.words) values.push(...(yield* expandWord(word, this.#scope(streams))))
    let code = 0
    for (const value of values) {
      this.#vars.set(node.name, value)
      code = yield* this.#run(node.body, streams)
      if (this.#leavesLoop()) break
    }
    return this.#flow ? this.#status : code
  }

  /** After a loop's body: true when the loop ends here. */
  #leavesLoop(): boolean {
    const flow = this.#flow
    if (!flow) return false
    if (flow.type === 'exit') return true
    if (--flow.levels > 0) return true
    this.#flow = undefined
    return flow.type === 'break'
  }

  *#group(node: ShellNode & { type: 'group' }, before: Streams): Task<number> {
    const streams = yield* this.#redirect(node.redirects, before)
    if (node.apart) {
      const fork = this.#fork()
      const code = yield* fork.#runApart(node.body, streams)
      this.#forks.delete(fork)
      return code
    }
    return yield* this.#run(node.body, streams)
  }

  /** A subshell: it starts with what this one has, and changes nothing here. */
  #fork(): Shell {
    const fork = new Shell(this.#system, this.#name, this.#spawn)
    for (const [name, value] of this.#vars) fork.#vars.set(name, value)
    fork.#args = this.#args
    fork.#status = this.#status
    fork.#exitOnError = this.#exitOnError
    fork.#depth = this.#depth
    this.#forks.add(fork)
    return fork
  }

  *#runApart(node: ShellNode, streams: Streams): Task<number> {
    const code = yield* this.#run(node, streams)
    return this.#flow?.type === 'exit' ? this.#status : code
  }

  *#command(
    words: readonly string[],
    redirects: Redirects,
    before: Streams,
    last: boolean,
  ): Task<number> {
    const streams = yield* this.#redirect(redirects, before)
    const scope = this.#scope(streams)
    let first = 0
    for (; first < words.length; first++) {
      const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(words[first] as string)
      if (!assignment) break
      const value = yield* expandToText(assignment[2] as string, scope)
      this.#vars.set(assignment[1] as string, value)
    }
    const argv: string[] = []
    for (const word of words.slice(first)) argv.push(...(yield* expandWord(word, scope)))
    if (argv.length === 0) return 0
    return yield* this.#runWords(argv, streams, last)
  }

  *#runWords(argv: readonly string[], streams: Streams, last: boolean): Task<number> {
    const [name = '', ...args] = argv
    const plain = name.replace(/^(\/usr(\/local)?)?\/s?bin\//, '')
    if (shells.has(name)) return yield* this.#shell(args, streams, last)
    if (wrappers.has(plain)) return yield* this.#runWords(args, streams, last)
    switch (plain) {
      case 'exec':
        return args.length > 0 ? yield* this.#replace(args, streams) : 0
      case 'exit':
      case 'return':
        return this.#exit(args[0] === undefined ? this.#status : Number(args[0]) & 255)
      case 'break':
      case 'continue':
        this.#flow = { type: plain, levels: Number(args[0] ?? 1) }
        return 0
      case 'set':
        if (args.some((arg) => /^-\w*e/.test(arg))) this.#exitOnError = true
        return 0
      case 'shift':
        this.#args = this.#args.slice(1)
        return 0
      case 'trap':
        return this.#trap(args)
      case 'sleep':
        return yield* this.#sleep(args, streams)
      case 'wait':
        return yield* this.#waitForJobs()
      case 'eval':
        return yield* this.#script(args.join(' '), streams)
      case 'timeout':
        return yield* this.#runWords(
          args.filter((arg) => !/^(-\w+|\d+\w?)$/.test(arg)),
          streams,
          last,
        )
      case 'wget':
      case 'curl':
        return yield* this.#fetch(plain, args, streams)
      case 'xargs':
        return yield* this.#runWords(
          [...args, ...streams.input.split(/\s+/).filter(Boolean)],
          streams,
          false,
        )
      case 'tail':
        if (args.includes('-f') || args.includes('-F')) return yield* this.#forever()
    }
    const command = commands[plain]
    if (command && Object.hasOwn(commands, plain)) return command(args, this.#io(streams))
    return yield* this.#child(argv, streams, last)
  }

  *#shell(args: readonly string[], streams: Streams, last: boolean): Task<number> {
    const at = args.findIndex((arg) => /^-\w*c$/.test(arg))
    if (args.some((arg) => /^-\w*e\w*$/.test(arg) && arg !== '--')) this.#exitOnError = true
    if (at < 0) {
      const file = args.find((arg) => !arg.startsWith('-'))
      const text = file === undefined ? streams.input : this.#system.files.get(file)
      if (text !== undefined) return yield* this.#script(text, streams, last)
      streams.err(`${this.#name}: can't open '${file}': No such file or directory\n`)
      return 2
    }
    const outer = this.#args
    this.#args = args.slice(at + 3)
    const code = yield* this.#script(args[at + 1] ?? '', streams, last)
    this.#args = outer
    if (this.#flow?.type !== 'exit') return code
    this.#flow = undefined
    return this.#status
  }

  *#replace(args: readonly string[], streams: Streams): Task<number> {
    return this.#exit(yield* this.#runWords(args, streams, true))
  }

  *#child(argv: readonly string[], streams: Streams, last: boolean): Task<number> {
    const child = this.#system.start(argv, streams.out)
    if (!child) {
      streams.err(`${this.#name}: ${argv[0]}: not found\n`)
      return 127
    }
    this.#children.add(child)
    if (last) this.#replacedBy = child
    const code = yield* wait(child.exited)
    this.#children.delete(child)
    if (this.#replacedBy === child) this.#replacedBy = undefined
    return code
  }

  *#sleep(args: readonly string[], streams: Streams): Task<number> {
    let total = 0
    for (const arg of args) {
      const match = /^(\d+\.?\d*|\.\d+)([smhd]?)$/.exec(arg)
      if (arg === 'infinity' || arg === 'inf') return yield* this.#forever()
      if (!match) {
        streams.err(`sleep: invalid number '${arg}'\n`)
        return 1
      }
      const units: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600, d: 86_400 }
      total += Math.round(Number(match[1]) * 1_000_000) * (units[match[2] || 's'] as number)
    }
    yield* this.#wait(Math.min(total, Number.MAX_SAFE_INTEGER / 4))
    return 0
  }

  *#wait(delay: Micros): Task<void> {
    yield* wait(this.#system.sleep(delay))
  }

  *#forever(): Task<number> {
    yield* wait(new Future<void>())
    return 0
  }

  /** A trapped signal ends the wait at once, as POSIX says. */
  *#waitForJobs(): Task<number> {
    for (const job of this.#jobs) {
      yield* wait(firstOf(job as Future<unknown>, this.#signalled as Future<unknown>))
      if (this.#signalled.done) return 143
    }
    this.#jobs.length = 0
    return 0
  }

  #trap(args: readonly string[]): number {
    const [action = '', ...signals] = args
    for (const signal of signals) {
      const name = signal.replace(/^SIG/, '')
      const known = name === '15' ? 'TERM' : name === '0' ? 'EXIT' : name
      if (action === '-') this.#traps.delete(known)
      else this.#traps.set(known, action)
    }
    return 0
  }

  *#runPendingTrap(streams: Streams): Task<void> {
    const action = this.#pending
    if (action === undefined) return
    this.#pending = undefined
    const status = this.#status
    yield* this.#script(action, streams)
    this.#signalled = new Future()
    if (!this.#flow) this.#status = status
  }

  #exit(code: number): number {
    this.#flow = { type: 'exit' }
    this.#status = code
    return code
  }

  *#fetch(name: string, args: readonly string[], streams: Streams): Task<number> {
    const url =
      args.find((arg) => /^https?:\/\//.test(arg)) ??
      args.find((arg) => /^[\w.-]+(:\d+)?(\/|$)/.test(arg) && !/^\d+$/.test(arg))
    const flag = args.findIndex((arg) => arg === '-T' || arg === '-m' || arg === '--max-time')
    const inline = args.map((arg) => /^(?:-T|-m|--timeout=)(\d+)$/.exec(arg)?.[1]).find(Boolean)
    const limit = inline ?? (flag >= 0 ? args[flag + 1] : undefined)
    if (url === undefined) return 1
    const timeout = limit === undefined ? seconds(30) : seconds(Number(limit) || 30)
    const target = url.includes('://') ? url : `http://${url}`
    const answer = yield* wait(this.#system.http(target, timeout))
    if (answer.status >= 200 && answer.status < 400) {
      const silent = args.includes('/dev/null') || args.some((arg) => arg.includes('--spider'))
      if (!silent) streams.out(answer.body.endsWith('\n') ? answer.body : `${answer.body}\n`)
      return 0
    }
    if (answer.status > 0) {
      if (name === 'wget') streams.err(`wget: server returned error: HTTP/1.1 ${answer.status}\n`)
      else if (!args.some((arg) => /^-\w*f/.test(arg))) streams.out(answer.body)
      return name === 'wget' ? 1 : args.some((arg) => /^-\w*f/.test(arg)) ? 22 : 0
    }
    const reason = answer.error ?? 'timeout'
    streams.err(name === 'wget' ? `wget: ${reason}\n` : `curl: ${reason}\n`)
    return name === 'wget' ? 1 : 7
  }

  *#redirect(redirects: Redirects, streams: Streams): Task<Streams> {
    const { out, errOut, input, append } = redirects
    if (out === undefined && errOut === undefined && input === undefined) return streams
    const scope = this.#scope(streams)
    const next: { out: Write; err: Write; input: string } = { ...streams }
    if (out !== undefined) next.out = this.#writer(yield* expandToText(out, scope), append, streams)
    if (errOut === '/dev/stdout') next.err = next.out
    else if (errOut === out && out !== undefined) next.err = next.out
    else if (errOut !== undefined) {
      next.err = this.#writer(yield* expandToText(errOut, scope), append, streams)
    }
    if (input !== undefined) {
      next.input = this.#system.files.get(yield* expandToText(input, scope)) ?? ''
    }
    return next
  }

  #writer(path: string, append: boolean | undefined, streams: Streams): Write {
    if (path === '/dev/null') return () => {}
    if (path === '/dev/stdout' || path === '/proc/1/fd/1') return streams.out
    if (path === '/dev/stderr' || path === '/proc/1/fd/2') return streams.err
    const { files } = this.#system
    if (!append || !files.has(path)) files.set(path, append ? (files.get(path) ?? '') : '')
    return (text) => {
      const present = files.get(path) ?? ''
      if (present.length < capturedMax) files.set(path, present + text)
    }
  }

  #scope(streams: Streams): Scope {
    return {
      variable: (name) => this.#variable(name),
      substitute: (script) => this.#substitute(script, streams),
    }
  }

  #variable(name: string): string | undefined {
    if (name === '?') return String(this.#status)
    if (name === '$') return '1'
    if (name === '#') return String(this.#args.length)
    if (name === '@' || name === '*') return this.#args.join(' ')
    if (name === '0') return this.#name
    if (/^\d$/.test(name)) return this.#args[Number(name) - 1]
    if (name === 'RANDOM' && !this.#vars.has(name)) return String(this.#system.random(32_768))
    return this.#vars.get(name)
  }

  *#substitute(script: string, streams: Streams): Task<string> {
    let text = ''
    const out: Write = (more) => {
      if (text.length < capturedMax) text += more
    }
    const flow = this.#flow
    yield* this.#script(script, { ...streams, out })
    this.#flow = flow
    return text.replace(/\n+$/, '')
  }

  #io(streams: Streams): CommandIo {
    return {
      system: this.#system,
      vars: this.#vars,
      shellName: this.#name,
      input: streams.input,
      out: streams.out,
      err: streams.err,
    }
  }
}
