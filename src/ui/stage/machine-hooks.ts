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

/** A member that leads in a term that others have left behind does not know it yet. */
export function useDeposed(member: EtcdState | undefined): boolean {
  const { lab } = useSession()
  const source = useMemo(
    () => derive([lab], () => lab.get()?.etcd.reduce((most, m) => Math.max(most, m.term), 0) ?? 0),
    [lab],
  )
  const term = useValue(source)
  return member?.role === 'leader' && member.term < term
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
  return derive([views.components, views.holders, views.believers], () =>
    componentViews(machine, views.components.get().get(machine.id) ?? {}, {
      holders: views.holders.get(),
      believers: views.believers.get(),
    }),
  )
}
