import { CircleCheck, CircleX } from 'lucide-react'
import { useMemo, useState } from 'react'
import { splitKey } from '../../api/object'
import type { TrafficResponse } from '../../control/commands'
import { requestText, sendRequest } from '../actions/api-actions'
import { useSession } from '../app/session'
import { derive } from '../store/derive'
import { useObject, useValue } from '../store/hooks'
import { endpointsText } from '../view/service-view'
import { EventsOf, Facts, Section, SubjectLink, Title, Verdict } from './parts'
import { labelsText } from './pod-details'

interface Answer {
  readonly id: number
  readonly url: string
  readonly response: TrafficResponse
}

const ANSWERS_MAX = 8

/** A Service: where it sends requests, and a request to try it. */
export function ServiceDetails({ serviceKey }: { readonly serviceKey: string }) {
  const session = useSession()
  const { cluster, views } = session
  const service = useObject(cluster.services, serviceKey)
  const source = useMemo(
    () => derive([views.endpoints], () => views.endpoints.get().get(serviceKey) ?? []),
    [views, serviceKey],
  )
  const endpoints = useValue(source)
  const [answers, setAnswers] = useState<readonly Answer[]>([])
  const { namespace, name } = splitKey(serviceKey)
  if (!service) {
    return (
      <>
        <Title name={`Service ${name}`} sub={namespace} />
        <Verdict tone="tone-grey">This Service is gone.</Verdict>
      </>
    )
  }
  const ready = endpoints.filter((endpoint) => endpoint.ready).length
  const ask = async () => {
    const response = await sendRequest(session, serviceKey)
    if (!response) return
    setAnswers((old) =>
      [{ id: (old[0]?.id ?? 0) + 1, url: `${name}.${namespace}`, response }, ...old].slice(
        0,
        ANSWERS_MAX,
      ),
    )
  }
  return (
    <>
      <Title name={`Service ${name}`} sub={`${namespace} · ${service.spec?.type ?? 'ClusterIP'}`} />
      <Verdict tone={ready > 0 ? 'tone-green' : 'tone-amber'}>
        {ready > 0
          ? `Requests go to ${ready === 1 ? 'one pod' : `one of ${ready} pods`}: ${endpointsText(endpoints)}.`
          : `A request would be refused: ${endpointsText(endpoints)}.`}
      </Verdict>
      <button
        type="button"
        className="btn btn-primary"
        onClick={() => void ask()}
        data-testid="send-request"
      >
        Send a request
      </button>
      {answers.length > 0 && (
        <ol className="mt-2 space-y-1 text-[13px]" aria-label="Answers, newest first">
          {answers.map((answer) => (
            <li
              key={answer.id}
              data-testid="answer"
              data-status={answer.response.status}
              data-pod={answer.response.pod ?? ''}
              className="break-words"
            >
              {requestText(answer.url, answer.response)}
            </li>
          ))}
        </ol>
      )}
      <Section title="Endpoints">
        {endpoints.length === 0 && (
          <p className="text-[13px] text-muted">
            No pod matches the selector, or none has an IP yet.
          </p>
        )}
        <ul className="space-y-1 text-[13px]">
          {endpoints.map((endpoint) => (
            <li
              key={endpoint.pod + endpoint.address}
              className="flex items-center gap-2"
              data-testid="endpoint"
              data-ready={endpoint.ready}
            >
              {endpoint.ready ? (
                <CircleCheck size={14} className="text-green" aria-label="ready" />
              ) : (
                <CircleX size={14} className="text-amber" aria-label="not ready" />
              )}
              {endpoint.pod === '' ? (
                'not a pod'
              ) : (
                <SubjectLink subject={{ kind: 'pod', key: endpoint.pod }}>
                  {splitKey(endpoint.pod).name}
                </SubjectLink>
              )}
              <span className="ml-auto font-mono text-xs text-muted">{endpoint.address}</span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="At a glance">
        <Facts
          facts={[
            ['Cluster IP', service.spec?.clusterIP ?? 'none'],
            ['Selector', labelsText(service.spec?.selector)],
            ...(service.spec?.ports ?? []).map(
              (port) =>
                [
                  `Port ${port.name ?? port.port}`,
                  `${port.port} → ${port.targetPort ?? port.port} ${port.protocol ?? 'TCP'}${port.nodePort ? `, node port ${port.nodePort}` : ''}`,
                ] as const,
            ),
          ]}
        />
      </Section>
      <Section title="Events">
        <EventsOf kind="Service" name={name} namespace={namespace} />
      </Section>
    </>
  )
}
