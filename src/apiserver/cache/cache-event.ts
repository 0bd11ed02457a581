import type { KubeObject } from '../../api/object'
import type { WatchEvent } from '../../client/request'
import type { Micros } from '../../sim/time'

/**
 * One change of one object. What it looks like on a watch depends on whether the watch's filter
 * matched the object before and after; each look is made once and shared by all watches.
 */
export class CacheEvent {
  readonly revision: number
  /** When it came, in virtual time. */
  readonly time: Micros
  readonly namespace: string
  readonly name: string
  /** Missing when the object was deleted. */
  readonly after: KubeObject | undefined
  readonly before: KubeObject | undefined
  #added: WatchEvent<KubeObject> | undefined
  #modified: WatchEvent<KubeObject> | undefined
  #deleted: WatchEvent<KubeObject> | undefined

  constructor(change: {
    readonly revision: number
    readonly time: Micros
    readonly namespace: string
    readonly name: string
    readonly after: KubeObject | undefined
    readonly before: KubeObject | undefined
  }) {
    this.revision = change.revision
    this.time = change.time
    this.namespace = change.namespace
    this.name = change.name
    this.after = change.after
    this.before = change.before
  }

  /** For a watch whose filter matched before and after as told; undefined: nothing to tell. */
  seenBy(matchedBefore: boolean, matchesAfter: boolean): WatchEvent<KubeObject> | undefined {
    if (matchesAfter && this.after) {
      if (matchedBefore) {
        this.#modified ??= { type: 'MODIFIED', object: this.after }
        return this.#modified
      }
      this.#added ??= { type: 'ADDED', object: this.after }
      return this.#added
    }
    if (!matchedBefore || !this.before) return undefined
    this.#deleted ??= { type: 'DELETED', object: withRevision(this.before, this.revision) }
    return this.#deleted
  }
}

const recentMax = 8192
const recentValues: (KubeObject | undefined)[] = new Array(recentMax).fill(undefined)
const recentObjects: (KubeObject | undefined)[] = new Array(recentMax).fill(undefined)

/**
 * A stored value as clients see it: with its revision as resourceVersion. The servers of one
 * simulation store the same value by reference and see it at nearly the same time, so that they
 * share what is made of it.
 */
export function withRevision(value: KubeObject, revision: number): KubeObject {
  const slot = revision & (recentMax - 1)
  const resourceVersion = String(revision)
  const recent = recentObjects[slot]
  if (recentValues[slot] === value && recent?.metadata.resourceVersion === resourceVersion) {
    return recent
  }
  const object = { ...value, metadata: { ...value.metadata, resourceVersion } }
  recentValues[slot] = value
  recentObjects[slot] = object
  return object
}
