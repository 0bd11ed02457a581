import { describe, expect, it } from 'vitest'
import type { Pod } from '../api/generated/core-v1'
import { CONFIGMAPS, PODS } from '../api/resources'
import type { StreamEnd } from '../sim/network'
import type { Process, ProcessEnv } from '../sim/process'
import { Simulation } from '../sim/simulation'
import { type Micros, millis, seconds } from '../sim/time'
import { apiFixture } from '../testing/api-fixture'
import { ApiClient } from './api-client'
import { Informer } from './informer'
import type { ApiResponse, WatchEvent } from './request'
import { isTooLarge } from './result'
import { apiServerPort, type WatchFrame, type WireRequest } from './wire'

type Answer = ApiResponse | 'silence'
type Watching = readonly (WatchFrame | 'break')[] | 'refuse'

const pod = (name: string, version: number): Pod =>
  ({ metadata: { name, namespace: 'default', uid: name, resourceVersion: String(version) } }) as Pod

const list = (version: number, ...items: readonly Pod[]): ApiResponse => ({
  status: 200,
  body: { kind: 'PodList', metadata: { resourceVersion: String(version) }, items },
})

const refusal = (code: number, reason: string): ApiResponse => ({
  status: code,
  body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason },
})

const expired = refusal(410, 'Expired')
const open: WatchFrame = { type: 'open' }
const events = (...told: readonly WatchEvent[]): WatchFrame => ({ type: 'events', events: told })
const end = (response: ApiResponse): WatchFrame => ({ type: 'end', response })
const added = (name: string, version: number): WatchEvent => ({
  type: 'ADDED',
  object: pod(name, version),
})

/** An API server that says what the script says, and writes down what it was asked. */
class ScriptedServer implements Process {
  readonly asked: string[] = []
  readonly times: Micros[] = []
  readonly #env: ProcessEnv
  readonly #lists: Answer[]
  readonly #watches: Watching[]

  constructor(env: ProcessEnv, lists: readonly Answer[], watches: readonly Watching[]) {
    this.#env = env
    this.#lists = [...lists]
    this.#watches = [...watches]
  }

  start(): void {
    this.#env.network.listen(apiServerPort, {
      onCall: (request, reply) => {
        this.#note('list', request as WireRequest)
        const answer = this.#lists.shift() ?? list(99)
        if (answer !== 'silence') reply(answer)
      },
      onStream: (request, stream) => {
        this.#note('watch', request as WireRequest)
        const script = this.#watches.shift() ?? [open]
        if (script === 'refuse') stream.send(end(refusal(500, 'InternalError')))
        else for (const frame of script) this.#tell(stream, frame)
      },
    })
  }

  #tell(stream: StreamEnd, frame: WatchFrame | 'break'): void {
    if (frame === 'break') stream.close()
    else stream.send(frame)
  }

  #note(verb: string, { request }: WireRequest): void {
    this.asked.push(`${verb} ${request.query?.resourceVersion ?? 'latest'}`)
    this.times.push(this.#env.clock.monotonic())
  }
}

/** An informer against a scripted server, after a while. */
function play(lists: readonly Answer[], watches: readonly Watching[], by: Micros = seconds(20)) {
  const sim = new Simulation({ seed: 1, epochMs: 0, latencyMicros: 500, freezes: true })
  let server: ScriptedServer | undefined
  let informer: Informer<Pod> | undefined
  const add = (id: string, start: (env: ProcessEnv) => Process) => {
    const boot = { id, ip: id, bootMicros: 1 }
    sim.addMachine({ ...boot, boot: (host) => void host.start(id, start) }).powerOn()
  }
  add('server', (env) => {
    server = new ScriptedServer(env, lists, watches)
    return server
  })
  add('client', (env) => {
    const address = `server:${apiServerPort}`
    const identity = { user: 'test', groups: [] }
    const client = new ApiClient(env, { server: address, identity, userAgent: 'test' })
    informer = new Informer(env, client, PODS)
    const { start } = { start: () => informer?.start() }
    return { start: () => void env.clock.after(millis(1), start) }
  })
  sim.runUntil(by)
  const { asked, times } = server as unknown as ScriptedServer
  const { store, hasSynced } = informer as unknown as Informer<Pod>
  const names = [...store.values()].map(({ metadata }) => metadata.name)
  return { asked, times, names, store, hasSynced }
}

describe('informer', () => {
  it.each<[string, readonly Answer[], readonly Watching[], readonly string[], readonly string[]]>([
    [
      'C7 lists, then watches from there',
      [list(5, pod('a', 3))],
      [[open, events(added('b', 6))]],
      ['list 0', 'watch 5'],
      ['a', 'b'],
    ],
    [
      'C7 opens a broken watch again, without a list',
      [list(5)],
      [[open, events(added('b', 6)), 'break'], [open]],
      ['list 0', 'watch 5', 'watch 6'],
      ['b'],
    ],
    [
      'C7 opens a refused watch again',
      [list(5)],
      ['refuse', ['break']],
      ['list 0', 'watch 5', 'watch 5', 'watch 5'],
      [],
    ],
    [
      'C6 C7 lists nothing older than it saw after a 410 in the stream',
      [list(5, pod('a', 3)), list(8, pod('b', 6))],
      [[open, events(added('b', 6), { type: 'ERROR', object: expired.body })], [open]],
      ['list 0', 'watch 5', 'list 6', 'watch 8'],
      ['b'],
    ],
    [
      'C6 C7 lists nothing older than it saw after a 410 in the answer',
      [list(5), list(8)],
      [[end(expired)], [open]],
      ['list 0', 'watch 5', 'list 5', 'watch 8'],
      [],
    ],
    [
      'C6 lists the latest when the server has forgotten that version',
      [list(5), expired, list(9, pod('a', 9))],
      [[end(expired)], [open]],
      ['list 0', 'watch 5', 'list 5', 'list latest', 'watch 9'],
      ['a'],
    ],
    [
      'C6 lists the latest when the server has not come to that version',
      [list(5), refusal(504, 'Timeout'), list(9)],
      [[end(expired)], [open]],
      ['list 0', 'watch 5', 'list 5', 'list latest', 'watch 9'],
      [],
    ],
    [
      'C8 goes on at once after a watch that ended well and told something',
      [list(5)],
      [[open, events(added('b', 6)), end({ status: 200, body: undefined })], [open]],
      ['list 0', 'watch 5', 'watch 6'],
      ['b'],
    ],
  ])('%s', (_, lists, watches, asked, names) => {
    const played = play(lists, watches)
    expect(played.asked).toEqual(asked)
    expect(played.names).toEqual(names)
    expect(played.hasSynced.done).toBe(true)
  })

  it.each<[string, readonly Answer[], readonly Watching[]]>([
    ['lists', Array.from({ length: 9 }, () => refusal(500, 'InternalError')), []],
    ['watches', [list(5)], Array.from({ length: 9 }, () => ['break'])],
    [
      'watches that end at once',
      [list(5)],
      Array.from({ length: 9 }, () => [open, end({ status: 200, body: undefined })]),
    ],
  ])('C8 waits 800 ms, doubling to 30 s, plus up to as much again, between %s', (_, ...script) => {
    const { times, asked } = play(...script, seconds(300))
    const failing = times.filter((_, i) => asked[i] === asked.at(1))
    const waits = failing.slice(1, 9).map((at, i) => at - (failing[i] as Micros))
    waits.forEach((waited, i) => {
      const base = Math.min(millis(800) * 2 ** i, seconds(30))
      expect(waited).toBeGreaterThanOrEqual(base)
      expect(waited).toBeLessThan(2 * base + millis(20))
    })
    expect(waits).toHaveLength(8)
  })

  it('C8 waits longer and longer while lists succeed and watches expire', () => {
    const rounds = 6
    const lists = Array.from({ length: rounds }, (_, i) => list(5 + i))
    const { times, asked } = play(lists, Array(rounds - 1).fill([end(expired)]), seconds(120))
    const listed = times.filter((_, i) => asked[i]?.startsWith('list'))
    expect(listed).toHaveLength(rounds)
    const last = (listed[rounds - 1] as Micros) - (listed[rounds - 2] as Micros)
    expect(last).toBeGreaterThanOrEqual(millis(800) * 2 ** (rounds - 2))
  })

  it('C9 has synced after the first list, however late it came', () => {
    const silent = play(['silence', list(5)], [], seconds(29))
    expect(silent.hasSynced.done).toBe(false)
    const later = play(['silence', list(5)], [], seconds(35))
    expect(later.hasSynced.done).toBe(true)
  })

  it('C6 knows the real server’s word for a version it has not come to', () => {
    const api = apiFixture()
    const listed = api.runTask(api.client.list(CONFIGMAPS, { resourceVersion: '1000000' }))
    expect(listed.ok ? undefined : isTooLarge(listed.error)).toBe(true)
  })
})
