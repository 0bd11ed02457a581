import {
  Check,
  CircleDot,
  CircleHelp,
  Flag,
  Hourglass,
  type LucideIcon,
  Minus,
  RotateCw,
  X,
} from 'lucide-react'
import type { PodState, PodView } from '../view/pod-state'

const ICONS: { readonly [state in Exclude<PodState, 'creating'>]: LucideIcon } = {
  unscheduled: Hourglass,
  running: CircleDot,
  ready: Check,
  succeeded: Flag,
  failed: X,
  'backing-off': RotateCw,
  terminating: Minus,
  unknown: CircleHelp,
}

/** The tone of a state, as a class of theme.css. */
export const toneOf: { readonly [state in PodState]: string } = {
  unscheduled: 'tone-amber',
  creating: 'tone-blue',
  running: 'tone-blue',
  ready: 'tone-green',
  succeeded: 'tone-green',
  failed: 'tone-red',
  'backing-off': 'tone-red',
  terminating: 'tone-grey',
  unknown: 'tone-grey',
}

/** The state's sign; while a pod is created a ring fills. */
export function PodIcon({ view, size = 14 }: { readonly view: PodView; readonly size?: number }) {
  if (view.state === 'creating')
    return <Ring part={0.15 + 0.85 * (view.progress ?? 0)} size={size} />
  const Icon = ICONS[view.state]
  return <Icon size={size} strokeWidth={2.5} aria-hidden className="shrink-0" />
}

function Ring({ part, size }: { readonly part: number; readonly size: number }) {
  const length = 2 * Math.PI * 8
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" aria-hidden className="shrink-0">
      <circle
        cx="10"
        cy="10"
        r="8"
        fill="none"
        stroke="currentColor"
        strokeWidth="3"
        opacity="0.25"
      />
      <circle
        cx="10"
        cy="10"
        r="8"
        fill="none"
        stroke="currentColor"
        strokeWidth="3"
        strokeLinecap="round"
        strokeDasharray={`${length * part} ${length}`}
        transform="rotate(-90 10 10)"
      />
    </svg>
  )
}
