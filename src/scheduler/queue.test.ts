import { describe, expect, it } from 'vitest'
import type { Pod } from '../api/generated/core-v1'
import { minutes, seconds } from '../sim/time'
import { SchedulingQueue } from './queue'
import { ManualClock, podOf } from './testing/fixtures'

const fit = new Set(['NodeResourcesFit'])

function begin(...pods: readonly Pod[]) {
  const clock = new ManualClock()
  const queue = new SchedulingQueue(clock)
  const served: string[] = []
  for (const pod of pods) queue.set(pod)
  /** Takes the next pod when it comes; `then` is what becomes of it. */
  const takeOne = (then: (uid: string) => void = () => {}) => {
    queue.take().onDone(({ uid }) => {
      served.push(uid)
      then(uid)
    })
  }
  return { clock, queue, served, takeOne }
}

const gated = (name: string) => podOf(name, { spec: { schedulingGates: [{ name: 'wait' }] } })

describe('SchedulingQueue', () => {
  it('serves by priority, then by age', () => {
    const { served, takeOne } = begin(
      podOf('a', { priority: 1 }),
      podOf('b', { priority: 5 }),
      podOf('c', { priority: 5 }),
      podOf('d'),
    )
    for (let i = 0; i < 5; i++) takeOne()
    expect(served).toEqual(['b', 'c', 'a', 'd'])
  })

  it('keeps gated pods out until the gates are gone', () => {
    const { queue, served, takeOne } = begin(gated('a'))
    takeOne()
    queue.set(gated('a'))
    expect(served).toEqual([])
    expect(queue.counts()).toMatchObject({ gated: 1 })
    queue.set(podOf('a'))
    expect(served).toEqual(['a'])
  })

  it('wakes a refused pod by a change that helps a plugin which refused it, and no other', () => {
    const { queue, served, takeOne } = begin(podOf('a'))
    takeOne((uid) => queue.addUnschedulable(uid, fit))
    takeOne()
    queue.wake((plugin) => plugin === 'TaintToleration')
    expect(served).toEqual(['a'])
    expect(queue.counts()).toMatchObject({ unschedulable: 1 })
    queue.wake((plugin) => plugin === 'NodeResourcesFit')
    expect(served).toEqual(['a', 'a'])
  })

  it('of several woken pods serves the most important first', () => {
    const { queue, served, takeOne } = begin(podOf('low'), podOf('high', { priority: 9 }))
    takeOne((uid) => queue.addUnschedulable(uid, fit))
    takeOne((uid) => queue.addUnschedulable(uid, fit))
    takeOne()
    queue.wake(() => true)
    expect(served).toEqual(['high', 'low', 'high'])
  })

  it('tries a pod again after five minutes though nothing changed', () => {
    const { clock, queue, served, takeOne } = begin(podOf('a'))
    takeOne((uid) => queue.addUnschedulable(uid, fit))
    takeOne()
    clock.advance(minutes(5) - 1)
    expect(served).toEqual(['a'])
    clock.advance(1)
    expect(served).toEqual(['a', 'a'])
  })

  it('lets errors wait 1 s, doubling up to 10 s', () => {
    const { clock, queue, takeOne } = begin(podOf('a'))
    const failures: number[] = []
    const failOnceMore = () =>
      takeOne((uid) => {
        failures.push(clock.monotonic() / seconds(1))
        queue.addFailed(uid)
        failOnceMore()
      })
    failOnceMore()
    clock.advance(seconds(36))
    expect(failures).toEqual([0, 1, 3, 7, 15, 25, 35])
  })

  it('forgets what is deleted, wherever it is', () => {
    const { clock, queue, served, takeOne } = begin(podOf('a'), podOf('b'), gated('c'))
    takeOne((uid) => queue.addUnschedulable(uid, fit))
    for (const uid of ['a', 'b', 'c']) queue.delete(uid)
    takeOne()
    queue.wake(() => true)
    clock.advance(minutes(10))
    expect(served).toEqual(['a'])
  })

  it('does not serve a pod while room is being made for it, but right after', () => {
    const { queue, served, takeOne } = begin(podOf('a'))
    takeOne((uid) => {
      queue.addUnschedulable(uid, fit)
      queue.hold(uid)
    })
    takeOne()
    queue.wake(() => true)
    expect(served).toEqual(['a'])
    queue.release('a')
    expect(served).toEqual(['a', 'a'])
  })
})
