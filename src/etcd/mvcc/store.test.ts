import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type KeyValue, prefixEnd, type WatchEvent } from '../rpc'
import { KvStore } from './store'

type Op =
  | { readonly do: 'put'; readonly keys: readonly number[] }
  | { readonly do: 'delete'; readonly from: number; readonly to: number }
  | { readonly do: 'compact'; readonly back: number }
  | { readonly do: 'restore' }

const key = (n: number) => `/k/${String(n).padStart(3, '0')}`
const keyNumber = fc.nat({ max: 30 })
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('put'), keys: fc.array(keyNumber, { maxLength: 4 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('delete'), from: keyNumber, to: keyNumber }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact'), back: fc.nat({ max: 10 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore') }) },
) as fc.Arbitrary<Op>

/** Every past state written out in full. */
class Model {
  states: ReadonlyMap<string, KeyValue>[] = [new Map(), new Map()]
  events: (readonly WatchEvent[])[] = [[], []]
  compacted = 0

  get revision() {
    return this.states.length - 1
  }

  change(puts: readonly string[], deletes: readonly string[], value: unknown) {
    const now = new Map(this.states[this.revision])
    const modRevision = this.revision + 1
    const events: WatchEvent[] = []
    for (const k of puts) {
      const prevKv = now.get(k)
      const kv = {
        key: k,
        value,
        createRevision: prevKv?.createRevision ?? modRevision,
        modRevision,
        version: (prevKv?.version ?? 0) + 1,
        lease: 0,
      }
      now.set(k, kv)
      events.push({ type: 'put', kv, prevKv })
    }
    for (const k of deletes) {
      const prevKv = now.get(k)
      if (!prevKv) continue
      now.delete(k)
      const kv = { key: k, value: undefined, createRevision: 0, modRevision, version: 0, lease: 0 }
      events.push({ type: 'delete', kv, prevKv })
    }
    if (events.length === 0) return
    this.states.push(now)
    this.events.push(events)
  }

  range(from: string, to: string, revision: number) {
    const state = this.states[revision] ?? new Map()
    return [...state.values()]
      .filter((kv) => kv.key >= from && kv.key < to)
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  }
}

function run(ops: readonly Op[]) {
  let store = new KvStore()
  const model = new Model()
  ops.forEach((o, i) => {
    if (o.do === 'put') {
      const keys = [...new Set(o.keys)].map(key)
      for (const k of keys) store.put(k, i, 0)
      store.commit()
      model.change(keys, [], i)
    } else if (o.do === 'delete') {
      const [from, to] = [key(o.from), key(o.to)]
      const gone = model.range(from, to, model.revision).map((kv) => kv.key)
      expect(store.deleteRange(from, to).map((kv) => kv.key)).toEqual(gone)
      store.commit()
      model.change([], gone, i)
    } else if (o.do === 'compact') {
      const at = model.revision - o.back
      const error = store.compact(at)
      expect(error).toBe(at <= model.compacted ? 'compacted' : undefined)
      if (!error) model.compacted = at
    } else {
      const picture = store.picture()
      const hash = store.hash(store.revision)
      store = new KvStore()
      store.restore(picture)
      expect(store.hash(store.revision)).toBe(hash)
    }
  })
  return { store, model }
}

describe('the store', () => {
  it('M1 M2 M3 M4 answers as one that keeps every state', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 60 }), keyNumber, keyNumber, (ops, from, to) => {
        const { store, model } = run(ops)
        expect(store.revision).toBe(model.revision)
        expect(store.compactRevision).toBe(model.compacted)
        expect(store.liveKeys).toBe(model.states.at(-1)?.size)
        for (let r = Math.max(1, model.compacted); r <= model.revision; r++) {
          const all = model.range('/k/', '/k0', r)
          const got = store.range({ key: '/k/', rangeEnd: prefixEnd('/k/'), revision: r })
          expect(got).toEqual({ kvs: all, count: all.length, more: false })
          const part = model.range(key(from), key(to), r)
          const bounds = { key: key(from), rangeEnd: key(to), revision: r }
          expect(store.range({ ...bounds, limit: 2 })).toEqual({
            kvs: part.slice(0, 2),
            count: part.length,
            more: part.length > 2,
          })
          expect(store.range({ ...bounds, countOnly: true }).count).toBe(part.length)
          expect(store.range({ key: key(from), revision: r }).kvs).toEqual(
            all.filter((kv) => kv.key === key(from)),
          )
          expect(store.eventsAt(r)).toEqual(model.events[r])
        }
      }),
      { numRuns: 300 },
    )
  })

  it('M3 refuses what is compacted and what is to come', () => {
    const store = new KvStore()
    for (let i = 0; i < 5; i++) {
      store.put('a', i, 0)
      store.commit()
    }
    expect(store.compact(4)).toBeUndefined()
    expect([3, 4, 6, 7].map((r) => store.readError(r))).toEqual([
      'compacted',
      undefined,
      undefined,
      'future revision',
    ])
    expect([store.compact(4), store.compact(7)]).toEqual(['compacted', 'future revision'])
  })

  it('M5 the same operations give the same digest, others another', () => {
    const digest = (value: unknown) => {
      const store = new KvStore()
      store.put('a', { x: [1, value], y: 'z' }, 0)
      store.commit()
      return store.hash(2)
    }
    expect(digest(1)).toBe(digest(1))
    expect(digest(1)).not.toBe(digest(2))
    expect(digest('1')).not.toBe(digest(1))
  })

  it('D7 a picture does not change with the store, and keeps order over many blocks', () => {
    const store = new KvStore()
    const order = Array.from({ length: 3_000 }, (_, i) => (i * 1_237) % 3_000)
    for (const n of order) {
      store.put(`/k/${String(n).padStart(5, '0')}`, n, 0)
      store.commit()
    }
    const picture = store.picture()
    const before = JSON.stringify(picture)
    store.deleteRange('/k/', '/k0')
    store.commit()
    store.compact(store.revision)
    expect(JSON.stringify(picture)).toBe(before)
    expect([store.liveKeys, store.range({ key: '/', rangeEnd: '0' }).count]).toEqual([0, 0])
    const restored = new KvStore()
    restored.restore(picture)
    const all = restored.range({ key: '/k/', rangeEnd: '/k0' }).kvs.map((kv) => kv.value)
    expect(all).toEqual(Array.from({ length: 3_000 }, (_, i) => i))
    const page = restored.range({ key: '/k/01500', rangeEnd: '/k0', limit: 10 })
    expect([page.kvs.length, page.count, page.more]).toEqual([10, 1_500, true])
  })
})
