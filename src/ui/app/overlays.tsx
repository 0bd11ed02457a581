import { useEffect, useRef } from 'react'
import { Toaster, toast } from 'sonner'
import type { ClusterSpec } from '../../control/spec'
import { ActionMenu } from '../actions/action-menu'
import { SetUpDialog } from '../setup/set-up-dialog'
import { useTheme } from '../theme/theme'
import { KeysDialog } from './keys-dialog'
import { useUi } from './ui-state'

/** What lies above the page: menu, dialogs, notices. Loaded after the first paint. */
export default function Overlays({ onNewCluster }: { onNewCluster(spec: ClusterSpec): void }) {
  const menu = useUi((state) => state.menu)
  const dialog = useUi((state) => state.dialog)
  const theme = useTheme()
  useNotices()
  return (
    <>
      {menu && <ActionMenu key={`${menu.subject.key} ${menu.x} ${menu.y}`} menu={menu} />}
      {dialog === 'set-up' && <SetUpDialog onNewCluster={onNewCluster} />}
      {dialog === 'keys' && <KeysDialog />}
      <Toaster
        theme={theme}
        position="bottom-center"
        offset={92}
        visibleToasts={4}
        duration={6000}
      />
    </>
  )
}

/** Hands each new notice to the toaster, which also reads it out. */
function useNotices(): void {
  const notices = useUi((state) => state.notices)
  const shown = useRef(0)
  useEffect(() => {
    for (const notice of notices) {
      if (notice.id <= shown.current) continue
      shown.current = notice.id
      const show =
        notice.tone === 'bad' ? toast.error : notice.tone === 'good' ? toast.success : toast
      show(notice.text)
    }
  }, [notices])
}
