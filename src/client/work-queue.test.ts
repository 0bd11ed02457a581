import { describe, expect, it } from 'vitest'
import type { Clock, ProcessEnv } from '../sim/process'
import { Simulation } from '../sim/simulation'
import { wait } from '../sim/task'
import { type Micros, millis, seconds } from '../sim/time'
import { TokenBucket } from './rate-limit'
import { type SyncResult, startWorkers, synced, WorkQueue } from './work-queue'

/** A clock that a test moves by hand. */
class Desk {
  readonly sim = new Simulation({ seed: 1, epochMs: 0, latencyMicros: 1 })
  readonly env: ProcessEnv

  constructor() {
    let env: ProcessEnv | undefined
    const boot = (given: ProcessEnv) => {
      env = given
      return { start: () => {} }
    }
    const machine = this.sim.addMachine({
      id: 'desk',
      ip: '10.0.0.1',
      bootMicros: 1,
      boot: (host) => void host.start('desk', boot),
    })
    machine.powerOn()
    this.sim.runUntil(millis(1))
    this.env = env as unknown as ProcessEnv
  }

  get clock(): Clock {
    return this.env.clock
  }

  do(action: () => void): void {
    this.sim.inject('test', action)
  }

  advance(by: Micros): void {
    this.sim.runUntil(this.sim.now + by)
  }
}

/** Takes all that waits now, without finishing it. */
function takeAll(queue: WorkQueue): string[] {
  const keys: string[] = []
  while (queue.length > 0) keys.push(queue.take().value as string)
  return keys
}

describe('work queue', () => {
  it('C10 keeps a key once, in the order of first arrival', () => {
    const queue = new WorkQueue(new Desk().clock)
    for (const key of ['b', 'a', 'b', 'c', 'a']) queue.add(key)
    expect(takeAll(queue)).toEqual(['b', 'a', 'c'])
  })

  it('C10 hands a key straight to the worker that has waited longest', () => {
    const queue = new WorkQueue(new Desk().clock)
    const workers = [queue.take(), queue.take()]
    queue.add('a')
    queue.add('a')
    queue.add('b')
    expect(workers.map(({ value }) => value)).toEqual(['a', 'b'])
    expect(queue.length).toBe(0)
  })

  it('C11 works on a key once at a time, and once more when it came meanwhile', () => {
    const queue = new WorkQueue(new Desk().clock)
    queue.add('a')
    expect(takeAll(queue)).toEqual(['a'])
    queue.add('a')
    queue.add('a')
    expect(queue.length).toBe(0)
    queue.done('a')
    expect(takeAll(queue)).toEqual(['a'])
    queue.done('a')
    expect(queue.length).toBe(0)
  })

  it.each([
    ['the later call is earlier', [200, 100], 100],
    ['the later call is later', [100, 200], 100],
    ['no delay', [100, 0], 0],
  ])('C12 the earliest addAfter counts: %s', (_, delays, expected) => {
    const desk = new Desk()
    const queue = new WorkQueue(desk.clock)
    desk.do(() => {
      for (const delay of delays) queue.addAfter('a', millis(delay))
    })
    if (expected > 0) desk.advance(millis(expected) - 1)
    if (expected > 0) expect(queue.length).toBe(0)
    desk.advance(1)
    expect(takeAll(queue)).toEqual(['a'])
    queue.done('a')
    if (expected === 0) return
    desk.advance(seconds(1))
    expect(queue.length).toBe(0)
  })

  it('C13 waits 5 ms, doubling to 1 000 s, until the key is forgotten', () => {
    const desk = new Desk()
    const queue = new WorkQueue(desk.clock)
    const waits: Micros[] = []
    const fail = () => {
      const began = desk.sim.now
      desk.do(() => queue.addRateLimited('a'))
      while (queue.length === 0) desk.sim.step()
      waits.push(desk.sim.now - began)
      takeAll(queue)
      queue.done('a')
    }
    for (let i = 0; i < 20; i++) fail()
    const expected = Array.from({ length: 20 }, (_, i) =>
      Math.min(millis(5) * 2 ** i, seconds(1000)),
    )
    expect(waits).toEqual(expected)
    expect(queue.failures('a')).toBe(20)
    queue.forget('a')
    fail()
    expect(waits.at(-1)).toBe(millis(5))
  })

  it('C13 shares a bucket of 10 a second with a burst of 100 among all keys', () => {
    const desk = new Desk()
    const queue = new WorkQueue(desk.clock)
    desk.do(() => {
      for (let i = 0; i < 120; i++) queue.addRateLimited(`key-${i}`)
    })
    desk.advance(millis(50))
    expect(queue.length).toBe(100)
    desk.advance(seconds(1))
    expect(queue.length).toBe(110)
  })

  it('C11 C13 workers retry what failed and come back when asked to', () => {
    const desk = new Desk()
    const queue = new WorkQueue(desk.clock)
    const began: { key: string; at: Micros }[] = []
    const results: SyncResult[] = [
      { ok: false, error: { code: 500, reason: 'InternalError', message: '' } },
      { ok: true, requeueAfter: seconds(3) },
      synced,
    ]
    desk.do(() => {
      startWorkers(desk.env, queue, 2, function* (key) {
        began.push({ key, at: desk.sim.now })
        yield* wait(desk.clock.sleep(seconds(1)))
        return results.shift() ?? synced
      })
      queue.add('a')
    })
    const start = desk.sim.now
    desk.advance(seconds(60))
    expect(began.map(({ at }) => at - start)).toEqual([0, seconds(1) + millis(5), 5_005_000])
    expect(queue.failures('a')).toBe(0)
  })
})

describe('token bucket', () => {
  it('C14 gives the burst at once, then qps a second', () => {
    const desk = new Desk()
    const bucket = new TokenBucket(desk.clock, 5, 3)
    const waits = Array.from({ length: 5 }, () => bucket.reserve())
    expect(waits).toEqual([0, 0, 0, 200_000, 400_000])
    desk.advance(seconds(1) - 1)
    expect(bucket.tryTake()).toBe(true)
    desk.advance(seconds(100))
    expect([1, 2, 3, 4].map(() => bucket.tryTake())).toEqual([true, true, true, false])
    desk.advance(millis(200))
    expect(bucket.tryTake()).toBe(true)
    expect(bucket.tryTake()).toBe(false)
  })
})
