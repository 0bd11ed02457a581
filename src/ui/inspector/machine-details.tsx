import { useMemo } from 'react'
import { keyOf } from '../../api/object'
import type { EtcdState, MachineState } from '../../control/state'
import { useSession } from '../app/session'
import { useEtcd, useMachine } from '../stage/machine-hooks'
import { derive } from '../store/derive'
import { useValue } from '../store/hooks'
import { capacityOf, cpuText, memoryText } from '../view/capacity'
import { type MachineView, quorumText } from '../view/machine-view'
import { cutLinks } from '../view/reach'
import { clockText } from '../view/time'
import { Actions, Conditions, EventsOf, Facts, Section, SubjectLink, Title, Verdict } from './parts'

/** A machine: physics (power, processes, wires, etcd) beside what its Node says. */
export function MachineDetails({ id }: { readonly id: string }) {
  const facts = useMachine(id)
  const etcd = useEtcd(id)
  const { spec } = useSession()
  if (!facts) {
    return (
      <>
        <Title name={id} sub="Machine" />
        <Verdict tone="tone-grey">There is no such machine.</Verdict>
      </>
    )
  }
  const { machine, node, view } = facts
  return (
    <>
      <Title
        name={id}
        sub={`${roleText(machine)} · ${machine.ip}${machine.zone ? ` · zone ${machine.zone}` : ''}`}
      />
      <Verdict tone={toneOf(view)} word={view.disagreement && 'Two truths'}>
        {machine.role === 'load-balancer' ? balancerSentence(machine) : view.sentence}
      </Verdict>
      <Actions subject={{ kind: 'machine', key: id }} />
      <Section title="What the machine really does">
        <Facts
          facts={[
            [
              'Power',
              `${machine.power}${machine.since > 0 ? ` since ${clockText(machine.since, 0)}` : ''}`,
            ],
            ['Cpu', `${machine.cpu} cores`],
            ['Memory', machine.memory],
            ['Wires', <Wires key="wires" machine={machine} />],
          ]}
        />
        <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-[13px]">
          {machine.processes.map((process) => (
            <li
              key={process.name}
              className="flex items-center gap-1.5"
              title={`${process.name}: ${process.state}`}
            >
              <span aria-hidden className={processTone(process.state)}>
                {process.state === 'running' ? '●' : '○'}
              </span>
              <span>{process.name}</span>
              {process.state !== 'running' && (
                <span className="text-xs text-muted">{process.state}</span>
              )}
            </li>
          ))}
        </ul>
      </Section>
      {etcd && <EtcdFacts etcd={etcd} masters={spec.masters} />}
      {machine.role === 'worker' && <WorkerFacts id={id} />}
      {node && (
        <Section title="What its Node says">
          <Conditions rows={node.status?.conditions ?? []} />
        </Section>
      )}
      {(node?.spec?.taints?.length ?? 0) > 0 && (
        <Section title="Taints">
          <ul className="space-y-0.5 text-[13px]">
            {node!.spec!.taints!.map((taint) => (
              <li key={`${taint.key} ${taint.effect}`} className="break-words">
                {taint.key}:{taint.effect}
              </li>
            ))}
          </ul>
        </Section>
      )}
      {node && (
        <Section title="Events">
          <EventsOf kind="Node" name={id} />
        </Section>
      )}
    </>
  )
}

function roleText(machine: MachineState): string {
  return machine.role === 'load-balancer' ? 'load balancer' : machine.role
}

function balancerSentence(machine: MachineState): string {
  return machine.power === 'on'
    ? 'Sends each request to one of the API servers that answer its health check.'
    : 'Off: clients have no way to the API servers.'
}

/** What has ended by itself, as kubeadm does when its work is done, is no fault. */
function processTone(state: string): string {
  if (state === 'running') return 'text-green'
  return state === 'exited' ? 'text-muted' : 'text-red'
}

function toneOf(view: MachineView): string {
  if (view.disagreement || (view.physical === 'on' && view.reach.kind !== 'all'))
    return 'tone-amber'
  if (view.physical === 'off') return 'tone-grey'
  return view.ready === 'True' ? 'tone-green' : view.ready === 'missing' ? 'tone-blue' : 'tone-red'
}

function Wires({ machine }: { readonly machine: MachineState }) {
  const cut = cutLinks(machine)
  if (cut.length === 0) return 'all in order'
  return (
    <>
      cut to{' '}
      {cut.map((id, index) => (
        <span key={id}>
          <span className="whitespace-nowrap">
            {id}
            {index < cut.length - 1 && ','}
          </span>{' '}
        </span>
      ))}
    </>
  )
}

function EtcdFacts({ etcd, masters }: { readonly etcd: EtcdState; readonly masters: number }) {
  return (
    <Section title="etcd member">
      <Facts
        facts={[
          ['Role', etcd.role],
          ...(etcd.role === 'down'
            ? []
            : ([
                ['Term', etcd.term],
                ['Leader', etcd.leader === '' ? 'knows of none' : etcd.leader],
                ['Commit index', etcd.commitIndex],
                ['Applied index', etcd.appliedIndex],
                ['Revision', etcd.revision],
              ] as const)),
          ['Cluster', quorumText(masters)],
        ]}
      />
    </Section>
  )
}

function WorkerFacts({ id }: { readonly id: string }) {
  const { views, cluster } = useSession()
  const source = useMemo(
    () => derive([views.podsByNode], () => views.podsByNode.get().get(id) ?? []),
    [views, id],
  )
  const pods = useValue(source)
  const { cpuMilli, cpuMilliTotal, memoryBytes, memoryBytesTotal } = capacityOf(
    cluster.nodes.get(id),
    pods,
  )
  return (
    <Section title={`Pods (${pods.length})`}>
      <Facts
        facts={[
          ['Cpu asked for', `${cpuText(cpuMilli)} of ${cpuText(cpuMilliTotal)}`],
          ['Memory', `${memoryText(memoryBytes)} of ${memoryText(memoryBytesTotal)}`],
        ]}
      />
      <ul className="mt-1.5 space-y-0.5 text-[13px]">
        {pods.map((pod) => (
          <li key={keyOf(pod)}>
            <SubjectLink subject={{ kind: 'pod', key: keyOf(pod) }}>
              {pod.metadata.name}
            </SubjectLink>
          </li>
        ))}
      </ul>
    </Section>
  )
}
