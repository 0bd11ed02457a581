import type { Micros } from '../../sim/time'

/** A rule of the catalogue did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly rule: string

  constructor(rule: string, what: string, run: { readonly seed: number; readonly now: Micros }) {
    super(`${rule}: ${what} (seed ${run.seed}, t=${run.now} µs)`)
    this.rule = rule
  }
}

/** Where checkers report: what must always be true, and what should be seen at least sometimes. */
export class Ledger {
  readonly #run: { readonly seed: number; readonly now: Micros }
  readonly #sometimes = new Map<string, number>()

  constructor(run: { readonly seed: number; readonly now: Micros }) {
    this.#run = run
  }

  get now(): Micros {
    return this.#run.now
  }

  /** `rule` is an id of the catalogue (`R1`, `A9`). Throws a Violation when it does not hold. */
  demand(holds: boolean, rule: string, what: string | (() => string)): void {
    if (!holds) throw new Violation(rule, typeof what === 'string' ? what : what(), this.#run)
  }

  sometimes(what: Rarity): void {
    this.#sometimes.set(what, (this.#sometimes.get(what) ?? 0) + 1)
  }

  counts(): ReadonlyMap<string, number> {
    return this.#sometimes
  }
}

/** What a swarm should meet now and then; a run that never does has not tried hard enough (X8). */
export const rarities = [
  'etcd elected another leader',
  'an etcd term had no leader',
  'an etcd member restarted',
  'etcd lost its quorum',
  'an etcd watch was closed',
  'a store was compacted',
  'an API watch was closed',
  'an API watch was resumed',
  'an API watch expired (410)',
  'a register write had an unknown outcome',
  'a compare-and-swap was refused (409)',
  'a controller-manager took over',
  'a scheduler took over',
  'a node became NotReady',
  'a pod was evicted from a lost node',
  'a container was restarted',
  'a container backed off (CrashLoopBackOff)',
  'a pod was orphaned by a label',
  'a rollout was interrupted by another',
  'a namespace was removed with what was in it',
  'a pod could not be scheduled at first',
] as const

export type Rarity = (typeof rarities)[number]
