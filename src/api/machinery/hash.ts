import { compareText } from './go-text'

/** FNV-1a, 32 bit, over the UTF-16 units of a text (the low byte, then the high one if any). */
export function fnv1a32(text: string, seed = 0x811c9dc5): number {
  let hash = seed
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    hash = Math.imul(hash ^ (code & 0xff), 0x01000193)
    if (code > 0xff) hash = Math.imul(hash ^ (code >>> 8), 0x01000193)
  }
  return hash >>> 0
}

const SAFE = 'bcdfghjklmnpqrstvwxz2456789'

/** A number's decimal digits in Kubernetes' alphabet without vowels: the end of a ReplicaSet's name. */
export function safeEncode(value: number): string {
  let out = ''
  for (const digit of String(value)) out += SAFE[digit.charCodeAt(0) % SAFE.length]
  return out
}

/**
 * The `pod-template-hash` of a template: equal templates give equal hashes whatever the order of
 * their keys; `undefined` counts as absent. The rendering is our own, so the value differs from the
 * real controller's. A collision count changes it.
 */
export function templateHash(template: unknown, collisionCount?: number): string {
  const parts: string[] = []
  render(template, parts)
  let hash = fnv1a32(parts.join(''))
  if (collisionCount !== undefined) hash = fnv1a32(`\0${collisionCount}`, hash)
  return safeEncode(hash)
}

function render(value: unknown, out: string[]): void {
  if (Array.isArray(value)) {
    out.push('[')
    for (const item of value) {
      render(item, out)
      out.push(',')
    }
    out.push(']')
  } else if (typeof value === 'object' && value !== null) {
    out.push('{')
    const object = value as { readonly [key: string]: unknown }
    for (const key of Object.keys(object).sort(compareText)) {
      if (object[key] === undefined || object[key] === null) continue
      out.push(JSON.stringify(key), ':')
      render(object[key], out)
      out.push(',')
    }
    out.push('}')
  } else {
    out.push(value === undefined ? 'null' : JSON.stringify(value))
  }
}
