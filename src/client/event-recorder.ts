import { formatTime } from '../api/machinery/time'
import { EVENTS } from '../api/resources'
import type { ProcessEnv } from '../sim/process'
import { Channel, type Task, wait } from '../sim/task'
import { type Micros, minutes, seconds } from '../sim/time'
import type { ApiClient } from './api-client'
import { TokenBucket } from './rate-limit'
import { isNotFound } from './result'

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
  /** When it happened, by the machine's wall clock. */
  readonly at: Micros
}

/** An event that was told before: its name in the API and how often it came. */
interface Seen {
  readonly name: string
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
/** Events that wait for the server; what comes while so many wait is lost. */
const queuedMax = 1000
const combinedPrefix = '(combined from similar events): '

/**
 * Writes core/v1 Events as client-go's recorder does: in order, in the background, equal ones
 * counted up in place, similar ones combined from the tenth on, floods about one object held back.
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
    if (this.#queue.length >= queuedMax) return
    const at = this.#env.clock.wall()
    this.#queue.send({ subject, type, reason, message, fieldPath, at })
  }

  *#write(): Task<void> {
    for (;;) {
      const draft = this.#combine(yield* wait(this.#queue.receive()))
      const seen = this.#count(draft)
      if (this.#isSpam(draft)) continue
      for (let tries = 1; !(yield* this.#writeOne(draft, seen)) && tries < retriesMax; tries++) {
        const delay = tries === 1 ? this.#env.random.below(retryDelay) : retryDelay
        yield* wait(this.#env.clock.sleep(delay, 'events.retry'))
      }
    }
  }

  /** Equal events are one; what is held back as spam counts too. */
  #count(draft: Draft): Seen {
    const key = identityOf(draft)
    let seen = this.#seen.get(key)
    if (seen) seen.count++
    else seen = { name: this.#nameOf(draft), firstTimestamp: formatTime(draft.at), count: 1 }
    remember(this.#seen, key, seen)
    return seen
  }

  /** True when the event is written or the server will never take it. */
  *#writeOne(draft: Draft, seen: Seen): Task<boolean> {
    if (seen.count > 1) {
      const { count, name } = seen
      const { namespace = 'default' } = draft.subject.metadata
      const patch = { count, lastTimestamp: formatTime(draft.at), message: draft.message }
      const where = { name, namespace }
      const patched = yield* this.#client.patch(EVENTS, where, 'strategic-merge', patch)
      if (patched.ok) return true
      if (!isNotFound(patched.error)) return patched.error.code !== 0
    }
    const created = yield* this.#client.create(EVENTS, this.#draftEvent(draft, seen))
    return created.ok || created.error.code !== 0
  }

  #nameOf({ subject, at }: Draft): string {
    const stamp = (at * 1000).toString(16).slice(0, 12)
    const suffix = stamp + this.#env.random.below(0x1_0000).toString(16).padStart(4, '0')
    return `${subject.metadata.name}.${suffix}`
  }

  #draftEvent(draft: Draft, seen: Seen): object {
    const { subject, fieldPath } = draft
    const { namespace = 'default', name, uid, resourceVersion } = subject.metadata
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace, name: seen.name },
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
      firstTimestamp: seen.firstTimestamp,
      lastTimestamp: formatTime(draft.at),
      count: seen.count,
    }
  }

  #isSpam(draft: Draft): boolean {
    const key = subjectKey(draft.subject)
    const bucket =
      this.#buckets.get(key) ??
      new TokenBucket(this.#env.clock, seconds(1) / spamInterval, spamBurst)
    remember(this.#buckets, key, bucket)
    return !bucket.tryTake()
  }

  /** Nine messages of one kind, each within ten minutes of the last, stay apart; others become one. */
  #combine(draft: Draft): Draft {
    const key = kindOf(draft)
    const now = this.#env.clock.monotonic()
    let similar = this.#similar.get(key)
    if (!similar || now - similar.last > similarWindow) similar = { messages: new Set(), last: now }
    remember(this.#similar, key, similar)
    similar.last = now
    if (similar.messages.has(draft.message)) return draft
    if (similar.messages.size < similarMax - 1) {
      similar.messages.add(draft.message)
      return draft
    }
    return { ...draft, message: combinedPrefix + draft.message }
  }
}

/** As the most recent entry; the least recent one is forgotten when there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.delete(key) && map.size >= rememberedMax) map.delete(map.keys().next().value ?? '')
  map.set(key, value)
}

function subjectKey({ apiVersion, kind, metadata }: EventSubject): string {
  const { namespace = '', name, uid = '' } = metadata
  return `${apiVersion}/${kind}/${namespace}/${name}/${uid}`
}

const kindOf = (draft: Draft): string =>
  `${subjectKey(draft.subject)}/${draft.type}/${draft.reason}`

/** What makes two events one. Combined ones differ in their messages only. */
function identityOf(draft: Draft): string {
  const combined = draft.message.startsWith(combinedPrefix)
  if (combined) return `${kindOf(draft)}/combined`
  return `${kindOf(draft)}/${draft.fieldPath ?? ''}/${draft.message}`
}
