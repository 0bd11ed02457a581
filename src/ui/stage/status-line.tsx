import {
  CircleAlert,
  CircleCheck,
  LoaderCircle,
  type LucideIcon,
  TriangleAlert,
} from 'lucide-react'
import { useMemo } from 'react'
import { useSession } from '../app/session'
import { derive } from '../store/derive'
import { useValue } from '../store/hooks'
import { type ClusterStatus, clusterStatus } from '../view/cluster-status'

const SIGNS: { readonly [tone in ClusterStatus['tone']]: LucideIcon } = {
  calm: CircleCheck,
  starting: LoaderCircle,
  degraded: TriangleAlert,
  silent: CircleAlert,
}
const TONES: { readonly [tone in ClusterStatus['tone']]: string } = {
  calm: 'text-muted',
  starting: 'bg-blue-soft text-blue',
  degraded: 'bg-amber-soft text-amber',
  silent: 'bg-red-soft text-red',
}

/** The cluster in one sentence, always in the same place, so that nothing moves when it changes. */
export function StatusLine() {
  const { api, lab, views } = useSession()
  const health = useValue(api)
  const source = useMemo(
    () =>
      derive([api, lab, views.nodeReady], () =>
        clusterStatus(api.get(), lab.get(), views.nodeReady.get()),
      ),
    [api, lab, views],
  )
  const { tone, sentence } = useValue(source)
  const Sign = SIGNS[tone]
  const stale = tone === 'silent' ? ' Grey may be stale.' : ''
  return (
    <div
      role="status"
      data-testid="api"
      data-state={health.state}
      data-tone={tone}
      className="status-line relative z-20 shrink-0"
    >
      <p
        className={`flex min-h-8 items-center gap-2 px-4 py-1 text-[13px] leading-[18px] ${TONES[tone]}`}
        title={sentence}
      >
        <Sign size={15} aria-hidden className="shrink-0" />
        <span data-testid="api-sentence">
          {sentence}
          {stale}
        </span>
      </p>
    </div>
  )
}
