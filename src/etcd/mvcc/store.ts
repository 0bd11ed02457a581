import { hash32 } from '../../sim/random'
import type { EtcdError, KeyValue, RangeRequest, WatchEvent } from '../rpc'
import { History, type HistoryPicture } from './history'
import { isLive, KeyIndex, rangeBound, versionAt } from './key-index'
import { hashValue } from './value'

/** The store at one revision with its history: plain data, shared with the living store. */
export interface StorePicture {
  readonly revision: number
  readonly compactRevision: number
  readonly digest: number
  readonly live: readonly (readonly KeyValue[])[]
  readonly history: HistoryPicture
}

export interface RangeResult {
  readonly kvs: readonly KeyValue[]
  readonly count: number
  readonly more: boolean
}

/**
 * Keys with all their versions since the last compaction (etcd's mvcc). `commit` gives all writes
 * since the last one one revision; reads of the present see them at once.
 */
export class KvStore {
  readonly #index = new KeyIndex()
  #history = new History(2)
  #revision = 1
  #compactRevision = 0
  #digest = 0
  #changes: WatchEvent[] = []

  /** Revision of the last change; 1 when nothing was ever written. */
  get revision(): number {
    return this.#revision
  }

  /** Of every change there ever was, in order: equal stores with equal pasts have equal digests. */
  get digest(): number {
    return this.#digest
  }

  /** What `revision` will be if the open transaction ends now. */
  get pendingRevision(): number {
    return this.#changes.length > 0 ? this.#revision + 1 : this.#revision
  }

  /** Oldest revision that may be read, 0 before the first compaction. */
  get compactRevision(): number {
    return this.#compactRevision
  }

  get liveKeys(): number {
    return this.#index.liveKeys
  }

  /** The present version of a live key. */
  get(key: string): KeyValue | undefined {
    const latest = this.#index.get(key)?.latest
    return latest && isLive(latest) ? latest : undefined
  }

  /** Why a read at `revision` must be refused. */
  readError(revision: number): EtcdError | undefined {
    if (revision > this.#revision) return 'future revision'
    return revision > 0 && revision < this.#compactRevision ? 'compacted' : undefined
  }

  /** Reads at a revision that `readError` allows. */
  range(request: RangeRequest): RangeResult {
    const { key, limit = 0, revision = 0, countOnly = false, keysOnly = false } = request
    const bound = rangeBound(key, request.rangeEnd)
    if (request.rangeEnd === undefined) return this.#single(request)
    const past = revision > 0 && revision < this.#revision
    const kvs: KeyValue[] = []
    let count = 0
    if (countOnly && !past) return { kvs, count: this.#index.countLive(key, bound), more: false }
    this.#index.scan(key, bound, (record) => {
      const kv = past ? versionAt(record, revision) : record.latest
      if (!kv || !isLive(kv)) return true
      count++
      if (limit > 0 && count > limit) return past
      if (!countOnly) kvs.push(keysOnly ? withoutValue(kv) : kv)
      return true
    })
    if (!past && limit > 0 && count > limit) count = this.#index.countLive(key, bound)
    return { kvs, count, more: limit > 0 && count > limit && !countOnly }
  }

  /** Returns the version before. */
  put(key: string, value: unknown, lease: number): KeyValue | undefined {
    const before = this.get(key)
    const modRevision = this.#revision + 1
    const kv: KeyValue = {
      key,
      value,
      createRevision: before ? before.createRevision : modRevision,
      modRevision,
      version: before ? before.version + 1 : 1,
      lease,
    }
    this.#index.put(kv)
    this.#changes.push({ type: 'put', kv, prevKv: before })
    return before
  }

  /** Deletes one live key; returns its last version. */
  delete(key: string): KeyValue | undefined {
    const before = this.get(key)
    if (!before) return undefined
    const kv: KeyValue = {
      key,
      value: undefined,
      createRevision: 0,
      modRevision: this.#revision + 1,
      version: 0,
      lease: 0,
    }
    this.#index.put(kv)
    this.#changes.push({ type: 'delete', kv, prevKv: before })
    return before
  }

  /** Returns the last versions of what was deleted, in key order. */
  deleteRange(key: string, rangeEnd: string | undefined): readonly KeyValue[] {
    if (rangeEnd === undefined) {
      const before = this.delete(key)
      return before ? [before] : []
    }
    const found = this.range({ key, rangeEnd }).kvs
    for (const kv of found) this.delete(kv.key)
    return found
  }

  /** Ends the transaction; its events if it changed something, which is then a new revision. */
  commit(): readonly WatchEvent[] | undefined {
    if (this.#changes.length === 0) return undefined
    const events = this.#changes
    this.#changes = []
    this.#revision++
    for (const { type, kv } of events) {
      const change = type === 'put' ? this.#revision : ~this.#revision
      this.#digest = hash32(kv.key, this.#digest ^ change)
    }
    this.#history.append(events)
    return events
  }

  /** Makes `revision` the oldest that may be read. */
  compact(revision: number): EtcdError | undefined {
    if (revision <= this.#compactRevision) return 'compacted'
    if (revision > this.#revision) return 'future revision'
    for (let r = this.#history.first; r <= revision; r++) {
      for (const event of this.#history.at(r)) this.#index.compact(event.kv.key, revision)
    }
    this.#compactRevision = revision
    this.#history.dropBefore(revision)
    return undefined
  }

  /** The events of one revision, for `compactRevision` ≤ revision ≤ `revision`. */
  eventsAt(revision: number): readonly WatchEvent[] {
    return this.#history.at(revision)
  }

  /** Digest of all versions that may be read up to `revision`, values too: equal on all members. */
  hash(revision: number): string {
    let a = hash32(`${this.#compactRevision}`)
    let b = hash32(`${revision}`, a)
    const fold = (kv: KeyValue) => {
      const { key, createRevision, modRevision, version, lease } = kv
      a = hash32(`${key} ${createRevision} ${modRevision} ${version} ${lease}`, a)
      b = hashValue(kv.value, a ^ b)
    }
    this.#index.scan('', undefined, (record) => {
      for (const kv of record.older ?? []) if (kv.modRevision <= revision) fold(kv)
      if (record.latest.modRevision <= revision) fold(record.latest)
      return true
    })
    return [a, b].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }

  /** Every live key with its lease, for a lessor that starts anew. */
  forEachLive(visit: (kv: KeyValue) => void): void {
    this.#index.scan('', undefined, ({ latest }) => {
      if (isLive(latest)) visit(latest)
      return true
    })
  }

  picture(): StorePicture {
    return {
      revision: this.#revision,
      compactRevision: this.#compactRevision,
      digest: this.#digest,
      live: this.#index.picture(),
      history: this.#history.picture(),
    }
  }

  restore(picture: StorePicture): void {
    this.#changes = []
    this.#revision = picture.revision
    this.#compactRevision = picture.compactRevision
    this.#digest = picture.digest
    this.#history = History.restored(picture.history, picture.revision + 1)
    this.#index.restore(picture.live)
    this.#restoreVersions()
  }

  /** A key's versions are what its events since the compaction left and what they replaced. */
  #restoreVersions(): void {
    const versions = new Map<string, KeyValue[]>()
    const from = Math.max(this.#history.first, this.#compactRevision + 1)
    for (let revision = from; revision <= this.#revision; revision++) {
      for (const { kv, prevKv } of this.#history.at(revision)) {
        const known = versions.get(kv.key)
        if (known) known.push(kv)
        else versions.set(kv.key, prevKv ? [prevKv, kv] : [kv])
      }
    }
    for (const [key, kvs] of versions) {
      const latest = kvs.pop() as KeyValue
      if (!this.#index.get(key)) this.#index.put(latest)
      const record = this.#index.get(key)
      if (record && kvs.length > 0) record.older = kvs
    }
  }

  #single(request: RangeRequest): RangeResult {
    const { key, revision = 0 } = request
    const record = this.#index.get(key)
    const kv = record && (revision > 0 ? versionAt(record, revision) : record.latest)
    if (!kv || !isLive(kv)) return { kvs: [], count: 0, more: false }
    if (request.countOnly) return { kvs: [], count: 1, more: false }
    return { kvs: [request.keysOnly ? withoutValue(kv) : kv], count: 1, more: false }
  }
}

function withoutValue(kv: KeyValue): KeyValue {
  return { ...kv, value: undefined }
}
