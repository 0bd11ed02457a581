import type { ObjectMeta, OwnerReference } from './generated/meta-v1'

/** What every stored object has; `unknown` parts belong to its kind. Frozen: copy to change. */
export interface KubeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: ObjectMeta
}

/** A kind's address in the API and the shape of its objects. */
export interface ResourceRef<T extends KubeObject = KubeObject> {
  readonly group: string
  readonly version: string
  /** Plural, lower case: the name in paths. */
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  /** Carries `T` for the compiler; never present. */
  readonly object?: T
}

/** `v1` or `apps/v1`. */
export function apiVersionOf(ref: ResourceRef): string {
  return ref.group === '' ? ref.version : `${ref.group}/${ref.version}`
}

/** `/api/v1/namespaces/default/pods/web/status`; leave out what does not apply. */
export function resourcePath(
  ref: ResourceRef,
  where: {
    readonly namespace?: string
    readonly name?: string
    readonly subresource?: string
  } = {},
): string {
  let path = ref.group === '' ? `/api/${ref.version}` : `/apis/${ref.group}/${ref.version}`
  if (ref.namespaced && where.namespace) path += `/namespaces/${where.namespace}`
  path += `/${ref.resource}`
  if (where.name) path += `/${where.name}`
  if (where.subresource) path += `/${where.subresource}`
  return path
}

/** `namespace/name`, or the bare name of a cluster-scoped object: the key of queues and stores. */
export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata
  return namespace ? `${namespace}/${name}` : name
}

export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/')
  if (slash < 0) return { namespace: '', name: key }
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

/** The one owner that manages this object, if any. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true)
}
