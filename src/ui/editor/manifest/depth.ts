/**
 * The parser calls itself for every level, and a text made for it exhausts the stack in ways that
 * end the whole worker. So the levels are bounded before: by brackets, and by the column at which
 * a line's own content begins, for every level of block style takes at least one.
 */
export function looksTooDeep(text: string, depthMax: number): boolean {
  let brackets = 0
  let column = 0
  let leading = true
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]
    if (char === '\n') {
      leading = true
      column = 0
      if (text.startsWith('---', at + 1)) brackets = 0
      continue
    }
    if (char === '[' || char === '{') brackets += 1
    else if ((char === ']' || char === '}') && brackets > 0) brackets -= 1
    if (leading) {
      const indicator = (char === '-' || char === '?' || char === ':') && text[at + 1] === ' '
      leading = char === ' ' || indicator
      column += 1
    }
    if (brackets > 4 * depthMax || column > 6 * depthMax) return true
  }
  return false
}
