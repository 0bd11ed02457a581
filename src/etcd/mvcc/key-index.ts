import { fromKeyOn, type KeyValue } from '../rpc'

const blockRecordsMax = 512

/** A key with all versions that compaction has left. */
export interface KeyRecord {
  readonly key: string
  latest: KeyValue
  /** Versions before `latest`, oldest first. */
  older: KeyValue[] | undefined
  block: Block
}

interface Block {
  records: KeyRecord[]
  /** Records whose latest version is no tombstone. */
  live: number
  /** The live versions, kept for the next picture until something changes. */
  picture: readonly KeyValue[] | undefined
}

export function isLive(kv: KeyValue): boolean {
  return kv.version > 0
}

/** The first key after the range; undefined: the range has no end. */
export function rangeBound(key: string, rangeEnd: string | undefined): string | undefined {
  if (rangeEnd === undefined || rangeEnd === '') return `${key}\0`
  return rangeEnd === fromKeyOn ? undefined : rangeEnd
}

/**
 * Keys in `<` order in blocks of a few hundred: finding costs O(log n), a change moves one block at
 * most, counting a range at the present costs one step per block.
 */
export class KeyIndex {
  readonly #byKey = new Map<string, KeyRecord>()
  #blocks: Block[] = []
  #live = 0

  get liveKeys(): number {
    return this.#live
  }

  get(key: string): KeyRecord | undefined {
    return this.#byKey.get(key)
  }

  /** Makes `kv` the latest version of its key; returns the version before it. */
  put(kv: KeyValue): KeyValue | undefined {
    const record = this.#byKey.get(kv.key)
    if (!record) {
      this.#add(kv)
      return undefined
    }
    const previous = record.latest
    if (record.older) record.older.push(previous)
    else record.older = [previous]
    record.latest = kv
    record.block.picture = undefined
    const change = Number(isLive(kv)) - Number(isLive(previous))
    record.block.live += change
    this.#live += change
    return previous
  }

  /** Visits the records of a range in order until `visit` returns false. */
  scan(key: string, bound: string | undefined, visit: (record: KeyRecord) => boolean): void {
    let b = this.#blockOf(key)
    let i = b < this.#blocks.length ? positionIn(this.#blocks[b] as Block, key) : 0
    for (; b < this.#blocks.length; b++, i = 0) {
      const { records } = this.#blocks[b] as Block
      for (; i < records.length; i++) {
        const record = records[i] as KeyRecord
        if (bound !== undefined && record.key >= bound) return
        if (!visit(record)) return
      }
    }
  }

  /** Live keys of a range at the present. */
  countLive(key: string, bound: string | undefined): number {
    let count = 0
    let b = this.#blockOf(key)
    let i = b < this.#blocks.length ? positionIn(this.#blocks[b] as Block, key) : 0
    for (; b < this.#blocks.length; b++, i = 0) {
      const block = this.#blocks[b] as Block
      const { records } = block
      if (i === 0 && (bound === undefined || (records.at(-1) as KeyRecord).key < bound)) {
        count += block.live
        continue
      }
      for (; i < records.length; i++) {
        const record = records[i] as KeyRecord
        if (bound !== undefined && record.key >= bound) return count
        if (isLive(record.latest)) count++
      }
    }
    return count
  }

  /** Forgets the versions that nobody can read any more once `revision` is the oldest readable. */
  compact(key: string, revision: number): void {
    const record = this.#byKey.get(key)
    if (!record) return
    if (record.latest.modRevision <= revision) {
      record.older = undefined
      if (!isLive(record.latest)) this.#remove(record)
      return
    }
    const { older } = record
    if (!older) return
    let keep = lastAtOrBefore(older, revision)
    if (keep >= 0 && !isLive(older[keep] as KeyValue)) keep++
    if (keep >= older.length) record.older = undefined
    else if (keep > 0) record.older = older.slice(keep)
  }

  /** The live versions in key order, as immutable blocks that later pictures share. */
  picture(): readonly (readonly KeyValue[])[] {
    return this.#blocks.map((block) => {
      block.picture ??= liveVersions(block)
      return block.picture
    })
  }

  /** Replaces everything by the live versions of a picture. */
  restore(picture: readonly (readonly KeyValue[])[]): void {
    this.#byKey.clear()
    this.#blocks = []
    this.#live = 0
    for (const kvs of picture) {
      if (kvs.length === 0) continue
      const block: Block = { records: [], live: kvs.length, picture: kvs }
      block.records = kvs.map((kv) => this.#record(kv, block))
      this.#blocks.push(block)
      this.#live += kvs.length
    }
  }

  #record(kv: KeyValue, block: Block): KeyRecord {
    const record: KeyRecord = { key: kv.key, latest: kv, older: undefined, block }
    this.#byKey.set(kv.key, record)
    return record
  }

  #add(kv: KeyValue): void {
    const b = Math.min(this.#blockOf(kv.key), Math.max(0, this.#blocks.length - 1))
    let block = this.#blocks[b]
    if (!block) {
      block = { records: [], live: 0, picture: undefined }
      this.#blocks.push(block)
    }
    block.records.splice(positionIn(block, kv.key), 0, this.#record(kv, block))
    block.picture = undefined
    const live = Number(isLive(kv))
    block.live += live
    this.#live += live
    if (block.records.length > blockRecordsMax) this.#split(b)
  }

  #split(b: number): void {
    const left = this.#blocks[b] as Block
    const last = b === this.#blocks.length - 1
    const at = last ? blockRecordsMax - 16 : blockRecordsMax >> 1
    const right: Block = { records: left.records.splice(at), live: 0, picture: undefined }
    for (const record of right.records) {
      record.block = right
      right.live += Number(isLive(record.latest))
    }
    left.live -= right.live
    left.picture = undefined
    this.#blocks.splice(b + 1, 0, right)
  }

  #remove(record: KeyRecord): void {
    const { block } = record
    this.#byKey.delete(record.key)
    if (block.records.length === 1) this.#blocks.splice(this.#blockOf(record.key), 1)
    else block.records.splice(positionIn(block, record.key), 1)
    if (!isLive(record.latest)) return
    block.live--
    this.#live--
    block.picture = undefined
  }

  /** The first block whose last key is not below `key`; the number of blocks when there is none. */
  #blockOf(key: string): number {
    let low = 0
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (((this.#blocks[middle] as Block).records.at(-1) as KeyRecord).key < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The version a reader at `revision` sees: undefined when there was none, or a tombstone. */
export function versionAt(record: KeyRecord, revision: number): KeyValue | undefined {
  if (record.latest.modRevision <= revision) return record.latest
  const { older } = record
  return older?.[lastAtOrBefore(older, revision)]
}

function liveVersions(block: Block): readonly KeyValue[] {
  const versions = new Array<KeyValue>(block.live)
  let count = 0
  for (const { latest } of block.records) if (isLive(latest)) versions[count++] = latest
  return versions
}

function lastAtOrBefore(versions: readonly KeyValue[], revision: number): number {
  let low = 0
  let high = versions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((versions[middle] as KeyValue).modRevision <= revision) low = middle + 1
    else high = middle
  }
  return low - 1
}

function positionIn(block: Block, key: string): number {
  const { records } = block
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((records[middle] as KeyRecord).key < key) low = middle + 1
    else high = middle
  }
  return low
}
