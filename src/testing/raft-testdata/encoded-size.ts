import { asV2, confChangeOf, type Entry, type EntrySize } from '../../raft/index'

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

const field = (value: number): number => 1 + varintSize(value)

const encoder = new TextEncoder()

function dataSize(entry: Entry): number {
  if (entry.data === undefined) return 0
  const change = confChangeOf(entry)
  if (change === undefined) return encoder.encode(String(entry.data)).length
  if (entry.type === 'confChange') return field(1) + field(asV2(change).changes[0]?.nodeId ?? 0)
  let size = field(0)
  for (const { nodeId } of asV2(change).changes) {
    const inner = field(0) + field(nodeId)
    size += 1 + varintSize(inner) + inner
  }
  return size
}

/** Size of an entry in etcd's protobuf encoding, so that byte limits cut where etcd's do. */
export const encodedSize: EntrySize = (entry) => {
  const header = field(0) + field(entry.term) + field(entry.index)
  const data = dataSize(entry)
  return entry.data === undefined ? header : header + 1 + varintSize(data) + data
}
