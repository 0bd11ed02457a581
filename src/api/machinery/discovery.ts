import discoveryData from '../data/discovery.json'

/** One served resource, as discovery tells it. */
export interface ApiResource {
  readonly name: string
  readonly kind: string
  /** Of the kind, where it is not the resource's own: `autoscaling/v1` for scale. */
  readonly group?: string
  readonly version?: string
  readonly singularName?: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly storageVersionHash?: string
  readonly subresources?: readonly ApiResource[]
}

interface ApiGroupVersion {
  readonly version: string
  readonly resources: readonly ApiResource[]
}

export interface ApiGroup {
  /** `''` is the core group. */
  readonly name: string
  /** The preferred version first. */
  readonly versions: readonly ApiGroupVersion[]
}

const data = discoveryData as {
  readonly version: { readonly [key: string]: string }
  readonly groups: readonly ApiGroup[]
}

/** Every built-in group, the core group first, then in the server's order of preference. */
export const API_GROUPS: readonly ApiGroup[] = data.groups

/** The answer of `/version`. */
export const VERSION_INFO = data.version

const resources = new Map<string, ApiResource>()
for (const group of API_GROUPS) {
  for (const { version, resources: list } of group.versions) {
    for (const resource of list) {
      resources.set(`${group.name}/${version}/${resource.name}`, resource)
      for (const sub of resource.subresources ?? []) {
        resources.set(`${group.name}/${version}/${resource.name}/${sub.name}`, sub)
      }
    }
  }
}

/** A built-in resource, or one of its subresources; undefined when it is not served. */
export function findResource(
  group: string,
  version: string,
  resource: string,
  subresource = '',
): ApiResource | undefined {
  const key = `${group}/${version}/${resource}`
  return resources.get(subresource === '' ? key : `${key}/${subresource}`)
}

const AGGREGATED =
  /application\/json[^,]*;\s*(?=[^,]*g=apidiscovery\.k8s\.io)(?=[^,]*v=(v2(?:beta1)?)\b)(?=[^,]*as=APIGroupDiscoveryList)/

/** The content type of an aggregated answer that the Accept header asks for, if it asks. */
function aggregatedContentType(accept: string): string | undefined {
  const version = AGGREGATED.exec(accept)?.[1]
  if (version === undefined) return undefined
  return `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
}

interface DiscoveryRequest {
  readonly path: string
  readonly accept?: string
  /** `host:port` at which clients reach this server. */
  readonly serverAddress: string
}

/**
 * Answers `/api`, `/api/v1`, `/apis`, `/apis/G`, `/apis/G/V` (plain or aggregated) and `/version`.
 * Undefined for any other path. A trailing slash is allowed.
 */
export function discoveryAnswer(
  request: DiscoveryRequest,
): { readonly contentType: string; readonly body: object } | undefined {
  const parts = request.path.split('/').filter((part) => part !== '')
  const [root, group, version] = parts
  const aggregated = parts.length === 1 ? aggregatedContentType(request.accept ?? '') : undefined
  if (aggregated !== undefined && (root === 'api' || root === 'apis')) {
    return { contentType: aggregated, body: aggregatedList(root === 'api', aggregated) }
  }
  const body = plainAnswer(parts, request.serverAddress, root, group, version)
  return body === undefined ? undefined : { contentType: 'application/json', body }
}

function plainAnswer(
  parts: readonly string[],
  serverAddress: string,
  root?: string,
  group?: string,
  version?: string,
): object | undefined {
  if (root === 'version' && parts.length === 1) return VERSION_INFO
  if (root === 'api') {
    if (parts.length === 1) return apiVersions(serverAddress)
    return parts.length === 2 ? resourceList('', group!) : undefined
  }
  if (root !== 'apis') return undefined
  if (parts.length === 1) return apiGroupList()
  const found = API_GROUPS.find((candidate) => candidate.name === group)
  if (found === undefined || found.name === '') return undefined
  if (parts.length === 2) return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(found) }
  return parts.length === 3 ? resourceList(found.name, version!) : undefined
}

function apiVersions(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: API_GROUPS[0]!.versions.map(({ version }) => version),
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

let groupList: object | undefined

function apiGroupList(): object {
  groupList ??= {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: API_GROUPS.slice(1).map(groupEntry),
  }
  return groupList
}

function groupEntry(group: ApiGroup): object {
  const versions = group.versions.map(({ version }) => ({
    groupVersion: `${group.name}/${version}`,
    version,
  }))
  return { name: group.name, versions, preferredVersion: versions[0] }
}

const resourceLists = new Map<string, object>()

function resourceList(group: string, version: string): object | undefined {
  const groupVersion = group === '' ? version : `${group}/${version}`
  const known = resourceLists.get(groupVersion)
  if (known !== undefined) return known
  const found = API_GROUPS.find((candidate) => candidate.name === group)?.versions.find(
    (candidate) => candidate.version === version,
  )
  if (found === undefined) return undefined
  const list: object[] = []
  for (const resource of found.resources) {
    list.push(resourceEntry(resource, resource.name))
    for (const sub of resource.subresources ?? []) {
      list.push(resourceEntry(sub, `${resource.name}/${sub.name}`))
    }
  }
  const answer = {
    kind: 'APIResourceList',
    ...(group === '' ? undefined : { apiVersion: 'v1' }),
    groupVersion,
    resources: list,
  }
  resourceLists.set(groupVersion, answer)
  return answer
}

function resourceEntry(resource: ApiResource, name: string): object {
  const { subresources: _, name: __, ...rest } = resource
  return { name, singularName: '', ...rest }
}

function aggregatedList(isCore: boolean, contentType: string): object {
  const version = /v=(v2\w*)/.exec(contentType)?.[1]
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: API_GROUPS.filter((group) => (group.name === '') === isCore).map((group) => ({
      metadata: isCore ? {} : { name: group.name },
      versions: group.versions.map((entry) => ({
        version: entry.version,
        resources: entry.resources.map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  }
}

function aggregatedResource(resource: ApiResource): object {
  return {
    resource: resource.name,
    responseKind: responseKind(resource),
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singularName ?? '',
    verbs: resource.verbs,
    ...(resource.shortNames === undefined ? undefined : { shortNames: resource.shortNames }),
    ...(resource.categories === undefined ? undefined : { categories: resource.categories }),
    ...(resource.subresources === undefined
      ? undefined
      : {
          subresources: resource.subresources.map((sub) => ({
            subresource: sub.name,
            responseKind: responseKind(sub),
            verbs: sub.verbs,
          })),
        }),
  }
}

function responseKind(resource: ApiResource): object {
  return { group: resource.group ?? '', version: resource.version ?? '', kind: resource.kind }
}
