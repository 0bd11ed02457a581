import { quorumText } from '../view/machine-view'
import { useSession } from './session'
import { useUi } from './ui-state'

/** The name, and what this cluster is made of; opens the set-up. */
export function Logo() {
  const { spec } = useSession()
  const openDialog = useUi((state) => state.openDialog)
  const plural = (count: number, noun: string) => (count === 1 ? noun : `${noun}s`)
  return (
    <div className="flex items-center gap-2.5">
      <img src="/kubarium.svg" alt="" width={22} height={22} />
      <h1 className="text-[15px] font-semibold tracking-tight">Kubarium</h1>
      <button
        type="button"
        className="btn h-7 rounded-full font-normal text-muted"
        onClick={() => openDialog('set-up')}
        title={`New cluster… This one: ${quorumText(spec.masters)}.`}
        data-testid="cluster-chip"
      >
        <span>
          <b className="font-semibold text-ink">{spec.masters}</b> {plural(spec.masters, 'master')}{' '}
          · <b className="font-semibold text-ink">{spec.workers}</b>{' '}
          {plural(spec.workers, 'worker')}
          <span className="max-[1180px]:hidden">
            {' '}
            · quorum {Math.floor(spec.masters / 2) + 1} of {spec.masters}
          </span>
        </span>
      </button>
    </div>
  )
}
