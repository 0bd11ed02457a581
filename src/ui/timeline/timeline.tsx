import { ChevronDown, ChevronUp } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { useSession } from '../app/session'
import { useUi } from '../app/ui-state'
import { useValue } from '../store/hooks'
import { isSystemNamespace } from '../view/names'
import { clockText } from '../view/time'
import type { FeedLine } from './feed'
import { NoticeLine } from './notice-line'
import { Strip } from './strip'

const FeedDrawer = lazy(() => import('./feed-drawer'))
const SENTENCES = 4

/** Time with its marks, and the last things that happened, in plain sentences. */
export function Timeline() {
  const session = useSession()
  const lines = useVisibleLines()
  const feedOpen = useUi((state) => state.feedOpen)
  const set = useUi((state) => state.set)
  const latest = lines.slice(-SENTENCES).reverse()
  return (
    <footer className="shrink-0 border-t border-line bg-surface" data-testid="timeline">
      {feedOpen && (
        <Suspense fallback={<div className="h-40" />}>
          <FeedDrawer lines={lines} />
        </Suspense>
      )}
      <div className="flex items-center gap-3 px-3 pt-1.5">
        <Strip session={session} lines={lines} />
        <button
          type="button"
          className="btn h-7"
          aria-expanded={feedOpen}
          onClick={() => set({ feedOpen: !feedOpen })}
          title="Every event (e)"
          data-testid="feed-toggle"
        >
          {feedOpen ? <ChevronDown size={14} aria-hidden /> : <ChevronUp size={14} aria-hidden />}
          Events
          <span className="text-muted tabular-nums">{lines.length}</span>
        </button>
      </div>
      <div className="flex h-7 items-center gap-4 px-3.5 text-[13px]">
        <NoticeLine />
        <ol
          className="flex min-w-0 flex-1 items-center gap-5 overflow-hidden whitespace-nowrap"
          aria-label="Latest events, newest first"
        >
          {latest.length === 0 && <li className="text-muted">Nothing has happened yet.</li>}
          {latest.map((line) => (
            <li key={line.id} className="min-w-0 truncate text-muted nth-4:max-[1500px]:hidden">
              <b className="mr-1.5 font-mono text-xs font-semibold text-ink tabular-nums">
                {clockText(line.time, 0)}
              </b>
              {sentenceOf(line)}
            </li>
          ))}
        </ol>
      </div>
    </footer>
  )
}

const TEXT_MAX = 64

function sentenceOf(line: FeedLine): string {
  const text = line.source === 'lab' ? line.text : `${line.about.split(' ')[1]}: ${line.text}`
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text
}

/** The feed without what the person has filtered out. */
function useVisibleLines(): readonly FeedLine[] {
  const { feed } = useSession()
  const lines = useValue(feed.lines)
  const showSystem = useUi((state) => state.showSystem)
  return showSystem ? lines : lines.filter((line) => !isSystemNamespace(line.namespace))
}
