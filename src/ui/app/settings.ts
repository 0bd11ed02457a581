const PREFIX = 'kubarium.'

/** A setting kept in this browser; the fallback when there is none or storage is closed to us. */
export function readSetting<T>(name: string, fallback: T): T {
  try {
    const text = localStorage.getItem(PREFIX + name)
    return text === null ? fallback : (JSON.parse(text) as T)
  } catch {
    return fallback
  }
}

/** Answers whether the value was kept: storage may be full or closed. */
export function writeSetting(name: string, value: unknown): boolean {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value))
    return true
  } catch {
    return false
  }
}
