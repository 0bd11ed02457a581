import { useSyncExternalStore } from 'react'

const query = matchMedia('(max-width: 1099px)')

function subscribe(listener: () => void): () => void {
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}

/** Whether manifest, stage and inspector side by side would leave the stage unreadable. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => query.matches)
}
