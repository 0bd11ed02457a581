import type { Future } from '../../sim/task'
import type { Micros } from '../../sim/time'
import type { HttpOutcome } from '../pod-network'

/** A program that the shell started. */
export interface ChildProcess {
  readonly exited: Future<number>
  terminate(): void
  kill(): void
}

/** What a shell may ask of the container it runs in. */
export interface ShellSystem {
  readonly hostname: string
  readonly env: { readonly [name: string]: string }
  /** Files by absolute path; writes stay in the container. */
  readonly files: Map<string, string>
  /** Wall clock, microseconds. */
  wall(): Micros
  /** A timer that the kernel forgets when the container is killed. */
  sleep(delay: Micros): Future<void>
  random(bound: number): number
  /** An image's own program; undefined when there is none of that name. */
  start(argv: readonly string[], write: (text: string) => void): ChildProcess | undefined
  /** One HTTP request from the pod; status 0 with a reason when no answer comes. */
  http(url: string, timeout: Micros): Future<HttpOutcome>
}
