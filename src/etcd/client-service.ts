import type { Service, StreamEnd } from '../sim/network'
import type { ProcessEnv } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { type Micros, seconds } from '../sim/time'
import type { Applier, WriteRequest } from './applier'
import { isTtlTooLarge, type Lessor } from './lessor'
import type { KvStore } from './mvcc/store'
import { putFormError, txnFormError } from './mvcc/txn'
import type { Proposals } from './proposals'
import type { RaftDriver } from './raft-driver'
import type { ReadBarrier } from './read-barrier'
import {
  clientPort,
  type EtcdError,
  type EtcdRequest,
  type EtcdResult,
  etcdFailure,
  type LeaseGrantRequest,
  type RequestOp,
  type ResponseHeader,
  type TxnRequest,
  type WatchRequest,
} from './rpc'
import type { WatchHub } from './watch-hub'

const forwardTimeout: Micros = seconds(5)
const leaseIdsMax = 0x7fff_ffff

export interface ServiceParts {
  readonly memberId: number
  readonly version: string
  readonly store: KvStore
  readonly lessor: Lessor
  readonly hub: WatchHub
  readonly applier: Applier
  readonly proposals: Proposals
  readonly reads: ReadBarrier
  readonly driver: RaftDriver
  readonly hostOf: (memberId: number) => string | undefined
}

type Reply = (result: EtcdResult<unknown>) => void

/** What a member does for its clients: reads behind the barrier, writes through the log. */
export class ClientService implements Service {
  readonly #env: ProcessEnv
  readonly #parts: ServiceParts

  constructor(env: ProcessEnv, parts: ServiceParts) {
    this.#env = env
    this.#parts = parts
  }

  onCall(raw: unknown, reply: Reply): void {
    const request = raw as EtcdRequest
    const error = formError(request)
    if (error) reply(etcdFailure(error))
    else this.#serve(request, reply)
  }

  onStream(raw: unknown, stream: StreamEnd): void {
    const request = raw as WatchRequest
    if (!request.requireLeader || this.#parts.driver.role.lead !== 0) {
      this.#parts.hub.open(request, stream)
      return
    }
    stream.send({ type: 'cancelled', reason: { reason: 'no leader' } })
    stream.close()
  }

  #serve(request: EtcdRequest, reply: Reply): void {
    switch (request.type) {
      case 'range': {
        const read = () => reply(this.#range(request))
        if (request.request.serializable) read()
        else this.#afterBarrier(reply, read)
        return
      }
      case 'txn':
        this.#txn(request, reply)
        return
      case 'put':
      case 'deleteRange':
      case 'compact':
      case 'leaseRevoke':
        this.#propose(request, reply)
        return
      case 'leaseGrant': {
        const granted = { ...request.request, id: request.request.id || this.#freshLeaseId() }
        this.#propose({ type: 'leaseGrant', request: granted }, reply)
        return
      }
      case 'leaseKeepAlive':
      case 'leaseTimeToLive':
        this.#lease(request, reply)
        return
      case 'currentRevision':
        this.#afterBarrier(reply, () => reply({ ok: true, value: { header: this.#header() } }))
        return
      case 'status':
        reply({ ok: true, value: this.#status() })
        return
      case 'hashKv':
        reply(this.#hash(request.revision))
    }
  }

  #txn(request: Extract<EtcdRequest, { type: 'txn' }>, reply: Reply): void {
    const txn = request.request
    if (!isReadOnly(txn)) {
      this.#propose(request, reply)
      return
    }
    const { applier, driver } = this.#parts
    const read = () => reply(applier.read(txn, driver.term))
    if (isSerializable(txn)) read()
    else this.#afterBarrier(reply, read)
  }

  #propose(request: WriteRequest, reply: Reply): void {
    this.#parts.proposals.submit(request, this.#env.clock.monotonic(), reply)
    this.#parts.driver.work()
  }

  #afterBarrier(reply: Reply, action: () => void): void {
    this.#parts.reads.wait(this.#env.clock.monotonic(), (ok) => {
      if (ok) action()
      else reply(etcdFailure('timeout'))
    })
  }

  #range({ request }: Extract<EtcdRequest, { type: 'range' }>): EtcdResult<unknown> {
    const { store } = this.#parts
    const error = store.readError(request.revision ?? 0)
    if (error) return etcdFailure(error)
    return { ok: true, value: { header: this.#header(), ...store.range(request) } }
  }

  /** Only the leader knows how much time a lease has left, and only while it surely leads. */
  #lease(
    request: Extract<EtcdRequest, { type: 'leaseKeepAlive' | 'leaseTimeToLive' }>,
    reply: Reply,
  ): void {
    const { driver } = this.#parts
    if (!driver.isLeader) {
      const host = driver.role.lead === 0 ? undefined : this.#parts.hostOf(driver.role.lead)
      if (host === undefined) reply(etcdFailure('no leader'))
      else this.#env.spawn(this.#forward(host, request, reply))
      return
    }
    this.#afterBarrier(reply, () => {
      if (!driver.isLeader) reply(etcdFailure('no leader'))
      else if (request.type === 'leaseKeepAlive') reply(this.#renew(request.id))
      else reply(this.#timeToLive(request.id))
    })
  }

  *#forward(host: string, request: EtcdRequest, reply: Reply): Task<void> {
    const to = `${host}:${clientPort}`
    const call = this.#env.network.call(to, request, forwardTimeout, `etcd.${request.type}`)
    const answer = yield* wait(call)
    reply(answer.ok ? (answer.value as EtcdResult<unknown>) : etcdFailure('timeout'))
  }

  #renew(id: number): EtcdResult<unknown> {
    const ttlSeconds = this.#parts.lessor.renew(id, this.#env.clock.monotonic())
    if (ttlSeconds === undefined) return etcdFailure('lease not found')
    return { ok: true, value: { header: this.#header(), id, ttlSeconds } }
  }

  #timeToLive(id: number): EtcdResult<unknown> {
    const lease = this.#parts.lessor.look(id, this.#env.clock.monotonic())
    if (!lease) return etcdFailure('lease not found')
    const { ttlSeconds, remainingSeconds, keys } = lease
    const value = {
      header: this.#header(),
      id,
      ttlSeconds: remainingSeconds,
      grantedTtlSeconds: ttlSeconds,
      keys,
    }
    return { ok: true, value }
  }

  #status() {
    const { driver, store, version, memberId } = this.#parts
    const status = driver.status()
    return {
      header: this.#header(),
      version,
      leader: status.lead,
      raftIndex: status.commit,
      raftAppliedIndex: driver.appliedIndex,
      isLearner: status.config.learners?.has(memberId) ?? false,
      keys: store.liveKeys,
      compactRevision: store.compactRevision,
    }
  }

  #hash(asked: number): EtcdResult<unknown> {
    const { store } = this.#parts
    const error = store.readError(asked)
    if (error) return etcdFailure(error)
    const hashRevision = asked || store.revision
    const { compactRevision } = store
    const hash = store.hash(hashRevision)
    return { ok: true, value: { header: this.#header(), hash, hashRevision, compactRevision } }
  }

  #header(): ResponseHeader {
    const { memberId, store, driver } = this.#parts
    return { memberId, revision: store.revision, raftTerm: driver.term }
  }

  #freshLeaseId(): number {
    let id = 0
    while (id === 0 || this.#parts.lessor.has(id)) id = this.#env.random.below(leaseIdsMax) + 1
    return id
  }
}

function formError(request: EtcdRequest): EtcdError | undefined {
  switch (request.type) {
    case 'range':
    case 'deleteRange':
      return request.request.key === '' ? 'key not provided' : undefined
    case 'put':
      return request.request.key === '' ? 'key not provided' : putFormError(request.request)
    case 'txn':
      return txnFormError(request.request)
    case 'leaseGrant':
      return grantError(request.request)
    default:
      return undefined
  }
}

function grantError({ ttlSeconds }: LeaseGrantRequest): EtcdError | undefined {
  return isTtlTooLarge(ttlSeconds) ? 'lease ttl too large' : undefined
}

function operations(txn: TxnRequest): readonly RequestOp[] {
  return [...txn.success, ...txn.failure]
}

function isReadOnly(txn: TxnRequest): boolean {
  return operations(txn).every(
    (op) => op.type === 'range' || (op.type === 'txn' && isReadOnly(op.request)),
  )
}

function isSerializable(txn: TxnRequest): boolean {
  return operations(txn).every((op) =>
    op.type === 'range' ? op.request.serializable : op.type === 'txn' && isSerializable(op.request),
  )
}
