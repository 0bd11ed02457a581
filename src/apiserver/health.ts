import type { ApiResponse } from '../client/request'
import type { EtcdClient } from '../etcd/client'
import type { Clock } from '../sim/process'
import type { Future, Task } from '../sim/task'
import { type Micros, seconds } from '../sim/time'
import { waitAtMost } from './cache/deadline'
import type { WatchCache } from './cache/watch-cache'

/** etcd must answer a health check within this. */
const etcdTimeout: Micros = seconds(2)
/** One answer of etcd's counts for all probes in this time. */
const answerValid: Micros = seconds(1)

type HealthPath = 'healthz' | 'livez' | 'readyz'

interface Check {
  readonly name: string
  readonly passes: boolean
}

/** `/healthz`, `/livez` and `/readyz`: one line per check when asked for or when one fails. */
export class Health {
  readonly #clock: Clock
  readonly #etcd: EtcdClient
  readonly #cache: WatchCache
  readonly #spawn: <T>(task: Task<T>) => Future<T>
  #asked: { readonly at: Micros; readonly answer: Future<boolean> } | undefined
  /** What a new server does before it is ready. */
  hooksDone = false
  /** The server is about to end: no new requests, please. */
  shuttingDown = false

  constructor(parts: {
    readonly clock: Clock
    readonly etcd: EtcdClient
    readonly cache: WatchCache
    readonly spawn: <T>(task: Task<T>) => Future<T>
  }) {
    this.#clock = parts.clock
    this.#etcd = parts.etcd
    this.#cache = parts.cache
    this.#spawn = parts.spawn
  }

  /** Undefined for other paths. A path below names one check: `/readyz/etcd`. */
  *answer(path: string, verbose: boolean): Task<ApiResponse | undefined> {
    const [, root = '', name] = path.split('/')
    if (root !== 'healthz' && root !== 'livez' && root !== 'readyz') return undefined
    const checks = yield* this.#checks(root)
    if (name) {
      const check = checks.find((candidate) => candidate.name === name)
      if (!check) return undefined
      return check.passes ? text(200, 'ok') : text(500, `internal server error: ${name} failed`)
    }
    const failed = checks.some((check) => !check.passes)
    if (!failed && !verbose) return text(200, 'ok')
    const lines = checks.map((check) =>
      check.passes ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`,
    )
    lines.push(`${root} check ${failed ? 'failed' : 'passed'}`)
    return text(failed ? 500 : 200, `${lines.join('\n')}\n`)
  }

  *#checks(path: HealthPath): Task<readonly Check[]> {
    const etcd = yield* this.#etcdAnswers()
    const checks: Check[] = [
      { name: 'ping', passes: true },
      { name: 'log', passes: true },
      { name: 'etcd', passes: etcd },
    ]
    if (path !== 'readyz') return checks
    checks.push(
      { name: 'etcd-readiness', passes: etcd },
      { name: 'informer-sync', passes: this.#cache.ready },
      {
        name: 'poststarthook/start-kube-apiserver-admission-initializer',
        passes: this.#cache.ready,
      },
      { name: 'poststarthook/rbac/bootstrap-roles', passes: this.hooksDone },
      { name: 'shutdown', passes: !this.shuttingDown },
    )
    return checks
  }

  *#etcdAnswers(): Task<boolean> {
    const now = this.#clock.monotonic()
    let asked = this.#asked
    if (!asked || (asked.answer.done && now - asked.at >= answerValid)) {
      asked = { at: now, answer: this.#spawn(this.#ask()) }
      this.#asked = asked
    }
    const { answer, at } = asked
    const left = Math.max(at + etcdTimeout - now, 0)
    return (yield* waitAtMost(this.#clock, answer, left)) && answer.value === true
  }

  *#ask(): Task<boolean> {
    return (yield* this.#etcd.currentRevision()).ok
  }
}

function text(status: number, body: string): ApiResponse {
  return { status, body, headers: { 'Content-Type': 'text/plain; charset=utf-8' } }
}
