import { memo, useMemo } from 'react'
import { useSession } from '../app/session'
import { useUi } from '../app/ui-state'
import { derive } from '../store/derive'
import { useValue } from '../store/hooks'
import type { ServiceEndpoint } from '../view/service-view'
import { endpointWire, roundedPath } from './layout/wires'
import { usePlaces } from './stage-context'

/**
 * The wires from pods to the Services that may send them requests. They are drawn in one picture
 * beside React Flow's own edges, which cost an element of several layers each.
 */
export function EndpointWires() {
  const { layout } = usePlaces()
  return (
    <svg className="wires" width={layout.width} height={layout.height} aria-hidden>
      {[...layout.services.keys()].map((service, lane) => (
        <ServiceWires key={service} service={service} lane={lane} />
      ))}
    </svg>
  )
}

const NONE: readonly ServiceEndpoint[] = []

function ServiceWires({ service, lane }: { readonly service: string; readonly lane: number }) {
  const { layout } = usePlaces()
  const { views } = useSession()
  const source = useMemo(
    () => derive([views.endpoints], () => views.endpoints.get().get(service) ?? NONE),
    [views, service],
  )
  const endpoints = useValue(source)
  const selection = useUi((state) => state.selection)
  const pill = layout.services.get(service)
  if (!pill) return null
  const chosen = selection?.kind === 'service' || selection?.kind === 'pod' ? selection : undefined
  return endpoints.map(({ pod, ready }) => {
    const cell = layout.pods.get(pod)
    if (!cell) return null
    const mine = chosen?.key === (chosen?.kind === 'pod' ? pod : service)
    return (
      <EndpointWire
        key={pod}
        path={roundedPath(endpointWire(layout, cell, pill, lane))}
        pod={pod}
        service={service}
        ready={ready}
        focus={chosen ? (mine ? 'wire-lit' : 'wire-dim') : ''}
      />
    )
  })
}

interface WireProps {
  readonly path: string
  readonly pod: string
  readonly service: string
  readonly ready: boolean
  readonly focus: string
}

const EndpointWire = memo(function EndpointWire({ path, pod, service, ready, focus }: WireProps) {
  return (
    <path
      d={path}
      className={`wire ${ready ? 'wire-ready' : 'wire-not-ready'} ${focus}`}
      data-testid="wire"
      data-kind="endpoint"
      data-ready={ready}
      data-pod={pod}
      data-service={service}
    />
  )
})
