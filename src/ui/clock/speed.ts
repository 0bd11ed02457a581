import type { LabState } from '../../control/state'
import { runLab } from '../actions/lab'
import type { Session } from '../app/session'

export const speeds = [1, 10, 60] as const

export type Pace = 'paused' | 'settling' | number | 'max'

/** What the clock does now. */
export function paceOf(lab: LabState | undefined): Pace {
  if (!lab) return 'paused'
  if (lab.activity === 'settling' || lab.activity === 'advancing') return 'settling'
  return lab.speed === 0 ? 'paused' : lab.speed
}

export function setSpeed(session: Session, speed: number): void {
  void runLab(session, [{ type: 'speed', speed }])
}

let lastSpeed = 1

/** Stops the clock, or lets it run as fast as it did before. */
export function togglePause(session: Session): void {
  const lab = session.lab.get()
  if (!lab) return
  if (typeof lab.speed === 'number' && lab.speed > 0) {
    lastSpeed = lab.speed
    setSpeed(session, 0)
  } else setSpeed(session, lab.speed === 'max' ? 0 : lastSpeed)
}

/** Runs as fast as the machine can until nothing is in motion, ten virtual minutes at most. */
export async function settle(session: Session): Promise<void> {
  await runLab(session, [{ type: 'settle', within: '10m' }])
}
