import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'

/** A stream of chance that depends on the seed and the stream's name alone. Integers only. */
export interface Random {
  /** Uniform in 0 … 2³²−1. */
  next32(): number
  /** Uniform in 0 … bound−1; bound ≥ 1. */
  below(bound: number): number
  /** Uniform in low … high, both included. */
  between(low: number, high: number): number
  /** True with the given probability in thousandths. */
  chance(permille: number): boolean
}

/** FNV-1a, 32 bits: names to numbers, the same everywhere. */
export function hash32(text: string, basis = 0x811c9dc5): number {
  let hash = basis
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

export function randomStream(seed: number, name: string): Random {
  const a = hash32(name, seed ^ 0x811c9dc5)
  const b = hash32(name, a ^ 0x9e3779b9)
  const c = hash32(name, b ^ Math.floor(seed / 0x1_0000_0000))
  const source = xoroshiro128plusFromState([a | 0, b | 0, c | 0, (a ^ (c << 1)) | 1])
  for (let i = 0; i < 8; i++) source.next()
  const next32 = () => source.next() >>> 0
  const below = (bound: number) => Math.floor((next32() / 0x1_0000_0000) * bound)
  return {
    next32,
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (permille) => permille > 0 && below(1000) < permille,
  }
}
