import type { KubeObject, ResourceRef } from '../../api/object'
import { ApiClient } from '../../client/api-client'
import type { WatchEvent } from '../../client/request'
import { apiServerPort } from '../../client/wire'
import { administrator } from '../../cluster/outside'
import { EtcdClient } from '../../etcd/client'
import type { Process, ProcessEnv } from '../../sim/process'
import type { Simulation } from '../../sim/simulation'
import { Future, type Task, wait } from '../../sim/task'
import { type Micros, millis, seconds } from '../../sim/time'
import { ApiStream } from './api-history'
import { EtcdHistory, type HistoryStream } from './etcd-history'
import type { Ledger } from './ledger'

const retryDelay: Micros = millis(500)
const progressEvery: Micros = seconds(5)
/** Short, so that a run sees many resumed watches. */
const watchSeconds = 25
export const observerName = 'observer'

/**
 * A machine of its own from which every etcd member and every API server is watched, each by
 * itself. It takes no part in the cluster and is not disturbed.
 */
export class Observer implements Process {
  readonly env: ProcessEnv
  readonly #masters: readonly string[]
  readonly #watched: readonly ResourceRef[]
  readonly #ledger: Ledger
  readonly #history: EtcdHistory
  readonly streams: ApiStream[] = []

  constructor(
    env: ProcessEnv,
    what: {
      readonly masters: readonly string[]
      readonly watched: readonly ResourceRef[]
      readonly ledger: Ledger
      readonly history: EtcdHistory
    },
  ) {
    this.env = env
    this.#masters = what.masters
    this.#watched = what.watched
    this.#ledger = what.ledger
    this.#history = what.history
    this.#history.onRevision(() => {
      for (const stream of this.streams) stream.catchUp()
    })
  }

  start(): void {
    for (const member of this.#masters) {
      const stream = { member, next: EtcdHistory.first }
      this.env.spawn(this.#watchEtcd(stream))
      for (const ref of this.#watched) this.env.spawn(this.#watchApi(member, ref))
    }
  }

  *#watchEtcd(stream: HistoryStream): Task<void> {
    const client = new EtcdClient(this.env, [stream.member])
    for (;;) {
      const ended = new Future<void>()
      const request = {
        key: '/',
        rangeEnd: '0',
        startRevision: stream.next,
        prevKv: true,
      }
      const handle = client.watch(request, {
        onEvents: (events, revision) => this.#history.take(stream, events, revision),
        onProgress: (revision) => this.#history.progress(stream, revision),
        onClosed: (reason) => {
          this.#ledger.sometimes('an etcd watch was closed')
          if (reason.reason === 'compacted') {
            const known = this.#history.revision + 1
            this.#ledger.demand(reason.compactRevision <= known, 'M10', 'history was lost')
            stream.next = reason.compactRevision
          }
          ended.resolve(undefined)
        },
      })
      this.#askForProgress(handle, ended)
      yield* wait(ended)
      yield* wait(this.env.clock.sleep(retryDelay))
    }
  }

  #askForProgress(handle: { requestProgress(): void }, ended: Future<void>): void {
    this.env.clock.after(progressEvery, () => {
      if (ended.done) return
      handle.requestProgress()
      this.#askForProgress(handle, ended)
    })
  }

  *#watchApi(master: string, ref: ResourceRef): Task<void> {
    const client = new ApiClient(this.env, {
      server: `${master}:${apiServerPort}`,
      identity: administrator,
      userAgent: observerName,
    })
    for (;;) {
      const from = this.env.random.chance(500) ? { resourceVersion: '0' } : {}
      const listed = yield* client.list(ref, from)
      if (listed.ok) {
        const stream = new ApiStream(this.#ledger, this.#history, master, ref)
        this.streams.push(stream)
        const { resourceVersion } = listed.value.metadata
        stream.listed(listed.value.items, Number(resourceVersion))
        yield* this.#follow(client, ref, stream, resourceVersion)
        stream.catchUp()
        this.streams.splice(this.streams.indexOf(stream), 1)
      }
      yield* wait(this.env.clock.sleep(retryDelay))
    }
  }

  /** Watches and resumes where it was, until the server says that the place is lost. */
  *#follow(client: ApiClient, ref: ResourceRef, stream: ApiStream, from: string): Task<void> {
    let resourceVersion = from
    for (let resumed = 0; ; resumed++) {
      if (resumed > 0) this.#ledger.sometimes('an API watch was resumed')
      const ended = new Future<boolean>()
      const options = { resourceVersion, timeoutSeconds: watchSeconds }
      const handle = client.watch(ref, options, {
        onEvent: (event: WatchEvent<KubeObject>) => {
          if (ended.done) return
          if (event.type === 'ERROR') {
            handle.close()
            ended.resolve(false)
            return
          }
          resourceVersion = event.object.metadata.resourceVersion ?? ''
          stream.observed(event)
        },
        onClose: ({ status }) => ended.resolve(status !== 410),
      })
      if (!(yield* wait(ended))) {
        this.#ledger.sometimes('an API watch expired (410)')
        return
      }
      this.#ledger.sometimes('an API watch was closed')
      yield* wait(this.env.clock.sleep(retryDelay))
    }
  }
}

/** Adds the observer's machine to a simulation, switched on. */
export function addObserver(sim: Simulation, factory: (env: ProcessEnv) => Process): void {
  const machine = sim.addMachine({
    id: observerName,
    ip: '192.168.255.253',
    bootMicros: millis(1),
    boot: (host) => void host.start(observerName, factory),
  })
  sim.inject('observer.start', () => machine.powerOn())
}
