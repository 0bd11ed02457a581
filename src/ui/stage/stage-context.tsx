import { createContext, useContext } from 'react'
import type { StageLayout } from './layout/stage-layout'
import type { StageViews } from './stage-model'

/** What nodes, wires and cells of the stage read. */
export interface StageContextValue {
  readonly views: StageViews
  readonly layout: StageLayout
  /** The thing that the Tab key reaches first. */
  readonly home: string
  /** Lane of each Service's wires in the channel. */
  readonly lanes: ReadonlyMap<string, number>
}

const StageContext = createContext<StageContextValue | undefined>(undefined)

export const StageProvider = StageContext.Provider

export function useStage(): StageContextValue {
  const stage = useContext(StageContext)
  if (!stage) throw new Error('useStage outside a StageProvider')
  return stage
}
