import type { ConfChangeSingle, ConfChangeType } from '../../raft/index'

const TYPES: Readonly<Record<string, ConfChangeType>> = {
  v: 'ConfChangeAddNode',
  l: 'ConfChangeAddLearnerNode',
  r: 'ConfChangeRemoveNode',
  u: 'ConfChangeUpdateNode',
}

/** Parses `v1 l2 r3 u4`, or returns the complaint about what is not of that form. */
export function parseConfChanges(text: string): readonly ConfChangeSingle[] | string {
  const changes: ConfChangeSingle[] = []
  const trimmed = text.trim()
  for (const token of trimmed === '' ? [] : trimmed.split(' ')) {
    if (token.length < 2) return `unknown token ${token}`
    const type = TYPES[token[0]!]
    if (type === undefined) return `unknown input: ${token}`
    if (!/^\d+$/.test(token.slice(1))) {
      return `strconv.ParseUint: parsing ${JSON.stringify(token.slice(1))}: invalid syntax`
    }
    changes.push({ type, nodeId: Number(token.slice(1)) })
  }
  return changes
}
