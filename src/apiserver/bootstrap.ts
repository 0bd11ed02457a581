import { BOOTSTRAP_OBJECTS } from '../api/machinery/bootstrap'
import { formatTime } from '../api/machinery/time'
import type { KubeObject } from '../api/object'
import type { Compare, RequestOp } from '../etcd/client'
import { type Task, wait } from '../sim/task'
import { type Micros, millis } from '../sim/time'
import type { Backend } from './handlers/backend'
import { uuid } from './handlers/create'
import { resourceOfKind } from './resources'
import { keyAt } from './storage/object-store'

/** Objects made in one transaction; etcd takes 128 operations. */
const batchMax = 64
const retryDelay: Micros = millis(250)

/**
 * Creates what every cluster has from the start and this one does not have yet: system namespaces,
 * priority classes, RBAC defaults and so on. Several servers may do so at the same time.
 */
export function* createBootstrapObjects(backend: Backend): Task<void> {
  const { env, cache, etcd } = backend
  for (;;) {
    const missing = missingObjects(backend)
    if (missing.length === 0) return
    let complete = true
    for (let from = 0; from < missing.length && complete; from += batchMax) {
      const compare: Compare[] = []
      const success: RequestOp[] = []
      for (const { key, object } of missing.slice(from, from + batchMax)) {
        compare.push({ key, target: 'version', result: '=', value: 0 })
        success.push({ type: 'put', request: { key, value: born(backend, object) } })
      }
      const result = yield* etcd.txn({ compare, success, failure: [] })
      complete = result.ok && result.value.succeeded
    }
    yield* cache.fresh()
    if (!complete) yield* wait(env.clock.sleep(retryDelay, 'apiserver.bootstrap'))
  }
}

interface Missing {
  readonly key: string
  readonly object: KubeObject
}

function missingObjects({ cache }: Backend): Missing[] {
  const missing: Missing[] = []
  for (const object of BOOTSTRAP_OBJECTS) {
    const resource = resourceOfKind(object.apiVersion ?? '', object.kind ?? '')
    if (!resource) continue
    const { namespace = '', name } = object.metadata
    if (cache.resource(resource.prefix).objects.get(namespace, name)) continue
    missing.push({ key: keyAt({ prefix: resource.prefix, namespace, name }), object })
  }
  return missing
}

function born({ env }: Backend, object: KubeObject): KubeObject {
  const creationTimestamp = formatTime(env.clock.wall())
  return { ...object, metadata: { ...object.metadata, uid: uuid(env), creationTimestamp } }
}
