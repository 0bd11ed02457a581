import { CircleAlert, LoaderCircle } from 'lucide-react'
import { useSession } from '../app/session'
import { useValue } from '../store/hooks'
import { outageSentence } from '../view/outage'

/** The plain sentence while the API does not answer. What is known physically stays on the stage. */
export function OutageBanner() {
  const session = useSession()
  const health = useValue(session.api)
  const lab = useValue(session.lab)
  const sentence = outageSentence(health, lab)
  const starting = health.state === 'starting'
  const Icon = starting ? LoaderCircle : CircleAlert
  return (
    <div role="status" data-testid="api" data-state={health.state}>
      {sentence && (
        <p
          className={`flex items-center gap-2 border-b px-4 py-1.5 text-[13px] ${
            starting ? 'border-line bg-blue-soft text-blue' : 'border-line bg-red-soft text-red'
          }`}
          data-testid="api-sentence"
        >
          <Icon size={16} aria-hidden className="shrink-0" />
          <span>
            {sentence}
            {!starting && ' What is grey may be out of date.'}
          </span>
        </p>
      )}
    </div>
  )
}
