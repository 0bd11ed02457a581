import { ChevronsRight, Pause, Play } from 'lucide-react'
import { useSession } from '../app/session'
import { useValue } from '../store/hooks'
import { clockText } from '../view/time'
import { paceOf, setSpeed, settle, speeds, togglePause } from './speed'

/** Pause, speeds, "until settled", and the virtual time. */
export function ClockControls() {
  const session = useSession()
  const lab = useValue(session.lab)
  const pace = paceOf(lab)
  const paused = pace === 'paused'
  const time = lab?.time ?? 0
  return (
    <fieldset
      className="flex items-center gap-1.5"
      aria-label="Clock"
      data-testid="clock"
      data-time={time}
      data-speed={lab?.speed ?? ''}
      data-activity={lab?.activity ?? 'booting'}
      data-settled={lab?.settled ?? false}
    >
      <button
        type="button"
        className="btn w-9 px-0"
        aria-pressed={paused}
        aria-label={paused ? 'Run' : 'Pause'}
        title={paused ? 'Run (Space)' : 'Pause (Space)'}
        onClick={() => togglePause(session)}
      >
        {paused ? <Play size={15} aria-hidden /> : <Pause size={15} aria-hidden />}
      </button>
      {speeds.map((speed, index) => (
        <button
          key={speed}
          type="button"
          className="btn min-w-11 tabular-nums"
          aria-pressed={pace === speed}
          title={`${speed === 1 ? 'Real time' : `${speed} times as fast`} (${index + 1})`}
          onClick={() => setSpeed(session, speed)}
        >
          {speed}×
        </button>
      ))}
      <button
        type="button"
        className="btn"
        aria-pressed={pace === 'settling'}
        title="Run as fast as possible until nothing is in motion (.)"
        onClick={() => void settle(session)}
      >
        <ChevronsRight size={15} aria-hidden />
        <span className="max-[1100px]:sr-only">Until settled</span>
      </button>
      <time
        className="ml-1.5 w-26 font-mono text-sm font-semibold tabular-nums"
        title="Virtual time since the cluster was powered on"
      >
        {clockText(time)}
      </time>
    </fieldset>
  )
}
