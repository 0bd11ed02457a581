import { describe, expect, it } from 'vitest'
import { Callback } from './action'
import { EventQueue, type QueuedEvent } from './event-queue'
import type { Process, ProcessEnv } from './process'
import { randomStream } from './random'
import { Simulation } from './simulation'
import { wait } from './task'
import { millis, seconds } from './time'

class Echo implements Process {
  readonly env: ProcessEnv
  constructor(env: ProcessEnv) {
    this.env = env
  }
  start() {
    this.env.network.listen(80, {
      onCall: (request, reply) => reply(`echo ${String(request)}`),
      onStream: (_request, stream) => {
        let n = 0
        const tick = () => {
          stream.send(n++)
          this.env.clock.after(seconds(1), tick)
        }
        tick()
      },
    })
  }
}

function pair(seed = 7) {
  const sim = new Simulation({ seed, epochMs: 0, latencyMicros: 500 })
  const log: string[] = []
  const server = sim.addMachine({
    id: 'server',
    ip: '10.0.0.1',
    bootMicros: millis(100),
    boot: (host) => void host.start('echo', (env) => new Echo(env)),
  })
  const client = sim.addMachine({
    id: 'client',
    ip: '10.0.0.2',
    bootMicros: millis(200),
    boot: (host) => void host.start('caller', (env) => ({ start: () => run(env) })),
  })
  function run(env: ProcessEnv) {
    env.spawn(
      (function* () {
        for (let i = 0; ; i++) {
          const answer = yield* wait(env.network.call('10.0.0.1:80', i, seconds(5)))
          log.push(answer.ok ? String(answer.value) : answer.error)
          yield* wait(env.clock.sleep(seconds(1)))
        }
      })(),
    )
    const stream = env.network.stream('server:80', 'watch')
    stream.onMessage = (message) => log.push(`s${String(message)}`)
    stream.onClose = (reason) => log.push(reason)
  }
  server.powerOn()
  client.powerOn()
  return { sim, server, client, log }
}

describe('the kernel', () => {
  it('K1 K2 replays the same run from the same seed', () => {
    const [a, b, c] = [pair(), pair(), pair(8)]
    for (const { sim } of [a, b, c]) sim.runUntil(seconds(60))
    expect(a.sim.traceHash()).toBe(b.sim.traceHash())
    expect(a.log).toEqual(b.log)
    expect(a.sim.traceHash()).not.toBe(c.sim.traceHash())
    expect(a.log.slice(0, 4)).toEqual(['echo 0', 's0', 's1', 'echo 1'])
  })

  it('K6 a dead machine is silence, and its peers find out by time-outs', () => {
    const { sim, server, log } = pair()
    sim.runUntil(seconds(3))
    server.powerOff('abrupt')
    log.length = 0
    sim.runUntil(seconds(60))
    expect(new Set(log)).toEqual(new Set(['timeout']))
    server.powerOn()
    log.length = 0
    sim.runUntil(seconds(70))
    expect(log.some((line) => line.startsWith('echo'))).toBe(true)
  })

  it('K7 a cut wire delays what is reliable and keeps its order', () => {
    const { sim, server, client, log } = pair()
    sim.runUntil(seconds(3))
    sim.wires.setFault(server, client, { cut: true })
    sim.runUntil(seconds(6))
    const before = log.filter((line) => line.startsWith('s')).length
    sim.wires.setFault(server, client, undefined)
    sim.runUntil(seconds(20))
    const numbers = log.filter((line) => line.startsWith('s')).map((line) => Number(line.slice(1)))
    expect(numbers.length).toBeGreaterThan(before + 10)
    expect(numbers).toEqual(numbers.map((_, i) => i))
  })

  it('K8 a killed process is reset at once', () => {
    const { sim, server, log } = pair()
    sim.runUntil(seconds(3) + millis(500))
    server.process('echo')?.kill()
    log.length = 0
    sim.runUntil(seconds(5))
    expect(log.slice(0, 2)).toEqual(['reset', 'refused'])
  })

  it('K11 K12 K13 a power cut loses what was not synced, and nothing that was', () => {
    const { sim, server } = pair()
    sim.runUntil(seconds(1))
    for (let i = 0; i < 5; i++) server.disk.append('log', i)
    const synced = server.disk.sync()
    sim.runUntil(seconds(2))
    expect(synced.done).toBe(true)
    for (let i = 5; i < 50; i++) server.disk.append('log', i)
    server.powerOff('abrupt')
    const kept = server.disk.read('log') ?? []
    expect(kept.slice(0, 5)).toEqual([0, 1, 2, 3, 4])
    expect(kept).toEqual(kept.map((_, i) => i))
  })

  it('K4 what an event brings about carries its id as the cause', () => {
    const { sim } = pair()
    sim.runUntil(seconds(2))
    const entries = sim.trace(0, 1_000)
    const ids = new Set(entries.map(({ id }) => id))
    const reply = entries.find(({ kind }) => kind === 'net.reply')
    const call = reply && sim.traceEntry(reply.cause)
    expect(call?.kind).toBe('net.call')
    expect(entries.every(({ cause, id }) => cause < id && (cause === 0 || ids.has(cause)))).toBe(
      true,
    )
  })

  it('K15 an orderly power-off lets processes end and keeps what they wrote', () => {
    const { sim, server } = pair()
    sim.runUntil(seconds(1))
    server.disk.append('log', 'last words')
    server.powerOff('graceful')
    sim.runUntil(seconds(2))
    expect(server.power).toBe('off')
    expect(server.disk.read('log')).toEqual(['last words'])
  })

  it('K16 a handler that throws names the seed, the time and the place', () => {
    const { sim, client } = pair()
    sim.runUntil(seconds(1))
    const fail = new Callback(() => {
      throw new Error('boom')
    })
    sim.inject('test', () => sim.schedule(client, client.life, millis(1), 'bad', fail))
    expect(() => sim.runUntil(seconds(2))).toThrow(
      /boom \(seed 7, t=1001000 µs, client, event bad\)/,
    )
  })

  it('K2 K9 the queue gives events in order, whatever is cancelled', () => {
    const queue = new EventQueue<QueuedEvent>()
    const random = randomStream(3, 'queue')
    const events = Array.from({ length: 500 }, (_, sequence) => ({
      time: random.below(50),
      source: random.below(3),
      sequence,
      position: -1,
    }))
    for (const event of events) queue.push(event)
    const cancelled = events.filter(() => random.chance(300))
    for (const event of cancelled) queue.remove(event)
    const order: QueuedEvent[] = []
    for (let next = queue.pop(); next; next = queue.pop()) order.push(next)
    expect(order.length + cancelled.length).toBe(events.length)
    const key = (e: QueuedEvent) => e.time * 1e6 + e.source * 1e4 + e.sequence
    expect(order.map(key)).toEqual(order.map(key).sort((a, b) => a - b))
  })

  it('K17 what was sent cannot be changed where the simulation freezes', () => {
    const sim = new Simulation({ seed: 1, epochMs: 0, latencyMicros: 500, freezes: true })
    const sent = { list: [{ n: 1 }] }
    sim.release(sent)
    expect(() => {
      ;(sent.list[0] as { n: number }).n = 2
    }).toThrow(TypeError)
  })
})
