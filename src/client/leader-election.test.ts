import { describe, expect, it } from 'vitest'
import type { Lease } from '../api/generated/coordination-v1'
import { LEASES } from '../api/resources'
import type { Machine } from '../sim/machine'
import type { Process, ProcessEnv } from '../sim/process'
import { randomStream } from '../sim/random'
import { type Micros, millis, seconds } from '../sim/time'
import { type ApiFixture, admin, apiFixture } from '../testing/api-fixture'
import { ApiClient } from './api-client'
import { LeaderElection } from './leader-election'

const where = { namespace: 'kube-system', name: 'test' }

/** Stands for leader, and again after every loss. */
class Candidate implements Process {
  readonly #env: ProcessEnv
  readonly #client: ApiClient
  #election: LeaderElection
  /** When it began and stopped leading, in turn. */
  readonly turns: Micros[] = []

  constructor(env: ProcessEnv, server: string) {
    this.#env = env
    this.#client = new ApiClient(env, { server, identity: admin, userAgent: env.self.process })
    this.#election = this.#stand()
  }

  get leading(): boolean {
    return this.#election.leading
  }

  get holder(): string {
    return this.#election.holder
  }

  start(): void {
    this.#election.start()
  }

  #stand(): LeaderElection {
    const { clock, self } = this.#env
    return new LeaderElection(this.#env, this.#client, {
      ...where,
      identity: self.process,
      onStartedLeading: () => void this.turns.push(clock.monotonic()),
      onStoppedLeading: () => {
        this.turns.push(clock.monotonic())
        this.#election = this.#stand()
        this.#election.start()
      },
    })
  }
}

/** Candidates `a` and `b` on machines of their own, each asking the server of a third. */
function contest(seed = 1) {
  const api = apiFixture({ masters: 3, seed })
  const candidates = new Map<string, Candidate>()
  const stand = (name: string, machine: string) => {
    const start = (env: ProcessEnv) => {
      const candidate = new Candidate(env, '10.0.0.1:6443')
      candidates.set(name, candidate)
      return candidate
    }
    api.start(name, start, machine)
    return candidates.get(name) as Candidate
  }
  return { api, candidates, stand }
}

function cut(api: ApiFixture, one: string, other: string, isCut: boolean): void {
  const [a, b] = [api.sim.machine(one), api.sim.machine(other)] as [Machine, Machine]
  const fault = isCut ? { cut: true } : undefined
  api.sim.wires.setFault(a, b, fault)
  api.sim.wires.setFault(b, a, fault)
}

function leaseOf(api: ApiFixture): Lease {
  const found = api.runTask(api.clientOf(0).get(LEASES, where))
  if (!found.ok) throw new Error(found.error.message)
  return found.value
}

describe('leader election', () => {
  it('C15 C17 a stand-by takes over once the lease has not changed for its duration', () => {
    const { api, stand } = contest()
    const first = stand('a', 'client')
    api.until(() => first.leading)
    const second = stand('b', 'master-3')
    api.advance(seconds(30))
    expect(second.leading).toBe(false)
    expect(second.holder).toBe('a')
    const before = leaseOf(api)
    expect(before.spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 })
    expect(before.spec.acquireTime).not.toBe(before.spec.renewTime)
    const killedAt = api.sim.now
    api.sim.inject('test', () => api.sim.machine('client')?.process('a')?.kill())
    api.until(() => second.leading)
    const waited = api.sim.now - killedAt
    expect(waited).toBeGreaterThanOrEqual(seconds(15) - seconds(2))
    expect(waited).toBeLessThan(seconds(15) + seconds(9))
    const after = leaseOf(api)
    expect(after.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
    expect(after.spec.acquireTime).toBe(after.spec.renewTime)
  })

  it.each([
    ['C15 respects the duration that the holder wrote', { leaseDurationSeconds: 40 }, 40, 45],
    ['C15 ignores how old the lease says it is', { leaseDurationSeconds: 15 }, 15, 20],
    ['C15 takes a lease without a holder at once', { holderIdentity: '' }, 0, 1],
    ['C15 takes its own lease at once', { holderIdentity: 'b' }, 0, 1],
  ])('%s', (_, spec, atLeast, below) => {
    const { api, stand } = contest()
    const old = '2000-01-01T00:00:00.000000Z'
    const common = { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: old }
    const lease = { metadata: where, spec: { ...common, ...spec } }
    expect(api.runTask(api.client.create(LEASES, lease))).toMatchObject({ ok: true })
    const began = api.sim.now
    const candidate = stand('b', 'client')
    api.until(() => candidate.leading)
    expect(api.sim.now - began).toBeGreaterThanOrEqual(seconds(atLeast))
    expect(api.sim.now - began).toBeLessThan(seconds(below))
  })

  it('C16 a leader whose renewal hangs stops before another may lead', () => {
    const { api, stand } = contest()
    const first = stand('a', 'client')
    api.until(() => first.leading)
    const second = stand('b', 'master-3')
    api.advance(seconds(7))
    const cutAt = api.sim.now
    cut(api, 'client', 'master-1', true)
    api.until(() => !first.leading)
    expect(api.sim.now - cutAt).toBeLessThanOrEqual(seconds(10) + millis(100))
    expect(second.leading).toBe(false)
    api.until(() => second.leading)
    const [, stoppedAt] = first.turns as [Micros, Micros]
    expect(second.turns[0]).toBeGreaterThan(stoppedAt)
  })

  it('C16 a renewal that is refused once does not end leadership', () => {
    const { api, stand } = contest()
    const first = stand('a', 'client')
    api.until(() => first.leading)
    const patch = { metadata: { labels: { touched: 'yes' } } }
    expect(api.runTask(api.client.patch(LEASES, where, 'merge', patch))).toMatchObject({ ok: true })
    api.advance(seconds(20))
    expect(first.turns).toHaveLength(1)
    expect(leaseOf(api)).toMatchObject({ metadata: patch.metadata, spec: { leaseTransitions: 0 } })
  })

  it('C16 an acquisition that is answered too late does not count', () => {
    const { api, stand } = contest()
    const [client, server] = [api.sim.machine('client'), api.sim.machine('master-1')]
    const [from, to] = [server as Machine, client as Machine]
    api.sim.wires.setFault(from, to, { extraLatencyMicros: seconds(6) })
    const slow = stand('a', 'client')
    api.advance(seconds(30))
    expect(slow.turns).toEqual([])
    api.sim.wires.setFault(from, to, undefined)
    api.until(() => slow.leading)
  })

  it.each([1, 2, 3])('C16 never has two leaders, whatever is cut or slow (seed %i)', (seed) => {
    const { api, candidates, stand } = contest(seed)
    const random = randomStream(seed, 'faults')
    const places = { a: 'client', b: 'master-3', c: 'master-2' }
    for (const [name, machine] of Object.entries(places)) stand(name, machine)
    for (let round = 0; round < 40; round++) {
      const machine = Object.values(places)[random.below(3)] as string
      const [from, to] = random.chance(500) ? [machine, 'master-1'] : ['master-1', machine]
      const kinds = [{ cut: true }, { extraLatencyMicros: seconds(random.below(8)) }, undefined]
      const fault = kinds[random.below(3)]
      api.sim.wires.setFault(
        api.sim.machine(from) as Machine,
        api.sim.machine(to) as Machine,
        fault,
      )
      const until = api.sim.now + seconds(1 + random.below(20))
      while (api.sim.now < until) {
        api.advance(millis(100))
        expect([...candidates.values()].filter(({ leading }) => leading).length).toBeLessThan(2)
      }
    }
    for (const machine of Object.values(places)) cut(api, machine, 'master-1', false)
    api.until(() => [...candidates.values()].some(({ leading }) => leading))
    const turns = [...candidates.values()].map((candidate) => candidate.turns.length)
    expect(turns.reduce((sum, n) => sum + n)).toBeGreaterThan(2)
  })
})
