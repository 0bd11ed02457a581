import { type Micros, seconds } from '../sim/time'

/** What the pacer drives: virtual time that can be let run. */
export interface Paced {
  readonly now: Micros
  readonly nextEventTime: Micros | undefined
  /** Handles events up to `time`, at most `eventsMax`; true when it got there. */
  runUntil(time: Micros, eventsMax: number): boolean
}

/** Somewhere to get to as fast as the host can, whatever the speed. */
export interface Goal {
  readonly latest: Micros
  /**
   * Asked every `every` microseconds of virtual time, counted from the start: when a run ends never
   * depends on the host's slices. True ends the run early.
   */
  readonly reached?: () => boolean
  readonly every?: Micros
  done(inTime: boolean): void
}

export type Speed = number | 'max'

/** A slice of work gives the host its turn back after this long. */
export const sliceMs = 8
/** An idle host is woken at least this often. */
const idleMs = 100
const chunkEvents = 500
/** Flat out, time passes the last event by this much at most. */
const strideMax = seconds(1)

/**
 * Lets virtual time follow the wall clock at a speed, or run flat out. A host that cannot keep up,
 * or was frozen, slips: what was missed is not caught up.
 */
export class Pacer {
  readonly #paced: Paced
  readonly #wallMs: () => number
  #speed: Speed = 0
  #anchorWallMs = 0
  #anchorTime: Micros = 0
  #goal: Goal | undefined
  /** Where the goal is asked next. */
  #stop: Micros = 0

  constructor(paced: Paced, wallMs: () => number) {
    this.#paced = paced
    this.#wallMs = wallMs
  }

  get speed(): Speed {
    return this.#speed
  }

  set speed(speed: Speed) {
    this.#speed = speed
    this.#anchor()
  }

  runTo(goal: Goal): void {
    this.#goal?.done(false)
    this.#goal = goal
    this.#aim(goal)
  }

  /** Works for at most `sliceMs`; returns the milliseconds until it wants to work again. */
  slice(): number {
    const deadline = this.#wallMs() + sliceMs
    if (this.#goal) {
      this.#pursue(this.#goal, deadline)
      return 0
    }
    if (this.#speed === 0) return Number.POSITIVE_INFINITY
    if (this.#speed === 'max') return this.#flatOut(deadline)
    const elapsedMs = this.#wallMs() - this.#anchorWallMs
    const target = this.#anchorTime + Math.floor(elapsedMs * 1000 * this.#speed)
    if (!this.#run(target, deadline)) {
      this.#anchor()
      return 0
    }
    const next = this.#paced.nextEventTime
    if (next === undefined) return idleMs
    return Math.min(idleMs, Math.max(1, (next - target) / (1000 * this.#speed)))
  }

  /** Goes from event to event, so that time does not run away when there are none. */
  #flatOut(deadline: number): number {
    do {
      const next = this.#paced.nextEventTime
      if (next === undefined) return idleMs
      if (!this.#run(next + strideMax, deadline)) return 0
    } while (this.#wallMs() < deadline)
    return 0
  }

  #pursue(goal: Goal, deadline: number): void {
    do {
      if (!this.#run(this.#stop, deadline)) return
      if (goal.reached?.()) {
        this.#finish(goal, true)
        return
      }
      if (this.#paced.now >= goal.latest) {
        this.#finish(goal, goal.reached === undefined)
        return
      }
      this.#aim(goal)
    } while (this.#wallMs() < deadline)
  }

  #aim({ latest, every }: Goal): void {
    this.#stop = every ? Math.min(latest, this.#paced.now + every) : latest
  }

  #finish(goal: Goal, inTime: boolean): void {
    this.#goal = undefined
    this.#anchor()
    goal.done(inTime)
  }

  #run(time: Micros, deadline: number): boolean {
    while (!this.#paced.runUntil(time, chunkEvents)) {
      if (this.#wallMs() >= deadline) return false
    }
    return true
  }

  #anchor(): void {
    this.#anchorWallMs = this.#wallMs()
    this.#anchorTime = this.#paced.now
  }
}
