import { describe, expect, it } from 'vitest'
import type { WatchEvent } from '../client/request'
import { WatchBatches } from './watch-batches'

/** `ADDED web/1@5`: type, name, uid and resourceVersion; the uid may be absent. */
function event(text: string): WatchEvent {
  const [type, object = ''] = text.split(' ') as [WatchEvent['type'], string | undefined]
  const [identity = '', resourceVersion] = object.split('@')
  const [name, uid] = identity.split('/')
  return { type, object: { metadata: { name, uid, resourceVersion } } }
}

function text({ type, object }: WatchEvent): string {
  const { name, uid, resourceVersion } = (object as { metadata: { [field: string]: string } })
    .metadata
  return `${type} ${uid === undefined ? name : `${name}/${uid}`}@${resourceVersion}`
}

describe('watch batches', () => {
  it.each([
    [
      'changes of one object become the last',
      ['MODIFIED a/1@2', 'MODIFIED a/1@3'],
      ['MODIFIED a/1@3'],
    ],
    ['a new object stays new', ['ADDED a/1@1', 'MODIFIED a/1@2'], ['ADDED a/1@2']],
    ['a deletion wins', ['MODIFIED a/1@2', 'DELETED a/1@3'], ['DELETED a/1@3']],
    ['what came and went is told as deleted', ['ADDED a/1@1', 'DELETED a/1@2'], ['DELETED a/1@2']],
    [
      'an object made again is another one',
      ['MODIFIED a/1@2', 'DELETED a/1@3', 'ADDED a/2@4', 'MODIFIED a/2@5'],
      ['DELETED a/1@3', 'ADDED a/2@5'],
    ],
    [
      'made again and deleted again: both went',
      ['DELETED a/1@3', 'ADDED a/2@4', 'DELETED a/2@5'],
      ['DELETED a/1@3', 'DELETED a/2@5'],
    ],
    [
      'the order is that of the last events',
      ['MODIFIED a/1@1', 'MODIFIED b/2@2', 'MODIFIED a/1@3'],
      ['MODIFIED b/2@2', 'MODIFIED a/1@3'],
    ],
    [
      'the last bookmark is told, in its place',
      ['BOOKMARK @1', 'ADDED a/1@2', 'BOOKMARK @3', 'ADDED b/2@4'],
      ['ADDED a/1@2', 'BOOKMARK @3', 'ADDED b/2@4'],
    ],
    [
      'without a uid the name tells',
      ['ADDED a@1', 'MODIFIED a@2', 'ADDED b@3'],
      ['ADDED a@2', 'ADDED b@3'],
    ],
  ])('%s', (_, told, expected) => {
    const batches = new WatchBatches()
    for (const each of told) batches.add(7, event(each))
    expect(batches.flush().map(({ id, events }) => [id, events.map(text)])).toEqual([[7, expected]])
    expect(batches.empty).toBe(true)
  })

  it('keeps watches apart, and gives the rest of one that ends', () => {
    const batches = new WatchBatches()
    batches.add(1, event('ADDED a/1@1'))
    batches.add(2, event('DELETED a/1@2'))
    expect(batches.take(1)?.events.map(text)).toEqual(['ADDED a/1@1'])
    expect(batches.take(3)).toBeUndefined()
    batches.add(2, event('ADDED a/3@3'))
    const [batch] = batches.flush()
    expect(batch?.id).toBe(2)
    expect(batch?.events.map(text)).toEqual(['DELETED a/1@2', 'ADDED a/3@3'])
    expect(batches.flush()).toEqual([])
  })
})
