import type { ConfChangeSingle } from '../conf-change'
import { jointIds } from '../quorum/joint'
import type { TrackerConfig } from '../tracker/config'
import { Inflights } from '../tracker/inflights'
import { Progress, type ProgressMap } from '../tracker/progress'

/** What a change starts from. */
export interface ChangeBase {
  readonly config: TrackerConfig
  readonly progress: ReadonlyMap<number, Progress>
  readonly maxInflightMsgs: number
  readonly maxInflightBytes: number
  /** Last index of the log; new members are probed from there. */
  readonly lastIndex: number
}

export type ChangeOutcome =
  | { readonly ok: true; readonly config: TrackerConfig; readonly progress: ProgressMap }
  | { readonly ok: false; readonly reason: string }

/** A configuration under construction; optional sets are empty instead of undefined. */
interface Draft {
  readonly base: ChangeBase
  readonly incoming: Set<number>
  readonly outgoing: Set<number>
  readonly learners: Set<number>
  readonly learnersNext: Set<number>
  readonly progress: ProgressMap
  autoLeave: boolean
}

/** (1 2 3) -> (changed)&&(1 2 3): both majorities decide until the joint configuration is left. */
export function enterJoint(
  base: ChangeBase,
  autoLeave: boolean,
  changes: readonly ConfChangeSingle[],
): ChangeOutcome {
  const draft = draftOf(base)
  if (typeof draft === 'string') return refuse(draft)
  if (draft.outgoing.size > 0) return refuse('config is already joint')
  if (draft.incoming.size === 0) return refuse("can't make a zero-voter config joint")
  for (const id of draft.incoming) draft.outgoing.add(id)
  const refused = applyChanges(draft, changes)
  if (refused !== undefined) return refuse(refused)
  draft.autoLeave = autoLeave
  return finish(draft)
}

/** (changed)&&(1 2 3) -> (changed): staged learners become learners. */
export function leaveJoint(base: ChangeBase): ChangeOutcome {
  const draft = draftOf(base)
  if (typeof draft === 'string') return refuse(draft)
  if (draft.outgoing.size === 0) return refuse("can't leave a non-joint config")
  for (const id of draft.learnersNext) {
    draft.learners.add(id)
    draft.progress.get(id)!.isLearner = true
  }
  draft.learnersNext.clear()
  for (const id of draft.outgoing) {
    if (!draft.incoming.has(id) && !draft.learners.has(id)) draft.progress.delete(id)
  }
  draft.outgoing.clear()
  draft.autoLeave = false
  return finish(draft)
}

/** Changes at most one voter, so that old and new majorities overlap (Raft thesis 4.1). */
export function simpleChange(
  base: ChangeBase,
  changes: readonly ConfChangeSingle[],
): ChangeOutcome {
  const draft = draftOf(base)
  if (typeof draft === 'string') return refuse(draft)
  if (draft.outgoing.size > 0) return refuse("can't apply simple config change in joint config")
  const refused = applyChanges(draft, changes)
  if (refused !== undefined) return refuse(refused)
  if (countDifferences(base.config.voters.incoming, draft.incoming) > 1) {
    return refuse('more than one voter changed without entering joint config')
  }
  return finish(draft)
}

function refuse(reason: string): ChangeOutcome {
  return { ok: false, reason }
}

function draftOf(base: ChangeBase): Draft | string {
  const progress: ProgressMap = new Map()
  for (const [id, pr] of base.progress) progress.set(id, pr.clone())
  const violation = findViolation(base.config, progress)
  if (violation !== undefined) return violation
  return {
    base,
    incoming: new Set(base.config.voters.incoming),
    outgoing: new Set(base.config.voters.outgoing),
    learners: new Set(base.config.learners),
    learnersNext: new Set(base.config.learnersNext),
    progress,
    autoLeave: base.config.autoLeave,
  }
}

function finish(draft: Draft): ChangeOutcome {
  const config: TrackerConfig = {
    voters: { incoming: draft.incoming, outgoing: orUndefined(draft.outgoing) },
    autoLeave: draft.autoLeave,
    learners: orUndefined(draft.learners),
    learnersNext: orUndefined(draft.learnersNext),
  }
  const violation = findViolation(config, draft.progress)
  if (violation !== undefined) return refuse(violation)
  return { ok: true, config, progress: draft.progress }
}

function orUndefined(set: Set<number>): Set<number> | undefined {
  return set.size === 0 ? undefined : set
}

function applyChanges(draft: Draft, changes: readonly ConfChangeSingle[]): string | undefined {
  for (const { type, nodeId } of changes) {
    if (nodeId === 0) continue
    switch (type) {
      case 'ConfChangeAddNode':
        makeVoter(draft, nodeId)
        break
      case 'ConfChangeAddLearnerNode':
        makeLearner(draft, nodeId)
        break
      case 'ConfChangeRemoveNode':
        remove(draft, nodeId)
        break
      case 'ConfChangeUpdateNode':
        break
      default:
        return `unexpected conf type ${String(type)}`
    }
  }
  return draft.incoming.size === 0 ? 'removed all voters' : undefined
}

function makeVoter(draft: Draft, id: number): void {
  const pr = draft.progress.get(id)
  draft.incoming.add(id)
  if (pr === undefined) {
    addProgress(draft, id, false)
    return
  }
  pr.isLearner = false
  draft.learners.delete(id)
  draft.learnersNext.delete(id)
}

function makeLearner(draft: Draft, id: number): void {
  const pr = draft.progress.get(id)
  if (pr === undefined) {
    draft.learners.add(id)
    addProgress(draft, id, true)
    return
  }
  if (pr.isLearner) return
  remove(draft, id)
  draft.progress.set(id, pr)
  if (draft.outgoing.has(id)) {
    draft.learnersNext.add(id)
  } else {
    pr.isLearner = true
    draft.learners.add(id)
  }
}

function remove(draft: Draft, id: number): void {
  if (!draft.progress.has(id)) return
  draft.incoming.delete(id)
  draft.learners.delete(id)
  draft.learnersNext.delete(id)
  if (!draft.outgoing.has(id)) draft.progress.delete(id)
}

/** A new member starts recently active, so that CheckQuorum grants it one election timeout. */
function addProgress(draft: Draft, id: number, isLearner: boolean): void {
  const { lastIndex, maxInflightMsgs, maxInflightBytes } = draft.base
  draft.progress.set(
    id,
    new Progress({
      match: 0,
      next: Math.max(lastIndex, 1),
      isLearner,
      recentActive: true,
      inflights: new Inflights(maxInflightMsgs, maxInflightBytes),
    }),
  )
}

/** Rule R15; the empty configuration is legal, as every configuration starts from it. */
function findViolation(config: TrackerConfig, progress: ProgressMap): string | undefined {
  const { incoming, outgoing } = config.voters
  const learners = config.learners ?? []
  const learnersNext = config.learnersNext ?? []
  for (const id of [...jointIds(config.voters), ...learners, ...learnersNext]) {
    if (!progress.has(id)) return `no progress for ${id}`
  }
  for (const id of learnersNext) {
    if (outgoing?.has(id) !== true) return `${id} is in LearnersNext, but not Voters[1]`
    if (progress.get(id)!.isLearner) {
      return `${id} is in LearnersNext, but is already marked as learner`
    }
  }
  for (const id of learners) {
    if (outgoing?.has(id) === true) return `${id} is in Learners and Voters[1]`
    if (incoming.has(id)) return `${id} is in Learners and Voters[0]`
    if (!progress.get(id)!.isLearner) return `${id} is in Learners, but is not marked as learner`
  }
  if ((outgoing?.size ?? 0) === 0) {
    if (outgoing !== undefined) return 'cfg.Voters[1] must be nil when not joint'
    if (config.learnersNext !== undefined) return 'cfg.LearnersNext must be nil when not joint'
    if (config.autoLeave) return 'AutoLeave must be false when not joint'
  }
  return undefined
}

function countDifferences(left: ReadonlySet<number>, right: ReadonlySet<number>): number {
  let count = 0
  for (const id of left) if (!right.has(id)) count++
  for (const id of right) if (!left.has(id)) count++
  return count
}
