import { PodIcon, toneOf } from '../stage/pod-icon'
import type { PodState } from '../view/pod-state'

const STATES: readonly (readonly [state: PodState, word: string, meaning: string])[] = [
  ['unscheduled', 'waits', 'no node chosen yet, or none fits'],
  ['creating', 'creating', 'pulling images, starting containers'],
  ['running', 'running', 'runs, and is not ready for requests'],
  ['ready', 'ready', 'Services send it requests'],
  ['backing-off', 'backing off', 'failed; the ring empties until the next try'],
  ['failed', 'failed', 'ended badly and stays so'],
  ['succeeded', 'succeeded', 'did its work and ended'],
  ['terminating', 'terminating', 'has its grace period to end'],
  ['unknown', 'unknown', 'its node has not been heard of'],
]

/** What the signs on pods mean, in the shapes that the stage gives them. */
export function Legend() {
  return (
    <ul className="grid gap-1.5 text-sm">
      {STATES.map(([state, word, meaning]) => (
        <li key={state} className="flex items-center gap-3">
          <span className={`pod-cell pod-sample ${toneOf[state]}`} data-state={state}>
            <PodIcon view={{ state, word, sentence: meaning, restarts: 0, progress: 0.5 }} />
            {word}
          </span>
          <span className="text-muted">{meaning}</span>
        </li>
      ))}
    </ul>
  )
}
