import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY_CONF_STATE, type Entry, type HardState, type Snapshot } from '../raft'
import type { Action } from '../sim/action'
import { VirtualDisk } from '../sim/disk'
import { randomStream } from '../sim/random'
import { Wal } from './wal'

const initial = { confState: EMPTY_CONF_STATE, data: 'empty' }

type Write =
  | { readonly entry: Entry }
  | { readonly state: HardState }
  | { readonly snapshot: Snapshot; readonly received: boolean }

interface Kept {
  snapshot: number
  hardState: HardState
  entries: readonly Entry[]
}

function keep(kept: Kept, write: Write): Kept {
  const { snapshot: base, entries } = kept
  if ('entry' in write) {
    return { ...kept, entries: [...entries.slice(0, write.entry.index - base - 1), write.entry] }
  }
  if ('state' in write) return { ...kept, hardState: write.state }
  const { index, term } = write.snapshot.metadata
  const rest = write.received ? [] : entries.slice(index - base)
  const state = kept.hardState
  const hardState =
    state.term < term
      ? { term, vote: 0, commit: index }
      : { ...state, commit: Math.max(state.commit, index) }
  return { snapshot: index, hardState, entries: rest }
}

/** A member's life: what it wrote, what it knows to be durable, and its present state. */
class Life {
  disk: VirtualDisk
  wal: Wal
  now: Kept
  /** States that a power cut may leave: the last durable one and all after it. */
  possible: Kept[]
  readonly #pending: Action[] = []

  constructor(seed: number) {
    this.disk = new VirtualDisk({
      random: randomStream(seed, 'disk'),
      now: () => 0,
      after: (_, action) => void this.#pending.push(action),
    })
    this.wal = new Wal(this.disk, 'd', 8)
    const { snapshot, hardState, entries } = this.wal.open(initial)
    this.now = { snapshot: snapshot.metadata.index, hardState, entries }
    this.possible = [this.now]
    this.sync()
  }

  did(write: Write) {
    this.now = keep(this.now, write)
    this.possible.push(this.now)
  }

  sync() {
    this.wal.sync()
    for (const action of this.#pending.splice(0)) action.run()
    this.possible = [this.now]
  }

  crash(): Kept {
    this.#pending.length = 0
    this.disk.losePower()
    this.wal = new Wal(this.disk, 'd', 8)
    const { snapshot, hardState, entries } = this.wal.open(initial)
    this.now = { snapshot: snapshot.metadata.index, hardState, entries }
    return this.now
  }

  get last() {
    return this.now.snapshot + this.now.entries.length
  }

  append(back: number, count: number, newTerm: boolean, commit: number) {
    const { hardState, snapshot } = this.now
    const term = hardState.term + Number(newTerm)
    const first = Math.max(hardState.commit + 1, snapshot + 1, this.last + 1 - back)
    const entries = Array.from({ length: count }, (_, i) => {
      return { term, index: first + i, type: 'normal' as const, data: `${term}/${first + i}` }
    })
    for (const entry of entries) this.did({ entry })
    const state = { term, vote: newTerm ? 1 : hardState.vote, commit: hardState.commit }
    state.commit = Math.max(state.commit, Math.min(this.last, state.commit + commit))
    this.did({ state })
    this.wal.save(entries, state)
  }

  snapshot(ahead: number) {
    const { commit, term } = this.now.hardState
    const received = ahead > 0
    const index = commit + ahead
    const known = this.now.entries[index - this.now.snapshot - 1]?.term
    if (index <= this.now.snapshot || (received && known === term)) return
    const metadata = { confState: EMPTY_CONF_STATE, index, term: received ? term : (known ?? 0) }
    const snapshot: Snapshot = { data: `at ${index}`, metadata }
    this.did({ snapshot, received })
    this.wal.saveSnapshot(snapshot, received)
  }
}

const step = fc.oneof(
  fc.record({
    back: fc.nat({ max: 4 }),
    count: fc.nat({ max: 5 }),
    newTerm: fc.boolean(),
    commit: fc.nat({ max: 4 }),
  }),
  fc.record({ ahead: fc.nat({ max: 9 }) }),
  fc.constant('sync' as const),
  fc.constant('crash' as const),
)

describe('the write-ahead log', () => {
  it('D2 D3 D4 D5 a power cut leaves the state after some write since the last sync', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), (steps, seed) => {
        const life = new Life(seed)
        for (const s of steps) {
          if (s === 'sync') life.sync()
          else if (s === 'crash') {
            const found = life.crash()
            expect(life.possible).toContainEqual(found)
            life.possible = [found]
          } else if ('ahead' in s) life.snapshot(s.ahead)
          else life.append(s.back, s.count, s.newTerm, s.commit)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('D4 D5 drops the files before a snapshot and keeps term and vote', () => {
    const life = new Life(1)
    for (let i = 0; i < 40; i++) life.append(0, 3, i === 0, 3)
    const before = life.disk.list('d/wal/').length
    life.snapshot(0)
    life.append(0, 1, false, 0)
    life.sync()
    expect(before).toBeGreaterThan(10)
    expect(life.disk.list('d/wal/').length).toBeLessThanOrEqual(2)
    expect(life.disk.list('d/snap/').length).toBe(1)
    expect(life.crash()).toMatchObject({
      snapshot: 121,
      hardState: { term: 2, vote: 1, commit: 121 },
    })
  })
})
