import { API_GROUPS, type ApiResource, findResource } from '../api/machinery/discovery'
import type { GroupName } from '../api/machinery/status'
import { type Conversion, conversionOf } from './conversion'
import { storagePrefix } from './storage/keys'
import type { ObjectAddress } from './storage/object-store'

/** One resource in one version, as this server serves it. */
export interface ServedResource {
  readonly group: string
  readonly version: string
  /** Plural: `pods`. */
  readonly resource: string
  readonly kind: string
  readonly apiVersion: string
  readonly namespaced: boolean
  readonly verbs: ReadonlySet<string>
  /** How messages name it. */
  readonly groupResource: GroupName
  /** Where its objects are stored: `/registry/pods/`. */
  readonly prefix: string
  /** Missing: served as it is stored. */
  readonly conversion: Conversion | undefined
}

const served = new Map<string, ServedResource>()

/** The resource of a path, or undefined when no such one is served. */
export function servedResource(
  group: string,
  version: string,
  resource: string,
): ServedResource | undefined {
  const key = `${group}/${version}/${resource}`
  const known = served.get(key)
  if (known) return known
  const found = findResource(group, version, resource)
  if (!found) return undefined
  const made = servedAs(group, version, found)
  served.set(key, made)
  return made
}

function servedAs(group: string, version: string, resource: ApiResource): ServedResource {
  return {
    group,
    version,
    resource: resource.name,
    kind: resource.kind,
    apiVersion: group === '' ? version : `${group}/${version}`,
    namespaced: resource.namespaced,
    verbs: new Set(resource.verbs),
    groupResource: { group, name: resource.name },
    prefix: storagePrefix(group, resource.name),
    conversion: conversionOf(group, version, resource.name),
  }
}

/** The core group's resources: tells keys without a group from those with one. */
export const corePlurals: ReadonlySet<string> = new Set(
  API_GROUPS.filter((group) => group.name === '').flatMap((group) =>
    group.versions.flatMap((version) => version.resources.map((resource) => resource.name)),
  ),
)

export function addressOf(
  resource: ServedResource,
  namespace: string,
  name: string,
): ObjectAddress {
  return { prefix: resource.prefix, namespace: resource.namespaced ? namespace : '', name }
}

const byKind = new Map<string, ServedResource>()

/** The resource that stores objects of a kind. */
export function resourceOfKind(apiVersion: string, kind: string): ServedResource | undefined {
  if (byKind.size === 0) {
    for (const group of API_GROUPS) {
      for (const { version, resources } of group.versions) {
        for (const { name, verbs } of resources) {
          const resource = servedResource(group.name, version, name)
          if (!resource || !verbs.includes('list')) continue
          byKind.set(`${resource.apiVersion} ${resource.kind}`, resource)
        }
      }
    }
  }
  return byKind.get(`${apiVersion} ${kind}`)
}
