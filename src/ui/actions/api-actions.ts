import type { ReplicaSet } from '../../api/generated/apps-v1'
import type { Status } from '../../api/generated/meta-v1'
import {
  controllerOf,
  type KubeObject,
  type ResourceRef,
  resourcePath,
  splitKey,
} from '../../api/object'
import { DEPLOYMENTS, PODS } from '../../api/resources'
import type { ApiRequest, ApiResponse } from '../../client/request'
import type { TrafficResponse } from '../../control/commands'
import type { Session } from '../app/session'
import { useUi } from '../app/ui-state'
import { runLab } from './lab'

const STRATEGIC = 'application/strategic-merge-patch+json'

/** The server's own words when it refuses, or what no answer means. */
export function answerText(answer: ApiResponse): string {
  const message = (answer.body as Status | undefined)?.message
  if (answer.status === 0) return `The API server did not answer: ${message ?? 'no connection'}.`
  return message ?? `The API server answered ${answer.status}.`
}

async function send(session: Session, request: ApiRequest, done: string): Promise<boolean> {
  const answer = await session.engine.transport.send(request)
  const good = answer.status >= 200 && answer.status < 300
  useUi.getState().notify(good ? done : answerText(answer), good ? 'good' : 'bad')
  return good
}

function pathOf(resource: ResourceRef<KubeObject>, key: string): string {
  return resourcePath(resource, splitKey(key))
}

export async function deletePod(
  session: Session,
  key: string,
  graceSeconds: number | undefined,
): Promise<void> {
  const query: { [name: string]: string } =
    graceSeconds === undefined ? {} : { gracePeriodSeconds: String(graceSeconds) }
  const request: ApiRequest = { method: 'DELETE', path: pathOf(PODS, key), query }
  await send(session, request, `pod "${splitKey(key).name}" deleted`)
}

async function patchDeployment(
  session: Session,
  key: string,
  patch: { readonly body: unknown; readonly contentType?: string; readonly done: string },
): Promise<void> {
  const path = pathOf(DEPLOYMENTS, key)
  const { body, contentType = STRATEGIC } = patch
  await send(session, { method: 'PATCH', path, contentType, body }, patch.done)
}

export async function scaleBy(session: Session, key: string, by: number): Promise<void> {
  const replicas = session.cluster.deployments.get(key)?.spec?.replicas ?? 1
  const next = Math.max(0, replicas + by)
  await patchDeployment(session, key, {
    body: { spec: { replicas: next } },
    done: `deployment.apps/${splitKey(key).name} scaled to ${next}`,
  })
}

/** As `kubectl rollout restart`: an annotation on the template, with the virtual time. */
export async function restartRollout(session: Session, key: string): Promise<void> {
  const lab = session.lab.get()
  const now = new Date((lab?.epochMs ?? 0) + (lab?.time ?? 0) / 1000)
  const annotations = { 'kubectl.kubernetes.io/restartedAt': now.toISOString() }
  await patchDeployment(session, key, {
    body: { spec: { template: { metadata: { annotations } } } },
    done: `deployment.apps/${splitKey(key).name} restarted`,
  })
}

const REVISION = 'deployment.kubernetes.io/revision'

function revisionOf(object: KubeObject): number {
  return Number(object.metadata.annotations?.[REVISION] ?? 0)
}

/** The ReplicaSets of a Deployment, newest revision first. */
export function revisionsOf(session: Session, key: string): readonly ReplicaSet[] {
  const deployment = session.cluster.deployments.get(key)
  return session.cluster.replicaSets
    .all()
    .filter((set) => controllerOf(set)?.uid === deployment?.metadata.uid)
    .sort((a, b) => revisionOf(b) - revisionOf(a))
}

/** As `kubectl rollout undo`: the template of the revision before the present one. */
export async function rollBack(session: Session, key: string): Promise<void> {
  const name = splitKey(key).name
  const previous = revisionsOf(session, key)[1]
  if (!previous?.spec?.template) {
    useUi.getState().notify(`no rollout history found for deployment "${name}"`, 'bad')
    return
  }
  const { template } = previous.spec
  const { 'pod-template-hash': _hash, ...labels } = template.metadata?.labels ?? {}
  await patchDeployment(session, key, {
    contentType: 'application/json-patch+json',
    body: [
      {
        op: 'replace',
        path: '/spec/template',
        value: { ...template, metadata: { ...template.metadata, labels } },
      },
    ],
    done: `deployment.apps/${name} rolled back to revision ${revisionOf(previous)}`,
  })
}

/** One request from outside the cluster to a Service by its name; answers who answered. */
export async function sendRequest(
  session: Session,
  key: string,
): Promise<TrafficResponse | undefined> {
  const service = session.cluster.services.get(key)
  const { namespace, name } = splitKey(key)
  const port = service?.spec?.ports?.[0]?.port ?? 80
  const url = `http://${name}.${namespace}${port === 80 ? '' : `:${port}`}/`
  const [result] = await runLab(session, [{ type: 'request', from: 'outside', url }])
  const response = result?.ok ? result.response : undefined
  if (response) useUi.getState().notify(requestText(url, response), requestTone(response))
  return response
}

function requestTone(response: TrafficResponse): 'good' | 'bad' {
  return response.status >= 200 && response.status < 400 ? 'good' : 'bad'
}

export function requestText(url: string, response: TrafficResponse): string {
  const took = `${Math.round(response.latencyMicros / 100) / 10} ms`
  if (response.status === 0)
    return `GET ${url}: no answer, ${response.error ?? 'timed out'} (${took}).`
  const who = response.pod ? ` from ${splitKey(response.pod).name}` : ''
  return `GET ${url}: ${response.status}${who} in ${took}.`
}
