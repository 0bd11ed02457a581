import type { LabCommand } from '../../control/commands'
import type { ClusterSpec } from '../../control/spec'

/** What was done to a cluster, and when: with the spec, a replay of the run. */
export interface Deed {
  readonly time: number
  readonly what: string
}

export const describeCommand = ({ type, ...fields }: LabCommand): string =>
  `${type} ${Object.values(fields).join(' ')}`.trim()

export const secondsText = (micros: number): string => `${(micros / 1_000_000).toFixed(3)} s`

/** Something did not come true. The message has the seed, the virtual time and the deeds so far. */
export class ScenarioFailure extends Error {
  override readonly name = 'ScenarioFailure'

  constructor(
    message: string,
    run: { readonly spec: ClusterSpec; readonly now: number; readonly deeds: readonly Deed[] },
    cause?: unknown,
  ) {
    const { spec, now, deeds } = run
    const { seed, masters, workers } = spec
    const log = deeds.map(({ time, what }) => `  ${secondsText(time).padStart(12)}  ${what}`)
    const lines = [
      `${message} (seed ${seed}, t=${now} µs = ${secondsText(now)})`,
      `replay: scenario({ masters: ${masters}, workers: ${workers}, seed: ${seed} }) and`,
      ...log,
    ]
    super(lines.join('\n'), { cause })
  }
}
