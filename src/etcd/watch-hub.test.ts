import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StreamEnd } from '../sim/network'
import { KvStore } from './mvcc/store'
import type { WatchEvent, WatchMessage, WatchRequest } from './rpc'
import { WatchHub } from './watch-hub'

/** A stream whose messages pile up until the client takes them. */
class Pile implements StreamEnd {
  readonly peer = { machine: 'm', process: 'p', ip: '10.0.0.1' }
  open = true
  onMessage: ((message: unknown) => void) | undefined
  onClose: (() => void) | undefined
  readonly heard: WatchMessage[] = []
  send(message: unknown) {
    this.heard.push(message as WatchMessage)
  }
  close() {
    this.open = false
  }
  get events(): readonly WatchEvent[] {
    return this.heard.flatMap((m) => (m.type === 'events' ? m.events : []))
  }
}

function setUp() {
  const store = new KvStore()
  const hub = new WatchHub(store)
  const write = (...keys: string[]) => {
    for (const key of keys) {
      if (key.startsWith('-')) store.delete(key.slice(1))
      else store.put(key, store.revision, 0)
    }
    const events = store.commit()
    if (events) hub.add(events)
  }
  const open = (request: WatchRequest) => {
    const stream = new Pile()
    hub.open(request, stream)
    return stream
  }
  return { store, hub, write, open }
}

const keys = fc.constantFrom('a/1', 'a/2', 'b', 'b/1', 'c')
const write = fc.array(
  fc.oneof(
    keys,
    keys.map((key) => `-${key}`),
  ),
  { minLength: 1, maxLength: 3 },
)
const request: fc.Arbitrary<WatchRequest> = fc.record({
  key: fc.constantFrom('a/', 'a/1', 'b', '', 'b/'),
  rangeEnd: fc.constantFrom(undefined, '\0', 'a0', 'b0', 'c'),
  startRevision: fc.nat({ max: 25 }),
  prevKv: fc.boolean(),
  noPut: fc.boolean(),
  noDelete: fc.boolean(),
})

function expected(store: KvStore, r: WatchRequest, from: number): WatchEvent[] {
  const end = r.rangeEnd === undefined ? `${r.key}\0` : r.rangeEnd === '\0' ? '\uffff' : r.rangeEnd
  const all: WatchEvent[] = []
  for (let at = from; at <= store.revision; at++) all.push(...store.eventsAt(at))
  return all
    .filter(
      ({ kv, type }) => kv.key >= r.key && kv.key < end && !(type === 'put' ? r.noPut : r.noDelete),
    )
    .map((event) => (r.prevKv ? event : { type: event.type, kv: event.kv }))
}

describe('the watch hub', () => {
  it('M8 M9 gives every watcher its events in order and once, a revision in one message', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: write }, { weight: 1, arbitrary: request })),
        fc.array(fc.boolean(), { minLength: 50, maxLength: 50 }),
        (steps, flushes) => {
          const { store, hub, write, open } = setUp()
          const watches: { stream: Pile; request: WatchRequest; from: number }[] = []
          steps.forEach((step, i) => {
            if (Array.isArray(step)) write(...new Set(step as string[]))
            if (!Array.isArray(step) || flushes[i % 50]) hub.flush()
            if (Array.isArray(step)) return
            const r = step as WatchRequest
            watches.push({
              stream: open(r),
              request: r,
              from: r.startRevision || store.revision + 1,
            })
          })
          hub.flush()
          for (const { stream, request, from } of watches) {
            expect(stream.events).toEqual(expected(store, request, from))
            const ends = stream.heard.flatMap((m) =>
              m.type === 'events' ? [m.events.at(-1)?.kv.modRevision, m.revision] : [],
            )
            expect([...ends].sort((a, b) => (a ?? 0) - (b ?? 0))).toEqual(ends)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('M10 a slow watcher reads on from the history, or is cancelled', () => {
    const { store, hub, write, open } = setUp()
    const slow = open({ key: 'a', rangeEnd: 'b' })
    const lost = open({ key: 'a', rangeEnd: 'b' })
    for (let i = 0; i < 9_000; i++) {
      write('a')
      hub.flush()
    }
    expect([slow.events.length, lost.events.length]).toEqual([4_000, 4_000])
    slow.onMessage?.({ type: 'progress' })
    slow.onMessage?.({ type: 'ack', events: 4_000 })
    expect(slow.events.length).toBe(8_000)
    slow.onMessage?.({ type: 'ack', events: 4_000 })
    expect(slow.events.map(({ kv }) => kv.modRevision)).toEqual(
      Array.from({ length: 9_000 }, (_, i) => i + 2),
    )
    expect(slow.heard.at(-1)).toEqual({ type: 'progress', revision: 9_001 })
    store.compact(5_000)
    lost.onMessage?.({ type: 'ack', events: 4_000 })
    expect(lost.heard.at(-1)).toEqual({
      type: 'cancelled',
      reason: { reason: 'compacted', compactRevision: 5_000 },
    })
    expect([lost.open, hub.size]).toEqual([false, 1])
  })

  it('M8 M10 starts at the compaction revision but not before', () => {
    const { store, write, open } = setUp()
    for (const key of ['a', '-a', 'a']) write(key)
    store.compact(3)
    expect(open({ key: 'a', startRevision: 3 }).events.map((e) => e.type)).toEqual([
      'delete',
      'put',
    ])
    expect(open({ key: 'a', startRevision: 2 }).heard).toEqual([
      { type: 'cancelled', reason: { reason: 'compacted', compactRevision: 3 } },
    ])
  })

  it('M9 M14 tells progress to the idle, and of a lost leader to those who want one', () => {
    const { hub, write, open } = setUp()
    const idle = open({ key: 'a', progressNotify: true })
    const busy = open({ key: 'b', progressNotify: true, requireLeader: true })
    hub.periodicProgress()
    write('b')
    hub.flush()
    hub.periodicProgress()
    expect(idle.heard.at(-1)).toEqual({ type: 'progress', revision: 2 })
    expect(busy.heard.at(-1)?.type).toBe('events')
    hub.leaderLost()
    expect([idle.open, busy.open]).toEqual([true, false])
    expect(busy.heard.at(-1)).toEqual({ type: 'cancelled', reason: { reason: 'no leader' } })
  })
})
