import type { CommandResult, LabCommand } from './commands'
import type { LabState, TraceRecord } from './state'

/** The lab channel as its users see it, in the page and over HTTP alike. */
export interface LabChannel {
  state(): Promise<LabState>
  /** Calls back at most ten times a second, and only after a change. Returns the unsubscriber. */
  subscribe(listener: (state: LabState) => void): () => void
  /** Commands run in the order given; the answer comes when the last one is done. */
  command(commands: readonly LabCommand[]): Promise<readonly CommandResult[]>
  /** Remembered events with an id above `from`, oldest first. */
  trace(from: number, limit: number): Promise<readonly TraceRecord[]>
}
