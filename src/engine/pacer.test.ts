import { describe, expect, it } from 'vitest'
import { type Micros, millis, seconds } from '../sim/time'
import { type Paced, Pacer, sliceMs } from './pacer'

/** Virtual time with an event every `every`, each of which takes the host `costMs`. */
class Host implements Paced {
  now: Micros = 0
  wallMs = 1000
  handled = 0
  every: Micros
  costMs: number
  last: Micros

  constructor(every: Micros, costMs = 0, last = Number.POSITIVE_INFINITY) {
    this.every = every
    this.costMs = costMs
    this.last = last
  }

  get nextEventTime(): Micros | undefined {
    const next = (this.handled + 1) * this.every
    return next > this.last ? undefined : next
  }

  runUntil(time: Micros, eventsMax: number): boolean {
    for (let n = 0; ; n++) {
      const next = this.nextEventTime
      if (next === undefined || next > time) {
        this.now = Math.max(this.now, time)
        return true
      }
      if (n >= eventsMax) return false
      this.now = next
      this.handled++
      this.wallMs += this.costMs
    }
  }
}

function begin(host: Host) {
  const pacer = new Pacer(host, () => host.wallMs)
  /** Lets the host work and sleep as the pacer asks, for a stretch of wall time. */
  const live = (forMs: number) => {
    const until = host.wallMs + forMs
    while (host.wallMs < until) {
      const began = host.wallMs
      const waitMs = pacer.slice()
      expect(host.wallMs - began).toBeLessThan(sliceMs + 500 * host.costMs + 1)
      host.wallMs = Math.min(until, host.wallMs + (waitMs || 0.01))
    }
    pacer.slice()
  }
  return { pacer, live }
}

describe('pacer', () => {
  it.each([0.5, 1, 10, 60])('follows the wall clock at speed %f', (speed) => {
    const host = new Host(millis(3))
    const { pacer, live } = begin(host)
    pacer.speed = speed
    live(2000)
    expect(host.now).toBe(seconds(2) * speed)
    pacer.speed = 2
    live(500)
    expect(host.now).toBe(seconds(2) * speed + seconds(1))
  })

  it('stands still while paused, and asks for no turn', () => {
    const host = new Host(millis(1))
    const { pacer, live } = begin(host)
    expect(pacer.slice()).toBe(Number.POSITIVE_INFINITY)
    live(5000)
    expect(host.now).toBe(0)
    pacer.speed = 1
    live(100)
    expect(host.now).toBe(millis(100))
  })

  it('slips behind what the host cannot do, and does not catch up', () => {
    const host = new Host(millis(1), 0.1)
    const { pacer, live } = begin(host)
    pacer.speed = 60
    live(1000)
    expect(host.now / seconds(1)).toBeCloseTo(10, 0)
    const before = host.now
    host.costMs = 0
    live(100)
    expect(host.now - before).toBeLessThanOrEqual(seconds(6.5))
  })

  it('a host that was frozen goes on, at most a slice of work ahead', () => {
    const host = new Host(millis(1), 0.01)
    const { pacer, live } = begin(host)
    pacer.speed = 1
    live(100)
    const before = host.now
    host.wallMs += 3_600_000
    live(1000)
    expect(host.now - before).toBeLessThan(seconds(3))
  })

  it('asks to be woken when the next event is due, at least every 100 ms', () => {
    const rare = begin(new Host(millis(40)))
    rare.pacer.speed = 2
    expect(rare.pacer.slice()).toBe(20)
    const never = begin(new Host(seconds(60)))
    never.pacer.speed = 1
    expect(never.pacer.slice()).toBe(100)
  })

  it('flat out, goes as fast as the host can, and no further than a second past the last event', () => {
    const host = new Host(millis(1), 0.001, seconds(30))
    const { pacer, live } = begin(host)
    pacer.speed = 'max'
    live(1000)
    expect(host.handled).toBe(30_000)
    expect(host.now).toBeLessThanOrEqual(seconds(31))
  })

  it.each([0, 1, 'max'] as const)(
    'runs a goal flat out at speed %s, then keeps that speed',
    (speed) => {
      const host = new Host(millis(1), 0.01, seconds(3600))
      const { pacer, live } = begin(host)
      pacer.speed = speed
      const ends: boolean[] = []
      pacer.runTo({ latest: seconds(60), done: (inTime) => void ends.push(inTime) })
      while (ends.length === 0) expect(pacer.slice()).toBe(0)
      expect(ends).toEqual([true])
      expect(host.now).toBe(seconds(60))
      live(500)
      if (speed === 0) expect(host.now).toBe(seconds(60))
      if (speed === 1) expect(host.now).toBe(seconds(60.5))
      if (speed === 'max') expect(host.now).toBeGreaterThan(seconds(61))
    },
  )

  it.each([0, 0.02, 0.9, 3])(
    'ends a goal at the same time on a host that needs %f ms',
    (costMs) => {
      const host = new Host(700, costMs)
      const { pacer } = begin(host)
      const ends: boolean[] = []
      pacer.runTo({
        latest: seconds(60),
        reached: () => host.now >= seconds(10.5),
        every: seconds(1),
        done: (inTime) => void ends.push(inTime),
      })
      while (ends.length === 0) pacer.slice()
      expect(ends).toEqual([true])
      expect(host.now).toBe(seconds(11))
    },
  )

  it('gives a goal up at its latest time, and for another goal', () => {
    const host = new Host(millis(7))
    const { pacer } = begin(host)
    const results: string[] = []
    const goal = (name: string, latest: Micros) => ({
      latest,
      reached: () => false,
      every: seconds(1),
      done: (inTime: boolean) => void results.push(`${name} ${inTime}`),
    })
    pacer.runTo(goal('first', seconds(3)))
    pacer.runTo(goal('second', seconds(2.5)))
    while (results.length < 2) pacer.slice()
    expect(results).toEqual(['first false', 'second false'])
    expect(host.now).toBe(seconds(2.5))
  })
})
