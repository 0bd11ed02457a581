import { Hourglass } from 'lucide-react'
import { type CSSProperties, memo, useMemo } from 'react'
import { useSession } from '../app/session'
import { useUi } from '../app/ui-state'
import { derive } from '../store/derive'
import { useValue } from '../store/hooks'
import { waitingReasons } from '../view/waiting'
import { waitingTextStart } from './layout/stage-layout'
import { usePlaces } from './stage-context'

/** Where pods wait for a decision; says why one still waits, and that others have other reasons. */
export const WaitingNode = memo(function WaitingNode() {
  const { views, layout } = usePlaces()
  const waiting = useValue(views.waiting)
  const start = waitingTextStart(layout, waiting) - layout.waiting.x
  const many = waiting.length > 0
  return (
    <div
      className="waiting"
      data-testid="waiting"
      data-count={waiting.length}
      data-state={many ? 'waiting' : 'empty'}
    >
      <span className="waiting-label">
        <Hourglass size={14} aria-hidden />
        {many
          ? `${waiting.length} wait${waiting.length === 1 ? 's' : ''} for a node`
          : 'No pod waits for a node'}
      </span>
      {many && <Reason start={start} />}
    </div>
  )
})

const LINE_HEIGHT = 17

function Reason({ start }: { readonly start: number }) {
  const { cluster } = useSession()
  const { views, layout } = usePlaces()
  const hidden = layout.waitingHidden
  const lines = Math.floor((layout.waiting.height - 8) / LINE_HEIGHT)
  const selected = useUi((state) =>
    state.selection?.kind === 'pod' ? state.selection.key : undefined,
  )
  const source = useMemo(
    () =>
      derive([cluster.pods, views.waiting], () => {
        const pods = views.waiting.get().flatMap((key) => cluster.pods.get(key) ?? [])
        return waitingReasons(pods, selected)
      }),
    [cluster, views, selected],
  )
  const { text, full } = useValue(source)
  return (
    <p
      className="waiting-reason"
      style={{ left: start + 2, '--lines': lines } as CSSProperties}
      title={full}
      data-testid="waiting-reason"
    >
      {hidden > 0 && `${hidden} more. `}
      {text}
    </p>
  )
}
