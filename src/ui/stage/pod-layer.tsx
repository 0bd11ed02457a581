import { useEffect, useMemo, useRef, useState } from 'react'
import type { Rect } from './layout/rect'
import { PodCell } from './pod-cell'

/** With more pods than this nothing travels or fades: it would tell nothing and cost much. */
const MOVING_PODS_MAX = 150
const FADE_MS = 220

/** All pods, each a cell in its place; one that has gone fades where it ended. */
export function PodLayer({ pods }: { readonly pods: ReadonlyMap<string, Rect> }) {
  const many = pods.size > MOVING_PODS_MAX
  const ghosts = useGhosts(pods, !many)
  // An element that changes its place in the page would start its life, and its fading in, anew.
  const inOrder = useMemo(() => [...pods.keys()].sort(), [pods])
  return (
    <div className="pod-layer" data-many={many}>
      {ghosts.map(({ id, rect }) => (
        <div
          key={id}
          className="pod-ghost"
          aria-hidden
          style={{
            transform: `translate(${rect.x}px, ${rect.y}px)`,
            width: rect.width,
            height: rect.height,
          }}
        />
      ))}
      {inOrder.map((key) => (
        <PodCell key={key} podKey={key} rect={pods.get(key)!} />
      ))}
    </div>
  )
}

interface Ghost {
  readonly id: number
  readonly rect: Rect
}

function useGhosts(pods: ReadonlyMap<string, Rect>, enabled: boolean): readonly Ghost[] {
  const [ghosts, setGhosts] = useState<readonly Ghost[]>([])
  const before = useRef(pods)
  const next = useRef(0)
  useEffect(() => {
    const gone = [...before.current].filter(([key]) => !pods.has(key))
    before.current = pods
    if (!enabled || gone.length === 0) return
    const added = gone.map(([, rect]) => {
      next.current += 1
      return { id: next.current, rect }
    })
    setGhosts((old) => [...old, ...added])
    setTimeout(() => setGhosts((old) => old.filter((ghost) => !added.includes(ghost))), FADE_MS)
  }, [pods, enabled])
  return ghosts
}
