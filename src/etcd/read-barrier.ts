import type { ReadState } from '../raft'
import { type Micros, millis } from '../sim/time'

const retryMicros: Micros = millis(500)

/** `ok`: the store is now at least as new as all that was acknowledged before the wait began. */
type Answer = (ok: boolean) => void

interface Waiter {
  readonly since: Micros
  readonly answer: Answer
}

interface Round {
  readonly id: number
  readonly waiters: Waiter[]
  asked: Micros
  /** The answer: reads are right once this is applied. */
  index: number | undefined
}

/** Linearizable reads by ReadIndex. All that wait while one round is under way share the next. */
export class ReadBarrier {
  readonly #ask: (id: number) => void
  readonly #timeout: Micros
  #round: Round | undefined
  #next: Waiter[] = []
  #nextId: number

  /** `firstId` must be above every id this member used in earlier lives. */
  constructor(ask: (id: number) => void, firstId: number, timeout: Micros) {
    this.#ask = ask
    this.#nextId = firstId
    this.#timeout = timeout
  }

  wait(now: Micros, answer: Answer): void {
    this.#next.push({ since: now, answer })
    if (!this.#round) this.#begin(now)
  }

  /** Answers from Raft, and how far the log is applied. */
  confirm(states: readonly ReadState[], applied: number, now: Micros): void {
    const round = this.#round
    const state = round && states.find(({ context }) => context === round.id)
    if (!round || !state) return
    round.index ??= state.index
    this.applied(applied, now)
  }

  /** More of the log is applied. */
  applied(index: number, now: Micros): void {
    const round = this.#round
    if (round?.index === undefined || index < round.index) return
    this.#round = undefined
    for (const { answer } of round.waiters) answer(true)
    if (!this.#round && this.#next.length > 0) this.#begin(now)
  }

  /** Asks again when there was no answer, or at once when there is a new leader. */
  retry(now: Micros, leaderIsNew: boolean): void {
    const round = this.#round
    if (!round || round.index !== undefined) return
    if (!leaderIsNew && now - round.asked < retryMicros) return
    round.asked = now
    this.#ask(round.id)
  }

  expire(now: Micros): void {
    const late = ({ since }: Waiter) => since + this.#timeout <= now
    const expired: Waiter[] = []
    for (const waiters of [this.#round?.waiters, this.#next]) {
      const count = waiters ? waiters.findIndex((waiter) => !late(waiter)) : 0
      if (waiters && count !== 0) {
        expired.push(...waiters.splice(0, count < 0 ? waiters.length : count))
      }
    }
    if (this.#round?.waiters.length === 0 && this.#next.length === 0) this.#round = undefined
    for (const { answer } of expired) answer(false)
  }

  #begin(now: Micros): void {
    const waiters = this.#next
    this.#next = []
    this.#round = { id: this.#nextId++, waiters, asked: now, index: undefined }
    this.#ask(this.#round.id)
  }
}
