import { describe, expect, it } from 'vitest'
import type { ConfigMap } from '../api/generated/core-v1'
import type { KubeObject } from '../api/object'
import { CONFIGMAPS } from '../api/resources'
import type { ApiResponse, WatchEvent } from '../client/request'
import { apiServerPort, type WatchFrame } from '../client/wire'
import { EtcdClient, prefixEnd } from '../etcd/client'
import { type Task, wait } from '../sim/task'
import { millis, minutes, seconds } from '../sim/time'
import { type ApiFixture, admin, apiFixture } from '../testing/api-fixture'
import { historyEventsMin, ResourceCache } from './cache/resource-cache'
import { Watcher } from './cache/watcher'

interface Seen {
  readonly events: WatchEvent<KubeObject>[]
  end: ApiResponse | undefined
}

const configMaps = '/api/v1/namespaces/default/configmaps'

function watch(api: ApiFixture, path: string, query: { [name: string]: string }, master = 0): Seen {
  const seen: Seen = { events: [], end: undefined }
  const request = {
    request: { method: 'GET', path, query: { watch: '1', ...query } },
    identity: admin,
  }
  const stream = api.env.network.stream(`${api.masters[master]?.ip}:${apiServerPort}`, request)
  stream.onMessage = (message) => {
    const frame = message as WatchFrame
    if (frame.type === 'events') seen.events.push(...(frame.events as WatchEvent<KubeObject>[]))
    if (frame.type === 'end') seen.end = frame.response
  }
  return seen
}

const put = (api: ApiFixture, name: string, labels: { [key: string]: string }, n: number) =>
  api.runTask(
    api.client.send({
      method: 'POST',
      path: configMaps,
      body: { metadata: { name, labels }, data: { n: String(n) } },
    }),
  )

const patch = (api: ApiFixture, name: string, body: object) =>
  api.runTask(api.client.patch(CONFIGMAPS, { namespace: 'default', name }, 'merge', body))

const told = ({ events }: Seen) =>
  events.map(({ type, object }) => `${type} ${object.metadata.name}`)

describe('watch', () => {
  it('A6 tells transitions of a selector, and begins with what is there', () => {
    const api = apiFixture()
    put(api, 'a', { w: 'y' }, 1)
    put(api, 'b', { w: 'n' }, 1)
    const selected = watch(api, configMaps, { labelSelector: 'w=y', allowWatchBookmarks: 'true' })
    const initial = watch(api, configMaps, {
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
      timeoutSeconds: '5',
    })
    api.advance(seconds(1))
    patch(api, 'a', { data: { n: '2' } })
    patch(api, 'a', { metadata: { labels: { w: 'n' } } })
    patch(api, 'b', { metadata: { labels: { w: 'y' } } })
    api.runTask(api.client.delete(CONFIGMAPS, { namespace: 'default', name: 'b' }))
    api.advance(seconds(70))
    expect(told(selected)).toEqual([
      'ADDED a',
      'MODIFIED a',
      'DELETED a',
      'ADDED b',
      'DELETED b',
      'BOOKMARK undefined',
    ])
    const versions = selected.events.map(({ object }) => Number(object.metadata.resourceVersion))
    expect(versions).toEqual([...versions].sort((x, y) => x - y))
    expect(told(initial).slice(0, 3)).toEqual(['ADDED a', 'ADDED b', 'BOOKMARK undefined'])
    const marks = initial.events.filter(({ type }) => type === 'BOOKMARK')
    expect(marks[0]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' })
    expect(marks).toHaveLength(2)
    expect(initial.end?.status).toBe(200)
  })

  it('A6 P1 resumes at a resourceVersion, or says that it is too old', () => {
    const api = apiFixture()
    put(api, 'a', {}, 0)
    const listed = api.runTask(api.client.list<ConfigMap>(CONFIGMAPS, {}))
    const from = listed.ok ? listed.value.metadata.resourceVersion : ''
    for (let i = 1; i <= historyEventsMin; i++) patch(api, 'a', { data: { n: String(i) } })
    const resumed = watch(api, configMaps, { resourceVersion: from })
    api.advance(seconds(90))
    expect(resumed.events).toHaveLength(historyEventsMin)
    patch(api, 'a', { data: { n: 'last' } })
    const old = watch(api, configMaps, { resourceVersion: from })
    const future = watch(api, configMaps, { resourceVersion: '999999', timeoutSeconds: '1' })
    api.advance(seconds(3))
    expect(old.events[0]).toMatchObject({
      type: 'ERROR',
      object: { code: 410, reason: 'Expired' },
    })
    const { message } = (old.events[0] as WatchEvent).object as { message: string }
    expect(message).toMatch(new RegExp(`^too old resource version: ${from} \\(\\d+\\)$`))
    expect(future).toMatchObject({ events: [], end: { status: 200 } })
  })

  it('refuses bad options with the real words', () => {
    const api = apiFixture()
    const bad = watch(api, configMaps, { sendInitialEvents: 'true' })
    const denied = watch(api, '/api/v1/componentstatuses', {})
    api.advance(millis(100))
    expect(bad.end).toMatchObject({
      status: 422,
      body: {
        message:
          'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      },
    })
    expect(denied.end?.status).toBe(405)
  })

  it('P2 looks only at the watches that a change may concern', () => {
    const cache = new ResourceCache(0, true)
    let looks = 0
    const watcher = (nodeName: string) =>
      new Watcher({
        filter: {
          nodeName,
          matches: () => {
            looks++
            return true
          },
        },
        startRevision: 0,
        wantsBookmarks: false,
        deliver: () => {},
        end: () => {},
        bookmark: () => {},
      })
    for (let i = 0; i < 100; i++) cache.addWatcher(watcher(`n${i}`))
    const pod = (nodeName: string) =>
      ({ metadata: { name: 'a', namespace: 'x' }, spec: { nodeName } }) as unknown as KubeObject
    const touched: Watcher[] = []
    const key = { namespace: 'x', name: 'a' }
    cache.apply(key, pod('n7'), { revision: 1, time: 0 }, touched)
    cache.apply(key, pod('n8'), { revision: 2, time: 0 }, touched)
    expect(looks).toBeLessThanOrEqual(4)
    expect(touched).toHaveLength(2)
  })
})

/** Follows a collection as a client would: lists, watches, and begins again after whatever breaks. */
class Follower {
  readonly state = new Map<string, string>()
  revision = 0
  lists = 0
  wentBack = false
  readonly #api: ApiFixture
  readonly #labelSelector: string | undefined
  readonly #random: () => number

  constructor(api: ApiFixture, labelSelector: string | undefined) {
    this.#api = api
    this.#labelSelector = labelSelector
    const stream = api.sim.random(`follower/${labelSelector}`)
    this.#random = () => stream.below(api.masters.length)
    api.env.spawn(this.#follow())
  }

  *#follow(): Task<void> {
    const { clock } = this.#api.env
    for (;;) {
      if (this.revision === 0 && !(yield* this.#list())) yield* wait(clock.sleep(millis(300)))
      else if (this.revision > 0) {
        yield* this.#watch()
        yield* wait(clock.sleep(millis(100)))
      }
    }
  }

  *#list(): Task<boolean> {
    const client = this.#api.clientOf(this.#random())
    const options = { labelSelector: this.#labelSelector }
    const listed = yield* client.list<ConfigMap>(CONFIGMAPS, { namespace: 'default', ...options })
    if (!listed.ok) return false
    this.lists++
    this.state.clear()
    for (const item of listed.value.items) this.#note(item)
    this.#reach(Number(listed.value.metadata.resourceVersion))
    return true
  }

  *#watch(): Task<void> {
    const client = this.#api.clientOf(this.#random())
    const ended = this.#api.env.clock.sleep(seconds(3))
    const options = {
      namespace: 'default',
      resourceVersion: String(this.revision),
      labelSelector: this.#labelSelector,
    }
    const handle = client.watch<ConfigMap>(CONFIGMAPS, options, {
      onEvent: ({ type, object }) => {
        if (type === 'ERROR') this.revision = 0
        if (ended.done || type === 'ERROR') return
        if (type === 'DELETED') this.state.delete(object.metadata.name)
        else if (type !== 'BOOKMARK') this.#note(object)
        this.#reach(Number(object.metadata.resourceVersion))
      },
      onClose: () => ended.resolve(undefined),
    })
    yield* wait(ended)
    handle.close()
  }

  #note({ metadata, data }: ConfigMap): void {
    this.state.set(metadata.name, `${metadata.resourceVersion} ${data?.n}`)
  }

  #reach(revision: number): void {
    if (revision < this.revision) this.wentBack = true
    this.revision = revision
  }
}

function* workload(api: ApiFixture, worker: number, acknowledged: Map<string, string>): Task<void> {
  const random = api.sim.random(`workload/${worker}`)
  for (let i = 0; i < 60; i++) {
    const client = api.clientOf(random.below(api.masters.length))
    const name = `w${worker}-${random.below(5)}`
    const labels = { w: random.chance(500) ? 'y' : 'n' }
    const body = { metadata: { name, namespace: 'default', labels }, data: { n: `${worker}.${i}` } }
    const where = { namespace: 'default', name }
    const action = random.below(4)
    if (action === 0) {
      const deleted = yield* client.delete(CONFIGMAPS, where)
      acknowledged.delete(name)
      if (!deleted.ok && deleted.error.code !== 404) acknowledged.set(name, '?')
    } else {
      const created = yield* client.create<ConfigMap>(CONFIGMAPS, body)
      const written =
        !created.ok && created.error.reason === 'AlreadyExists'
          ? yield* client.patch<ConfigMap>(CONFIGMAPS, where, 'merge', body)
          : created
      acknowledged.set(name, written.ok ? `${worker}.${i}` : '?')
      if (written.ok) yield* expectShown(api, random.below(api.masters.length), written.value)
    }
    yield* wait(api.env.clock.sleep(millis(random.below(200))))
  }
}

/** A7: nobody else writes this object, so any server must show it now, or say that it cannot. */
function* expectShown(api: ApiFixture, master: number, written: ConfigMap): Task<void> {
  const { name, resourceVersion } = written.metadata
  const shown = yield* api.clientOf(master).get(CONFIGMAPS, { namespace: 'default', name })
  if (shown.ok) expect(shown.value.metadata.resourceVersion).toBe(resourceVersion)
  else expect(shown.error.code).not.toBe(404)
}

/** What every server shows of a collection, and etcd itself. */
function pictures(api: ApiFixture, labelSelector: string | undefined): string[] {
  return api.masters.map((_, master) => {
    const options = { namespace: 'default', labelSelector }
    const listed = api.runTask(api.clientOf(master).list<ConfigMap>(CONFIGMAPS, options))
    if (!listed.ok) throw new Error(JSON.stringify(listed.error))
    const { items } = listed.value
    return items.map((o) => `${o.metadata.name} ${o.metadata.resourceVersion} ${o.data?.n}`).join()
  })
}

describe('several servers under faults', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'A4 A5 A6 A7 P6 P7 followers of any server end with the truth, seed %i',
    (seed) => {
      const api = apiFixture({ masters: 3, seed })
      const followers = [undefined, 'w=y', 'w!=y'].map((selector) => new Follower(api, selector))
      const acknowledged = new Map<string, string>()
      const work = [0, 1, 2, 3].map((i) => api.env.spawn(workload(api, i, acknowledged)))
      const random = api.sim.random('faults')
      for (let i = 0; i < 6; i++) {
        api.advance(seconds(2))
        const machine = api.masters[random.below(3)]!
        const fault = random.below(3)
        api.sim.inject('fault', () => {
          if (fault === 0) machine.powerOff('abrupt')
          else if (fault === 1) machine.process('etcd')?.terminate()
          else for (const other of api.masters) cut(api, machine, other)
        })
        api.advance(seconds(3))
        api.sim.inject('heal', () => {
          for (const other of api.masters) heal(api, machine, other)
          machine.powerOff('abrupt')
          machine.powerOn()
        })
      }
      api.until(() => work.every((task) => task.done), seconds(600))
      api.advance(seconds(60))
      for (const [i, selector] of [undefined, 'w=y', 'w!=y'].entries()) {
        const shown = pictures(api, selector)
        expect(new Set(shown).size).toBe(1)
        const follower = followers[i]!
        const state = [...follower.state].sort(([a], [b]) => (a < b ? -1 : 1))
        expect(state.map(([name, rest]) => `${name} ${rest}`).join()).toBe(shown[0])
        expect(follower.wentBack).toBe(false)
      }
      expect(acknowledged.size).toBeGreaterThan(5)
      const final = new Map(
        pictures(api, undefined)[0]
          ?.split(',')
          .map((line) => {
            const [name = '', , n = ''] = line.split(' ')
            return [name, n]
          }),
      )
      for (const [name, n] of acknowledged)
        if (n !== '?') expect([name, final.get(name)]).toEqual([name, n])
      expect(etcdPicture(api)).toBe(pictures(api, undefined)[0])
    },
    30_000,
  )
})

type Machine = ApiFixture['masters'][number]

function cut(api: ApiFixture, a: Machine, b: Machine): void {
  if (a === b) return
  api.sim.wires.setFault(a, b, { cut: true })
  api.sim.wires.setFault(b, a, { cut: true })
}

function heal(api: ApiFixture, a: Machine, b: Machine): void {
  if (a === b) return
  api.sim.wires.setFault(a, b, undefined)
  api.sim.wires.setFault(b, a, undefined)
}

function etcdPicture(api: ApiFixture): string {
  const prefix = '/registry/configmaps/default/'
  const etcd = new EtcdClient(api.env, [api.masters[1]!.ip])
  const result = api.runTask(etcd.range({ key: prefix, rangeEnd: prefixEnd(prefix) }))
  if (!result.ok) throw new Error(result.message)
  return result.value.kvs
    .map(({ value, modRevision }) => {
      const { metadata, data } = value as ConfigMap
      expect(metadata.resourceVersion).toBeUndefined()
      return `${metadata.name} ${modRevision} ${data?.n}`
    })
    .join()
}

describe('a lost history', () => {
  it('P10 is dropped by one of the servers every five minutes', () => {
    const api = apiFixture({ masters: 3 })
    put(api, 'a', {}, 0)
    api.advance(minutes(16))
    const oldest = api.masters.map(({ ip }) => {
      const status = api.runTask(new EtcdClient(api.env, [ip]).status())
      return status.ok ? status.value.compactRevision : 0
    })
    expect(oldest[0]).toBeGreaterThan(10)
    expect(new Set(oldest).size).toBe(1)
    expect(new Set(pictures(api, undefined)).size).toBe(1)
  })

  it('P4 a compacted revision cannot be listed any more', () => {
    const api = apiFixture()
    put(api, 'a', {}, 0)
    const etcd = new EtcdClient(api.env, ['10.0.0.1'])
    const at = patch(api, 'a', { data: { n: '1' } })
    const revision = at.ok ? (at.value.metadata.resourceVersion ?? '') : ''
    patch(api, 'a', { data: { n: '2' } })
    const query = { resourceVersion: revision, resourceVersionMatch: 'Exact' }
    const exact = () => api.runTask(api.client.send({ method: 'GET', path: configMaps, query }))
    expect(exact().body).toMatchObject({ items: [{ data: { n: '1' } }] })
    api.runTask(etcd.compact(Number(revision) + 1))
    expect(exact()).toMatchObject({
      status: 410,
      body: { message: 'The resourceVersion for the provided list is too old.' },
    })
  })

  it('P6 A5 a server that missed what was compacted begins anew and ends its watches', () => {
    const api = apiFixture({ masters: 3 })
    put(api, 'a', {}, 0)
    const open = watch(api, configMaps, {}, 0)
    api.advance(seconds(1))
    api.sim.inject('kill', () => api.masters[0]?.process('etcd')?.kill())
    api.advance(seconds(3))
    const other = api.clientOf(1)
    const change = { data: { n: '1' } }
    for (let i = 0; i < 20; i++) {
      api.runTask(other.patch(CONFIGMAPS, { namespace: 'default', name: 'a' }, 'merge', change))
      api.runTask(other.create(CONFIGMAPS, { metadata: { name: `b${i}`, namespace: 'default' } }))
    }
    api.runTask(other.delete(CONFIGMAPS, { namespace: 'default', name: 'a' }))
    const etcd = new EtcdClient(api.env, [api.masters[1]!.ip])
    const present = api.runTask(etcd.currentRevision())
    api.runTask(etcd.compact(present.ok ? present.value : 0))
    expect(open.end).toBeUndefined()
    api.startEtcd(0)
    api.advance(seconds(20))
    expect(open.end?.status).toBe(200)
    expect(told(open)).toEqual(['ADDED a'])
    expect(new Set(pictures(api, undefined)).size).toBe(1)
    const resumed = watch(api, configMaps, { resourceVersion: '20' }, 0)
    api.advance(seconds(1))
    expect(resumed.events[0]).toMatchObject({ type: 'ERROR', object: { code: 410 } })
  })
})
