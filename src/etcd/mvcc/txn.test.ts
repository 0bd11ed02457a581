import { describe, expect, it } from 'vitest'
import type { Compare, RequestOp, TxnRequest } from '../rpc'
import { KvStore } from './store'
import { putFormError, TxnExecutor, txnFormError } from './txn'

const put = (key: string, value: unknown = 1): RequestOp => ({
  type: 'put',
  request: { key, value },
})
const del = (key: string, rangeEnd?: string): RequestOp => ({
  type: 'deleteRange',
  request: { key, rangeEnd },
})
const get = (key: string): RequestOp => ({ type: 'range', request: { key } })
const when = (compare: readonly Compare[], success: readonly RequestOp[] = []): TxnRequest => ({
  compare,
  success,
  failure: [],
})
const nest = (request: TxnRequest): RequestOp => ({ type: 'txn', request })

function setUp() {
  const store = new KvStore()
  const moves: string[] = []
  const leases = {
    has: (id: number) => id === 7,
    moved: (key: string, before: number, after: number) => {
      moves.push(`${key} ${before}>${after}`)
    },
  }
  const executor = new TxnExecutor(store, leases)
  const header = () => ({ memberId: 1, revision: store.pendingRevision, raftTerm: 1 })
  const run = (txn: TxnRequest) => {
    const path = executor.choose(txn)
    const error = executor.txnError(txn, path)
    if (error) return error
    const response = executor.txn(txn, path, header)
    store.commit()
    return response
  }
  store.put('a', { x: 1 }, 0)
  store.put('b', 'beta', 0)
  store.commit()
  return { store, executor, run, moves }
}

describe('a transaction', () => {
  it.each<[string, Compare, boolean]>([
    ['a present key', { key: 'a', target: 'version', result: '=', value: 1 }, true],
    ['a missing key', { key: 'z', target: 'mod', result: '=', value: 0 }, true],
    ['create', { key: 'a', target: 'create', result: '>', value: 1 }, true],
    ['mod', { key: 'a', target: 'mod', result: '<', value: 2 }, false],
    ['unequal', { key: 'a', target: 'mod', result: '!=', value: 2 }, false],
    ['a value by content', { key: 'a', target: 'value', result: '=', value: { x: 1 } }, true],
    ['another value', { key: 'a', target: 'value', result: '=', value: { x: 2 } }, false],
    ['strings in order', { key: 'b', target: 'value', result: '>', value: 'alpha' }, true],
    ['unlike values', { key: 'b', target: 'value', result: '>', value: 1 }, false],
    ['a missing value', { key: 'z', target: 'value', result: '!=', value: 1 }, false],
    ['no lease', { key: 'a', target: 'lease', result: '=', value: 0 }, true],
    ['all of a range', { key: 'a', rangeEnd: 'c', target: 'mod', result: '=', value: 2 }, true],
    [
      'one of a range',
      { key: 'a', rangeEnd: 'c', target: 'value', result: '=', value: 'beta' },
      false,
    ],
  ])('M6 compares %s', (_, compare, holds) => {
    const { run } = setUp()
    expect(run(when([compare]))).toMatchObject({ succeeded: holds })
  })

  it('M1 M6 does its operations in order, at one revision, with nested ones by the state before', () => {
    const { store, run } = setUp()
    const nested = when([{ key: 'c', target: 'version', result: '=', value: 0 }], [put('d')])
    const response = run(when([], [put('c'), get('c'), del('a'), nest(nested), get('a')]))
    expect(response).toMatchObject({
      header: { revision: 3 },
      responses: [
        { type: 'put' },
        { type: 'range', response: { kvs: [{ key: 'c', modRevision: 3 }], count: 1 } },
        { type: 'deleteRange', response: { deleted: 1 } },
        { type: 'txn', response: { succeeded: true } },
        { type: 'range', response: { kvs: [], count: 0 } },
      ],
    })
    expect(store.eventsAt(3).map(({ type, kv }) => `${type} ${kv.key}`)).toEqual([
      'put c',
      'delete a',
      'put d',
    ])
  })

  it('M1 M6 leaves no trace when refused, and no revision when it only reads', () => {
    const { store, run } = setUp()
    const lease: RequestOp = { type: 'put', request: { key: 'y', value: 1, lease: 8 } }
    expect(run(when([], [put('x'), lease]))).toBe('lease not found')
    const future: RequestOp = { type: 'range', request: { key: 'a', revision: 9 } }
    expect(run(when([], [put('x'), nest(when([], [future]))]))).toBe('future revision')
    const ignore: RequestOp = { type: 'put', request: { key: 'x', ignoreValue: true } }
    expect(run(when([], [ignore]))).toBe('key not found')
    run(when([], [get('a'), del('nothing')]))
    expect([store.revision, store.liveKeys]).toEqual([2, 2])
  })

  it.each<[string, readonly RequestOp[], string | undefined]>([
    ['two keys', [put('a'), put('b')], undefined],
    ['a key twice', [put('a'), put('a')], 'duplicate key'],
    ['put and deleted', [put('b'), del('a', 'c')], 'duplicate key'],
    ['deleted twice', [del('a', 'c'), del('b')], undefined],
    ['nested twice', [put('a'), nest(when([], [put('a')]))], 'duplicate key'],
    ['no key', [get('')], 'key not provided'],
    ['too many', Array.from({ length: 129 }, (_, i) => put(`k${i}`)), 'too many operations'],
    ['just enough', Array.from({ length: 128 }, (_, i) => put(`k${i}`)), undefined],
  ])('M6 form: %s', (_, success, error) => {
    expect(txnFormError(when([], success))).toBe(error)
  })

  it('puts keep value or lease if told so, and leases hear of it', () => {
    const { store, run, moves } = setUp()
    run(when([], [{ type: 'put', request: { key: 'b', ignoreValue: true, lease: 7 } }]))
    run(when([], [{ type: 'put', request: { key: 'b', value: 'new', ignoreLease: true } }]))
    expect(store.get('b')).toMatchObject({ value: 'new', lease: 7, version: 3 })
    run(when([], [del('b')]))
    expect(moves).toEqual(['b 0>7', 'b 7>0'])
    expect(putFormError({ key: 'k', value: 1, ignoreValue: true })).toBe('value provided')
    expect(putFormError({ key: 'k', lease: 1, ignoreLease: true })).toBe('lease provided')
  })
})
