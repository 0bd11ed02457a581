import type { Status } from '../../api/generated/meta-v1'
import type { Transport } from '../../client/transport'
import type { Source } from './derive'
import type { LabStore } from './lab-store'

/** Can the API be read and written? Times are virtual microseconds. */
export type ApiHealth =
  | { readonly state: 'starting' }
  | { readonly state: 'answering' }
  | { readonly state: 'silent'; readonly since: number; readonly message: string }

export interface ApiProbe extends Source {
  get(): ApiHealth
  close(): void
}

const PERIOD_MS = 1000
const STARTING_PERIOD_MS = 200
const PATIENCE_MICROS = 10_000_000
const ANSWERING: ApiHealth = { state: 'answering' }

/**
 * Asks once a second for an object that every cluster has. The read is a quorum read, so it fails
 * when etcd has lost its majority even while watches still stand. Patience is counted in virtual
 * time: in a paused cluster nobody answers, and that is no failure.
 */
export function openApiProbe(transport: Transport, lab: LabStore): ApiProbe {
  let health: ApiHealth = { state: 'starting' }
  let version = 0
  let asked: number | undefined
  const listeners = new Set<() => void>()
  const now = () => lab.get()?.time ?? 0

  const set = (next: ApiHealth) => {
    if (next.state === 'silent' && health.state === 'silent') {
      next = { ...next, since: health.since }
      if (next.message === health.message) return
    } else if (next.state === health.state) return
    health = next
    version += 1
    for (const listener of [...listeners]) listener()
  }
  const silent = (since: number, message: string) => {
    if (health.state !== 'starting') set({ state: 'silent', since, message })
  }
  const ask = async () => {
    const start = now()
    asked = start
    const answer = await transport.send<unknown>({
      method: 'GET',
      path: '/api/v1/namespaces/default',
      userAgent: 'kubarium-probe',
    })
    asked = undefined
    if (answer.status === 0 || answer.status >= 500) {
      silent(start, (answer.body as Status | undefined)?.message ?? 'no answer')
    } else if (answer.status !== 404 || health.state === 'silent') set(ANSWERING)
  }
  const look = () => {
    if (asked === undefined) void ask()
    else if (now() - asked > PATIENCE_MICROS) silent(asked, 'no answer')
    timer = setTimeout(look, health.state === 'starting' ? STARTING_PERIOD_MS : PERIOD_MS)
  }
  let timer = setTimeout(look, 0)

  return {
    get: () => health,
    get version() {
      return version
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () => clearTimeout(timer),
  }
}
