import { useSession } from '../app/session'
import { useValue } from '../store/hooks'
import type { StageLayout } from './layout/stage-layout'

/** What to do when there is nothing to see yet. */
export function EmptyHint({ layout }: { readonly layout: StageLayout }) {
  const { lab, api } = useSession()
  const settled = useValue(lab)?.settled ?? false
  const answering = useValue(api).state === 'answering'
  const ready = settled && answering
  if (!ready || layout.pods.size > 0) return null
  return (
    <p
      className="pointer-events-none absolute inset-x-0 z-10 mx-auto w-fit rounded-full border border-line bg-surface px-4 py-1.5 text-sm text-muted shadow-sm"
      style={{ top: hintTop(layout) }}
    >
      No pods yet. Apply the manifest on the left to make three.
    </p>
  )
}

function hintTop(layout: StageLayout): number {
  return (layout.waiting.y + layout.waiting.height + layout.channelTop) * 0.5 * layout.scale
}
