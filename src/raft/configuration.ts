import { asV2, type ConfChange, type ConfState, entersJoint, leavesJoint } from './conf-change'
import {
  type ChangeBase,
  type ChangeOutcome,
  enterJoint,
  leaveJoint,
  simpleChange,
} from './confchange/changer'
import { restoreConfig } from './confchange/restore'
import { broken, hex } from './invariant'
import type { Raft } from './raft'
import { broadcastAppend, maybeCommit, maybeSendAppend } from './replication'
import { confStateOf, describeConfig, EMPTY_CONFIG } from './tracker/config'
import { NONE } from './types'

function changeBase(r: Raft): ChangeBase {
  return {
    config: r.tracker.config,
    progress: r.tracker.progress,
    maxInflightMsgs: r.tracker.maxInflightMsgs,
    maxInflightBytes: r.tracker.maxInflightBytes,
    lastIndex: r.log.lastIndex(),
  }
}

/** Applies a committed membership change; the caller applies changes in log order (R15). */
export function applyConfChange(r: Raft, change: ConfChange): ConfState {
  const v2 = asV2(change)
  const base = changeBase(r)
  const joint = entersJoint(v2)
  let outcome: ChangeOutcome
  if (leavesJoint(v2)) outcome = leaveJoint(base)
  else if (joint !== undefined) outcome = enterJoint(base, joint.autoLeave, v2.changes)
  else outcome = simpleChange(base, v2.changes)
  return switchTo(r, outcome)
}

/** Replaces the configuration by the one stored with a snapshot or at start (R17). */
export function restoreConfState(r: Raft, confState: ConfState): void {
  const empty = { ...changeBase(r), config: EMPTY_CONFIG, progress: new Map() }
  const restored = switchTo(r, restoreConfig(empty, confState))
  const [wanted, got] = [normalised(confState), normalised(restored)]
  if (wanted !== got) broken(`ConfStates not equivalent: ${wanted} vs ${got}`)
}

function normalised(cs: ConfState): string {
  const ids = [cs.voters, cs.learners, cs.votersOutgoing, cs.learnersNext]
  const sorted = ids.map((set) => [...set].sort((a, b) => a - b).join(' '))
  return `${sorted.map((set) => `[${set}]`).join('')} ${cs.autoLeave}`
}

function switchTo(r: Raft, outcome: ChangeOutcome): ConfState {
  if (!outcome.ok) return broken(outcome.reason)
  r.tracker.switchTo(outcome.config, outcome.progress)
  r.logger?.info(`${hex(r.id)} switched to configuration ${describeConfig(r.tracker.config)}`)
  const confState = confStateOf(r.tracker.config)
  const own = r.tracker.get(r.id)
  r.isLearner = own?.isLearner === true
  if ((own === undefined || r.isLearner) && r.state === 'StateLeader') {
    if (r.options.stepDownOnRemoval) r.becomeFollower(r.term, NONE)
    return confState
  }
  if (r.state !== 'StateLeader' || confState.voters.length === 0) return confState
  if (maybeCommit(r)) {
    broadcastAppend(r)
  } else {
    for (const id of r.tracker.ids) if (id !== r.id) maybeSendAppend(r, id, false)
  }
  if (r.leadTransferee !== NONE && !r.tracker.isVoter(r.leadTransferee)) r.leadTransferee = NONE
  return confState
}
