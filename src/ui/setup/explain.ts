const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven']

/** What a number of masters means, in a line. */
export function explainMasters(masters: number): string {
  const quorum = Math.floor(masters / 2) + 1
  const survives = masters - quorum
  const count = NUMBERS[masters] ?? String(masters)
  const head = `${count.charAt(0).toUpperCase()}${count.slice(1)} master${masters === 1 ? '' : 's'}`
  if (masters === 1) return `${head}: every write needs it, so its loss stops the control plane.`
  const loss =
    survives === 0 ? 'survives the loss of none' : `survives the loss of ${NUMBERS[survives]}`
  const odd = masters % 2 === 0 ? `, no more than ${NUMBERS[masters - 1]} masters would` : ''
  return `${head}: a write needs ${NUMBERS[quorum]} of them (the quorum), and etcd ${loss}${odd}.`
}

/** `a, b` → `['a', 'b']`; one zone `a` when nothing is named. */
export function zonesOf(text: string): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return names.length > 0 ? [...new Set(names)] : ['a']
}
