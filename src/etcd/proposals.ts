import type { Micros } from '../sim/time'
import type { Proposal, WriteRequest, WriteResponse } from './applier'
import { type EtcdResult, etcdFailure } from './rpc'

/** Requests of one member that may wait at once. */
const waitingMax = 5_000
const proposalsPerMessageMax = 1_024

type Answer = (result: EtcdResult<WriteResponse>) => void

interface Waiter {
  readonly since: Micros
  readonly answer: Answer
}

/** Proposals this member has made, until their entries are applied or time is up. */
export class Proposals {
  readonly #memberId: number
  readonly #timeout: Micros
  /** In the order they came, so that the oldest is first. */
  readonly #waiting = new Map<number, Waiter>()
  #queue: Proposal[] = []
  #nextId: number

  /** `firstId` must be above every id this member used in earlier lives. */
  constructor(memberId: number, firstId: number, timeout: Micros) {
    this.#memberId = memberId
    this.#nextId = firstId
    this.#timeout = timeout
  }

  submit(request: WriteRequest, now: Micros, answer: Answer): void {
    if (this.#waiting.size >= waitingMax) {
      answer(etcdFailure('too many requests'))
      return
    }
    const id = this.#nextId++
    this.#waiting.set(id, { since: now, answer })
    this.#queue.push({ memberId: this.#memberId, id, request })
  }

  /** On this member's own account, while it leads in `term`: nobody waits. */
  submitOwn(request: WriteRequest, term: number): void {
    const id = this.#nextId++
    this.#queue.push({ memberId: this.#memberId, id, request, onlyInTerm: term })
  }

  /** Hands out what has gathered; `propose` returns false when nobody takes it now. */
  flush(propose: (batch: readonly Proposal[]) => boolean): void {
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, proposalsPerMessageMax)
      if (!propose(batch)) return
      this.#queue = this.#queue.length === batch.length ? [] : this.#queue.slice(batch.length)
    }
  }

  awaits(id: number): boolean {
    return this.#waiting.has(id)
  }

  settle(id: number, result: EtcdResult<WriteResponse>): void {
    const waiter = this.#waiting.get(id)
    if (!waiter) return
    this.#waiting.delete(id)
    waiter.answer(result)
  }

  /**
   * Gives up on what waits too long; it may be done all the same. `leaderElected` tells whether a
   * leader was lost and found while a proposal waited.
   */
  expire(now: Micros, leaderElected: Micros, electionMicros: Micros): void {
    let expired = false
    for (const [id, { since, answer }] of this.#waiting) {
      if (since + this.#timeout > now) break
      this.#waiting.delete(id)
      expired = true
      const lost = leaderElected - 2 * electionMicros
      const failed = since > lost && since < leaderElected
      answer(etcdFailure(failed ? 'timeout due to leader failure' : 'timeout'))
    }
    if (expired) this.#queue = this.#queue.filter(({ id }) => this.#waiting.has(id))
  }
}
