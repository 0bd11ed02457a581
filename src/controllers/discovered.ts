import type { ResourceRef } from '../api/object'
import type { ApiClient } from '../client/api-client'
import type { Result } from '../client/request'
import type { Task } from '../sim/task'

/** A resource that the server offers, in its group's preferred version. */
export interface Discovered {
  readonly ref: ResourceRef
  readonly verbs: readonly string[]
}

interface DiscoveryList {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string }
    readonly versions: readonly {
      readonly version: string
      readonly resources: readonly {
        readonly resource: string
        readonly responseKind: { readonly kind: string }
        readonly scope: string
        readonly verbs: readonly string[]
      }[]
    }[]
  }[]
}

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** Asks the server what it serves (aggregated discovery), subresources left out. */
export function* discover(client: ApiClient): Task<Result<readonly Discovered[]>> {
  const found: Discovered[] = []
  const seen = new Set<string>()
  for (const path of ['/api', '/apis']) {
    const answer = yield* client.request<DiscoveryList>({ method: 'GET', path, accept })
    if (!answer.ok) return answer
    for (const { metadata, versions } of answer.value.items ?? []) {
      const group = metadata?.name ?? ''
      for (const { version, resources } of versions) {
        for (const { resource, responseKind, scope, verbs } of resources) {
          const name = `${group}/${resource}`
          if (seen.has(name)) continue
          seen.add(name)
          const namespaced = scope === 'Namespaced'
          found.push({
            ref: { group, version, resource, kind: responseKind.kind, namespaced },
            verbs,
          })
        }
      }
    }
  }
  return { ok: true, value: found }
}
