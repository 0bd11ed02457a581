import type { MachineState } from '../../control/state'

/** Whom a machine can still talk to. */
export type Reach =
  | { readonly kind: 'all' }
  /** Nobody at all. */
  | { readonly kind: 'nobody' }
  /** A master that no other master hears. */
  | { readonly kind: 'no-master' }
  /** Single wires to machines that are not themselves cut off. */
  | { readonly kind: 'some'; readonly cutTo: readonly string[] }

export function cutLinks(machine: MachineState): readonly string[] {
  return machine.links.filter((link) => link.state === 'cut').map((link) => link.to)
}

const ALL: Reach = { kind: 'all' }

/**
 * A cut wire has two ends, and the one to blame is the machine that lost all of its wires: the
 * others are not marked for it.
 */
export function reachOf(machine: MachineState, machines: readonly MachineState[]): Reach {
  const cut = cutLinks(machine)
  if (cut.length === 0) return ALL
  const alone = aloneKind(machine, machines)
  if (alone) return { kind: alone }
  const cutTo = cut.filter((id) => {
    const other = machines.find((m) => m.id === id)
    return other !== undefined && other.role !== 'client' && !aloneKind(other, machines)
  })
  return cutTo.length > 0 ? { kind: 'some', cutTo } : ALL
}

function aloneKind(
  machine: MachineState,
  machines: readonly MachineState[],
): 'nobody' | 'no-master' | undefined {
  if (machine.links.length === 0) return undefined
  const cut = new Set(cutLinks(machine))
  const others = machines.filter((m) => m.id !== machine.id && m.role !== 'client')
  if (others.length > 0 && others.every((m) => cut.has(m.id))) return 'nobody'
  if (machine.role !== 'master') return undefined
  const masters = others.filter((m) => m.role === 'master')
  return masters.length > 1 && masters.every((m) => cut.has(m.id)) ? 'no-master' : undefined
}
