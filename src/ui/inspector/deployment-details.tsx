import { splitKey } from '../../api/object'
import { revisionsOf } from '../actions/api-actions'
import { useSession } from '../app/session'
import { useAll, useObject } from '../store/hooks'
import { Actions, Conditions, EventsOf, Facts, Section, Title, Verdict } from './parts'

/** A Deployment: desired beside observed, its revisions, and what can be done with it. */
export function DeploymentDetails({ deploymentKey }: { readonly deploymentKey: string }) {
  const session = useSession()
  const deployment = useObject(session.cluster.deployments, deploymentKey)
  useAll(session.cluster.replicaSets)
  const { namespace, name } = splitKey(deploymentKey)
  if (!deployment) {
    return (
      <>
        <Title name={`Deployment ${name}`} sub={namespace} />
        <Verdict tone="tone-grey">This Deployment is gone.</Verdict>
      </>
    )
  }
  const { spec, status } = deployment
  const wanted = spec?.replicas ?? 1
  const available = status?.availableReplicas ?? 0
  const updated = status?.updatedReplicas ?? 0
  const done = available === wanted && updated === wanted
  const images = (spec?.template.spec?.containers ?? []).map((c) => c.image).join(', ')
  return (
    <>
      <Title name={`Deployment ${name}`} sub={namespace} />
      <Verdict tone={done ? 'tone-green' : 'tone-blue'}>
        {done
          ? `All ${wanted} replicas are available and up to date.`
          : `${available} of ${wanted} replicas available, ${updated} of the newest template.`}
      </Verdict>
      <Actions subject={{ kind: 'deployment', key: deploymentKey }} />
      <Section title="Wanted and seen">
        <Facts
          facts={[
            ['Replicas', `${status?.replicas ?? 0} of ${wanted}`],
            ['Ready', status?.readyReplicas ?? 0],
            ['Up to date', updated],
            ['Available', available],
            ['Image', images],
            ['Strategy', spec?.strategy?.type ?? 'RollingUpdate'],
          ]}
        />
      </Section>
      <Section title="Revisions, newest first">
        <ul className="space-y-0.5 text-[13px]">
          {revisionsOf(session, deploymentKey).map((set) => (
            <li key={set.metadata.name} className="flex justify-between gap-2">
              <span className="truncate">{set.metadata.name}</span>
              <span className="text-muted tabular-nums">
                {set.status?.readyReplicas ?? 0} of {set.spec?.replicas ?? 0}
              </span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Conditions">
        <Conditions rows={status?.conditions ?? []} />
      </Section>
      <Section title="Events">
        <EventsOf kind="Deployment" name={name} namespace={namespace} />
      </Section>
    </>
  )
}
