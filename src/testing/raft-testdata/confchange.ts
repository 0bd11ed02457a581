import {
  type ChangeBase,
  type ChangeOutcome,
  enterJoint,
  leaveJoint,
  simpleChange,
} from '../../raft/confchange/changer'
import { describeConfig, EMPTY_CONFIG } from '../../raft/tracker/config'
import { parseConfChanges } from './conf-changes'
import type { Directive } from './datadriven'
import { describeProgress } from './progress-map'

/** Runs one confchange file: every command works on the configuration the last one left. */
export class ConfChangeRun {
  #base: ChangeBase = {
    config: EMPTY_CONFIG,
    progress: new Map(),
    maxInflightMsgs: 10,
    maxInflightBytes: Number.POSITIVE_INFINITY,
    lastIndex: 0,
  }

  handle(d: Directive): string {
    const output = this.#apply(d)
    this.#base = { ...this.#base, lastIndex: this.#base.lastIndex + 1 }
    return output
  }

  #apply(d: Directive): string {
    const changes = parseConfChanges(d.input)
    if (typeof changes === 'string') return changes
    let outcome: ChangeOutcome
    if (d.name === 'simple') {
      outcome = simpleChange(this.#base, changes)
    } else if (d.name === 'enter-joint') {
      const autoLeave = d.args.some((arg) => arg.key === 'autoleave' && arg.values[0] === 'true')
      outcome = enterJoint(this.#base, autoLeave, changes)
    } else if (d.name !== 'leave-joint') {
      return 'unknown command'
    } else if (changes.length > 0) {
      return 'this command takes no input\n'
    } else {
      outcome = leaveJoint(this.#base)
    }
    if (!outcome.ok) return `${outcome.reason}\n`
    this.#base = { ...this.#base, config: outcome.config, progress: outcome.progress }
    return `${describeConfig(outcome.config)}\n${describeProgress(outcome.progress)}`
  }
}
