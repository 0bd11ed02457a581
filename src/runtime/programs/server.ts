import type { Clock, Timer } from '../../sim/process'
import { Future } from '../../sim/task'
import { millis } from '../../sim/time'
import type { ContainerConfig, PodHttpRequest, SandboxConfig } from '../cri'
import type { ImageName } from '../image-name'
import type { Page, Program, StopRule } from './program'

/** Where a program runs. */
export interface ProgramPlace {
  readonly clock: Clock
  readonly machine: string
  readonly pod: SandboxConfig
  readonly ip: string
  readonly config: ContainerConfig
  readonly imageName: ImageName
  /** The container's files, as they are now. */
  readonly files: ReadonlyMap<string, string>
}

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

/** A program of an image, started. It ends by itself, by a signal, or never. */
export interface RunningProgram {
  readonly exited: Future<number>
  listens(port: number): boolean
  answer(port: number, request: PodHttpRequest): HttpAnswer | undefined
  /** Ready to be asked by its own client: `pg_isready` and the like. */
  readonly up: boolean
  terminate(): void
  kill(): void
}

const exitOutOfMemory = 137
const stressDefaultMiB = 256

/** Starts a program of the catalogue; `write` takes what it prints. */
export function startProgram(
  program: Program,
  argv: readonly string[],
  place: ProgramPlace,
  write: (text: string) => void,
): CatalogueProgram {
  return new CatalogueProgram(program, argv, place, write)
}

export class CatalogueProgram implements RunningProgram {
  readonly exited = new Future<number>()
  up = false
  /** It asked for more memory than its limit. */
  outOfMemory = false
  readonly #program: Program
  readonly #argv: readonly string[]
  readonly #place: ProgramPlace
  readonly #write: (text: string) => void
  #timer: Timer | undefined
  #startedAt = 0
  readonly #port: number

  constructor(
    program: Program,
    argv: readonly string[],
    place: ProgramPlace,
    write: (text: string) => void,
  ) {
    this.#program = program
    this.#argv = argv
    this.#place = place
    this.#write = write
    this.#port = this.#choosePort()
    this.#begin()
  }

  listens(port: number): boolean {
    if (!this.up) return false
    const { kind } = this.#program
    if (kind === 'web' || kind === 'tcp') return port === this.#port
    if (kind !== 'generic') return false
    const { ports } = this.#place.config
    return ports.length === 0 || ports.some((declared) => declared.containerPort === port)
  }

  answer(port: number, request: PodHttpRequest): HttpAnswer | undefined {
    if (!this.listens(port)) return undefined
    if (this.#program.kind === 'generic') return { status: 200, body: this.#genericBody(port) }
    if (this.#program.kind !== 'web') return undefined
    const path = request.path.split('?')[0] ?? '/'
    const file = this.#file(this.#program.docroot, path)
    if (file !== undefined) return { status: 200, body: file }
    const page = this.#program.pages.find((p) => matches(p.path, path))
    if (!page) return { status: 404, body: '404 page not found\n' }
    return this.#pageAnswer(page, port, request)
  }

  terminate(): void {
    if (this.exited.done) return
    const stop = this.#stopRule()
    if (stop === 'ignored') return
    this.#later(stop.afterMillis, () => this.#end(stop.exitCode))
  }

  kill(): void {
    this.#end(137)
  }

  #file(docroot: string | undefined, path: string): string | undefined {
    if (docroot === undefined) return undefined
    return this.#place.files.get(docroot + (path.endsWith('/') ? `${path}index.html` : path))
  }

  #begin(): void {
    this.#startedAt = this.#place.clock.monotonic()
    const program = this.#program
    switch (program.kind) {
      case 'web':
      case 'tcp':
        this.#beginServer(program.startMillis, program.memoryMiB)
        return
      case 'generic':
        this.#beginServer(200, 4)
        return
      case 'once':
        this.#later(program.afterMillis, () => {
          this.#say(program.log)
          this.#end(program.exitCode)
        })
        return
      case 'stress':
        this.#later(500, () => {
          if (!this.#exceeds(stressMiB(this.#argv))) this.up = true
        })
        return
      case 'ping':
      case 'wait':
      case 'process':
        this.up = true
    }
  }

  #beginServer(startMillis: number, memoryMiB: number): void {
    const program = this.#program
    const needs = program.kind === 'tcp' ? program.needsEnv : undefined
    const { env } = this.#place.config
    if (needs && !needs.anyOf.some((name) => (env[name] ?? '') !== '')) {
      this.#later(200, () => {
        this.#say(needs.lines)
        this.#end(1)
      })
      return
    }
    this.#later(startMillis, () => {
      if (this.#exceeds(memoryMiB)) return
      this.up = true
      if (program.kind === 'web' || program.kind === 'tcp') this.#say(program.log)
      else this.#say([`simulated as a generic server for ${this.#place.config.image}`])
    })
  }

  #exceeds(memoryMiB: number): boolean {
    const limit = this.#place.config.memoryLimitBytes
    if (limit === undefined || memoryMiB * 1_048_576 <= limit) return false
    this.outOfMemory = true
    this.#end(exitOutOfMemory)
    return true
  }

  #stopRule(): StopRule {
    const program = this.#program
    if (program.kind === 'web' || program.kind === 'tcp' || program.kind === 'wait') {
      return program.stop
    }
    return { afterMillis: 50, exitCode: program.kind === 'stress' ? 143 : 0 }
  }

  #later(afterMillis: number, action: () => void): void {
    this.#timer?.cancel()
    this.#timer = this.#place.clock.after(millis(afterMillis), action, 'container.program')
  }

  #end(code: number): void {
    this.#timer?.cancel()
    this.up = false
    this.exited.resolve(code)
  }

  #say(lines: readonly string[]): void {
    for (const line of lines) this.#write(`${this.#fill(line, this.#port, undefined)}\n`)
  }

  #choosePort(): number {
    const program = this.#program
    if (program.kind !== 'web' && program.kind !== 'tcp') return 0
    const flag = flagValue(this.#argv, program.portFlags ?? [])
    const variable = program.kind === 'web' && program.portEnv
    const text = flag ?? (variable ? this.#place.config.env[variable] : undefined)
    const port = Number(/\d+$/.exec(text ?? '')?.[0])
    return port > 0 ? port : program.port
  }

  #pageAnswer(page: Page, port: number, request: PodHttpRequest): HttpAnswer {
    const age = this.#place.clock.monotonic() - this.#startedAt
    if (page.failsAfterMillis !== undefined && age > millis(page.failsAfterMillis)) {
      return { status: 500, body: `error: ${(age / 1_000_000).toFixed(9)}` }
    }
    return { status: page.status, body: this.#fill(page.body, port, request) }
  }

  #genericBody(port: number): string {
    const { pod, machine, config } = this.#place
    const where = `pod ${pod.namespace}/${pod.name} on ${machine}, port ${port}`
    return `${config.image}\n${where}\nsimulated as a generic server\n`
  }

  #fill(text: string, port: number, request: PodHttpRequest | undefined): string {
    if (!text.includes('{')) return text
    const { pod, ip, machine, imageName, config } = this.#place
    const program = this.#program
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      switch (name) {
        case 'pod':
          return pod.name
        case 'namespace':
          return pod.namespace
        case 'hostname':
          return pod.hostname
        case 'node':
          return machine
        case 'ip':
          return ip
        case 'port':
          return String(port)
        case 'path':
          return request?.path ?? '/'
        case 'method':
          return request?.method ?? 'GET'
        case 'client':
          return request?.source ?? ''
        case 'image':
          return config.image
        case 'version':
          return imageName.tag.replace(/^v/, '')
        case 'text':
          return program.kind === 'web' ? this.#text(program) : ''
        default:
          return whole
      }
    })
  }

  #text(program: Program & { kind: 'web' }): string {
    const flag = flagValue(this.#argv, program.textFlags ?? [])
    const variable = program.textEnv ? this.#place.config.env[program.textEnv] : undefined
    return flag ?? variable ?? 'hello-world'
  }
}

function matches(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern
}

/** The value of `-flag=value` or `-flag value`. */
function flagValue(argv: readonly string[], names: readonly string[]): string | undefined {
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string
    for (const name of names) {
      if (arg === name) return argv[i + 1]
      if (arg.startsWith(`${name}=`)) return arg.slice(name.length + 1)
    }
  }
  return undefined
}

function stressMiB(argv: readonly string[]): number {
  if (!argv.some((arg) => arg === '--vm' || arg === '-m' || arg.startsWith('--vm'))) return 1
  const match = /^(\d+)([BKMG]?)$/i.exec(flagValue(argv, ['--vm-bytes']) ?? '')
  if (!match) return stressDefaultMiB
  const unit =
    { B: 1 / 1_048_576, K: 1 / 1024, M: 1, G: 1024 }[(match[2] || 'B').toUpperCase()] ?? 1
  return Number(match[1]) * unit
}
