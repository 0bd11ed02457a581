import type { NodeProps } from '@xyflow/react'
import { memo, useMemo } from 'react'
import { useSession } from '../app/session'
import { derive } from '../store/derive'
import { useValue } from '../store/hooks'
import { type Capacity, capacityOf, cpuText, memoryText } from '../view/capacity'
import { Anchors } from './anchors'
import { PowerBadge, ReadyBadge, TruthMark } from './machine-badges'
import { type MachineFacts, useMachine } from './machine-hooks'
import { Thing } from './thing'

/** A worker: what its Node says, what the machine does, what is requested of it. */
export const WorkerNode = memo(function WorkerNode({ data }: NodeProps) {
  const facts = useMachine(String(data.id))
  return (
    <>
      {facts && <WorkerCard facts={facts} />}
      <Anchors />
    </>
  )
})

function WorkerCard({ facts }: { readonly facts: MachineFacts }) {
  const { machine, node, view } = facts
  const { views } = useSession()
  const source = useMemo(
    () =>
      derive([views.podsByNode], () =>
        capacityOf(node, views.podsByNode.get().get(machine.id) ?? []),
      ),
    [views, node, machine.id],
  )
  const capacity = useValue(source)
  return (
    <Thing
      subject={{ kind: 'machine', key: machine.id }}
      aria-label={`Machine ${machine.id}, worker, ${view.sentence}`}
      data-testid="machine"
      data-name={machine.id}
      data-role="worker"
      data-power={machine.power}
      data-physical={view.physical}
      data-ready={view.ready}
      className="machine-card"
      title={view.sentence}
    >
      <div className="machine-head">
        <b>{machine.id}</b>
        <ReadyBadge view={view} />
        <span className="grow" />
        {machine.zone && (
          <span className="wide-only text-xs text-muted" title={`Zone ${machine.zone}`}>
            {machine.zone}
          </span>
        )}
      </div>
      {view.physical === 'on' && !view.disagreement ? (
        <Bars capacity={capacity} />
      ) : (
        <div className="mt-1 flex gap-2">
          {view.disagreement ? <TruthMark view={view} /> : <PowerBadge view={view} />}
        </div>
      )}
    </Thing>
  )
}

function Bars({ capacity }: { readonly capacity: Capacity }) {
  const { cpuMilli, cpuMilliTotal, memoryBytes, memoryBytesTotal } = capacity
  return (
    <div className="mt-1.5 flex gap-3">
      <Bar
        label="cpu"
        part={cpuMilliTotal > 0 ? cpuMilli / cpuMilliTotal : 0}
        title={`${cpuText(cpuMilli)} of ${cpuText(cpuMilliTotal)} cpu requested`}
      />
      <Bar
        label="mem"
        part={memoryBytesTotal > 0 ? memoryBytes / memoryBytesTotal : 0}
        title={`${memoryText(memoryBytes)} of ${memoryText(memoryBytesTotal)} memory requested`}
      />
    </div>
  )
}

function Bar({ label, part, title }: { label: string; part: number; title: string }) {
  const percent = Math.round(part * 100)
  return (
    <div
      className="flex min-w-0 flex-1 items-center gap-1.5 text-xs whitespace-nowrap text-muted"
      title={title}
    >
      <span>{label}</span>
      <span className="h-1.5 min-w-3 flex-1 overflow-hidden rounded-full bg-grey-soft">
        <span
          className={`block h-full rounded-full ${percent > 90 ? 'bg-amber' : 'bg-accent'}`}
          style={{ width: `${Math.min(100, percent)}%` }}
        />
      </span>
      <span className="tabular-nums">{percent} %</span>
    </div>
  )
}
