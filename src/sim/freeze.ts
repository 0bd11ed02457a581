/**
 * Freezes plain data all the way down, so that whoever changes what it was handed is caught. Stops
 * at what is frozen already: shared structure is walked once.
 */
export function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  if (ArrayBuffer.isView(value)) return
  Object.freeze(value)
  for (const part of Object.values(value)) deepFreeze(part)
}
