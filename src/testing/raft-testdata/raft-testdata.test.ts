import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseDirectives } from './datadriven'
import { replayDirectory } from './replay'

const directory = fileURLToPath(new URL('../../../../shared/raft-testdata', import.meta.url))
const present = existsSync(directory)
if (!present) console.log('skips the replay of raft-testdata: the shared directory is not here')

describe.skipIf(!present)("etcd-io/raft's data-driven files", () => {
  for (const report of present ? replayDirectory(directory) : []) {
    it(`${report.file}: ${report.total} directives`, () => {
      expect(report.mismatches).toEqual([])
      expect(report.total).toBeGreaterThan(0)
    })
  }
})

describe('the data-driven format', () => {
  it('reads comments, arguments, input, and both kinds of expected output', () => {
    const text = [
      '# comment',
      'first 1 list=(2, 3) flag=true \\',
      '  more=()',
      'input line',
      '----',
      'out 1',
      'out 2',
      '',
      'second',
      '----',
      '----',
      'with a',
      '',
      'blank line',
      '----',
      '----',
      '',
      'third',
      '----',
    ].join('\n')
    expect(parseDirectives(text)).toEqual([
      {
        name: 'first',
        args: [
          { key: '1', values: [] },
          { key: 'list', values: ['2', '3'] },
          { key: 'flag', values: ['true'] },
          { key: 'more', values: [] },
        ],
        line: 2,
        input: 'input line',
        expected: 'out 1\nout 2\n',
      },
      { name: 'second', args: [], line: 9, input: '', expected: 'with a\n\nblank line\n' },
      { name: 'third', args: [], line: 18, input: '', expected: '' },
    ])
  })

  it('refuses a line that is no command', () => {
    expect(() => parseDirectives('=broken')).toThrow('cannot parse directive =broken')
  })
})
