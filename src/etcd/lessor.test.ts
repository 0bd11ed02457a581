import { describe, expect, it } from 'vitest'
import { seconds } from '../sim/time'
import { Applier, type WriteRequest } from './applier'
import { Lessor } from './lessor'
import { KvStore } from './mvcc/store'
import { WatchHub } from './watch-hub'

describe('the lessor', () => {
  it('M11 lets leases expire at the leader alone, once per try', () => {
    const lessor = new Lessor(seconds(1))
    expect(lessor.grant(1, 10, 0)).toBe(10)
    expect(lessor.grant(2, 1, 0)).toBe(2)
    expect(lessor.takeExpired(seconds(100))).toEqual([])
    lessor.promote(seconds(100), seconds(1))
    expect(lessor.takeExpired(seconds(102))).toEqual([])
    expect(lessor.takeExpired(seconds(103))).toEqual([2])
    expect(lessor.takeExpired(seconds(105))).toEqual([])
    expect(lessor.takeExpired(seconds(106))).toEqual([2])
    lessor.revoke(2)
    expect(lessor.takeExpired(seconds(109))).toEqual([])
    expect(lessor.takeExpired(seconds(111))).toEqual([1])
    lessor.demote()
    expect(lessor.takeExpired(seconds(200))).toEqual([])
  })

  it('M11 renews what lives, not what has expired', () => {
    const lessor = new Lessor(seconds(1))
    lessor.promote(0, 0)
    lessor.grant(1, 10, 0)
    expect(lessor.renew(1, seconds(9))).toBe(10)
    expect(lessor.takeExpired(seconds(18))).toEqual([])
    expect(lessor.look(1, seconds(18))).toEqual({ ttlSeconds: 10, remainingSeconds: 1, keys: [] })
    expect(lessor.renew(1, seconds(19))).toBeUndefined()
    expect(lessor.renew(5, seconds(1))).toBeUndefined()
    expect(lessor.takeExpired(seconds(19))).toEqual([1])
  })

  it('M11 a revocation on the leader’s own account counts only in its term', () => {
    const store = new KvStore()
    const lessor = new Lessor(seconds(1))
    const hub = new WatchHub(store)
    const applier = new Applier({ memberId: 1, store, lessor, hub, now: () => 0 })
    const apply = (request: WriteRequest, term: number, onlyInTerm?: number) => {
      const data = { memberId: 1, id: 1, request, onlyInTerm }
      return applier.apply({ term, index: 2, type: 'normal', data }, true)
    }
    apply({ type: 'leaseGrant', request: { id: 5, ttlSeconds: 10 } }, 3)
    for (const key of ['a', 'b']) apply({ type: 'put', request: { key, lease: 5 } }, 3)
    expect(apply({ type: 'leaseRevoke', id: 5 }, 4, 3)).toBeUndefined()
    expect([lessor.has(5), store.liveKeys]).toEqual([true, 2])
    expect(apply({ type: 'leaseRevoke', id: 5 }, 4, 4)).toMatchObject({ ok: true })
    expect(store.eventsAt(4).map(({ kv }) => kv.key)).toEqual(['a', 'b'])
    expect([lessor.has(5), store.liveKeys]).toEqual([false, 0])
  })

  it('M11 knows the keys of each lease, also after a restart', () => {
    const lessor = new Lessor(seconds(1))
    lessor.grant(1, 10, 0)
    lessor.grant(2, 20, 0)
    for (const key of ['b', 'a', 'c']) lessor.moved(key, 0, 1)
    lessor.moved('c', 1, 2)
    const copy = new Lessor(seconds(1))
    copy.restore(lessor.picture(), 0)
    copy.moved('c', 0, 2)
    expect(lessor.revoke(1)).toEqual(['a', 'b'])
    expect(lessor.revoke(1)).toBeUndefined()
    expect(copy.look(2, 0)).toEqual({ ttlSeconds: 20, remainingSeconds: 20, keys: ['c'] })
  })
})
