const BASE64 = /^[A-Za-z0-9+/]$/

/** The byte at which Go's decoder gives up, or -1 for good base64. Line breaks are skipped. */
export function base64Fault(text: string): number {
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return -1
  let quantum = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (char === '\n' || char === '\r') continue
    if (BASE64.test(char)) {
      quantum = (quantum + 1) % 4
      continue
    }
    if (char !== '=' || quantum < 2) return i
    return paddingFault(text, i, quantum)
  }
  if (quantum === 0) return -1
  const breaks = text.length - text.replace(/[\r\n]/g, '').length
  return breaks > 0 ? text.length : text.length - quantum
}

function paddingFault(text: string, at: number, quantum: number): number {
  let i = at + 1
  const skip = (): void => {
    while (text[i] === '\n' || text[i] === '\r') i += 1
  }
  if (quantum === 2) {
    skip()
    if (i >= text.length) return text.length
    if (text[i] !== '=') return i
    i += 1
  }
  skip()
  return i < text.length ? i : -1
}
