import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/generated/apps-v1'
import type { Pod } from '../../api/generated/core-v1'
import { templateHash } from '../../api/machinery/hash'
import { semanticEqual } from '../../api/machinery/semantic-equal'
import { controllerOf } from '../../api/object'
import { DEPLOYMENTS, REPLICASETS } from '../../api/resources'
import type { ApiClient } from '../../client/api-client'
import type { EventRecorder } from '../../client/event-recorder'
import type { ApiError, Result } from '../../client/request'
import { isAlreadyExists, isNotFound } from '../../client/result'
import type { Task } from '../../sim/task'
import type { Micros } from '../../sim/time'
import { controllerRef } from '../owners'
import { isNamespaceTerminating } from '../pod-control'
import { isPodTerminal } from '../pod-state'
import {
  newReplicaSetAnnotations,
  revisionAnnotation,
  revisionOf,
  templateHashLabel,
  withReplicaNotes,
} from './annotations'
import {
  activeSets,
  actualReplicas,
  fenceposts,
  isScalingEvent,
  newReplicaSetSize,
  planCleanup,
  planRollingUpdate,
  planScaling,
  replicasOf,
  type ScaleStep,
  sameTemplate,
  splitReplicaSets,
  wantedReplicas,
} from './plan'
import {
  condition,
  conditionOf,
  countedStatus,
  hasProgressDeadline,
  type Instant,
  isComplete,
  rolloutStatus,
  untilDeadline,
  withCondition,
} from './status'

export interface RolloutTools {
  readonly client: ApiClient
  readonly recorder: EventRecorder
  readonly instant: Instant
  /** The cache's ReplicaSet of that name in the Deployment's namespace. */
  readonly cached: (name: string) => ReplicaSet | undefined
  /** The cache's pods of a ReplicaSet. */
  readonly podsOf: (uid: string) => readonly Pod[]
}

/** Nothing went wrong; `after` says when to look again though nothing may have changed by then. */
type Outcome = Result<{ readonly after?: Micros }>
const done: Outcome = { ok: true, value: {} }

/** One sync of one Deployment: what it owns as the cache shows it, and what was changed since. */
export class Rollout {
  readonly #tools: RolloutTools
  #deployment: Deployment
  #sets: readonly ReplicaSet[]

  constructor(tools: RolloutTools, deployment: Deployment, sets: readonly ReplicaSet[]) {
    this.#tools = tools
    this.#deployment = deployment
    this.#sets = sets
  }

  *sync(): Task<Outcome> {
    const { metadata, spec } = this.#deployment
    if (metadata.deletionTimestamp) return yield* this.#writeCounts()
    const noted = yield* this.#notePause()
    if (!noted.ok) return noted
    if (spec.paused) return yield* this.#resize()
    const found = yield* this.#current(false)
    if (!found.ok) return found
    if (isScalingEvent(this.#deployment, this.#sets)) return yield* this.#resize()
    if (spec.strategy?.type === 'Recreate') return yield* this.#recreate()
    return yield* this.#rollingUpdate()
  }

  /** Deleted: only the counts are kept up. */
  *#writeCounts(): Task<Outcome> {
    const { current } = splitReplicaSets(this.#deployment, this.#sets)
    const { instant } = this.#tools
    const status = countedStatus(this.#deployment, this.#sets, current, instant)
    return yield* this.#writeStatus(status)
  }

  *#resize(): Task<Outcome> {
    const found = yield* this.#current(false)
    if (!found.ok) return found
    const old = this.#sets.filter((rs) => rs !== found.value)
    const scaled = yield* this.#scale(planScaling(this.#deployment, found.value, old))
    if (!scaled.ok) return scaled
    if (this.#deployment.spec.paused) {
      const cleaned = yield* this.#cleanUp()
      if (!cleaned.ok) return cleaned
    }
    return yield* this.#writeCounts()
  }

  *#rollingUpdate(): Task<Outcome> {
    const found = yield* this.#current(true)
    if (!found.ok) return found
    const current = found.value as ReplicaSet
    const old = this.#sets.filter((rs) => rs !== current)
    const steps = planRollingUpdate(this.#deployment, current, old)
    const scaled = yield* this.#scale(steps)
    if (!scaled.ok) return scaled
    if (steps.length === 0 && isComplete(this.#deployment, this.#deployment.status ?? {})) {
      const cleaned = yield* this.#cleanUp()
      if (!cleaned.ok) return cleaned
    }
    return yield* this.#writeProgress()
  }

  *#recreate(): Task<Outcome> {
    const { current, old } = splitReplicaSets(this.#deployment, this.#sets)
    const down = activeSets(old).map(({ metadata }) => ({ name: metadata.name, to: 0 }))
    const emptied = yield* this.#scale(down)
    if (!emptied.ok) return emptied
    if (down.length > 0 || this.#oldPodsRun(current, old)) return yield* this.#writeProgress()
    const found = yield* this.#current(true)
    if (!found.ok) return found
    const { name } = (found.value as ReplicaSet).metadata
    const filled = yield* this.#scale([{ name, to: wantedReplicas(this.#deployment) }])
    if (!filled.ok) return filled
    if (isComplete(this.#deployment, this.#deployment.status ?? {})) {
      const cleaned = yield* this.#cleanUp()
      if (!cleaned.ok) return cleaned
    }
    return yield* this.#writeProgress()
  }

  /** Pods on their way out still run. */
  #oldPodsRun(current: ReplicaSet | undefined, old: readonly ReplicaSet[]): boolean {
    if (actualReplicas(old) > 0) return true
    return old.some(
      (rs) =>
        rs !== current &&
        this.#tools.podsOf(rs.metadata.uid ?? '').some((pod) => !isPodTerminal(pod)),
    )
  }

  *#notePause(): Task<Outcome> {
    const d = this.#deployment
    const progressing = conditionOf(d.status, 'Progressing')
    if (!hasProgressDeadline(d) || progressing?.reason === 'ProgressDeadlineExceeded') return done
    const noted = progressing?.reason === 'DeploymentPaused'
    if (noted === (d.spec.paused === true)) return done
    const { now } = this.#tools.instant
    const next = noted
      ? condition(['Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed'], now)
      : condition(['Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused'], now)
    return yield* this.#writeStatus(withCondition(d.status ?? {}, next))
  }

  /** The ReplicaSet of the present template, its revision brought up to date; created if asked. */
  *#current(create: boolean): Task<Result<ReplicaSet | undefined>> {
    const { current, old } = splitReplicaSets(this.#deployment, this.#sets)
    const revision = Math.max(0, ...old.map(revisionOf)) + 1
    if (current) return yield* this.#upToDate(current, revision)
    if (!create) return { ok: true, value: undefined }
    return yield* this.#create(revision)
  }

  *#upToDate(current: ReplicaSet, newest: number): Task<Result<ReplicaSet>> {
    const d = this.#deployment
    const annotations = newReplicaSetAnnotations(d, current.metadata.annotations, newest)
    const minReadySeconds = d.spec.minReadySeconds ?? 0
    const isOther = (current.spec.minReadySeconds ?? 0) !== minReadySeconds
    if (annotations !== current.metadata.annotations || isOther) {
      return yield* this.#updateSet({
        ...current,
        metadata: { ...current.metadata, annotations },
        spec: isOther ? { ...current.spec, minReadySeconds } : current.spec,
      })
    }
    const text = `Found new replica set "${current.metadata.name}"`
    const noted = yield* this.#noteRevision(annotations?.[revisionAnnotation] ?? '', {
      reason: 'FoundNewReplicaSet',
      text,
      onlyFirst: true,
    })
    return noted.ok ? { ok: true, value: current } : noted
  }

  /** Writes the revision, and a Progressing condition, to the Deployment if they are new. */
  *#noteRevision(
    revision: string,
    progress: { readonly reason: string; readonly text: string; readonly onlyFirst: boolean },
  ): Task<Outcome> {
    const d = this.#deployment
    const annotations =
      d.metadata.annotations?.[revisionAnnotation] === revision
        ? d.metadata.annotations
        : { ...d.metadata.annotations, [revisionAnnotation]: revision }
    const before = d.status ?? {}
    let status = before
    if (hasProgressDeadline(d) && !(progress.onlyFirst && conditionOf(status, 'Progressing'))) {
      const { now } = this.#tools.instant
      const { reason, text } = progress
      status = withCondition(status, condition(['Progressing', 'True', reason, text], now))
    }
    if (annotations === d.metadata.annotations && status === before) return done
    return yield* this.#putStatus({ ...d, metadata: { ...d.metadata, annotations }, status })
  }

  *#create(revision: number): Task<Result<ReplicaSet>> {
    const draft = this.#draft(revision)
    const made = yield* this.#tools.client.create(REPLICASETS, draft)
    let created: ReplicaSet
    if (made.ok) {
      created = made.value
      const size = replicasOf(created)
      if (size > 0) this.#tellScaled('up', created.metadata.name, 0, size)
    } else if (isAlreadyExists(made.error)) {
      const existing = this.#tools.cached(draft.metadata.name)
      if (!existing || !this.#isOurs(existing)) return yield* this.#collided(existing, made.error)
      created = existing
    } else {
      return yield* this.#refused(draft.metadata.name, made.error)
    }
    this.#sets = [...this.#sets, created]
    const noted = yield* this.#noteRevision(String(revision), {
      reason: 'NewReplicaSetCreated',
      text: `Created new replica set "${created.metadata.name}"`,
      onlyFirst: !made.ok,
    })
    return noted.ok ? { ok: true, value: created } : noted
  }

  #isOurs(existing: ReplicaSet): boolean {
    const { metadata, spec } = this.#deployment
    return (
      controllerOf(existing)?.uid === metadata.uid &&
      sameTemplate(spec.template, existing.spec.template)
    )
  }

  /** Another ReplicaSet has the name: the next attempt hashes with a higher collision count. */
  *#collided(existing: ReplicaSet | undefined, error: ApiError): Task<Result<ReplicaSet>> {
    if (existing) {
      const d = this.#deployment
      const collisionCount = (d.status?.collisionCount ?? 0) + 1
      yield* this.#putStatus({ ...d, status: { ...d.status, collisionCount } })
    }
    return { ok: false, error }
  }

  *#refused(name: string, error: ApiError): Task<Result<ReplicaSet>> {
    if (isNamespaceTerminating(error)) return { ok: false, error }
    const d = this.#deployment
    const text = `Failed to create new replica set "${name}": ${error.message}`
    if (hasProgressDeadline(d)) {
      const { now } = this.#tools.instant
      const failed = condition(['Progressing', 'False', 'ReplicaSetCreateError', text], now)
      yield* this.#writeStatus(withCondition(d.status ?? {}, failed))
    }
    this.#tools.recorder.event(d, 'Warning', 'ReplicaSetCreateError', text)
    return { ok: false, error }
  }

  #draft(revision: number): ReplicaSet {
    const d = this.#deployment
    const { template, selector, minReadySeconds } = d.spec
    const hash = templateHash(template, d.status?.collisionCount)
    const labels = { ...template.metadata?.labels, [templateHashLabel]: hash }
    const wanted = wantedReplicas(d)
    const annotations = withReplicaNotes(
      newReplicaSetAnnotations(d, undefined, revision),
      wanted,
      wanted + fenceposts(d).surge,
    )
    return {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${d.metadata.name}-${hash}`,
        namespace: d.metadata.namespace,
        labels,
        annotations,
        ownerReferences: [controllerRef(DEPLOYMENTS, d)],
      },
      spec: {
        replicas: newReplicaSetSize(d, this.#sets, 0),
        ...(minReadySeconds && { minReadySeconds }),
        selector: {
          ...selector,
          matchLabels: { ...selector.matchLabels, [templateHashLabel]: hash },
        },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
      status: { replicas: 0 },
    }
  }

  /** Carries steps out in order; size notes are renewed even where the size stays. */
  *#scale(steps: readonly ScaleStep[]): Task<Outcome> {
    const d = this.#deployment
    const wanted = wantedReplicas(d)
    for (const { name, to } of steps) {
      const rs = this.#sets.find(({ metadata }) => metadata.name === name) as ReplicaSet
      const from = replicasOf(rs)
      const annotations = withReplicaNotes(
        rs.metadata.annotations,
        wanted,
        wanted + fenceposts(d).surge,
      )
      if (from === to && annotations === rs.metadata.annotations) continue
      const updated = yield* this.#updateSet({
        ...rs,
        metadata: { ...rs.metadata, annotations },
        spec: { ...rs.spec, replicas: to },
      })
      if (!updated.ok) return updated
      if (from !== to) this.#tellScaled(to > from ? 'up' : 'down', name, from, to)
    }
    return done
  }

  #tellScaled(direction: 'up' | 'down', name: string, from: number, to: number): void {
    const text = `Scaled ${direction} replica set ${name} from ${from} to ${to}`
    this.#tools.recorder.event(this.#deployment, 'Normal', 'ScalingReplicaSet', text)
  }

  *#updateSet(rs: ReplicaSet): Task<Result<ReplicaSet>> {
    const updated = yield* this.#tools.client.update(REPLICASETS, rs)
    if (updated.ok) {
      const { uid } = updated.value.metadata
      this.#sets = this.#sets.map((old) => (old.metadata.uid === uid ? updated.value : old))
    }
    return updated
  }

  *#cleanUp(): Task<Outcome> {
    const { old } = splitReplicaSets(this.#deployment, this.#sets)
    for (const { metadata } of planCleanup(this.#deployment, old, revisionOf)) {
      const { namespace, name } = metadata
      const deleted = yield* this.#tools.client.delete(REPLICASETS, { namespace, name })
      if (!deleted.ok && !isNotFound(deleted.error)) return deleted
    }
    return done
  }

  *#writeProgress(): Task<Outcome> {
    const { current } = splitReplicaSets(this.#deployment, this.#sets)
    const d = this.#deployment
    const { instant } = this.#tools
    const status = rolloutStatus(d, this.#sets, current, instant)
    if (!semanticEqual(d.status, status)) return yield* this.#writeStatus(status)
    return { ok: true, value: { after: untilDeadline(d, status, instant.wall) } }
  }

  *#writeStatus(status: DeploymentStatus): Task<Outcome> {
    const d = this.#deployment
    return semanticEqual(d.status, status) ? done : yield* this.#putStatus({ ...d, status })
  }

  *#putStatus(deployment: Deployment): Task<Outcome> {
    const written = yield* this.#tools.client.updateStatus(DEPLOYMENTS, deployment)
    if (!written.ok) return written
    this.#deployment = written.value
    return done
  }
}
