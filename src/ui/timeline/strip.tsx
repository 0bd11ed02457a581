import { memo, useMemo } from 'react'
import type { Session } from '../app/session'
import { useValue } from '../store/hooks'
import { clockText } from '../view/time'
import type { FeedLine } from './feed'
import { type Mark, marksOf, windowOf } from './marks'

const TONES: { readonly [tone in FeedLine['tone']]: string } = {
  plain: 'tone-grey',
  good: 'tone-green',
  warn: 'tone-amber',
  bad: 'tone-red',
  leader: 'tone-amber',
}

/** Virtual time from left to right, with a mark wherever something notable happened. */
export function Strip({ session, lines }: { session: Session; lines: readonly FeedLine[] }) {
  const now = useValue(session.lab)?.time ?? 0
  const { from, to } = windowOf(now)
  const marks = useMemo(() => marksOf(lines, { from, to }), [lines, from, to])
  const at = ((now - from) / (to - from)) * 100
  return (
    <div className="flex min-w-0 flex-1 items-center gap-2" aria-hidden>
      <Edge time={from} />
      <div className="relative h-7 min-w-0 flex-1 overflow-hidden rounded-lg border border-line bg-stage">
        {marks.map((mark) => (
          <StripMark key={mark.id} mark={mark} />
        ))}
        <span className="absolute inset-y-0 w-0.5 bg-accent" style={{ left: `${at}%` }} />
      </div>
      <Edge time={to} />
    </div>
  )
}

function Edge({ time }: { readonly time: number }) {
  return <span className="font-mono text-xs text-muted tabular-nums">{clockText(time, 0)}</span>
}

const StripMark = memo(function StripMark({ mark }: { readonly mark: Mark }) {
  return (
    <span
      className={`absolute top-1/2 grid size-4.5 -translate-x-1/2 -translate-y-1/2 place-items-center rounded-full text-[11px] font-bold ${TONES[mark.tone]}`}
      style={{ left: `max(10px, ${mark.at * 100}%)` }}
      title={mark.title}
    >
      {mark.sign}
    </span>
  )
})
