import type { Binding, Pod, PodCondition } from '../../api/generated/core-v1'
import { invalidStatus, notSupported, required } from '../../api/machinery/field'
import { conflictStatus, notFoundStatus, preconditionStatus } from '../../api/machinery/status'
import { formatTime } from '../../api/machinery/time'
import type { ApiResponse } from '../../client/request'
import type { Task } from '../../sim/task'
import { addressOf } from '../resources'
import { type Backend, type ResourceRequest, refused, successStatus } from './backend'
import { checkName, isDryRun, readBody, withWarnings } from './body'

const bindingKind = { group: '', version: 'v1', kind: 'Binding' }
const bindings = { group: '', name: 'pods/binding' }

/** POST of `pods/x/binding`: gives the pod its node, once. */
export function* bindPod(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const body = readBody(request, bindingKind)
  if (!body.ok) return refused(body.status)
  const named = checkName(request, body.value.object)
  if (!named.ok) return refused(named.status)
  const binding = named.value as Binding
  const { info, resource } = request
  const errors = []
  if (!binding.target?.name) errors.push(required('target.name'))
  const kind = binding.target?.kind
  if (kind && kind !== 'Node') errors.push(notSupported('target.kind', kind, ['Node', '<empty>']))
  if (errors.length > 0) return refused(invalidStatus(bindingKind, info.name, errors))
  const at = addressOf(resource, info.namespace, info.name)
  const result = yield* backend.store.write(at, (current) => {
    if (!current) {
      return { type: 'refuse', status: notFoundStatus(resource.groupResource, info.name) }
    }
    const { uid } = binding.metadata
    if (uid && uid !== current.metadata.uid) {
      const values = { wanted: uid, actual: current.metadata.uid ?? '' }
      return { type: 'refuse', status: preconditionStatus(bindings, info.name, 'UID', values) }
    }
    const pod = current as Pod
    const obstacle = bindingObstacle(pod)
    if (obstacle) return { type: 'refuse', status: conflictStatus(bindings, info.name, obstacle) }
    const bound = withNode(pod, binding, formatTime(backend.env.clock.wall()))
    return isDryRun(request) ? { type: 'answer', object: bound } : { type: 'put', object: bound }
  })
  if (!result.ok) return refused(result.status)
  return withWarnings(successStatus(201), body.value.warnings)
}

function bindingObstacle(pod: Pod): string | undefined {
  const { name } = pod.metadata
  if (pod.metadata.deletionTimestamp !== undefined) {
    return `pod ${name} is being deleted, cannot be assigned to a host`
  }
  if (pod.spec?.nodeName) {
    return `pod ${name} is already assigned to node "${pod.spec.nodeName}"`
  }
  if ((pod.spec?.schedulingGates?.length ?? 0) > 0) {
    return `pod ${name} has non-empty .spec.schedulingGates`
  }
  return undefined
}

function withNode(pod: Pod, binding: Binding, now: string): Pod {
  const scheduled: PodCondition = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: now,
  } as unknown as PodCondition
  const conditions = pod.status?.conditions ?? []
  const known = conditions.some(({ type }) => type === 'PodScheduled')
  const { annotations, labels } = binding.metadata
  const metadata = {
    ...pod.metadata,
    ...(annotations && { annotations: { ...pod.metadata.annotations, ...annotations } }),
    ...(labels && { labels: { ...pod.metadata.labels, ...labels } }),
  }
  return {
    ...pod,
    metadata,
    spec: { ...pod.spec, nodeName: binding.target.name } as Pod['spec'],
    status: {
      ...pod.status,
      conditions: known
        ? conditions.map((old) => (old.type === 'PodScheduled' ? scheduled : old))
        : [...conditions, scheduled],
    },
  }
}
