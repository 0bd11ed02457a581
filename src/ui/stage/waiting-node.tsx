import { Hourglass } from 'lucide-react'
import { memo } from 'react'
import { useValue } from '../store/hooks'
import { waitingTextStart } from './layout/stage-layout'
import { usePodView } from './pod-hooks'
import { usePlaces } from './stage-context'

/** Where pods wait for a decision; says why the one that has waited longest still waits. */
export const WaitingNode = memo(function WaitingNode() {
  const { views, layout } = usePlaces()
  const waiting = useValue(views.waiting)
  const first = waiting[0]
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
      {first && <Reason podKey={first} start={start} hidden={layout.waitingHidden} />}
    </div>
  )
})

function Reason({ podKey, start, hidden }: { podKey: string; start: number; hidden: number }) {
  const found = usePodView(podKey)
  if (!found) return null
  const more = hidden > 0 ? `${hidden} more. ` : ''
  return (
    <p
      className="waiting-reason"
      style={{ left: start + 2 }}
      title={found.view.sentence}
      data-testid="waiting-reason"
    >
      {more}
      {found.view.sentence}
    </p>
  )
}
