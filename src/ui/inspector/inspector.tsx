import { X } from 'lucide-react'
import { useUi } from '../app/ui-state'
import { DeploymentDetails } from './deployment-details'
import { MachineDetails } from './machine-details'
import { PodDetails } from './pod-details'
import { ServiceDetails } from './service-details'

/** What is known of the selected thing: a sentence first, the data under it. */
export default function Inspector() {
  const selection = useUi((state) => state.selection)
  const select = useUi((state) => state.select)
  if (!selection) return null
  const { kind, key } = selection
  return (
    <aside
      className="relative h-full overflow-auto bg-surface px-4 py-3.5"
      aria-label="Inspector"
      data-testid="inspector"
      data-kind={kind}
      data-key={key}
    >
      <button
        type="button"
        className="btn absolute top-3 right-3 border-transparent px-1.5"
        aria-label="Close the inspector"
        title="Close (Esc)"
        onClick={() => select(undefined)}
      >
        <X size={15} aria-hidden />
      </button>
      {kind === 'pod' && <PodDetails key={key} podKey={key} />}
      {kind === 'machine' && <MachineDetails key={key} id={key} />}
      {kind === 'service' && <ServiceDetails key={key} serviceKey={key} />}
      {kind === 'deployment' && <DeploymentDetails key={key} deploymentKey={key} />}
    </aside>
  )
}
