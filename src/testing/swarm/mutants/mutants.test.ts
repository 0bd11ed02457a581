import { describe, expect, it } from 'vitest'
import { mutants } from './catalogue'
import { bundleMutant, edited } from './mutate'
import { firstFailure } from './suite'

describe('a defect put into the engine', () => {
  it.each(mutants)('$name: is caught', { timeout: 60_000 }, async ({ suite, caught, ...edit }) => {
    const complaint = await firstFailure(await bundleMutant(suite, edit))
    expect(complaint ?? 'no complaint').toMatch(caught)
  })

  it('is what the suites complain about: without one they do not', async () => {
    const bundle = await bundleMutant('testing/checkers/etcd-registers.test.ts', undefined)
    expect(await firstFailure(bundle)).toBeUndefined()
  })

  it('must have its place in the source', () => {
    const edit = { file: 'etcd/wal.ts', replace: 'no such line', by: '' }
    expect(() => edited(edit)).toThrow('adapt the mutant')
  })
})
