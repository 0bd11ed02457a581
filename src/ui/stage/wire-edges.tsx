import { BaseEdge, type EdgeProps } from '@xyflow/react'
import { memo } from 'react'
import { useSession } from '../app/session'
import { useUi } from '../app/ui-state'
import { useObject } from '../store/hooks'
import { acrossWire, downWire, endpointWire, roundedPath } from './layout/wires'
import { useMachine } from './machine-hooks'
import { useStage } from './stage-context'

/** From the client to the balancer, and from there to each master. */
export const EntranceWire = memo(function EntranceWire({ id, source, target }: EdgeProps) {
  const { layout } = useStage()
  const to = useMachine(target)
  const from = layout.machines.get(source)
  const end = layout.machines.get(target)
  if (!from || !end) return null
  const across = Math.abs(from.y - end.y) < 2
  const points = across ? acrossWire(from, end) : downWire(from, end)
  const cut = to?.machine.links.some((link) => link.to === source && link.state === 'cut')
  const serves =
    to?.view.physical === 'on' &&
    !cut &&
    (to.machine.role !== 'master' ||
      to.machine.processes.some((p) => p.name.endsWith('kube-apiserver') && p.state === 'running'))
  return (
    <BaseEdge
      id={id}
      path={roundedPath(points)}
      className={serves ? 'wire' : 'wire wire-dead'}
      data-testid="wire"
      data-kind="entrance"
      data-ready={serves}
    />
  )
})

export interface EndpointWireData extends Record<string, unknown> {
  readonly pod: string
  readonly service: string
  readonly ready: boolean
}

/** From a pod to a Service that may send it requests, or would if it were ready. */
export const EndpointWire = memo(function EndpointWire({ id, data }: EdgeProps) {
  const { pod, service, ready } = data as EndpointWireData
  const { layout, lanes } = useStage()
  const { cluster } = useSession()
  const exists = useObject(cluster.pods, pod) !== undefined
  const focus = useUi((state) => focusOf(state.selection, pod, service))
  const cell = layout.pods.get(pod)
  const pill = layout.services.get(service)
  if (!cell || !pill || !exists) return null
  const points = endpointWire(layout, cell, pill, lanes.get(service) ?? 0)
  const tone = ready ? 'wire-ready' : 'wire-not-ready'
  return (
    <BaseEdge
      id={id}
      path={roundedPath(points)}
      className={`wire ${tone} ${focus}`}
      data-testid="wire"
      data-kind="endpoint"
      data-ready={ready}
      data-pod={pod}
      data-service={service}
    />
  )
})

function focusOf(
  selection: { readonly kind: string; readonly key: string } | undefined,
  pod: string,
  service: string,
): string {
  if (selection?.kind !== 'service' && selection?.kind !== 'pod') return ''
  const mine = selection.key === (selection.kind === 'pod' ? pod : service)
  return mine ? 'wire-lit' : 'wire-dim'
}
