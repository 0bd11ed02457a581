import type { FieldError } from '../machinery/field'
import { semanticEqual } from '../machinery/semantic-equal'
import type { KubeObject } from '../object'
import { type NameRule, nameIsDNSSubdomain } from './checks'
import { validateObjectMeta, validateObjectMetaUpdate } from './metadata'

/**
 * The rules of one resource, all pure. Order on create: `defaults`, `prepareForCreate`, admission,
 * `validate`; on update: `defaults`, `prepareForUpdate`, admission, `validateUpdate`.
 * Objects are plain decoded data; nothing given is changed, unchanged parts are shared.
 */
export interface KindStrategy<T extends KubeObject = KubeObject> {
  readonly namespaced: boolean
  /** Has a `status` that only the status subresource may write. */
  readonly hasStatus: boolean
  /** `metadata.generation` counts changes of the spec. */
  readonly hasGeneration: boolean
  /** An update without a resourceVersion overwrites what is there. */
  readonly allowUnconditionalUpdate: boolean
  /** A PUT to a name that does not exist creates it. */
  readonly allowCreateOnUpdate: boolean
  /** Fills in defaults; idempotent; gives back the same object when nothing is missing. */
  defaults(object: T): T
  /** Clears what clients may not set on create; sets the first generation. */
  prepareForCreate(object: T): T
  /** Keeps the old status; raises `metadata.generation` iff the spec changed. */
  prepareForUpdate(next: T, old: T): T
  /** Keeps the old spec and, of the metadata, what a status update may not touch. */
  prepareForStatusUpdate(next: T, old: T): T
  validate(object: T): readonly FieldError[]
  validateUpdate(next: T, old: T): readonly FieldError[]
  validateStatusUpdate(next: T, old: T): readonly FieldError[]
  /** Seconds to wait before a deleted object goes, unless the client says otherwise; missing: none. */
  gracePeriodSeconds?(object: T): number
}

/** What a kind adds to the common rules; everything else is generic. */
interface KindRules<T extends KubeObject> {
  readonly namespaced?: boolean
  readonly hasStatus?: boolean
  readonly hasGeneration?: boolean
  readonly allowUnconditionalUpdate?: boolean
  readonly allowCreateOnUpdate?: boolean
  readonly nameRule?: NameRule
  /** Checks the whole metadata again on update, not only what changed; shows in the causes. */
  readonly metadataAgain?: boolean
  defaults?(object: T): T
  /** Runs after the status is cleared and the generation set. */
  prepareForCreate?(object: T): T
  /** Runs before the generation is decided. */
  prepareForUpdate?(next: T, old: T): T
  prepareForStatusUpdate?(next: T, old: T): T
  /** What counts for the generation; by default everything but metadata and status. */
  generationChanged?(next: T, old: T): boolean
  /** Everything but the metadata. */
  validate?(object: T, errors: FieldError[]): void
  /** Everything but the metadata; replaces `validate` on update. */
  validateUpdate?(next: T, old: T, errors: FieldError[]): void
  validateStatusUpdate?(next: T, old: T, errors: FieldError[]): void
  gracePeriodSeconds?(object: T): number
}

type WithParts = KubeObject & { readonly status?: unknown }

/** A strategy of the common rules and what the kind adds. */
export function strategyOf<T extends KubeObject>(rules: KindRules<T>): KindStrategy<T> {
  const namespaced = rules.namespaced ?? true
  const hasStatus = rules.hasStatus ?? false
  const hasGeneration = rules.hasGeneration ?? false
  const nameRule = rules.nameRule ?? nameIsDNSSubdomain
  const meta = { namespaced, nameRule }
  const strategy: KindStrategy<T> = {
    namespaced,
    hasStatus,
    hasGeneration,
    allowUnconditionalUpdate: rules.allowUnconditionalUpdate ?? true,
    allowCreateOnUpdate: rules.allowCreateOnUpdate ?? false,
    defaults: rules.defaults ?? ((object) => object),
    prepareForCreate(object) {
      let next = hasStatus ? withoutStatus(object) : object
      next = withGeneration(next, hasGeneration ? 1 : undefined)
      return rules.prepareForCreate?.(next) ?? next
    },
    prepareForUpdate(given, old) {
      let next = hasStatus ? withStatusOf(given, old) : given
      next = rules.prepareForUpdate?.(next, old) ?? next
      if (!hasGeneration) return next
      const changed = (rules.generationChanged ?? contentChanged)(next, old)
      const generation = old.metadata.generation ?? 0
      return withGeneration(next, changed ? generation + 1 : old.metadata.generation)
    },
    prepareForStatusUpdate(given, old) {
      const next = withOnlyStatusOf(given, old)
      return rules.prepareForStatusUpdate?.(next, old) ?? next
    },
    validate(object) {
      const errors: FieldError[] = []
      validateObjectMeta(object.metadata, meta, errors)
      rules.validate?.(object, errors)
      return errors
    },
    validateUpdate(next, old) {
      const errors = metadataErrors(next, old)
      if (rules.metadataAgain && next.metadata !== old.metadata) {
        validateObjectMeta(next.metadata, meta, errors)
      }
      if (rules.validateUpdate) rules.validateUpdate(next, old, errors)
      else rules.validate?.(next, errors)
      return errors
    },
    validateStatusUpdate(next, old) {
      const errors = metadataErrors(next, old)
      rules.validateStatusUpdate?.(next, old, errors)
      return errors
    },
  }
  if (rules.gracePeriodSeconds) strategy.gracePeriodSeconds = rules.gracePeriodSeconds
  return strategy
}

/** The server checks an update's metadata in general and again for the kind: causes come twice. */
function metadataErrors(next: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = []
  validateObjectMetaUpdate(next.metadata, old.metadata, errors)
  return errors.length === 0 ? errors : [...errors, ...errors]
}

function withoutStatus<T extends KubeObject>(object: T): T {
  if ((object as WithParts).status === undefined) return object
  const { status: _, ...rest } = object as T & WithParts
  return rest as unknown as T
}

function withStatusOf<T extends KubeObject>(next: T, old: T): T {
  const status = (old as WithParts).status
  if ((next as WithParts).status === status) return next
  return status === undefined ? withoutStatus(next) : { ...next, status }
}

/** Everything old but the status, and of the metadata what a status writer may change. */
function withOnlyStatusOf<T extends KubeObject>(next: T, old: T): T {
  const { deletionTimestamp: _, ...metadata } = next.metadata
  const kept = { ...metadata } as {
    -readonly [K in keyof KubeObject['metadata']]: KubeObject['metadata'][K]
  }
  keep(kept, old.metadata, 'deletionTimestamp')
  keep(kept, old.metadata, 'generation')
  return { ...old, metadata: kept, status: (next as WithParts).status }
}

function keep<T extends object, K extends keyof T>(target: T, source: T, key: K): void {
  if (source[key] === undefined) delete target[key]
  else target[key] = source[key]
}

function withGeneration<T extends KubeObject>(object: T, generation: number | undefined): T {
  if (object.metadata.generation === generation) return object
  if (generation !== undefined) return { ...object, metadata: { ...object.metadata, generation } }
  const { generation: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** Whether anything but apiVersion, kind, metadata and status differs. */
export function contentChanged(next: KubeObject, old: KubeObject): boolean {
  const a = next as unknown as Readonly<Record<string, unknown>>
  const b = old as unknown as Readonly<Record<string, unknown>>
  for (const key of Object.keys(a))
    if (isContent(key) && !semanticEqual(a[key], b[key])) return true
  for (const key of Object.keys(b))
    if (isContent(key) && !(key in a)) {
      if (!semanticEqual(a[key], b[key])) return true
    }
  return false
}

function isContent(key: string): boolean {
  return key !== 'metadata' && key !== 'status' && key !== 'apiVersion' && key !== 'kind'
}
