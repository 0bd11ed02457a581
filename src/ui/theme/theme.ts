import { useEffect, useSyncExternalStore } from 'react'
import { type ThemeChoice, useUi } from '../app/ui-state'

const darkQuery = '(prefers-color-scheme: dark)'

function subscribeToSystem(notify: () => void): () => void {
  const query = matchMedia(darkQuery)
  query.addEventListener('change', notify)
  return () => query.removeEventListener('change', notify)
}

/** The theme in force: the person's choice, or else the system's. */
export function useTheme(): 'light' | 'dark' {
  const choice = useUi((state) => state.theme)
  const system = useSyncExternalStore(subscribeToSystem, () => matchMedia(darkQuery).matches)
  return choice === 'system' ? (system ? 'dark' : 'light') : choice
}

/** Writes the theme where the style sheets look for it. */
export function useThemeAttribute(): void {
  const theme = useTheme()
  useEffect(() => {
    document.documentElement.dataset.theme = theme
  }, [theme])
}

export function nextTheme(choice: ThemeChoice, inForce: 'light' | 'dark'): ThemeChoice {
  return choice === 'system' ? (inForce === 'dark' ? 'light' : 'dark') : 'system'
}
