import type { Simulation } from '../../sim/simulation'
import type { Ledger } from './ledger'

const elected = ['kube-controller-manager', 'kube-scheduler'] as const

/** A17: of a component that elects a leader, at most one process acts as one. */
export function checkHolders(ledger: Ledger, sim: Simulation): void {
  for (const component of elected) {
    const leading = sim.machines.filter((machine) => {
      const process = machine.process(component)
      if (process?.status !== 'running') return false
      return (process.program.inspect?.() as { readonly leading: boolean } | undefined)?.leading
    })
    const what = () => `${component} leads on ${leading.map(({ id }) => id)}`
    ledger.demand(leading.length <= 1, 'A17', what)
  }
}
