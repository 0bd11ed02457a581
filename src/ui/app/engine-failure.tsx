import { RotateCcw, TriangleAlert } from 'lucide-react'

interface Props {
  readonly message: string
  onRestart(): void
}

/** The engine ended by itself: says so, keeps the page, offers the way on. */
export function EngineFailure({ message, onRestart }: Props) {
  return (
    <div
      role="alert"
      data-testid="engine-failure"
      className="fixed inset-x-0 top-14 z-50 mx-auto flex w-[min(640px,92vw)] items-start gap-3 rounded-xl border border-red bg-red-soft p-4 text-red shadow-lg"
    >
      <TriangleAlert size={20} aria-hidden className="mt-0.5 shrink-0" />
      <div className="min-w-0 flex-1">
        <p className="font-semibold">The simulation stopped because of a fault in it.</p>
        <p className="mt-1 break-words font-mono text-xs">{message}</p>
        <p className="mt-1 text-ink">
          Your manifest is kept. What the cluster held is lost; it starts again from nothing.
        </p>
      </div>
      <button type="button" className="btn" onClick={onRestart}>
        <RotateCcw size={14} aria-hidden /> Start again
      </button>
    </div>
  )
}
