import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1'

export const templateHashLabel = 'pod-template-hash'
export const revisionAnnotation = 'deployment.kubernetes.io/revision'
const historyAnnotation = 'deployment.kubernetes.io/revision-history'
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas'
const maxAnnotation = 'deployment.kubernetes.io/max-replicas'
const historyLengthMax = 2000

/** Annotations of a Deployment that its ReplicaSets do not get. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
])

type Annotations = { readonly [key: string]: string }

/** The revision that an object carries; 0 when it has none. */
export function revisionOf(rs: ReplicaSet): number {
  const text = rs.metadata.annotations?.[revisionAnnotation] ?? ''
  return /^\d+$/.test(text) ? Number(text) : 0
}

/** `spec.replicas` of the Deployment when this ReplicaSet was last sized. */
export function desiredReplicas(rs: ReplicaSet): number | undefined {
  return integer(rs.metadata.annotations?.[desiredAnnotation])
}

/** The most pods that the Deployment allowed when this ReplicaSet was last sized. */
export function maxReplicasBefore(rs: ReplicaSet): number | undefined {
  return integer(rs.metadata.annotations?.[maxAnnotation])
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined
}

/** Annotations with the size notes renewed; the same object when they were right. */
export function withReplicaNotes(
  annotations: Annotations | undefined,
  desired: number,
  max: number,
): Annotations {
  const notes = { [desiredAnnotation]: String(desired), [maxAnnotation]: String(max) }
  if (
    annotations?.[desiredAnnotation] === notes[desiredAnnotation] &&
    annotations?.[maxAnnotation] === notes[maxAnnotation]
  ) {
    return annotations
  }
  return { ...annotations, ...notes }
}

/**
 * The annotations that the new ReplicaSet should have: the Deployment's own, and the newest
 * revision; a revision that it had before (a rollback) goes to its history. The same object when
 * nothing changes.
 */
export function newReplicaSetAnnotations(
  d: Deployment,
  annotations: Annotations | undefined,
  revision: number,
): Annotations | undefined {
  let next = annotations
  for (const [key, value] of Object.entries(d.metadata.annotations ?? {})) {
    if (!notCopied.has(key) && next?.[key] !== value) next = { ...next, [key]: value }
  }
  const old = annotations?.[revisionAnnotation]
  if (old !== undefined && !/^\d*$/.test(old)) return next
  if (Number(old ?? 0) >= revision) return next
  next = { ...next, [revisionAnnotation]: String(revision) }
  if (old === undefined) return next
  const history = extendedHistory(annotations?.[historyAnnotation] ?? '', old)
  return history === undefined ? next : { ...next, [historyAnnotation]: history }
}

function extendedHistory(history: string, revision: string): string | undefined {
  if (history === '') return revision
  const revisions = history.split(',')
  let length = history.length + revision.length + 1
  let start = 0
  while (length > historyLengthMax && start < revisions.length) {
    length -= (revisions[start] as string).length + 1
    start++
  }
  if (length > historyLengthMax) return undefined
  return [...revisions.slice(start), revision].join(',')
}
