import type { Entry } from './types'

/** A configuration as stored in snapshots; ids ascending. */
export interface ConfState {
  readonly voters: readonly number[]
  readonly learners: readonly number[]
  /** Voters of the configuration being left; empty unless joint. */
  readonly votersOutgoing: readonly number[]
  /** Voters that become learners when the joint configuration is left. */
  readonly learnersNext: readonly number[]
  readonly autoLeave: boolean
}

export const EMPTY_CONF_STATE: ConfState = Object.freeze({
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
})

export type ConfChangeType =
  | 'ConfChangeAddNode'
  | 'ConfChangeRemoveNode'
  | 'ConfChangeUpdateNode'
  | 'ConfChangeAddLearnerNode'

/** One change of one member. `nodeId` 0 makes it a no-op (the owner decided not to apply it). */
export interface ConfChangeSingle {
  readonly type: ConfChangeType
  readonly nodeId: number
}

/** The original one-at-a-time change; `context` is the owner's. */
export interface ConfChangeV1 extends ConfChangeSingle {
  readonly context?: unknown
}

/** auto: joint consensus only if needed, left automatically; implicit and explicit force it. */
export type ConfChangeTransition =
  | 'ConfChangeTransitionAuto'
  | 'ConfChangeTransitionJointImplicit'
  | 'ConfChangeTransitionJointExplicit'

/** Several changes at once. Without changes and transition it leaves a joint configuration. */
export interface ConfChangeV2 {
  readonly transition?: ConfChangeTransition
  readonly changes: readonly ConfChangeSingle[]
  readonly context?: unknown
}

export type ConfChange = ConfChangeV1 | ConfChangeV2

const LEAVE_JOINT: ConfChangeV2 = Object.freeze({ changes: Object.freeze([]) })

export function isConfChangeV2(change: ConfChange): change is ConfChangeV2 {
  return 'changes' in change
}

export function asV2(change: ConfChange): ConfChangeV2 {
  if (isConfChangeV2(change)) return change
  return {
    changes: [{ type: change.type, nodeId: change.nodeId }],
    context: change.context,
  }
}

/** The change an entry carries; undefined for normal entries. Empty data leaves a joint config. */
export function confChangeOf(entry: Pick<Entry, 'type' | 'data'>): ConfChange | undefined {
  if (entry.type === 'normal') return undefined
  return entry.data === undefined ? LEAVE_JOINT : (entry.data as ConfChange)
}

export function leavesJoint(change: ConfChangeV2): boolean {
  const transition = change.transition ?? 'ConfChangeTransitionAuto'
  return transition === 'ConfChangeTransitionAuto' && change.changes.length === 0
}

/** How the change enters a joint configuration; undefined if the simple protocol does. */
export function entersJoint(change: ConfChangeV2): { readonly autoLeave: boolean } | undefined {
  const transition = change.transition ?? 'ConfChangeTransitionAuto'
  if (transition === 'ConfChangeTransitionAuto' && change.changes.length <= 1) return undefined
  return { autoLeave: transition !== 'ConfChangeTransitionJointExplicit' }
}
