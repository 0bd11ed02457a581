import type { ContainerStatus, Pod } from '../../api/generated/core-v1'
import { controllerOf } from '../../api/object'
import { deploymentOf } from '../actions/actions'
import { useSession } from '../app/session'
import { CountdownText } from '../stage/countdown'
import { usePodView } from '../stage/pod-hooks'
import { PodIcon, toneOf } from '../stage/pod-icon'
import { useValue } from '../store/hooks'
import { durationText, microsOf } from '../view/time'
import {
  Actions,
  Conditions,
  EventsOf,
  Facts,
  Section,
  SubjectLink,
  Title,
  timeText,
  useEpoch,
  Verdict,
} from './parts'

/** A pod: what it is doing, why, its containers, conditions, events and owners. */
export function PodDetails({ podKey }: { readonly podKey: string }) {
  const found = usePodView(podKey)
  if (!found) {
    return (
      <>
        <Title name={podKey.split('/')[1] ?? podKey} sub="Pod" />
        <Verdict tone="tone-grey">This pod is gone.</Verdict>
      </>
    )
  }
  const { pod, view } = found
  const { name, namespace } = pod.metadata
  const node = pod.spec?.nodeName
  return (
    <>
      <Title
        name={`Pod ${name}`}
        sub={
          <>
            {namespace} ·{' '}
            {node ? (
              <SubjectLink subject={{ kind: 'machine', key: node }}>{node}</SubjectLink>
            ) : (
              'no node yet'
            )}
            <Owners pod={pod} podKey={podKey} />
          </>
        }
      />
      <Verdict
        tone={toneOf[view.state]}
        word={
          <>
            <PodIcon view={view} /> {view.word}
          </>
        }
      >
        {view.sentence}
        {view.countdown && (
          <>
            {' '}
            <CountdownText countdown={view.countdown} />
          </>
        )}
      </Verdict>
      <Actions subject={{ kind: 'pod', key: podKey }} />
      <Section title="Containers">
        <Containers pod={pod} />
      </Section>
      <Section title="At a glance">
        <Facts
          facts={[
            ['Phase', pod.status?.phase ?? 'not set'],
            ['Pod IP', pod.status?.podIP ?? 'none yet'],
            ['QoS class', pod.status?.qosClass ?? 'none yet'],
            ['Restarts', view.restarts],
            ['Age', <Age key="age" since={pod.metadata.creationTimestamp} />],
            ['Labels', labelsText(pod.metadata.labels)],
          ]}
        />
      </Section>
      <Section title="Conditions">
        <Conditions rows={pod.status?.conditions ?? []} />
      </Section>
      <Section title="Events">
        <EventsOf kind="Pod" name={name} namespace={namespace} />
      </Section>
    </>
  )
}

/** Virtual time since a timestamp, as it passes. */
function Age({ since }: { readonly since?: string }) {
  const { lab } = useSession()
  const state = useValue(lab)
  const start = microsOf(since, state?.epochMs ?? 0)
  return state && start !== undefined ? durationText(state.time - start) : 'not known'
}

export function labelsText(labels: { readonly [name: string]: string } | undefined): string {
  const pairs = Object.entries(labels ?? {})
  return pairs.length === 0 ? 'none' : pairs.map(([name, value]) => `${name}=${value}`).join(', ')
}

function Owners({ pod, podKey }: { readonly pod: Pod; readonly podKey: string }) {
  const session = useSession()
  const owner = controllerOf(pod)
  if (!owner) return <> · owned by nobody</>
  const deployment = deploymentOf(session, podKey)
  return (
    <>
      {' '}
      · owned by{' '}
      {deployment && (
        <>
          <SubjectLink subject={{ kind: 'deployment', key: deployment }}>
            Deployment {deployment.split('/')[1]}
          </SubjectLink>{' '}
          through{' '}
        </>
      )}
      {owner.kind} {owner.name}
    </>
  )
}

function Containers({ pod }: { readonly pod: Pod }) {
  const epochMs = useEpoch()
  const statuses = new Map(
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].map(
      (status) => [status.name, status],
    ),
  )
  const containers = [
    ...(pod.spec?.initContainers ?? []).map((c) => ({ ...c, init: true })),
    ...(pod.spec?.containers ?? []).map((c) => ({ ...c, init: false })),
  ]
  return (
    <ul className="space-y-2.5">
      {containers.map((container) => {
        const status = statuses.get(container.name)
        return (
          <li
            key={container.name}
            className="rounded-lg border border-line px-3 py-2"
            data-testid="container"
          >
            <div className="mb-1 flex items-baseline gap-2 text-[13px]">
              <b className="font-semibold">{container.name}</b>
              {container.init && <span className="text-xs text-muted">init</span>}
              <span className="ml-auto truncate font-mono text-xs text-muted">
                {container.image}
              </span>
            </div>
            <Facts
              facts={[
                ['State', stateText(status, epochMs)],
                ['Ready', status?.ready ? 'yes' : 'no'],
                ['Restarts', status?.restartCount ?? 0],
                ...(status?.lastState?.terminated
                  ? ([['Last end', lastText(status, epochMs)]] as const)
                  : []),
              ]}
            />
          </li>
        )
      })}
    </ul>
  )
}

function stateText(status: ContainerStatus | undefined, epochMs: number): string {
  const { running, waiting, terminated } = status?.state ?? {}
  if (running) return `running since ${timeText(running.startedAt, epochMs)}`
  if (terminated) {
    return `${terminated.reason ?? 'ended'}, exit code ${terminated.exitCode}, at ${timeText(terminated.finishedAt, epochMs)}`
  }
  return waiting ? `waiting: ${waiting.reason ?? 'no reason given'}` : 'not reported yet'
}

function lastText(status: ContainerStatus, epochMs: number): string {
  const last = status.lastState?.terminated
  return last
    ? `${last.reason ?? 'ended'}, exit code ${last.exitCode}, at ${timeText(last.finishedAt, epochMs)}`
    : ''
}
