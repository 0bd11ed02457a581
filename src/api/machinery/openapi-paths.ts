import type { ApiResource } from './discovery'
import { definitionOfKind } from './schema'

interface OpenApiParameter {
  readonly name: string
  readonly in: 'query' | 'path'
  readonly required?: boolean
  readonly description?: string
  readonly schema: { readonly type: string; readonly uniqueItems?: boolean }
}

interface Content {
  readonly [mediaType: string]: { readonly schema: { readonly $ref?: string } }
}

export interface OpenApiOperation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly parameters?: readonly OpenApiParameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: Content }
  readonly responses: {
    readonly [code: string]: { readonly description: string; readonly content?: Content }
  }
  readonly 'x-kubernetes-action': string
  readonly 'x-kubernetes-group-version-kind': {
    readonly group: string
    readonly version: string
    readonly kind: string
  }
}

type PathItem = { readonly [method: string]: OpenApiOperation | readonly OpenApiParameter[] }

interface Version {
  readonly path: string
  readonly group: string
  readonly version: string
  readonly resources: readonly ApiResource[]
}

function query(name: string, type = 'string'): OpenApiParameter {
  return { name, in: 'query', schema: { type, uniqueItems: true } }
}

function pathParameter(name: string, description: string): OpenApiParameter {
  return { name, in: 'path', required: true, description, schema: { type: 'string' } }
}

const NAME_PARAMETER = pathParameter('name', 'The name of the object.')
const NAMESPACE_PARAMETER = pathParameter('namespace', 'The namespace of the object.')

const WRITE = [query('dryRun'), query('fieldManager'), query('fieldValidation')]
const LIST = [
  query('allowWatchBookmarks', 'boolean'),
  query('continue'),
  query('fieldSelector'),
  query('labelSelector'),
  query('limit', 'integer'),
  query('resourceVersion'),
  query('resourceVersionMatch'),
  query('sendInitialEvents', 'boolean'),
  query('timeoutSeconds', 'integer'),
  query('watch', 'boolean'),
]
const DELETE = [
  query('dryRun'),
  query('gracePeriodSeconds', 'integer'),
  query('orphanDependents', 'boolean'),
  query('propagationPolicy'),
]

interface Verb {
  readonly verb: string
  readonly method: string
  /** `x-kubernetes-action`. */
  readonly action: string
  readonly parameters: readonly OpenApiParameter[]
  readonly onCollection: boolean
}

const VERBS: readonly Verb[] = [
  { verb: 'list', method: 'get', action: 'list', parameters: LIST, onCollection: true },
  { verb: 'create', method: 'post', action: 'post', parameters: WRITE, onCollection: true },
  {
    verb: 'deletecollection',
    method: 'delete',
    action: 'deletecollection',
    parameters: [...DELETE, ...LIST],
    onCollection: true,
  },
  { verb: 'get', method: 'get', action: 'get', parameters: [], onCollection: false },
  { verb: 'update', method: 'put', action: 'put', parameters: WRITE, onCollection: false },
  {
    verb: 'patch',
    method: 'patch',
    action: 'patch',
    parameters: [...WRITE, query('force', 'boolean')],
    onCollection: false,
  },
  { verb: 'delete', method: 'delete', action: 'delete', parameters: DELETE, onCollection: false },
]

const PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]

/** The paths of one API version; `prefix` is where references point. */
export function pathsOf(version: Version, prefix: string): { readonly [path: string]: PathItem } {
  const paths: { [path: string]: PathItem } = {}
  for (const resource of version.resources) {
    const scope = resource.namespaced ? '/namespaces/{namespace}' : ''
    const shared = resource.namespaced ? [NAMESPACE_PARAMETER] : []
    const collection = `/${version.path}${scope}/${resource.name}`
    const add = (path: string, of: ApiResource, onCollection: boolean): void => {
      const item: { [method: string]: OpenApiOperation | readonly OpenApiParameter[] } = {}
      for (const verb of VERBS) {
        if (verb.onCollection !== onCollection || !of.verbs.includes(verb.verb)) continue
        item[verb.method] = operation(version, of, verb, { path, prefix })
      }
      if (Object.keys(item).length === 0) return
      const parameters = onCollection ? shared : [...shared, NAME_PARAMETER]
      if (parameters.length > 0) item.parameters = parameters
      paths[path] = item
    }
    add(collection, resource, true)
    add(`${collection}/{name}`, resource, false)
    for (const sub of resource.subresources ?? []) {
      const path = `${collection}/{name}/${sub.name}`
      add(path, sub, false)
      if (sub.verbs.includes('create')) addCreation(paths, version, sub, { path, prefix })
    }
    if (resource.namespaced && resource.verbs.includes('list')) {
      const path = `/${version.path}/${resource.name}`
      paths[path] = { get: operation(version, resource, VERBS[0]!, { path, prefix }) }
    }
  }
  return paths
}

/** Subresources that are created below a name: bindings, evictions, tokens. */
function addCreation(
  paths: { [path: string]: PathItem },
  version: Version,
  sub: ApiResource,
  at: { readonly path: string; readonly prefix: string },
): void {
  const parameters = sub.namespaced ? [NAMESPACE_PARAMETER, NAME_PARAMETER] : [NAME_PARAMETER]
  paths[at.path] = { ...paths[at.path], post: operation(version, sub, VERBS[1]!, at), parameters }
}

function operation(
  version: Version,
  resource: ApiResource,
  verb: Verb,
  at: { readonly path: string; readonly prefix: string },
): OpenApiOperation {
  const gvk = {
    group: resource.group ?? version.group,
    version: resource.version ?? version.version,
    kind: resource.kind,
  }
  const kind = verb.verb === 'list' ? `${gvk.kind}List` : gvk.kind
  const definition = definitionOfKind(gvk.group, gvk.version, kind)
  const json = (name: string | undefined): Content => ({
    'application/json': { schema: name === undefined ? {} : { $ref: at.prefix + name } },
  })
  const body =
    verb.verb === 'patch'
      ? Object.fromEntries(PATCH_TYPES.map((type) => [type, { schema: {} }]))
      : verb.method === 'delete'
        ? json('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions')
        : verb.method === 'get'
          ? undefined
          : json(definition)
  const answer =
    verb.method === 'delete' ? 'io.k8s.apimachinery.pkg.apis.meta.v1.Status' : definition
  return {
    operationId:
      verb.action + at.path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, c: string) => c.toUpperCase()),
    tags: [`${version.group.split('.')[0] || 'core'}_${version.version}`],
    ...(verb.parameters.length === 0 ? undefined : { parameters: verb.parameters }),
    ...(body === undefined
      ? undefined
      : { requestBody: { required: verb.method !== 'delete', content: body } }),
    responses: { '200': { description: 'OK', content: json(answer) } },
    'x-kubernetes-action': verb.action,
    'x-kubernetes-group-version-kind': gvk,
  }
}
