import type { Identity } from '../client/request'

/** What an authorizer decides on, besides who asks. */
export interface Attributes {
  readonly verb: string
  readonly isResource: boolean
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** Of requests for something that is no resource. */
  readonly path: string
}

export interface AccessDecision {
  readonly allowed: boolean
  readonly reason: string
}

const allowed: AccessDecision = { allowed: true, reason: '' }
const denied: AccessDecision = { allowed: false, reason: '' }
const publicPaths: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz', '/version'])

/**
 * Every authenticated user may do everything; anonymous ones may look at health and version, as the
 * `system:public-info-viewer` role says. RBAC objects are stored but not evaluated.
 */
export function authorize(user: Identity, attributes: Attributes): AccessDecision {
  if (user.groups.includes('system:authenticated')) return allowed
  const root = `/${attributes.path.split('/')[1] ?? ''}`
  if (!attributes.isResource && attributes.verb === 'get' && publicPaths.has(root)) {
    return allowed
  }
  return denied
}

/** `User "jane" cannot list resource "pods" in API group "" in the namespace "x"`. */
export function denialText(user: Identity, attributes: Attributes): string {
  const { verb, group, resource, subresource, namespace, path } = attributes
  const who = `User "${user.user}" cannot ${verb}`
  if (!attributes.isResource) return `${who} path "${path}"`
  const what = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`
  return `${who} resource "${what}" in API group "${group}" ${where}`
}
