import type { Status } from '../../api/generated/meta-v1'
import type { Admitted } from '../../api/kinds/pipeline'
import { parseJson } from '../../api/machinery/json'
import {
  alreadyExistsStatus,
  generateNameConflictStatus,
  serverTimeoutStatus,
} from '../../api/machinery/status'
import { formatTime } from '../../api/machinery/time'
import type { KubeObject } from '../../api/object'
import type { ApiResponse } from '../../client/request'
import type { ProcessEnv } from '../../sim/process'
import type { Task } from '../../sim/task'
import { freshnessTimeout } from '../cache/watch-cache'
import { objectBody } from '../response'
import { serviceCompanions } from '../service/pools'
import {
  type Companions,
  type Decision,
  etcdFailureStatus,
  type WriteResult,
} from '../storage/object-store'
import { admitNew, namespacesPrefix, type Seen } from './admit'
import { type Backend, type ResourceRequest, refused, stalenessStatus } from './backend'
import { isDryRun, withWarnings } from './body'
import { writeAt } from './write'

/** A generated name that is taken is replaced this often. */
const namesMax = 8
/** Rounds of looking again after the namespace has changed in the middle of a create. */
const roundsMax = 4

/** POST to a collection: stores a new object, under a generated name if it asks for one. */
export function* createObject(
  backend: Backend,
  request: ResourceRequest,
  body: unknown,
): Task<ApiResponse> {
  const sent = isDryRun(request) ? withoutVersion(body) : body
  for (let tries = 1; ; tries++) {
    const create = { body: sent, uid: uuid(backend.env), seen: nothingSeen }
    let admitted = backend.cache.ready ? admitNew(backend, request, create) : undefined
    if (!admitted || (!admitted.ok && isLookup(admitted.status))) {
      admitted = yield* admitFreshly(backend, request, create)
    }
    if (!admitted.ok) return refused(admitted.status)
    const { object, warnings } = admitted
    const guard = namespaceGuard(backend, request)
    const result = yield* insertNamed(backend, request, { object, body, guard })
    if (result.ok) return withWarnings(objectBody(request, result.object, 201), warnings)
    const generated = object.metadata.generateName !== undefined && !nameIn(body)
    if (result.status.reason !== 'AlreadyExists' || !generated) return refused(result.status)
    if (tries >= namesMax) {
      const { name } = object.metadata
      return refused(generateNameConflictStatus(request.resource.groupResource, name))
    }
  }
}

/** Only the store minds a resourceVersion in a new object, and a dry run does not get there. */
function withoutVersion(body: unknown): unknown {
  if (typeof body === 'string') {
    if (!body.includes('"resourceVersion"')) return body
    const parsed = parseJson(body)
    return parsed.ok && parsed.duplicates.length === 0 ? withoutVersion(parsed.value) : body
  }
  if (typeof body !== 'object' || body === null) return body
  const { metadata } = body as { readonly metadata?: { readonly resourceVersion?: unknown } }
  if (typeof metadata?.resourceVersion !== 'string') return body
  const { resourceVersion: _, ...rest } = metadata
  return { ...body, metadata: rest }
}

/** What admission missed may have been created a moment ago through another server. */
function* admitFreshly(
  backend: Backend,
  request: ResourceRequest,
  create: { readonly body: unknown; readonly uid: string; readonly seen: Seen },
): Task<Admitted> {
  if (!(yield* backend.cache.untilReady(freshnessTimeout))) {
    return { ok: false, status: stalenessStatus({ ok: false, initializing: true }) }
  }
  const fresh = yield* backend.cache.fresh()
  if (!fresh.ok) return { ok: false, status: stalenessStatus(fresh) }
  return admitNew(backend, request, create)
}

const nothingSeen: Seen = new Map()

function nameIn(body: unknown): unknown {
  const plain = typeof body === 'string' ? JSON.parse(body) : body
  return (plain as Partial<KubeObject>).metadata?.name
}

interface Newcomer {
  /** Already admitted. */
  readonly object: KubeObject
  /** What it was made from, should it have to be admitted again. */
  readonly body: unknown
  /** The namespace as admission saw it. */
  readonly guard: Companions | undefined
}

function* insertNamed(
  backend: Backend,
  request: ResourceRequest,
  given: Newcomer,
): Task<WriteResult> {
  const { resource } = request
  let newcomer = given
  const { name } = newcomer.object.metadata
  const lease = leaseAtHand(backend, request) ?? (yield* leaseFor(backend, request))
  if (!lease.ok) return lease
  for (let round = 1; ; round++) {
    let namespaceChanged = false
    const result = yield* writeAt(backend, request, name, (current, seen) => {
      const decision = decideCreate(backend, request, { newcomer, current, seen, lease: lease.id })
      if (decision !== 'namespace changed') return decision
      namespaceChanged = true
      const status = serverTimeoutStatus(resource.groupResource, 'create', 1)
      return { type: 'refuse', status, final: true }
    })
    if (!namespaceChanged || round >= roundsMax) return result
    const fresh = yield* backend.cache.fresh()
    if (!fresh.ok) return { ok: false, status: stalenessStatus(fresh) }
    const { uid = '' } = newcomer.object.metadata
    const again = admitNew(backend, request, { body: namedBody(newcomer), uid, seen: nothingSeen })
    if (!again.ok) return again
    newcomer = { ...newcomer, object: again.object, guard: namespaceGuard(backend, request) }
  }
}

/** The body with the name that was generated for it. */
function namedBody({ object, body }: Newcomer): unknown {
  const plain = (typeof body === 'string' ? JSON.parse(body) : body) as KubeObject
  return { ...plain, metadata: { ...plain.metadata, name: object.metadata.name } }
}

function isLookup(status: Status): boolean {
  return status.code === 403 || status.code === 404
}

type KeyLease = { readonly ok: true; readonly id: number | undefined }
const noLease: KeyLease = { ok: true, id: undefined }

/** The lease that a short-lived object's key hangs on, if none has to be granted first. */
export function leaseAtHand(backend: Backend, request: ResourceRequest): KeyLease | undefined {
  if (request.resource.prefix !== '/registry/events/') return noLease
  const id = backend.eventLeases.takeAtHand()
  return id === undefined ? undefined : { ok: true, id }
}

/** The lease that a short-lived object's key hangs on. */
export function* leaseFor(
  backend: Backend,
  request: ResourceRequest,
): Task<KeyLease | Extract<WriteResult, { ok: false }>> {
  if (request.resource.prefix !== '/registry/events/') return noLease
  const lease = yield* backend.eventLeases.take()
  if (!lease.ok) return { ok: false, status: etcdFailureStatus(lease) }
  return { ok: true, id: lease.value }
}

function decideCreate(
  backend: Backend,
  request: ResourceRequest,
  state: {
    readonly newcomer: Newcomer
    readonly current: KubeObject | undefined
    readonly seen: Seen
    readonly lease: number | undefined
  },
): Decision | 'namespace changed' {
  const { resource } = request
  const { newcomer, current, seen, lease } = state
  if (current) {
    const { name } = newcomer.object.metadata
    return { type: 'refuse', status: alreadyExistsStatus(resource.groupResource, name) }
  }
  const { guard } = newcomer
  const compare = guard?.compare[0]
  if (compare && seen.has(compare.key)) {
    if (seen.get(compare.key)?.modRevision !== compare.value) return 'namespace changed'
  }
  let { object } = newcomer
  if (seen.size > 0 && resource.prefix === '/registry/services/') {
    const { uid = '' } = object.metadata
    const again = admitNew(backend, request, { body: namedBody(newcomer), uid, seen })
    if (!again.ok) return { type: 'refuse', status: again.status, final: true }
    object = again.object
  }
  if (isDryRun(request)) return { type: 'answer', object }
  const own = companionsFor(backend, request, undefined, object)
  return { type: 'put', object, companions: joined(guard, own), lease }
}

/** Nothing is created in a namespace that has changed since admission looked at it. */
function namespaceGuard(backend: Backend, request: ResourceRequest): Companions | undefined {
  if (!request.resource.namespaced) return undefined
  const { namespace } = request.info
  const found = backend.cache.resource(namespacesPrefix).objects.get('', namespace)
  if (!found) return undefined
  const value = Number(found.metadata.resourceVersion)
  const key = namespacesPrefix + namespace
  return { compare: [{ key, target: 'mod', result: '=', value }], ops: [] }
}

/** Keys that change together with an object: a Service's addresses and ports. */
export function companionsFor(
  backend: Backend,
  request: ResourceRequest,
  before: KubeObject | undefined,
  after: KubeObject | undefined,
): Companions | undefined {
  if (request.resource.prefix !== '/registry/services/') return undefined
  const uid = uuid(backend.env)
  const creationTimestamp = formatTime(backend.env.clock.wall())
  return serviceCompanions(before, after, { uid, creationTimestamp })
}

function joined(a: Companions | undefined, b: Companions | undefined): Companions | undefined {
  if (!a || !b) return a ?? b
  return { compare: [...a.compare, ...b.compare], ops: [...a.ops, ...b.ops] }
}

/** A random (version 4) UUID. */
export function uuid(env: ProcessEnv): string {
  const { random } = env
  const hex = (value: number) => value.toString(16).padStart(8, '0')
  const a = hex(random.next32())
  const b = hex(random.next32())
  const c = hex(random.next32())
  const d = hex(random.next32())
  const variant = '89ab'[random.below(4)] as string
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(1, 4)}-${c.slice(4)}${d}`
}
