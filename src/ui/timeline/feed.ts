import type { Event } from '../../api/generated/core-v1'
import { type Derived, derive, type Source } from '../store/derive'
import type { LabStore } from '../store/lab-store'
import type { ObjectTable } from '../store/table'
import { microsOf } from '../view/time'
import { type LabNote, labNotes } from './lab-notes'

/** One line of the event feed. `time` is virtual, in microseconds. */
export interface FeedLine {
  readonly id: string
  readonly time: number
  readonly source: 'api' | 'lab'
  readonly tone: 'plain' | 'good' | 'warn' | 'bad' | 'leader'
  /** Kubernetes' reason, or the kind of the lab's note. */
  readonly reason: string
  readonly about: string
  readonly text: string
  readonly namespace?: string
  readonly count: number
}

export interface Feed {
  /** Oldest first, at most `LINES_MAX`. */
  readonly lines: Derived<readonly FeedLine[]>
  close(): void
}

const LINES_MAX = 400
const NOTES_MAX = 200

/** Joins the API's Events with what the lab saw happen to machines. */
export function openFeed(events: ObjectTable<Event>, lab: LabStore): Feed {
  let notes: readonly LabNote[] = []
  let version = 0
  let before = lab.get()
  const known = new WeakMap<Event, FeedLine>()
  const lineFor = (event: Event): FeedLine => {
    const line = known.get(event) ?? lineOf(event, lab.get()?.epochMs ?? 0)
    known.set(event, line)
    return line
  }
  const listeners = new Set<() => void>()
  const unsubscribe = lab.subscribe(() => {
    const now = lab.get()
    const found = before && now ? labNotes(before, now, version) : []
    before = now
    if (found.length === 0) return
    notes = [...notes, ...found].slice(-NOTES_MAX)
    version += found.length
    for (const listener of [...listeners]) listener()
  })
  const noteSource: Source = {
    get version() {
      return version
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const lines = derive([events, noteSource], () => {
    if (!lab.get()) return []
    const all = [...events.all().map(lineFor), ...notes].sort(
      (a, b) => a.time - b.time || (a.id < b.id ? -1 : 1),
    )
    return all.slice(-LINES_MAX)
  })
  return { lines, close: unsubscribe }
}

const GOOD = ['Started', 'NodeReady', 'Scheduled', 'SuccessfulCreate', 'RegisteredNode']

function lineOf(event: Event, epochMs: number): FeedLine {
  const { metadata, involvedObject, reason = '', message = '' } = event
  const stamp = event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime
  const time = microsOf(stamp ?? metadata.creationTimestamp, epochMs) ?? 0
  return {
    id: metadata.uid ?? `${metadata.namespace}/${metadata.name}`,
    time,
    source: 'api',
    tone: toneOf(event.type, reason),
    reason,
    about: `${involvedObject.kind} ${involvedObject.name}`,
    text: message,
    namespace: involvedObject.namespace,
    count: event.series?.count ?? event.count ?? 1,
  }
}

function toneOf(type: string | undefined, reason: string): FeedLine['tone'] {
  if (reason === 'LeaderElection') return 'leader'
  if (type === 'Warning')
    return reason === 'FailedScheduling' || reason === 'Unhealthy' ? 'warn' : 'bad'
  return GOOD.includes(reason) ? 'good' : 'plain'
}
