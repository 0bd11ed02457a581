import type { Lease } from '../api/generated/coordination-v1'
import { formatMicroTime } from '../api/machinery/time'
import { LEASES } from '../api/resources'
import type { ProcessEnv } from '../sim/process'
import { Future, firstOf, type Task, wait } from '../sim/task'
import { type Micros, seconds } from '../sim/time'
import type { ApiClient } from './api-client'
import type { EventRecorder } from './event-recorder'
import type { Result } from './request'
import { isNotFound } from './result'

export interface ElectionOptions {
  readonly namespace: string
  readonly name: string
  /** Who stands: unique among the candidates. */
  readonly identity: string
  readonly leaseDuration?: Micros
  readonly renewDeadline?: Micros
  readonly retryPeriod?: Micros
  readonly recorder?: EventRecorder
  readonly onStartedLeading: () => void
  /** The lease was lost: whoever acted as leader must stop at once. */
  readonly onStoppedLeading: () => void
}

/**
 * Client-go's leader election by Lease: a candidate takes a lease that its holder has not renewed
 * for the duration it wrote there, by the candidate's own clock, renews every `retryPeriod`, and
 * gives up leading when it could not renew within `renewDeadline`.
 */
export class LeaderElection {
  readonly #env: ProcessEnv
  readonly #client: ApiClient
  readonly #options: ElectionOptions
  readonly #leaseDuration: Micros
  readonly #renewDeadline: Micros
  readonly #retryPeriod: Micros
  #observed: Lease | undefined
  #observedAt: Micros = 0
  #leading = false

  constructor(env: ProcessEnv, client: ApiClient, options: ElectionOptions) {
    this.#env = env
    this.#client = client
    this.#options = options
    this.#leaseDuration = options.leaseDuration ?? seconds(15)
    this.#renewDeadline = options.renewDeadline ?? seconds(10)
    this.#retryPeriod = options.retryPeriod ?? seconds(2)
  }

  get leading(): boolean {
    return this.#leading
  }

  /** The holder as last seen; '' before anything was. */
  get holder(): string {
    return this.#observed?.spec.holderIdentity ?? ''
  }

  start(): void {
    this.#env.spawn(this.#run())
  }

  *#run(): Task<void> {
    let renewedAt = yield* this.#acquire()
    this.#lead()
    while (this.#env.clock.monotonic() - renewedAt < this.#renewDeadline) {
      yield* wait(this.#env.clock.sleep(this.#retryPeriod, 'election.renew'))
      const asked = this.#env.clock.monotonic()
      if (yield* this.#renewBy(renewedAt + this.#renewDeadline)) renewedAt = asked
    }
    this.#leading = false
    this.#env.note('lease.lost', this.#options.name)
    this.#record('stopped leading')
    this.#options.onStoppedLeading()
  }

  /** Tries until it holds the lease; returns when it asked for it: others count from then on. */
  *#acquire(): Task<Micros> {
    const { clock, random } = this.#env
    for (;;) {
      const asked = clock.monotonic()
      const acquired = yield* this.#tryAcquireOrRenew()
      if (acquired && clock.monotonic() - asked < this.#renewDeadline) return asked
      const jitter = random.below(Math.floor((this.#retryPeriod * 6) / 5))
      yield* wait(clock.sleep(this.#retryPeriod + jitter, 'election.retry'))
    }
  }

  /** One try that is given up at the deadline, answered or not: others may lead from then on. */
  *#renewBy(deadline: Micros): Task<boolean> {
    const { clock } = this.#env
    const left = deadline - clock.monotonic()
    if (left <= 0) return false
    const tried = this.#env.spawn(this.#tryAcquireOrRenew())
    const late = new Future<void>()
    const timer = clock.after(left, () => late.resolve(undefined), 'election.deadline')
    yield* wait(firstOf(tried as Future<unknown>, late as Future<unknown>))
    timer.cancel()
    return tried.done && tried.value === true
  }

  #lead(): void {
    this.#leading = true
    this.#env.note('lease.acquired', this.#options.name)
    this.#record('became leader')
    this.#options.onStartedLeading()
  }

  #record(what: string): void {
    const { recorder, identity, namespace, name } = this.#options
    recorder?.event(
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name } },
      'Normal',
      'LeaderElection',
      `${identity} ${what}`,
    )
  }

  *#tryAcquireOrRenew(): Task<boolean> {
    const { namespace, name, identity } = this.#options
    const now = this.#env.clock.monotonic()
    if (this.#leading && this.#observed && now < this.#observedAt + this.#leaseDuration) {
      const renewed = yield* this.#update(this.#observed)
      if (this.#see(renewed)) return true
    }
    const found = yield* this.#client.get(LEASES, { namespace, name })
    if (!found.ok) {
      if (!isNotFound(found.error)) return false
      return this.#see(yield* this.#client.create(LEASES, this.#draft()))
    }
    if (found.value.metadata.resourceVersion !== this.#observed?.metadata.resourceVersion) {
      this.#observe(found.value)
    }
    const holder = found.value.spec.holderIdentity ?? ''
    const given = found.value.spec.leaseDurationSeconds
    const duration = given === undefined ? this.#leaseDuration : seconds(given)
    const fresh = this.#observedAt + duration > this.#env.clock.monotonic()
    if (holder !== '' && holder !== identity && fresh) return false
    return this.#see(yield* this.#update(found.value))
  }

  #see(written: Result<Lease>): boolean {
    if (written.ok) this.#observe(written.value)
    return written.ok
  }

  #observe(lease: Lease): void {
    this.#observed = lease
    this.#observedAt = this.#env.clock.monotonic()
  }

  #update(lease: Lease): Task<Result<Lease>> {
    const now = formatMicroTime(this.#env.clock.wall())
    const { identity } = this.#options
    const mine = lease.spec.holderIdentity === identity
    return this.#client.update(LEASES, {
      ...lease,
      spec: {
        ...lease.spec,
        holderIdentity: identity,
        leaseDurationSeconds: Math.floor(this.#leaseDuration / seconds(1)),
        acquireTime: mine ? lease.spec.acquireTime : now,
        renewTime: now,
        leaseTransitions: (lease.spec.leaseTransitions ?? 0) + (mine ? 0 : 1),
      },
    })
  }

  #draft(): object {
    const { namespace, name, identity } = this.#options
    const now = formatMicroTime(this.#env.clock.wall())
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace, name },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.floor(this.#leaseDuration / seconds(1)),
        acquireTime: now,
        renewTime: now,
        leaseTransitions: 0,
      },
    }
  }
}
