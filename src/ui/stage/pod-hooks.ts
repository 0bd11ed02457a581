import { useMemo } from 'react'
import type { Pod } from '../../api/generated/core-v1'
import { useSession } from '../app/session'
import { derive } from '../store/derive'
import { useObject, useValue } from '../store/hooks'
import { type PodView, podView } from '../view/pod-state'

/** A pod and how it stands; renders again only when one of the two changes. */
export function usePodView(key: string): { readonly pod: Pod; readonly view: PodView } | undefined {
  const { cluster, views } = useSession()
  const pod = useObject(cluster.pods, key)
  const node = pod?.spec?.nodeName
  const ready = useMemo(
    () =>
      derive([views.nodeReady], () => {
        const known = views.nodeReady.get()
        const loaded = Object.keys(known).length > 0
        return node && !loaded ? 'True' : known[node ?? '']
      }),
    [views, node],
  )
  const nodeReady = useValue(ready)
  return useMemo(() => pod && { pod, view: podView(pod, { nodeReady }) }, [pod, nodeReady])
}
