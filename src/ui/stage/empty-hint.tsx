import { useMemo } from 'react'
import { useSession } from '../app/session'
import { useUi } from '../app/ui-state'
import { derive } from '../store/derive'
import { useValue } from '../store/hooks'
import type { StageLayout } from './layout/stage-layout'

/** What to do when there is nothing to see yet. */
export function EmptyHint({ layout }: { readonly layout: StageLayout }) {
  const { api, views, spec } = useSession()
  const editorOpen = useUi((state) => state.editorOpen)
  const source = useMemo(
    () =>
      derive([api, views.nodeReady], () => {
        const known = Object.values(views.nodeReady.get())
        return api.get().state === 'answering' && known.includes('True')
      }),
    [api, views],
  )
  const ready = useValue(source)
  if (!ready || layout.pods.size > 0) return null
  return (
    <p
      className="pointer-events-none absolute inset-x-4 z-10 mx-auto w-fit rounded-2xl border border-line bg-surface px-4 py-1.5 text-center text-sm text-muted shadow-sm"
      style={{ top: hintTop(layout) }}
    >
      {spec.workers === 0
        ? 'No workers: pods will wait for one. A new cluster (n) can have some.'
        : editorOpen
          ? 'No pods yet. Apply the manifest on the left to make some.'
          : 'No pods yet. Open the manifest (m) and apply it to make some.'}
    </p>
  )
}

function hintTop(layout: StageLayout): number {
  const { y, height } = layout.waiting
  const below = Math.max(layout.channelTop, y + height + 120)
  return (y + height + below) * 0.5 * layout.scale
}
