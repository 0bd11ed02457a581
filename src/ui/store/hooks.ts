import { useCallback, useSyncExternalStore } from 'react'
import type { KubeObject } from '../../api/object'
import type { Derived, Source } from './derive'
import type { ObjectTable } from './table'

/** Reads one object and renders again only when that object changes. */
export function useObject<T extends KubeObject>(table: ObjectTable<T>, key: string): T | undefined {
  const subscribe = useCallback(
    (notify: () => void) => table.subscribeKey(key, notify),
    [table, key],
  )
  return useSyncExternalStore(subscribe, () => table.get(key))
}

export function useAll<T extends KubeObject>(table: ObjectTable<T>): readonly T[] {
  const subscribe = useCallback((notify: () => void) => table.subscribe(notify), [table])
  return useSyncExternalStore(subscribe, () => table.all())
}

export function useValue<T>(source: Derived<T> | (Source & { get(): T })): T {
  return useSyncExternalStore(source.subscribe, source.get)
}
