import type { Event } from '../api/generated/core-v1'
import { formatTime } from '../api/machinery/time'
import { EVENTS } from '../api/resources'
import type { ProcessEnv } from '../sim/process'
import { Channel, type Task, wait } from '../sim/task'
import { type Micros, minutes, seconds } from '../sim/time'
import type { ApiClient } from './api-client'
import { TokenBucket } from './rate-limit'

/** What an event is about: any object, or at least its kind and name. */
export interface EventSubject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly namespace?: string
    readonly name: string
    readonly uid?: string
    readonly resourceVersion?: string
  }
}

export type EventType = 'Normal' | 'Warning'

interface Draft {
  readonly subject: EventSubject
  readonly type: EventType
  readonly reason: string
  readonly message: string
  readonly fieldPath: string | undefined
}

interface Seen {
  readonly name: string
  readonly namespace: string
  readonly firstTimestamp: string
  count: number
}

/** Limits of client-go's EventCorrelator. */
const spamBurst = 25
const spamInterval: Micros = minutes(5)
const similarMax = 10
const similarWindow: Micros = minutes(10)
const rememberedMax = 4096
const retriesMax = 12
const retryDelay: Micros = seconds(10)

/**
 * Writes core/v1 Events as client-go's recorder does: in order, in the background, equal ones
 * counted up in place, similar ones combined after ten, floods about one object held back.
 */
export class EventRecorder {
  readonly #env: ProcessEnv
  readonly #client: ApiClient
  readonly #source: { readonly component: string; readonly host?: string }
  readonly #queue = new Channel<Draft>()
  readonly #seen = new Map<string, Seen>()
  readonly #buckets = new Map<string, TokenBucket>()
  readonly #similar = new Map<string, { messages: Set<string>; last: Micros }>()

  constructor(env: ProcessEnv, client: ApiClient, component: string, host?: string) {
    this.#env = env
    this.#client = client
    this.#source = host === undefined ? { component } : { component, host }
    env.spawn(this.#write())
  }

  event(
    subject: EventSubject,
    type: EventType,
    reason: string,
    message: string,
    fieldPath?: string,
  ): void {
    this.#queue.send({ subject, type, reason, message, fieldPath })
  }

  *#write(): Task<void> {
    for (;;) {
      const draft = this.#combine(yield* wait(this.#queue.receive()))
      if (this.#isSpam(draft)) continue
      for (let tries = 0; tries < retriesMax; tries++) {
        if (yield* this.#writeOne(draft)) break
        yield* wait(this.#env.clock.sleep(retryDelay, 'events.retry'))
      }
    }
  }

  /** True when the event is written or the server will never take it. */
  *#writeOne(draft: Draft): Task<boolean> {
    const key = identityOf(draft, true)
    const now = formatTime(this.#env.clock.wall())
    const seen = this.#seen.get(key)
    if (seen) {
      const { name, namespace } = seen
      const patch = { count: seen.count + 1, lastTimestamp: now, message: draft.message }
      const where = { name, namespace }
      const patched = yield* this.#client.patch(EVENTS, where, 'strategic-merge', patch)
      if (patched.ok) {
        seen.count++
        return true
      }
      if (patched.error.code === 0) return false
      this.#seen.delete(key)
    }
    const event = this.#draftEvent(draft, now)
    const created = yield* this.#client.create(EVENTS, event)
    if (created.ok) this.#remember(key, created.value)
    return created.ok || created.error.code !== 0
  }

  #remember(key: string, event: Event): void {
    if (this.#seen.size >= rememberedMax) this.#seen.delete(this.#seen.keys().next().value ?? '')
    this.#seen.set(key, {
      name: event.metadata.name,
      namespace: event.metadata.namespace ?? 'default',
      firstTimestamp: event.firstTimestamp ?? '',
      count: 1,
    })
  }

  #draftEvent(draft: Draft, now: string): object {
    const { subject, fieldPath } = draft
    const { namespace = 'default', name, uid, resourceVersion } = subject.metadata
    const stamp = (this.#env.clock.wall() * 1000).toString(16).slice(0, 12)
    const suffix = stamp + this.#env.random.below(0x1_0000).toString(16).padStart(4, '0')
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace, name: `${name}.${suffix}` },
      involvedObject: {
        apiVersion: subject.apiVersion,
        kind: subject.kind,
        namespace: subject.metadata.namespace,
        name,
        uid,
        resourceVersion,
        fieldPath,
      },
      type: draft.type,
      reason: draft.reason,
      message: draft.message,
      source: this.#source,
      reportingComponent: this.#source.component,
      reportingInstance: this.#source.host ?? '',
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    }
  }

  #isSpam(draft: Draft): boolean {
    const { kind, metadata } = draft.subject
    const key = `${kind}/${metadata.namespace ?? ''}/${metadata.name}/${metadata.uid ?? ''}`
    let bucket = this.#buckets.get(key)
    if (!bucket) {
      if (this.#buckets.size >= rememberedMax) {
        this.#buckets.delete(this.#buckets.keys().next().value ?? '')
      }
      const qps = seconds(1) / spamInterval
      bucket = new TokenBucket(this.#env.clock, qps, spamBurst)
      this.#buckets.set(key, bucket)
    }
    return !bucket.tryTake()
  }

  /** After ten different messages of one kind in ten minutes the rest become one. */
  #combine(draft: Draft): Draft {
    const key = identityOf(draft, false)
    const now = this.#env.clock.monotonic()
    let similar = this.#similar.get(key)
    if (!similar || now - similar.last > similarWindow) {
      if (this.#similar.size >= rememberedMax) {
        this.#similar.delete(this.#similar.keys().next().value ?? '')
      }
      similar = { messages: new Set(), last: now }
      this.#similar.set(key, similar)
    }
    similar.last = now
    if (similar.messages.size < similarMax) {
      similar.messages.add(draft.message)
      return draft
    }
    return { ...draft, message: `(combined from similar events): ${draft.message}` }
  }
}

function identityOf(draft: Draft, withMessage: boolean): string {
  const { kind, metadata } = draft.subject
  const combined = draft.message.startsWith('(combined from similar events): ')
  const message = withMessage && !combined ? draft.message : ''
  const { namespace = '', name, uid = '' } = metadata
  const where = `${kind}/${namespace}/${name}/${uid}/${draft.fieldPath ?? ''}`
  return `${where}/${draft.type}/${draft.reason}/${combined}/${message}`
}
