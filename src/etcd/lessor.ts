import { type Micros, seconds } from '../sim/time'

/** etcd's limits of a TTL: at least one and a half election times, at most 9 000 000 000 s. */
const ttlSecondsMax = 9_000_000_000
const revokesPerCheckMax = 500
const revokeRetryMicros: Micros = seconds(3)

interface Lease {
  readonly id: number
  readonly ttlSeconds: number
  readonly keys: Set<string>
  /** Known to the leader only; the others never let a lease expire. */
  expiry: Micros
}

/** A granted lease as snapshots keep it; its keys are found in the store. */
export interface LeaseRecord {
  readonly id: number
  readonly ttlSeconds: number
}

export function isTtlTooLarge(ttlSeconds: number): boolean {
  return ttlSeconds > ttlSecondsMax
}

/**
 * Leases and their keys. Grants and revokes come from the log, so all members agree on them; time
 * passes at the leader alone, which renews and finds what has expired.
 */
export class Lessor {
  readonly #leases = new Map<number, Lease>()
  readonly #ttlSecondsMin: number
  /** Expired leases whose revocation is under way. */
  readonly #retryAfter = new Map<number, Micros>()
  #primary = false
  /** No lease expires before. */
  #nextExpiry: Micros = Number.POSITIVE_INFINITY

  constructor(electionMicros: Micros) {
    this.#ttlSecondsMin = Math.ceil((electionMicros * 1.5) / seconds(1))
  }

  get size(): number {
    return this.#leases.size
  }

  has(id: number): boolean {
    return this.#leases.has(id)
  }

  /** The TTL granted. */
  grant(id: number, ttlSeconds: number, now: Micros): number {
    const ttl = Math.max(ttlSeconds, this.#ttlSecondsMin)
    const lease: Lease = { id, ttlSeconds: ttl, keys: new Set(), expiry: 0 }
    this.#leases.set(id, lease)
    this.#extend(lease, now)
    return ttl
  }

  /** The keys to delete, sorted; undefined: there is no such lease. */
  revoke(id: number): readonly string[] | undefined {
    const lease = this.#leases.get(id)
    if (!lease) return undefined
    this.#leases.delete(id)
    this.#retryAfter.delete(id)
    return [...lease.keys].sort()
  }

  moved(key: string, before: number, after: number): void {
    if (before !== 0) this.#leases.get(before)?.keys.delete(key)
    if (after !== 0) this.#leases.get(after)?.keys.add(key)
  }

  /** The new TTL; undefined: no such lease, or it has expired and will be revoked. */
  renew(id: number, now: Micros): number | undefined {
    const lease = this.#leases.get(id)
    if (!lease || lease.expiry <= now) return undefined
    this.#extend(lease, now)
    return lease.ttlSeconds
  }

  look(id: number, now: Micros) {
    const lease = this.#leases.get(id)
    if (!lease) return undefined
    const { ttlSeconds } = lease
    const left = Math.max(0, Math.ceil((lease.expiry - now) / seconds(1)))
    return { ttlSeconds, remainingSeconds: left, keys: [...lease.keys].sort() }
  }

  /** This member leads now: every lease gets its full TTL anew, and `extra`. */
  promote(now: Micros, extra: Micros): void {
    this.#primary = true
    this.#nextExpiry = Number.POSITIVE_INFINITY
    for (const lease of this.#leases.values()) this.#extend(lease, now + extra)
  }

  demote(): void {
    this.#primary = false
  }

  /** Leases to revoke now; asked about again after a while if they are still there. */
  takeExpired(now: Micros): readonly number[] {
    if (!this.#primary || now < this.#nextExpiry) return []
    const expired: number[] = []
    let next = Number.POSITIVE_INFINITY
    for (const lease of this.#leases.values()) {
      const at = Math.max(lease.expiry, this.#retryAfter.get(lease.id) ?? 0)
      if (at > now || expired.length >= revokesPerCheckMax) next = Math.min(next, at)
      else {
        expired.push(lease.id)
        this.#retryAfter.set(lease.id, now + revokeRetryMicros)
        next = Math.min(next, now + revokeRetryMicros)
      }
    }
    this.#nextExpiry = next
    return expired
  }

  #extend(lease: Lease, from: Micros): void {
    lease.expiry = from + seconds(lease.ttlSeconds)
    this.#retryAfter.delete(lease.id)
    if (this.#primary) this.#nextExpiry = Math.min(this.#nextExpiry, lease.expiry)
  }

  picture(): readonly LeaseRecord[] {
    return [...this.#leases.values()]
      .map(({ id, ttlSeconds }) => ({ id, ttlSeconds }))
      .sort((a, b) => a.id - b.id)
  }

  restore(records: readonly LeaseRecord[], now: Micros): void {
    this.#leases.clear()
    this.#nextExpiry = Number.POSITIVE_INFINITY
    for (const { id, ttlSeconds } of records) this.grant(id, ttlSeconds, now)
  }
}
