/** Kubernetes' alphabet for random names: no vowels (no words), nothing easily confused. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const suffixLength = 5
const nameLengthMax = 63

/**
 * `base` with five random characters, cut so that the whole has at most 63.
 * `randomInt(n)` gives an integer in [0, n).
 */
export function generateName(base: string, randomInt: (below: number) => number): string {
  return base.slice(0, nameLengthMax - suffixLength) + randomSuffix(randomInt)
}

/** Five random characters. */
export function randomSuffix(randomInt: (below: number) => number): string {
  let text = ''
  for (let i = 0; i < suffixLength; i++) text += ALPHABET[randomInt(ALPHABET.length)]!
  return text
}
