import { CircleAlert, CircleCheck, CircleX, Plug, Power, Unplug } from 'lucide-react'
import type { MachineView } from '../view/machine-view'
import type { Reach } from '../view/reach'

/** What the Node says, in shape, word and tone. */
export function ReadyBadge({ view }: { readonly view: MachineView }) {
  if (view.ready === 'missing') return <span className="chip tone-grey">No Node yet</span>
  const ready = view.ready === 'True'
  const Icon = ready ? CircleCheck : CircleX
  return (
    <span className={`chip api-truth ${ready ? 'tone-green' : 'tone-red'}`}>
      <Icon size={12} aria-hidden />
      {view.readyWord}
    </span>
  )
}

/** What the machine really does, when that is not simply "on". */
export function PowerBadge({ view }: { readonly view: MachineView }) {
  switch (view.physical) {
    case 'on':
      return <ReachBadge reach={view.reach} />
    case 'off':
      return <Badge icon={Plug} word="off" tone="tone-grey" />
    case 'booting':
      return <Badge icon={Power} word="booting" tone="tone-blue" />
    case 'shutting-down':
      return <Badge icon={Power} word="shutting down" tone="tone-amber" />
    case 'cut-off':
      return <Badge icon={Unplug} word="cut off" tone="tone-amber" />
  }
}

function ReachBadge({ reach }: { readonly reach: Reach }) {
  if (reach.kind === 'no-master') return <Badge icon={Unplug} word="cut off" tone="tone-amber" />
  return reach.kind === 'some' ? <Badge icon={Unplug} word="wire cut" tone="tone-amber" /> : null
}

/** The mark of two truths: the API and the physics disagree. */
export function TruthMark({ view }: { readonly view: MachineView }) {
  if (!view.disagreement) return null
  const physically = view.disagreement.word.startsWith('physically ')
  return (
    <span
      className="chip tone-amber power-badge"
      title={view.disagreement.sentence}
      data-testid="disagreement"
    >
      <CircleAlert size={12} aria-hidden />
      <span>
        {physically && <span className="wide-only">physically </span>}
        {physically ? view.disagreement.word.slice('physically '.length) : view.disagreement.word}
      </span>
    </span>
  )
}

function Badge({ icon: Icon, word, tone }: { icon: typeof Plug; word: string; tone: string }) {
  return (
    <span className={`chip power-badge ${tone}`}>
      <Icon size={12} aria-hidden />
      {word}
    </span>
  )
}
