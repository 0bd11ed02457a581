import type { EtcdClient, EtcdResult } from '../../etcd/client'
import type { ProcessEnv } from '../../sim/process'
import type { Task } from '../../sim/task'
import { type Micros, seconds } from '../../sim/time'

/** A lease is shared by the keys of this long, and by at most so many, as the real server does. */
const reuseFor: Micros = seconds(60)
const keysMax = 1000

/** Leases for short-lived objects: granted for a while longer than asked, shared by many keys. */
export class LeasePool {
  readonly #env: ProcessEnv
  readonly #etcd: EtcdClient
  readonly #ttlSeconds: number
  #lease: { readonly id: number; readonly until: Micros; keys: number } | undefined

  constructor(env: ProcessEnv, etcd: EtcdClient, ttlSeconds: number) {
    this.#env = env
    this.#etcd = etcd
    this.#ttlSeconds = ttlSeconds
  }

  /** Undefined when one has to be granted first. */
  takeAtHand(): number | undefined {
    const lease = this.#lease
    if (!lease || this.#env.clock.monotonic() >= lease.until || lease.keys >= keysMax) {
      return undefined
    }
    lease.keys++
    return lease.id
  }

  /** The id of a lease with at least the pool's time to live. */
  *take(): Task<EtcdResult<number>> {
    const id = this.takeAtHand()
    if (id !== undefined) return { ok: true, value: id }
    const now = this.#env.clock.monotonic()
    const granted = yield* this.#etcd.leaseGrant(this.#ttlSeconds + reuseFor / seconds(1))
    if (!granted.ok) return granted
    this.#lease = { id: granted.value.id, until: now + reuseFor, keys: 1 }
    return { ok: true, value: granted.value.id }
  }
}
