import type { Pod, PodCondition } from '../../api/generated/core-v1'
import type { Status } from '../../api/generated/meta-v1'
import type { Eviction, PodDisruptionBudget } from '../../api/generated/policy-v1'
import { selectorMatches } from '../../api/machinery/selectors'
import { failure, notFoundStatus, tooManyRequestsStatus } from '../../api/machinery/status'
import { formatTime } from '../../api/machinery/time'
import type { KubeObject } from '../../api/object'
import type { ApiResponse } from '../../client/request'
import type { Task } from '../../sim/task'
import type { Decision } from '../storage/object-store'
import {
  type Backend,
  type ResourceRequest,
  refused,
  stalenessStatus,
  successStatus,
} from './backend'
import { checkName, isDryRun, readBody, withWarnings } from './body'
import { removeObject } from './delete'
import { writeAt } from './write'

const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction' }
const budgetsPrefix = '/registry/policy/poddisruptionbudgets/'
const violation = "Cannot evict pod as it would violate the pod's disruption budget."
const severalBudgets =
  'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'

/** POST of `pods/x/eviction`: a delete, if the pod's disruption budget has one to spare. */
export function* evictPod(backend: Backend, request: ResourceRequest): Task<ApiResponse> {
  const { info, resource } = request
  const body = readBody(request, evictionKind)
  if (!body.ok) return refused(body.status)
  const named = checkName(request, body.value.object)
  if (!named.ok) return refused(named.status)
  const fresh = yield* backend.cache.fresh()
  if (!fresh.ok) return refused(stalenessStatus(fresh))
  const { objects } = backend.cache.resource(resource.prefix)
  const pod = objects.get(info.namespace, info.name) as Pod | undefined
  if (!pod) return refused(notFoundStatus(resource.groupResource, info.name))
  const guarded = !needsNoBudget(pod)
  if (guarded) {
    const refusal = yield* spend(backend, request, pod)
    if (refusal) return refused(refusal)
  }
  const { deleteOptions = {} } = named.value as Eviction
  const dryRun = isDryRun(request)
  if (guarded && !dryRun) yield* markTarget(backend, request)
  const options = dryRun ? { ...deleteOptions, dryRun: ['All'] } : deleteOptions
  const result = yield* removeObject(backend, request, options)
  if (!result.ok) return refused(result.status)
  return withWarnings(successStatus(201), body.value.warnings)
}

/** Its disruption has happened already. */
function needsNoBudget(pod: Pod): boolean {
  const phase = pod.status?.phase
  const ended = phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending'
  return ended || pod.metadata.deletionTimestamp !== undefined
}

/** Takes one disruption from the pod's budget, if it has one; the Status says why not. */
function* spend(backend: Backend, request: ResourceRequest, pod: Pod): Task<Status | undefined> {
  const { namespace = '' } = pod.metadata
  const all = backend.cache.resource(budgetsPrefix).objects.list(namespace)
  const budgets = (all as readonly PodDisruptionBudget[]).filter((budget) =>
    selectorMatches(budget.spec?.selector, pod.metadata.labels),
  )
  const [budget] = budgets
  if (!budget) return undefined
  if (budgets.length > 1) return failure(500, '', severalBudgets)
  if (!isReady(pod) && mayGoUnready(budget)) return undefined
  const now = formatTime(backend.env.clock.wall())
  const at = { prefix: budgetsPrefix, namespace, name: budget.metadata.name }
  const spent = yield* backend.store.write(at, (current): Decision => {
    const present = (current ?? budget) as PodDisruptionBudget
    const status = budgetRefusal(present)
    if (status) return { type: 'refuse', status }
    const object = withDisruption(present, pod.metadata.name, now)
    return isDryRun(request) ? { type: 'answer', object } : { type: 'put', object }
  })
  return spent.ok ? undefined : spent.status
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false
}

function mayGoUnready({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

function budgetRefusal({ metadata, status }: PodDisruptionBudget): Status | undefined {
  const { name, generation = 0 } = metadata
  const { currentHealthy = 0, desiredHealthy = 0, disruptionsAllowed = 0 } = status ?? {}
  const refuse = (message: string, retryAfterSeconds: number) =>
    tooManyRequestsStatus(violation, retryAfterSeconds, [{ reason: 'DisruptionBudget', message }])
  if ((status?.observedGeneration ?? 0) < generation) {
    return refuse(`The disruption budget ${name} is still being processed by the server.`, 10)
  }
  if (disruptionsAllowed > 0) return undefined
  const message = `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
  return refuse(message, 0)
}

function withDisruption(budget: PodDisruptionBudget, pod: string, now: string): KubeObject {
  const { status } = budget
  const disruptedPods = { ...status?.disruptedPods, [pod]: now }
  const disruptionsAllowed = (status?.disruptionsAllowed ?? 0) - 1
  return { ...budget, status: { ...status, disruptedPods, disruptionsAllowed } } as KubeObject
}

/** Tells whoever looks at the pod why it goes. */
function* markTarget(backend: Backend, request: ResourceRequest): Task<void> {
  const { name } = request.info
  yield* writeAt(backend, request, name, (current) => {
    if (!current)
      return { type: 'refuse', status: notFoundStatus(request.resource.groupResource, name) }
    const pod = current as Pod
    const target = {
      type: 'DisruptionTarget',
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: formatTime(backend.env.clock.wall()),
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    } as unknown as PodCondition
    const others = pod.status?.conditions?.filter(({ type }) => type !== target.type) ?? []
    const status = { ...pod.status, conditions: [...others, target] }
    return { type: 'put', object: { ...pod, status } }
  })
}
