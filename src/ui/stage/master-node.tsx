import type { NodeProps } from '@xyflow/react'
import { Circle, CircleDashed, Crown } from 'lucide-react'
import { memo } from 'react'
import type { EtcdState } from '../../control/state'
import type { ComponentView } from '../view/machine-view'
import { Anchors } from './anchors'
import { PowerBadge, ReadyBadge, TruthMark } from './machine-badges'
import { type MachineFacts, useComponents, useDeposed, useEtcd, useMachine } from './machine-hooks'
import { Thing } from './thing'

/** A master: power, etcd's role and term, the four components, who of them acts. */
export const MasterNode = memo(function MasterNode({ data }: NodeProps) {
  const facts = useMachine(String(data.id))
  return (
    <>
      {facts && <MasterCard facts={facts} />}
      <Anchors />
    </>
  )
})

function MasterCard({ facts }: { readonly facts: MachineFacts }) {
  const { machine, view } = facts
  const etcd = useEtcd(machine.id)
  const components = useComponents(machine)
  const role = etcd?.role ?? 'down'
  return (
    <Thing
      subject={{ kind: 'machine', key: machine.id }}
      aria-label={`Machine ${machine.id}, master, ${view.sentence} etcd: ${role}`}
      data-testid="machine"
      data-name={machine.id}
      data-role="master"
      data-power={machine.power}
      data-physical={view.physical}
      data-ready={view.ready}
      data-etcd-role={role}
      data-etcd-term={etcd?.term ?? ''}
      className="machine-card"
      title={view.sentence}
    >
      <div className="machine-head">
        <b>{machine.id}</b>
        <EtcdRole etcd={etcd} on={machine.power === 'on'} />
        <span className="grow" />
        {view.disagreement ? (
          <TruthMark view={view} />
        ) : (
          <>
            <PowerBadge view={view} />
            {view.physical === 'on' && view.ready !== 'True' && <ReadyBadge view={view} />}
          </>
        )}
      </div>
      <div className="components">
        {components.map((component) => (
          <Component key={component.name} component={component} etcd={etcd} />
        ))}
      </div>
    </Thing>
  )
}

function EtcdRole({ etcd, on }: { readonly etcd?: EtcdState; readonly on: boolean }) {
  const deposed = useDeposed(etcd)
  if (!etcd || !on || etcd.role === 'down') return null
  if (etcd.role === 'leader') {
    const sentence = deposed
      ? `Believes that it leads etcd in term ${etcd.term}; the others have gone on without it`
      : `Leads etcd in term ${etcd.term}`
    return (
      <span className="chip tone-amber" title={sentence} data-deposed={deposed}>
        <Crown size={12} aria-hidden />
        <span className="wide-only">leader ·</span>
        <span className="spare">term</span> {etcd.term}
        {deposed && ' (deposed)'}
      </span>
    )
  }
  return (
    <span
      className="etcd-role truncate text-xs text-muted"
      title={`etcd ${etcd.role} in term ${etcd.term}`}
    >
      {etcd.role}
      <span className="wide-only etcd-term"> · term {etcd.term}</span>
    </span>
  )
}

function Component({ component, etcd }: { component: ComponentView; etcd?: EtcdState }) {
  const { name, label, state, active, deposed, sentence } = component
  const elected = name === 'kube-controller-manager' || name === 'kube-scheduler'
  return (
    <div
      className="component"
      data-state={state}
      data-active={active}
      data-deposed={deposed}
      data-testid="component"
      data-name={name}
      title={sentence}
    >
      <ComponentSign state={state} standby={elected && !active} />
      <span className="truncate">{label}</span>
      {name === 'etcd' && etcd && state !== 'down' && (
        <span
          className="wide-only ml-auto font-mono text-[11.5px] text-muted tabular-nums"
          title={`Revision ${etcd.revision}`}
        >
          {etcd.revision}
        </span>
      )}
      {active && state !== 'down' && (
        <span className="chip tone-green roomy-only ml-auto px-1.5" title="Holds the leader lease">
          active
        </span>
      )}
    </div>
  )
}

function ComponentSign({ state, standby }: { state: ComponentView['state']; standby: boolean }) {
  if (state === 'starting')
    return <CircleDashed size={11} aria-label="starting" className="text-blue" />
  if (state === 'down') return <Circle size={11} aria-label="down" className="text-muted" />
  return (
    <Circle
      size={11}
      aria-label={standby ? 'standing by' : 'running'}
      className="text-green"
      fill={standby ? 'none' : 'currentColor'}
    />
  )
}
