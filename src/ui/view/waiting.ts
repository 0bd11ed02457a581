import type { Pod } from '../../api/generated/core-v1'
import { keyOf } from '../../api/object'
import { shortName } from './names'
import { podView } from './pod-state'

interface WaitingReasons {
  /** Short enough for the waiting area. */
  readonly text: string
  /** The scheduler's whole message. */
  readonly full: string
}

/**
 * Why pods wait for a node: the reason of the selected one, else of the first, named when others
 * wait for other reasons.
 */
export function waitingReasons(pods: readonly Pod[], selected: string | undefined): WaitingReasons {
  const chosen = pods.find((pod) => keyOf(pod) === selected) ?? pods[0]
  if (!chosen) return { text: '', full: '' }
  const full = sentenceOf(chosen)
  const reason = firstSentence(full)
  const others = new Set(pods.map((pod) => firstSentence(sentenceOf(pod))))
  others.delete(reason)
  if (others.size === 0) return { text: reason, full }
  const { head, tail } = shortName(chosen)
  const more = others.size === 1 ? 'Another reason' : `${others.size} other reasons`
  return { text: `${head}${tail}: ${reason} ${more} for the rest.`, full }
}

function sentenceOf(pod: Pod): string {
  return podView(pod, {}).sentence
}

/** Without what preemption made of it, which the inspector tells. */
function firstSentence(message: string): string {
  const end = message.search(/\. (?:no new claims|preemption:)/)
  return end < 0 ? message : message.slice(0, end + 1)
}
