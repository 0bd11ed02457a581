import type { ControllerRevision } from '../api/generated/apps-v1'
import type { PodTemplateSpec } from '../api/generated/core-v1'
import { templateHash } from '../api/machinery/hash'
import type { Labels } from '../api/machinery/selectors'
import { semanticEqual } from '../api/machinery/semantic-equal'
import type { KubeObject, ResourceRef } from '../api/object'
import { CONTROLLERREVISIONS } from '../api/resources'
import type { ApiClient } from '../client/api-client'
import type { Result } from '../client/request'
import { isAlreadyExists, isNotFound } from '../client/result'
import type { Task } from '../sim/task'
import { controllerRef } from './owners'

/** What a revision of a DaemonSet or StatefulSet records: its pod template, as a patch. */
export function revisionData(template: PodTemplateSpec): object {
  return { spec: { template: { $patch: 'replace', ...template } } }
}

/** The template that a revision recorded. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec | undefined {
  const data = revision.data as { spec?: { template?: PodTemplateSpec } } | undefined
  if (!data?.spec?.template) return undefined
  const { $patch: _patch, ...template } = data.spec.template as PodTemplateSpec & {
    $patch?: string
  }
  return template
}

/** The lowest revision number first. */
export function byRevision(a: ControllerRevision, b: ControllerRevision): number {
  if (a.revision !== b.revision) return a.revision - b.revision
  return a.metadata.name < b.metadata.name ? -1 : 1
}

/** Revision as its template calls for: there already, perhaps with a number that is too low. */
export function findRevision(
  revisions: readonly ControllerRevision[],
  template: PodTemplateSpec,
): { readonly current: ControllerRevision | undefined; readonly number: number } {
  const data = revisionData(template)
  const equal = revisions.filter((revision) => semanticEqual(revision.data, data))
  const current = equal.sort(byRevision).at(-1)
  const others = revisions.filter((revision) => revision !== current)
  const highest = Math.max(0, ...others.map(({ revision }) => revision))
  return { current, number: Math.max(highest + 1, current?.revision ?? 0) }
}

export interface RevisionOwner<T extends KubeObject> {
  readonly ref: ResourceRef<T>
  readonly object: T
  readonly template: PodTemplateSpec
  readonly labels: Labels
  readonly annotations?: Labels
  /** Label of a revision that carries its hash. */
  readonly hashLabel: string
}

/**
 * The revision of the owner's present template: found, renumbered when older ones got in between
 * (a rollback), or created under `<owner>-<hash>`.
 */
export function* currentRevision<T extends KubeObject>(
  client: ApiClient,
  owner: RevisionOwner<T>,
  revisions: readonly ControllerRevision[],
): Task<Result<ControllerRevision>> {
  const { current, number } = findRevision(revisions, owner.template)
  if (current?.revision === number) return { ok: true, value: current }
  if (current) return yield* client.update(CONTROLLERREVISIONS, { ...current, revision: number })
  const hash = templateHash(owner.template)
  const { name, namespace } = owner.object.metadata
  const draft = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...owner.labels, [owner.hashLabel]: hash },
      ...(owner.annotations && { annotations: owner.annotations }),
      ownerReferences: [controllerRef(owner.ref, owner.object)],
    },
    data: revisionData(owner.template),
    revision: number,
  }
  const created = yield* client.create(CONTROLLERREVISIONS, draft)
  if (created.ok || !isAlreadyExists(created.error)) return created
  return yield* client.get(CONTROLLERREVISIONS, { namespace, name: draft.metadata.name })
}

/** Deletes the oldest revisions beyond the limit that are not in use. */
export function* trimRevisions(
  client: ApiClient,
  revisions: readonly ControllerRevision[],
  inUse: ReadonlySet<string>,
  limit: number,
): Task<Result<unknown>> {
  const idle = revisions.filter(({ metadata }) => !inUse.has(metadata.name)).sort(byRevision)
  for (const { metadata } of idle.slice(0, Math.max(0, idle.length - limit))) {
    const { namespace, name } = metadata
    const deleted = yield* client.delete(CONTROLLERREVISIONS, { namespace, name })
    if (!deleted.ok && !isNotFound(deleted.error)) return deleted
  }
  return { ok: true, value: undefined }
}
