import type { Disk } from './disk'
import type { Network } from './network'
import type { Random } from './random'
import type { Future, Task } from './task'
import type { Micros } from './time'

/**
 * A program on a machine. Its constructor only wires; `start` begins the work. It may touch nothing
 * but its environment. When its machine or the process dies, nothing of it runs any more: its
 * timers, tasks, ports and streams are gone without a farewell of its own.
 */
export interface Process {
  start(): void
  /** SIGTERM: finish what must be finished, then `env.exit(0)`. Without it the process ends at once. */
  stop?(): void
  /** A picture of the inside for the lab channel and checkers: plain data, read-only. */
  inspect?(): unknown
}

export type ProcessFactory = (env: ProcessEnv) => Process

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Microseconds of virtual time since the simulation began; never goes back. */
  monotonic(): Micros
  /** This machine's wall clock: microseconds since 1970. */
  wall(): Micros
  after(delay: Micros, action: () => void, kind?: string): Timer
  sleep(delay: Micros, kind?: string): Future<void>
}

/** All that a process may touch. */
export interface ProcessEnv {
  readonly self: { readonly machine: string; readonly process: string; readonly ip: string }
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly disk: Disk
  readonly host: MachineHost
  /** Runs a task until it ends or the process dies; the future has its result. */
  spawn<T>(task: Task<T>): Future<T>
  /** Runs an action once the future is there, unless the process has died: the least of tasks. */
  whenDone<T>(future: Future<T>, action: (value: T) => void): void
  /** Notes something worth telling in the trace, with the present event as its cause. */
  note(kind: string, detail: string): void
  /** Ends this process: 0 is an orderly end. Nothing after the call should rely on it. */
  exit(code: number): void
}

export type ProcessStatus = 'running' | 'exited' | 'crashed'

export interface ProcessHandle {
  readonly name: string
  readonly status: ProcessStatus
  /** Resolves with the exit code: 137 when killed, 143 when ended by SIGTERM without its own code. */
  readonly exited: Future<number>
  /** The running program, for those on the same machine and for inspection. */
  readonly program: Process
  terminate(): void
  kill(): void
}

/** The machine's operating system, as its processes see it. */
export interface MachineHost {
  /** Counts the machine's boots, from 1. */
  readonly bootCount: number
  /** Starts another process on the same machine; its name must not be in use by a running one. */
  start(name: string, factory: ProcessFactory): ProcessHandle
  process(name: string): ProcessHandle | undefined
  /** Publishes a local interface (a unix socket); it vanishes with this process. */
  provide(name: string, service: object): void
  find<T extends object>(name: string): T | undefined
  /** State of the kernel itself (packet rules, mounts): survives processes, not a power-off. */
  readonly kernelState: Map<string, unknown>
}
