import { type ReactNode, useMemo } from 'react'
import type { Event } from '../../api/generated/core-v1'
import { type Action, actionsFor } from '../actions/actions'
import { useSession } from '../app/session'
import { type Subject, useUi } from '../app/ui-state'
import { derive } from '../store/derive'
import { useValue } from '../store/hooks'
import { clockText, microsOf } from '../view/time'

export function Title({ name, sub }: { readonly name: string; readonly sub: ReactNode }) {
  return (
    <header className="mb-3 pr-8">
      <h2 className="text-[15px] font-semibold break-words">{name}</h2>
      <p className="text-[13px] text-muted">{sub}</p>
    </header>
  )
}

/** The sentence that says it all, in the tone of the state. */
export function Verdict({
  tone,
  word,
  children,
}: {
  tone: string
  word?: ReactNode
  children: ReactNode
}) {
  return (
    <div className={`mb-3 rounded-xl px-3 py-2.5 text-[13px] ${tone}`} data-testid="verdict">
      {word && <p className="mb-0.5 flex items-center gap-1.5 font-semibold">{word}</p>}
      <p className="break-words">{children}</p>
    </div>
  )
}

export function Section({
  title,
  children,
}: {
  readonly title: string
  readonly children: ReactNode
}) {
  return (
    <section className="mt-4">
      <h3 className="mb-1.5 text-[13px] font-semibold text-muted">{title}</h3>
      {children}
    </section>
  )
}

export type Fact = readonly [label: string, value: ReactNode]

export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className="grid grid-cols-[minmax(84px,auto)_1fr] gap-x-3 gap-y-1 text-[13px]">
      {facts.map(([label, value]) => (
        <div key={label} className="contents">
          <dt className="text-muted">{label}</dt>
          <dd className="min-w-0 font-medium break-words tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A thing that can be gone to. */
export function SubjectLink({ subject, children }: { subject: Subject; children: ReactNode }) {
  const select = useUi((state) => state.select)
  return (
    <button
      type="button"
      className="rounded text-left font-medium text-accent underline-offset-2 hover:underline"
      onClick={() => select(subject)}
    >
      {children}
    </button>
  )
}

export function Actions({ subject }: { readonly subject: Subject }) {
  const session = useSession()
  const actions = actionsFor(session, subject).filter(
    (action) => action.id !== 'inspect' && !action.owner,
  )
  return (
    <div className="flex flex-wrap gap-1.5" data-testid="actions">
      {actions.map((action) => (
        <ActionButton key={action.id} action={action} />
      ))}
    </div>
  )
}

function ActionButton({ action }: { readonly action: Action }) {
  return (
    <button
      type="button"
      className={`btn ${action.danger ? 'btn-danger' : ''}`}
      disabled={action.disabled !== undefined}
      title={action.disabled}
      onClick={action.run}
      data-action={action.id}
    >
      <action.icon size={14} aria-hidden />
      {action.label}
    </button>
  )
}

export interface ConditionRow {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

export function Conditions({ rows }: { readonly rows: readonly ConditionRow[] }) {
  const epochMs = useEpoch()
  if (rows.length === 0) return <p className="text-[13px] text-muted">None yet.</p>
  return (
    <ul className="space-y-1.5 text-[13px]">
      {rows.map((row) => (
        <li key={row.type}>
          <div className="flex flex-wrap items-baseline gap-x-2">
            <span className="min-w-0 font-medium wrap-anywhere">{row.type}</span>
            <span className="text-muted">{row.status}</span>
            <span className="ml-auto font-mono text-xs text-muted tabular-nums">
              {timeText(row.lastTransitionTime, epochMs)}
            </span>
          </div>
          {(row.reason || row.message) && (
            <p className="text-xs break-words text-muted">
              {row.reason}
              {row.reason && row.message ? ': ' : ''}
              {row.message}
            </p>
          )}
        </li>
      ))}
    </ul>
  )
}

export function useEpoch(): number {
  const { lab } = useSession()
  return useValue(lab)?.epochMs ?? 0
}

export function timeText(timestamp: string | undefined, epochMs: number): string {
  const micros = microsOf(timestamp, epochMs)
  return micros === undefined ? '' : clockText(micros, 0)
}

/** The API's Events about one object, newest first. */
export function EventsOf({
  kind,
  name,
  namespace,
}: {
  kind: string
  name: string
  namespace?: string
}) {
  const { cluster } = useSession()
  const epochMs = useEpoch()
  const source = useMemo(
    () =>
      derive([cluster.events], () =>
        cluster.events
          .all()
          .filter(
            ({ involvedObject: about }) =>
              about.kind === kind &&
              about.name === name &&
              (about.namespace ?? '') === (namespace ?? ''),
          )
          .sort((a, b) => (stampOf(a) < stampOf(b) ? 1 : -1)),
      ),
    [cluster, kind, name, namespace],
  )
  const events = useValue(source)
  if (events.length === 0) return <p className="text-[13px] text-muted">None.</p>
  return (
    <ol className="space-y-1.5 text-[13px]" data-testid="events">
      {events.map((event) => (
        <li key={event.metadata.uid ?? event.metadata.name} className="break-words">
          <span className="mr-2 font-mono text-xs text-muted tabular-nums">
            {timeText(stampOf(event), epochMs)}
          </span>
          <span className={`font-medium ${event.type === 'Warning' ? 'text-red' : ''}`}>
            {event.reason}
          </span>
          {(event.count ?? 1) > 1 && <span className="text-muted"> ×{event.count}</span>}
          <span className="text-muted"> {event.message}</span>
        </li>
      ))}
    </ol>
  )
}

function stampOf(event: Event): string {
  return (
    event.series?.lastObservedTime ??
    event.lastTimestamp ??
    event.eventTime ??
    event.metadata.creationTimestamp ??
    ''
  )
}
