import { createContext, useContext } from 'react'
import type { StageLayout } from './layout/stage-layout'
import type { StageViews } from './stage-model'

/** The stage's places at this moment; whoever reads it renders with every change of them. */
export interface Places {
  readonly views: StageViews
  readonly layout: StageLayout
}

const PlacesContext = createContext<Places | undefined>(undefined)

export const PlacesProvider = PlacesContext.Provider

export function usePlaces(): Places {
  const places = useContext(PlacesContext)
  if (!places) throw new Error('usePlaces outside a PlacesProvider')
  return places
}

/** The same for who needs it only when a key is pressed: always the same function. */
const LayoutGetter = createContext<() => StageLayout | undefined>(() => undefined)

export const LayoutGetterProvider = LayoutGetter.Provider

export function useLayoutGetter(): () => StageLayout | undefined {
  return useContext(LayoutGetter)
}
