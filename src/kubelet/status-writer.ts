import type { Pod, PodCondition, PodStatus } from '../api/generated/core-v1'
import { PODS } from '../api/resources'
import type { ApiClient } from '../client/api-client'
import type { ApiError, Result } from '../client/request'
import { isNotFound } from '../client/result'
import type { ProcessEnv } from '../sim/process'
import { type Task, wait } from '../sim/task'
import { type Micros, seconds } from '../sim/time'
import { sameData } from './same-data'

const retryDelay: Micros = seconds(2)

interface Entry {
  desired: PodStatus
  written: PodStatus | undefined
  /** Resource version of the object after the last write. */
  version: number
  /** The pod is dead: remove the object once this status is written. */
  remove: boolean
  writing: boolean
}

/** Fields that the kubelet owns; a strategic merge patch carries those that changed. */
const owned = [
  'observedGeneration',
  'phase',
  'conditions',
  'reason',
  'message',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'initContainerStatuses',
  'containerStatuses',
] as const satisfies readonly (keyof PodStatus)[]

/** The patch from one status to the next, or undefined when nothing changed. */
export function statusPatch(
  before: PodStatus | undefined,
  after: PodStatus,
): { [field: string]: unknown } | undefined {
  let patch: { [field: string]: unknown } | undefined
  for (const field of owned) {
    const [old, next] = [before?.[field], after[field]]
    if (field === 'conditions' ? coversConditions(before, after) : sameData(old, next)) continue
    patch ??= {}
    if (field === 'podIPs' || field === 'hostIPs') {
      patch[field] = addressPatch(before?.[field] ?? [], after[field] ?? [])
    } else if (field === 'conditions') {
      patch[field] = conditionsPatch(before?.conditions ?? [], after.conditions ?? [])
    } else patch[field] = next ?? null
  }
  return patch
}

/** Lists of addresses merge by `ip`: those that went must be taken out by name. */
function addressPatch(
  before: readonly { readonly ip: string }[],
  after: readonly { readonly ip: string }[],
): object[] {
  const kept = new Set(after.map(({ ip }) => ip))
  const gone = before.filter(({ ip }) => !kept.has(ip))
  return [...after, ...gone.map(({ ip }) => ({ ip, $patch: 'delete' }))]
}

/** Conditions merge by type: a reason that no longer holds must be taken out by name. */
function conditionsPatch(
  before: readonly PodCondition[],
  after: readonly PodCondition[],
): object[] {
  return after.map((condition) => {
    const old = before.find((c) => c.type === condition.type)
    return {
      ...(old?.reason !== undefined && condition.reason === undefined ? { reason: null } : {}),
      ...(old?.message !== undefined && condition.message === undefined ? { message: null } : {}),
      ...condition,
    }
  })
}

/** Conditions of others may be there besides. */
function coversConditions(before: PodStatus | undefined, after: PodStatus): boolean {
  return (after.conditions ?? []).every((condition) => {
    const old = before?.conditions?.find((c) => c.type === condition.type)
    if (!old) return false
    const { lastProbeTime: _, ...rest } = old
    return sameData(rest, condition)
  })
}

/** Writes pod statuses: only changes, one request per pod at a time, the newest state. */
export class StatusWriter {
  readonly #env: ProcessEnv
  readonly #client: ApiClient
  readonly #entries = new Map<string, Entry>()
  /** The pod as the API server has it, by the uid of the pod on this node. */
  readonly #find: (uid: string) => Pod | undefined

  constructor(env: ProcessEnv, client: ApiClient, find: (uid: string) => Pod | undefined) {
    this.#env = env
    this.#client = client
    this.#find = find
  }

  /** The last status that was set, or the API server's. */
  status(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.desired ?? this.#find(uid)?.status
  }

  set(uid: string, desired: PodStatus, remove = false): void {
    const entry = this.#entries.get(uid)
    if (entry) {
      entry.desired = desired
      entry.remove ||= remove
    } else {
      this.#entries.set(uid, { desired, written: undefined, version: 0, remove, writing: false })
    }
    this.flush(uid)
  }

  /** Tries again, for example when the mirror of a static pod has appeared. */
  flush(uid: string): void {
    const entry = this.#entries.get(uid)
    if (!entry || entry.writing) return
    if (entry.written === entry.desired && !entry.remove) return
    entry.writing = true
    this.#env.spawn(this.#write(uid, entry))
  }

  /**
   * The API server's copy has changed. Whoever overwrote what this kubelet reported (the node
   * controller does so for a node it took for dead) is corrected.
   */
  reconcile(uid: string, pod: Pod): void {
    const entry = this.#entries.get(uid)
    if (!entry?.written || entry.writing) return
    if (Number(pod.metadata.resourceVersion) <= entry.version) return
    if (coversConditions(pod.status, entry.desired)) return
    entry.written = undefined
    this.flush(uid)
  }

  /** The API server's copy is another object now: what was written went with the old one. */
  forgetWritten(uid: string): void {
    const entry = this.#entries.get(uid)
    if (!entry) return
    entry.written = undefined
    this.flush(uid)
  }

  forget(uid: string): void {
    this.#entries.delete(uid)
  }

  *#write(uid: string, entry: Entry): Task<void> {
    while (this.#entries.get(uid) === entry) {
      const pod = this.#find(uid)
      if (!pod) break
      const { desired } = entry
      const body = statusPatch(entry.written ?? pod.status, desired)
      const patched = body && (yield* this.#patch(pod, body))
      const error = patched && !patched.ok ? patched.error : undefined
      if (patched?.ok) entry.version = Number(patched.value.metadata.resourceVersion)
      if (error && isFinal(error)) {
        if (!isNotFound(error)) this.#env.note('status.rejected', error.message)
        break
      }
      if (error) {
        yield* wait(this.#env.clock.sleep(retryDelay, 'kubelet.status-retry'))
        continue
      }
      entry.written = desired
      if (entry.desired !== desired) continue
      if (!entry.remove) break
      if (yield* this.#delete(pod)) break
      yield* wait(this.#env.clock.sleep(retryDelay, 'kubelet.status-retry'))
    }
    entry.writing = false
  }

  #patch(pod: Pod, status: object): Task<Result<Pod>> {
    const { namespace, name, uid } = pod.metadata
    const where = { namespace, name, subresource: 'status' }
    const body = { metadata: { uid }, status }
    return this.#client.patch<Pod>(PODS, where, 'strategic-merge', body)
  }

  /** True when the object is gone or is another one. */
  *#delete(pod: Pod): Task<boolean> {
    const { namespace, name, uid } = pod.metadata
    const options = { gracePeriodSeconds: 0, preconditions: { uid } }
    const deleted = yield* this.#client.delete(PODS, { namespace, name }, options)
    return deleted.ok || isFinal(deleted.error)
  }
}

/** No later try can succeed: the pod is gone, or the server will never take this status. */
function isFinal(error: ApiError): boolean {
  return isNotFound(error) || error.code === 400 || error.code === 422
}
