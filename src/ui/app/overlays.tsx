import type { ClusterSpec } from '../../control/spec'
import { ActionMenu } from '../actions/action-menu'
import { SetUpDialog } from '../setup/set-up-dialog'
import { KeysDialog } from './keys-dialog'
import { useUi } from './ui-state'

/** What lies above the page: menu and dialogs. Loaded after the first paint. */
export default function Overlays({ onNewCluster }: { onNewCluster(spec: ClusterSpec): void }) {
  const menu = useUi((state) => state.menu)
  const dialog = useUi((state) => state.dialog)
  return (
    <>
      {menu && <ActionMenu key={`${menu.subject?.key} ${menu.x} ${menu.y}`} menu={menu} />}
      {dialog === 'set-up' && <SetUpDialog onNewCluster={onNewCluster} />}
      {dialog === 'keys' && <KeysDialog />}
    </>
  )
}
