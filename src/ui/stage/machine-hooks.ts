import { useMemo } from 'react'
import type { Node } from '../../api/generated/core-v1'
import type { EtcdState, MachineState } from '../../control/state'
import { type Session, useSession } from '../app/session'
import { type Derived, derive } from '../store/derive'
import { useObject, useValue } from '../store/hooks'
import {
  type ComponentView,
  componentViews,
  type MachineView,
  machineView,
} from '../view/machine-view'

export interface MachineFacts {
  readonly machine: MachineState
  readonly node?: Node
  readonly view: MachineView
}

/** One machine, its Node, and what the two together mean. */
export function useMachine(id: string): MachineFacts | undefined {
  const { lab, cluster } = useSession()
  const machines = useMemo(() => derive([lab], () => lab.get()?.machines ?? []), [lab])
  const all = useValue(machines)
  const node = useObject(cluster.nodes, id)
  return useMemo(() => {
    const machine = all.find((m) => m.id === id)
    return machine && { machine, node, view: machineView(machine, node, all) }
  }, [all, id, node])
}

/** The etcd member on a machine. */
export function useEtcd(id: string): EtcdState | undefined {
  const { lab } = useSession()
  const member = useMemo(
    () => derive([lab], () => lab.get()?.etcd.find((m) => m.machine === id)),
    [lab, id],
  )
  return useValue(member)
}

export function useComponents(machine: MachineState): readonly ComponentView[] {
  const session = useSession()
  const views = useMemo(() => componentSource(session, machine), [session, machine])
  return useValue(views)
}

function componentSource(
  { views }: Session,
  machine: MachineState,
): Derived<readonly ComponentView[]> {
  return derive([views.components, views.holders], () =>
    componentViews(machine, views.components.get().get(machine.id) ?? {}, views.holders.get()),
  )
}
