import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkHistory } from './check'
import { parseJepsenLog } from './jepsen-log'
import { judgeDirectory } from './judge'
import { type RegisterOperation, registers } from './register'

const recorded = path.resolve(import.meta.dirname, '../../../../shared/porcupine-testdata')

/** `0-10 w1` written as [call, end, what, value, key]. */
function history(
  ...rows: readonly (readonly [number, number, 'r' | 'w' | 'w?', number | null, string?])[]
): RegisterOperation[] {
  return rows.map(([call, end, what, value, key = 'x']) =>
    what === 'r'
      ? { call, end, input: { key, type: 'read' }, output: { type: 'ok', value } }
      : {
          call,
          end: what === 'w?' ? Number.POSITIVE_INFINITY : end,
          input: { key, type: 'write', value },
          output: { type: what === 'w?' ? 'unknown' : 'ok' },
        },
  )
}

describe('the linearizability checker', () => {
  it.each([
    ['nothing', history(), 'linearizable'],
    ['a read of what was written', history([0, 1, 'w', 1], [2, 3, 'r', 1]), 'linearizable'],
    ['a stale read', history([0, 1, 'w', 1], [2, 3, 'r', null]), 'not linearizable'],
    ['a read during the write', history([0, 9, 'w', 1], [2, 3, 'r', null]), 'linearizable'],
    [
      'reads that go back',
      history([0, 9, 'w', 1], [1, 2, 'r', 1], [3, 4, 'r', null]),
      'not linearizable',
    ],
    [
      'a lost answer whose write shows late',
      history([0, 0, 'w?', 1], [2, 3, 'r', null], [4, 5, 'r', 1]),
      'linearizable',
    ],
    [
      'a lost answer whose write shows twice',
      history([0, 0, 'w?', 1], [1, 2, 'r', 1], [3, 4, 'w', 2], [5, 6, 'r', 1]),
      'not linearizable',
    ],
    [
      'keys by themselves',
      history([0, 1, 'w', 1, 'x'], [2, 3, 'r', null, 'y'], [4, 5, 'r', 1, 'x']),
      'linearizable',
    ],
  ])('judges %s', (_, operations, result) => {
    expect(checkHistory(registers, operations, 1000).result).toBe(result)
  })

  it('gives up when its time is over', () => {
    const writes = Array.from({ length: 40 }, (_, i) => [0, 0, 'w?', i] as const)
    const impossible = history(...writes, [1, 2, 'r', 99])
    expect(checkHistory(registers, impossible, 50).result).toBe('unknown')
  })

  it('reads a log with a time-out and an open call', () => {
    const log = [
      'INFO  jepsen.util - 0\t:invoke\t:write\t4',
      'INFO  jepsen.util - 1\t:invoke\t:cas\t[4 2]',
      'INFO  jepsen.util - 0 :info :write :timed-out',
      'something else',
      'INFO  jepsen.util - 2 :invoke :read nil',
    ].join('\n')
    expect(parseJepsenLog(log)).toEqual([
      {
        call: 1,
        end: Number.POSITIVE_INFINITY,
        input: { key: '', type: 'write', value: 4 },
        output: { type: 'unknown' },
      },
      {
        call: 2,
        end: Number.POSITIVE_INFINITY,
        input: { key: '', type: 'cas', expected: 4, value: 2 },
        output: { type: 'unknown' },
      },
    ])
  })

  it('agrees with every verdict on the histories Jepsen recorded', () => {
    if (!fs.existsSync(recorded)) {
      console.log('skipped: the recorded histories are not on this machine')
      return
    }
    const judgements = judgeDirectory(recorded, 20_000)
    expect(judgements.length).toBeGreaterThan(50)
    expect(judgements.filter(({ right }) => !right)).toEqual([])
  })
})
