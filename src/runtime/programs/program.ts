/** What a program does on SIGTERM. A process 1 without a handler of its own does not react. */
export type StopRule = { readonly afterMillis: number; readonly exitCode: number } | 'ignored'

/** One answer of a web program. The first page whose path matches counts. */
export interface Page {
  /** A path, or a prefix when it ends in `*`. */
  readonly path: string
  readonly status: number
  /**
   * Placeholders: `{pod}`, `{namespace}`, `{hostname}`, `{node}`, `{ip}`, `{port}`, `{path}`,
   * `{method}`, `{client}`, `{image}`, `{version}`, `{text}`.
   */
  readonly body: string
  /** After so long the page answers 500: the e2e image that tests liveness probes does that. */
  readonly failsAfterMillis?: number
}

/** Serves HTTP. */
export interface WebProgram {
  readonly kind: 'web'
  readonly port: number
  /** Flags whose value replaces the port: `-listen`, `--http-port`. */
  readonly portFlags?: readonly string[]
  readonly portEnv?: string
  /** Flags and environment that give `{text}`. */
  readonly textFlags?: readonly string[]
  readonly textEnv?: string
  readonly startMillis: number
  readonly memoryMiB: number
  readonly pages: readonly Page[]
  /** Files of the container under this folder are served before the pages. */
  readonly docroot?: string
  readonly stop: StopRule
  readonly log: readonly string[]
}

/** Accepts TCP connections and speaks something other than HTTP. */
export interface TcpProgram {
  readonly kind: 'tcp'
  readonly port: number
  readonly portFlags?: readonly string[]
  readonly startMillis: number
  readonly memoryMiB: number
  /** Without one of these variables it ends at once, with this message. */
  readonly needsEnv?: {
    readonly anyOf: readonly string[]
    readonly lines: readonly string[]
  }
  readonly stop: StopRule
  readonly log: readonly string[]
}

/** Says something and ends. */
export interface OnceProgram {
  readonly kind: 'once'
  readonly afterMillis: number
  readonly exitCode: number
  readonly log: readonly string[]
}

/** Does nothing until it is stopped. */
export interface WaitProgram {
  readonly kind: 'wait'
  readonly stop: StopRule
}

/** Takes memory as its arguments say: `--vm-bytes 250M`. */
export interface StressProgram {
  readonly kind: 'stress'
}

/** Asks whether the container's own server answers, as `pg_isready` and `redis-cli ping` do. */
export interface PingProgram {
  readonly kind: 'ping'
  readonly up: string
  readonly down: string
  readonly downExitCode: number
}

/** Serves HTTP on every port the container declares, or on any when none is: the stand-in for programs unknown here. */
export interface GenericProgram {
  readonly kind: 'generic'
}

/** A real process of the simulated machine: the control plane's own images. */
export interface ProcessProgram {
  readonly kind: 'process'
  /** Where it listens on the machine. */
  readonly ports: readonly number[]
}

export type Program =
  | WebProgram
  | TcpProgram
  | OnceProgram
  | WaitProgram
  | StressProgram
  | PingProgram
  | GenericProgram
  | ProcessProgram

export interface Image {
  /** `docker.io/library/nginx`; a trailing `*` matches the rest. */
  readonly repository: string
  /** Tags that exist; any when absent. */
  readonly tags?: RegExp
  readonly sizeBytes: number
  /** Shared layers below the image's own. */
  readonly base?: string
  /** It has a shell and the usual small commands. */
  readonly shell: boolean
  /** What runs when the pod gives no command. */
  readonly entrypoint: readonly string[]
  readonly args?: readonly string[]
  readonly binaries: { readonly [name: string]: Program }
}
