import { describe, expect, it } from 'vitest'
import type { Pod } from '../../api/generated/core-v1'
import { PODS } from '../../api/resources'
import type { ApiRequest, ApiResponse } from '../../client/request'
import type { Transport, WatchSink } from '../../client/transport'
import { derive } from './derive'
import { type ReflectorHealth, reflect } from './reflector'
import { shareStructure } from './share'
import { ObjectTable } from './table'

const pod = (name: string, resourceVersion: string, uid = name): Pod => ({
  metadata: { name, namespace: 'default', uid, resourceVersion },
  spec: { containers: [] },
  status: {},
})

/** A server whose answers and streams the test plays by hand. */
class Stub implements Transport {
  readonly lists: ApiResponse[] = []
  readonly asked: ApiRequest[] = []
  readonly watches: { readonly request: ApiRequest; readonly sink: WatchSink<Pod> }[] = []

  async send<T>(request: ApiRequest): Promise<ApiResponse<T>> {
    this.asked.push(request)
    return this.lists.shift() as ApiResponse<T>
  }

  watch<T>(request: ApiRequest, sink: WatchSink<T>) {
    this.watches.push({ request, sink: sink as unknown as WatchSink<Pod> })
    return { close() {} }
  }
}

function listOf(version: string, items: readonly Pod[], more = ''): ApiResponse {
  return { status: 200, body: { metadata: { resourceVersion: version, continue: more }, items } }
}

async function start(lists: readonly ApiResponse[]) {
  const transport = new Stub()
  transport.lists.push(...lists)
  const table = new ObjectTable<Pod>(() => {})
  const timers: { action: () => void; wait: number }[] = []
  const health: ReflectorHealth[] = []
  reflect({
    transport,
    resource: PODS,
    sink: table,
    onHealth: (h) => health.push(h),
    later: (action, wait) => {
      timers.push({ action, wait })
      return () => {}
    },
  })
  await settle()
  const names = () => {
    table.flush()
    return table.all().map((p) => p.metadata.name)
  }
  return { transport, table, timers, health, names }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0))

describe('reflect', () => {
  it('lists page by page, then watches from the list on', async () => {
    const { transport, names } = await start([
      listOf('5', [pod('a', '1')], 'next'),
      listOf('7', [pod('b', '2')]),
    ])
    expect(names()).toEqual(['a', 'b'])
    expect(transport.asked[1]!.query).toMatchObject({ continue: 'next' })
    expect(transport.watches[0]!.request.query).toMatchObject({
      watch: 'true',
      resourceVersion: '7',
    })
    const { sink } = transport.watches[0]!
    sink.onEvent({ type: 'ADDED', object: pod('c', '8') })
    sink.onEvent({ type: 'DELETED', object: pod('a', '9') })
    expect(names()).toEqual(['b', 'c'])
  })

  it('resumes a broken watch after its last event or bookmark, waiting longer each time', async () => {
    const { transport, timers, health } = await start([listOf('7', [])])
    transport.watches[0]!.sink.onEvent({ type: 'BOOKMARK', object: pod('', '42') })
    transport.watches[0]!.sink.onClose({ status: 0, body: { message: 'reset' } })
    expect(health.at(-1)).toEqual({ state: 'lost', code: 0, message: 'reset' })
    timers.at(-1)!.action()
    expect(transport.watches[1]!.request.query).toMatchObject({ resourceVersion: '42' })
    transport.watches[1]!.sink.onClose({ status: 0, body: {} })
    expect(timers.map((t) => t.wait)).toEqual([250, 500])
    timers.at(-1)!.action()
    transport.watches[2]!.sink.onOpen?.()
    expect(health.at(-1)).toEqual({ state: 'live' })
  })

  it.each([
    [
      'an event of the stream',
      (sink: WatchSink<Pod>) => {
        sink.onEvent({ type: 'ERROR', object: { code: 410 } as unknown as Pod })
        sink.onClose({ status: 200, body: {} })
      },
    ],
    ['the answer itself', (sink: WatchSink<Pod>) => sink.onClose({ status: 410, body: {} })],
  ])('lists anew when %s says that the version has expired', async (_, expire) => {
    const { transport, names } = await start([
      listOf('7', [pod('a', '1')]),
      listOf('90', [pod('b', '80')]),
    ])
    expire(transport.watches[0]!.sink)
    await settle()
    expect(names()).toEqual(['b'])
    expect(transport.watches[1]!.request.query).toMatchObject({ resourceVersion: '90' })
  })

  it('keeps what it knows while the server is gone', async () => {
    const { transport, timers, names } = await start([
      listOf('7', [pod('a', '1')]),
      { status: 0, body: {} },
    ])
    transport.watches[0]!.sink.onClose({ status: 410, body: {} })
    await settle()
    expect(names()).toEqual(['a'])
    transport.lists.push(listOf('9', []))
    timers.at(-1)!.action()
    await settle()
    expect(names()).toEqual([])
  })
})

describe('ObjectTable', () => {
  it('shows changes at once in flush and tells only those concerned', () => {
    let pending = 0
    const table = new ObjectTable<Pod>(() => {
      pending += 1
    })
    const told: string[] = []
    table.subscribeKey('default/a', () => told.push('a'))
    table.subscribeKey('default/b', () => told.push('b'))
    table.put(pod('a', '1'))
    table.put(pod('c', '1'))
    expect([pending, table.get('default/a')]).toEqual([1, undefined])
    for (const tell of table.flush()) tell()
    expect(told).toEqual(['a'])
    const before = table.all()
    table.put(pod('a', '1'))
    expect(table.flush()).toEqual([])
    expect(table.all()).toBe(before)
  })

  it('replaces pending changes that a newer list overtakes', () => {
    const table = new ObjectTable<Pod>(() => {})
    table.put(pod('old', '1'))
    table.replace([pod('new', '2')])
    table.flush()
    expect(table.all().map((p) => p.metadata.name)).toEqual(['new'])
  })
})

describe('derive', () => {
  it('computes once per change and keeps equal parts', () => {
    const table = new ObjectTable<Pod>(() => {})
    let computed = 0
    const names = derive([table], () => {
      computed += 1
      return table.all().map((p) => ({ name: p.metadata.name }))
    })
    table.put(pod('a', '1'))
    table.flush()
    const first = names.get()
    names.get()
    expect(computed).toBe(1)
    table.put(pod('a', '2'))
    table.flush()
    expect(names.get()).toBe(first)
    table.put(pod('b', '3'))
    table.flush()
    expect(names.get()[0]).toBe(first[0])
  })
})

describe('shareStructure', () => {
  it('keeps what is equal and takes what is not', () => {
    const before = { a: { x: 1 }, b: [{ y: 1 }, { y: 2 }] }
    const after = shareStructure(before, { a: { x: 1 }, b: [{ y: 1 }, { y: 3 }] })
    expect(after.a).toBe(before.a)
    expect(after.b[0]).toBe(before.b[0])
    expect(after.b[1]).toEqual({ y: 3 })
    expect(shareStructure(before, { a: { x: 1 }, b: [{ y: 1 }, { y: 2 }] })).toBe(before)
    const map = new Map([[1, 2]])
    expect(shareStructure(new Map(), map)).toBe(map)
  })
})
