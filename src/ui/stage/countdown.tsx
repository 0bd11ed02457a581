import { useMemo } from 'react'
import { useSession } from '../app/session'
import { derive } from '../store/derive'
import { useValue } from '../store/hooks'
import type { Countdown } from '../view/pod-state'
import { clockText, durationText } from '../view/time'

interface Props {
  readonly countdown: Countdown
}

const STEPS = 24

/** A ring that empties as the wait passes, in virtual time. */
export function CountdownRing({ countdown }: Props) {
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
  const length = 2 * Math.PI * 6
  return (
    <svg width={13} height={13} viewBox="0 0 16 16" aria-hidden className="countdown">
      <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="3" opacity="0.2" />
      <circle
        cx="8"
        cy="8"
        r="6"
        fill="none"
        stroke="currentColor"
        strokeWidth="3"
        strokeDasharray={`${length * left} ${length}`}
        transform="rotate(-90 8 8)"
      />
    </svg>
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
