import { type JointConfig, jointCommittedIndex } from './quorum/joint'
import type { AckedIndexer } from './quorum/majority'
import type { Message } from './types'

/** A read waiting for proof that its leader still led when it arrived. */
interface PendingRead {
  readonly request: Message
  /** Commit index when the request arrived. */
  readonly index: number
}

/**
 * Linearizable reads without log writes (Raft thesis 6.4, rule R16). Reads are numbered; heartbeats
 * carry the number of the latest one, and an answer confirms all reads up to the number it returns.
 */
export class ReadOnly implements AckedIndexer {
  #acks = new Map<number, number>()
  #pending: PendingRead[] = []
  #confirmed = 0

  add(request: Message, index: number): void {
    this.#pending.push({ request, index })
  }

  receiveAck(from: number, position: number): void {
    this.#acks.set(from, Math.max(this.#acks.get(from) ?? 0, position))
  }

  ackedIndex(id: number): number | undefined {
    return this.#acks.get(id)
  }

  /** Reads that a quorum has confirmed by now, in order of arrival. */
  takeConfirmed(voters: JointConfig): readonly PendingRead[] {
    const confirmed = jointCommittedIndex(voters, this)
    if (confirmed <= this.#confirmed) return []
    const ready = this.#pending.splice(0, confirmed - this.#confirmed)
    this.#confirmed += ready.length
    return ready
  }

  /** What heartbeats must carry to confirm every pending read; undefined if none is pending. */
  position(): number | undefined {
    return this.#pending.length === 0 ? undefined : this.#confirmed + this.#pending.length
  }

  reset(): void {
    if (this.#acks.size > 0) this.#acks = new Map()
    this.#pending = []
    this.#confirmed = 0
  }
}
