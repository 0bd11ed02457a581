import { useMemo } from 'react'
import { useSession } from '../app/session'
import { derive } from '../store/derive'
import { useValue } from '../store/hooks'
import type { Countdown, PodView } from '../view/pod-state'
import { clockText, durationText } from '../view/time'
import { PodIcon } from './pod-icon'

interface Props {
  readonly countdown: Countdown
}

const STEPS = 24

/** The state's sign in a ring that empties as the wait passes, in virtual time. */
export function CountdownRing({ view, countdown }: Props & { readonly view: PodView }) {
  const { lab } = useSession()
  const { startMs, endMs } = countdown
  const source = useMemo(
    () =>
      derive([lab], () => {
        const state = lab.get()
        const nowMs = state ? state.epochMs + state.time / 1000 : startMs
        const left = (endMs - nowMs) / Math.max(1, endMs - startMs)
        return Math.round(Math.min(1, Math.max(0, left)) * STEPS) / STEPS
      }),
    [lab, startMs, endMs],
  )
  const left = useValue(source)
  const length = 2 * Math.PI * 9
  return (
    <span className="countdown" aria-hidden>
      <PodIcon view={view} size={9} />
      <svg width={20} height={20} viewBox="0 0 20 20" aria-hidden>
        <g fill="none" stroke="currentColor" strokeWidth="2" transform="rotate(-90 10 10)">
          <circle cx="10" cy="10" r="9" opacity="0.25" />
          <circle cx="10" cy="10" r="9" strokeDasharray={`${length * left} ${length}`} />
        </g>
      </svg>
    </span>
  )
}

/** `Next try in 8 s, at 00:02:18.` */
export function CountdownText({ countdown }: Props) {
  const { lab } = useSession()
  const state = useValue(lab)
  if (!state) return null
  const end = (countdown.endMs - state.epochMs) * 1000
  if (end <= state.time) return <>{countdown.what} due now.</>
  return (
    <span className="tabular-nums">
      {countdown.what} in {durationText(end - state.time)}, at {clockText(end, 0)}.
    </span>
  )
}
