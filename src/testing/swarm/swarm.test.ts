import { describe, expect, it } from 'vitest'
import { runSeed } from './run-seed'

/** Seeds that once failed, beside the first twenty. 5157: compacted between two digests. */
const kept = [5157]
const seeds = [...Array.from({ length: 20 }, (_, i) => i + 1), ...kept]

describe('a whole cluster, disturbed and left alone', () => {
  it.each(seeds)('converges with every invariant, seed %i', (seed) => {
    const { revisions } = runSeed(seed)
    expect(revisions).toBeGreaterThan(200)
  })

  it('X5: runs the same twice', () => {
    expect(runSeed(4).traceHash).toBe(runSeed(4).traceHash)
  })
})
