import { BaseEdge, type EdgeProps } from '@xyflow/react'
import { memo } from 'react'
import { acrossWire, downWire, roundedPath } from './layout/wires'
import { useMachine } from './machine-hooks'
import { usePlaces } from './stage-context'

/** From the client to the balancer, and from there to each master. */
export const EntranceWire = memo(function EntranceWire({ id, source, target }: EdgeProps) {
  const { layout } = usePlaces()
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
