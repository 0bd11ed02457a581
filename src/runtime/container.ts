import type { Process, ProcessEnv, ProcessFactory, ProcessHandle, Timer } from '../sim/process'
import { Future } from '../sim/task'
import type { Micros } from '../sim/time'
import type { ContainerConfig, ExecResult, PodHttpRequest, SandboxConfig } from './cri'
import type { ImageName } from './image-name'
import type { HttpOutcome } from './pod-network'
import type { CatalogueProgram, HttpAnswer, ProgramPlace } from './programs/server'
import { startProgram } from './programs/server'
import type { ImageManifest } from './registry'
import { Shell } from './shell/run'
import type { ChildProcess, ShellSystem } from './shell/system'

/** Starts the real process of a control-plane container. */
export type ProcessProgramFactory = (
  container: ContainerConfig,
  pod: SandboxConfig,
) => ProcessFactory

/** What an HTTP probe of such a process finds: a status. Without one, 200 while it runs. */
export type ProcessProbe = (program: Process, path: string, container: ContainerConfig) => number

export interface ContainerExit {
  readonly code: number
  readonly reason?: string
}

export interface ContainerPlace {
  readonly env: ProcessEnv
  readonly pod: SandboxConfig
  readonly ip: string
  readonly config: ContainerConfig
  readonly imageName: ImageName
  readonly manifest: ImageManifest
  readonly processProgram: ProcessProgramFactory | undefined
  readonly processProbe: ProcessProbe | undefined
  readonly http: (url: string, timeout: Micros) => Future<HttpOutcome>
  readonly log: (line: string) => void
}

export type StartError = { readonly exitCode: number; readonly message: string }

const logLineMax = 1_000

/** A running container: its first process, and whatever that one or an exec starts in it. */
export class RunningContainer {
  readonly exited = new Future<ContainerExit>()
  readonly #place: ContainerPlace
  readonly #files: Map<string, string>
  readonly #programs = new Set<CatalogueProgram>()
  #shell: Shell | undefined
  #process: ProcessHandle | undefined
  #ports: readonly number[] = []
  #main: CatalogueProgram | undefined
  readonly #sleeps = new Set<Timer>()
  #dead = false
  #line = ''

  constructor(place: ContainerPlace) {
    this.#place = place
    this.#files = new Map(Object.entries(place.config.files))
  }

  /** Starts the first process; what cannot start says why in runc's words. */
  start(): StartError | undefined {
    const { manifest, config, processProgram } = this.#place
    const { image } = manifest
    const argv = [
      ...(config.command ?? image.entrypoint),
      ...(config.args ?? (config.command ? [] : (image.args ?? []))),
    ]
    const own = image.binaries[argv[0] ?? '']
    if (own?.kind === 'process' && processProgram) {
      this.#ports = [...own.ports, ...config.ports.map(({ containerPort }) => containerPort)]
      this.#startProcess(argv[0] as string, processProgram)
      return undefined
    }
    if (!image.shell && !this.#binary(argv)) return notFound(argv[0] ?? '')
    if (argv.length === 0) return notFound('sh')
    const direct = this.#binary(argv)
    if (direct) this.#follow(direct)
    else if (!this.#runShell(argv)) return notFound(argv[0] ?? '')
    return undefined
  }

  terminate(): void {
    if (this.#process) this.#process.terminate()
    else if (this.#main) this.#main.terminate()
    else this.#shell?.terminate()
  }

  kill(): void {
    if (this.#process?.status === 'running') this.#process.kill()
    this.#end({ code: 137 })
  }

  listens(port: number): boolean {
    if (this.#process) return this.#process.status === 'running' && this.#ports.includes(port)
    for (const program of this.#programs) if (program.listens(port)) return true
    return false
  }

  answer(port: number, request: PodHttpRequest): HttpAnswer | undefined {
    const { processProbe, config } = this.#place
    if (this.#process) {
      if (this.#process.status !== 'running') return undefined
      const path = request.path.split('?')[0] ?? '/'
      const status = processProbe?.(this.#process.program, path, config) ?? 200
      return { status, body: status < 400 ? 'ok' : 'not ok' }
    }
    for (const program of this.#programs) {
      const answer = program.answer(port, request)
      if (answer) return answer
    }
    return undefined
  }

  /** Runs a command beside the first process. */
  exec(argv: readonly string[], timeout: Micros): Future<ExecResult> {
    const result = new Future<ExecResult>()
    const { env, manifest } = this.#place
    if (this.#process) {
      result.resolve({ exitCode: 0, output: '' })
      return result
    }
    if (!manifest.image.shell && !this.#binary(argv)) {
      result.resolve({ exitCode: 128, output: notFound(argv[0] ?? '').message })
      return result
    }
    let output = ''
    const write = (text: string) => {
      if (output.length < 10_240) output += text
    }
    const shell = this.#newShell(true)
    const timer = env.clock.after(
      timeout,
      () => {
        shell.kill()
        result.resolve({ exitCode: 124, output: '' })
      },
      'exec.timeout',
    )
    env.spawn(shell.runArgv(argv, write)).onDone((exitCode) => {
      timer.cancel()
      result.resolve({ exitCode, output: output.trimEnd() })
    })
    return result
  }

  /** The process is named after its program; one that an earlier runtime left behind goes first. */
  #startProcess(name: string, factory: ProcessProgramFactory): void {
    const { env, config, pod } = this.#place
    const { host } = env
    const old = host.process(name)
    if (old?.status === 'running') old.kill()
    this.#process = host.start(name, factory(config, pod))
    this.#process.exited.onDone((code) => this.#end({ code }))
  }

  #follow(child: CatalogueProgram): void {
    this.#main = child
    child.exited.onDone((code) => {
      this.#end(child.outOfMemory ? { code, reason: 'OOMKilled' } : { code })
    })
  }

  #runShell(argv: readonly string[]): boolean {
    const shell = this.#newShell()
    this.#shell = shell
    const { env } = this.#place
    const done = env.spawn(shell.runArgv(argv, (text) => this.#write(text)))
    done.onDone((code) => this.#end({ code }))
    return true
  }

  /** The image's own program for this command; the generic images have one for every name. */
  #binary(argv: readonly string[]): CatalogueProgram | undefined {
    const { image, generic } = this.#place.manifest
    const name = argv[0] ?? ''
    const plain = name.split('/').at(-1) ?? ''
    const { binaries } = image
    let program = Object.hasOwn(binaries, name) ? binaries[name] : undefined
    program ??= Object.hasOwn(binaries, plain) ? binaries[plain] : undefined
    if (program?.kind === 'wait' && argv[1] !== undefined && Object.hasOwn(binaries, argv[1])) {
      program = binaries[argv[1]]
    }
    if (!program && generic && !Shell.knows(name)) program = { kind: 'generic' }
    if (program?.kind === 'process') program = { kind: 'generic' }
    if (!program) return undefined
    const started = startProgram(program, argv, this.#programPlace(), (text) => this.#write(text))
    this.#programs.add(started)
    started.exited.onDone(() => this.#programs.delete(started))
    return started
  }

  /** `beside`: for an exec; a program nobody knows there is a check, and succeeds. */
  #newShell(beside = false): Shell {
    const { env } = this.#place
    return new Shell(this.#system(beside), 'sh', (task) => env.spawn(task))
  }

  #system(beside: boolean): ShellSystem {
    const { env, pod, config } = this.#place
    return {
      hostname: pod.hostname,
      env: config.env,
      files: this.#files,
      wall: () => env.clock.wall(),
      sleep: (delay) => {
        const future = new Future<void>()
        const wake = () => {
          this.#sleeps.delete(timer)
          future.resolve(undefined)
        }
        const timer = env.clock.after(delay, wake, 'container.sleep')
        this.#sleeps.add(timer)
        return future
      },
      random: (bound) => env.random.below(bound),
      start: (argv, write) => this.#child(argv, write, beside),
      http: (url, timeout) => this.#place.http(url, timeout),
    }
  }

  #child(
    argv: readonly string[],
    write: (text: string) => void,
    beside: boolean,
  ): ChildProcess | undefined {
    const { image, generic } = this.#place.manifest
    if (beside && generic) return finished(0)
    const program = this.#binary(argv)
    if (!program) return undefined
    const { binaries } = image
    const plain = argv[0]?.split('/').at(-1) ?? ''
    const data = binaries[argv[0] ?? ''] ?? binaries[plain]
    if (data?.kind !== 'ping') return program
    const up = [...this.#programs].some((p) => p !== program && p.up)
    write(up ? data.up : data.down)
    program.kill()
    return finished(up ? 0 : data.downExitCode)
  }

  #programPlace(): ProgramPlace {
    const { env, pod, ip, config, imageName } = this.#place
    const files = this.#files
    return { clock: env.clock, machine: env.self.machine, pod, ip, config, imageName, files }
  }

  #write(text: string): void {
    this.#line += text
    let end = this.#line.indexOf('\n')
    while (end >= 0) {
      this.#place.log(this.#line.slice(0, Math.min(end, logLineMax)))
      this.#line = this.#line.slice(end + 1)
      end = this.#line.indexOf('\n')
    }
    if (this.#line.length > logLineMax) this.#line = this.#line.slice(0, logLineMax)
  }

  #end(exit: ContainerExit): void {
    if (this.#dead) return
    this.#dead = true
    if (this.#line !== '') this.#place.log(this.#line)
    for (const timer of this.#sleeps) timer.cancel()
    this.#shell?.kill()
    for (const program of [...this.#programs]) program.kill()
    this.exited.resolve(exit)
  }
}

function finished(code: number): ChildProcess {
  const exited = new Future<number>()
  exited.resolve(code)
  return { exited, terminate: () => {}, kill: () => {} }
}

function notFound(name: string): StartError {
  const why = name.startsWith('/')
    ? `exec: "${name}": stat ${name}: no such file or directory`
    : `exec: "${name}": executable file not found in $PATH`
  return {
    exitCode: 128,
    message:
      'failed to create containerd task: failed to create shim task: OCI runtime create failed: ' +
      `runc create failed: unable to start container process: error during container init: ${why}`,
  }
}
