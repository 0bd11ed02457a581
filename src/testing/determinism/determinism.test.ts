import { describe, expect, it } from 'vitest'
import { replay } from './replay'

describe('a run', () => {
  it('X5 is the same for the same seed, and another for another', () => {
    const first = replay(11)
    expect(replay(11)).toEqual(first)
    expect(replay(12).at(-1)).not.toBe(first.at(-1))
  })
})
