import type { Status } from '../api/generated/meta-v1'
import { forbiddenStatus } from '../api/machinery/status'
import type { Identity } from '../client/request'
import type { WireRequest } from '../client/wire'

const anonymous: Identity = { user: 'system:anonymous', groups: ['system:unauthenticated'] }
const authenticatedGroup = 'system:authenticated'
const complete = new WeakMap<Identity, Identity>()

/**
 * Who is asking: whom the connection proves, or whom that one acts as. Only members of
 * `system:masters` may impersonate; groups are those the headers name.
 */
export function authenticated(
  wire: WireRequest,
): { readonly identity: Identity } | { readonly status: Status } {
  const own = withAuthenticated(wire.identity)
  const wanted = wire.request.impersonate
  if (!wanted) return { identity: own }
  if (!own.groups.includes('system:masters')) {
    const why = `User "${own.user}" cannot impersonate resource "users" in API group "" at the cluster scope`
    return { status: forbiddenStatus({ group: '', name: 'users' }, wanted.user, why) }
  }
  const groups = wanted.groups ?? []
  if (wanted.user === anonymous.user)
    return { identity: { user: wanted.user, groups: anonymous.groups } }
  return { identity: { user: wanted.user, groups: [...groups, authenticatedGroup] } }
}

function withAuthenticated(identity: Identity | undefined): Identity {
  if (!identity?.user || identity.user === anonymous.user) return anonymous
  let full = complete.get(identity)
  if (!full) {
    const { user, groups } = identity
    full = groups.includes(authenticatedGroup)
      ? identity
      : { user, groups: [...groups, authenticatedGroup] }
    complete.set(identity, full)
  }
  return full
}
