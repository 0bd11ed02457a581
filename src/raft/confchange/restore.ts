import type { ConfChangeSingle, ConfChangeType, ConfState } from '../conf-change'
import { type ChangeBase, type ChangeOutcome, enterJoint, simpleChange } from './changer'

/** Replays the changes that lead from the empty configuration `base` to `confState`. */
export function restoreConfig(base: ChangeBase, confState: ConfState): ChangeOutcome {
  const outgoing = changesOf('ConfChangeAddNode', confState.votersOutgoing)
  const incoming = [
    ...changesOf('ConfChangeRemoveNode', confState.votersOutgoing),
    ...changesOf('ConfChangeAddNode', confState.voters),
    ...changesOf('ConfChangeAddLearnerNode', confState.learners),
    ...changesOf('ConfChangeAddLearnerNode', confState.learnersNext),
  ]
  if (outgoing.length === 0) return addOneByOne(base, incoming)
  const old = addOneByOne(base, outgoing)
  if (!old.ok) return old
  const from = { ...base, config: old.config, progress: old.progress }
  return enterJoint(from, confState.autoLeave, incoming)
}

function changesOf(type: ConfChangeType, ids: readonly number[]): ConfChangeSingle[] {
  return ids.map((nodeId) => ({ type, nodeId }))
}

function addOneByOne(base: ChangeBase, changes: readonly ConfChangeSingle[]): ChangeOutcome {
  let at: ChangeOutcome = { ok: true, config: base.config, progress: new Map(base.progress) }
  for (const change of changes) {
    at = simpleChange({ ...base, config: at.config, progress: at.progress }, [change])
    if (!at.ok) return at
  }
  return at
}
