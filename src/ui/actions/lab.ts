import type { CommandResult, LabCommand } from '../../control/commands'
import type { Session } from '../app/session'
import { useUi } from '../app/ui-state'

/** Runs lab commands and tells the person when one was refused. An engine that ended answers nothing. */
export async function runLab(
  session: Session,
  commands: readonly LabCommand[],
): Promise<readonly CommandResult[]> {
  const results = await session.engine.lab.command(commands).catch(() => [])
  for (const result of results) {
    if (!result.ok) useUi.getState().notify(result.error, 'bad')
  }
  return results
}
