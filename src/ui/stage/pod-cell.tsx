import { memo } from 'react'
import { shortName } from '../view/names'
import { CountdownRing } from './countdown'
import type { Rect } from './layout/rect'
import { usePodView } from './pod-hooks'
import { PodIcon, toneOf } from './pod-icon'
import { Thing } from './thing'

interface Props {
  readonly podKey: string
  readonly rect: Rect
}

/** One pod as a cell. It stays the same element when the pod is bound, and so travels to its node. */
export const PodCell = memo(function PodCell({ podKey, rect }: Props) {
  const found = usePodView(podKey)
  if (!found) return null
  const { pod, view } = found
  const { head, tail } = shortName(pod)
  const node = pod.spec?.nodeName ?? ''
  return (
    <Thing
      subject={{ kind: 'pod', key: podKey }}
      aria-label={`Pod ${pod.metadata.name}, ${view.word}${node ? `, on ${node}` : ''}`}
      title={`${pod.metadata.namespace}/${pod.metadata.name}\n${view.word}: ${view.sentence}`}
      data-testid="pod"
      data-name={pod.metadata.name}
      data-namespace={pod.metadata.namespace}
      data-phase={pod.status?.phase ?? ''}
      data-state={view.state}
      data-word={view.word}
      data-ready={view.state === 'ready'}
      data-node={node}
      className={`pod-cell ${toneOf[view.state]}`}
      style={{
        transform: `translate(${rect.x}px, ${rect.y}px)`,
        width: rect.width,
        height: rect.height,
      }}
    >
      {view.countdown ? (
        <CountdownRing view={view} countdown={view.countdown} />
      ) : (
        <PodIcon view={view} />
      )}
      <span className="pod-name">
        <span className="pod-head">{head}</span>
        {tail && <span className="pod-tail">{tail}</span>}
      </span>
      {view.restarts > 0 && (
        <span className="pod-restarts" title={`${view.restarts} restarts`}>
          {view.restarts}
        </span>
      )}
    </Thing>
  )
}, sameProps)

function sameProps(a: Props, b: Props): boolean {
  return (
    a.podKey === b.podKey &&
    a.rect.x === b.rect.x &&
    a.rect.y === b.rect.y &&
    a.rect.width === b.rect.width &&
    a.rect.height === b.rect.height
  )
}
