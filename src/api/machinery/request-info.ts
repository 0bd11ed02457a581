/** What a request asks for, by Kubernetes' rules for paths; the input of routing and authorization. */
export interface RequestInfo {
  /** A path under `/api` or `/apis` that names a resource. */
  readonly isResource: boolean
  /** Resources: get, list, watch, create, update, patch, delete, deletecollection; else the method. */
  readonly verb: string
  /** `api` or `apis`, for resources. */
  readonly prefix: string
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
  /** What follows the subresource, without a leading slash: the target of a proxy. */
  readonly rest: string
  readonly path: string
}

export type Query = { readonly [name: string]: string | undefined }

/** Subresources of namespaces; anything else below a namespace is a resource in it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

const COLLECTION_VERBS = new Set(['list', 'watch', 'deletecollection'])

const VERBS: { readonly [method: string]: string } = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/**
 * Reads method, path (still percent-encoded) and query. `GET /api/v1/pods?watch=1` is a watch, a
 * `fieldSelector=metadata.name=x` on a list gives the name, as the real server's authorizer sees it.
 */
export function requestInfo(method: string, path: string, query: Query = {}): RequestInfo {
  const parts = segments(path)
  const [prefix] = parts
  const isCore = prefix === 'api'
  const head = isCore ? 2 : 3
  if ((!isCore && prefix !== 'apis') || parts.length <= head) return plainRequest(method, path)
  const group = isCore ? '' : decode(parts[1]!)
  const version = decode(parts[head - 1]!)
  let rest = parts.slice(head)
  if (path.includes('%')) rest = rest.map(decode)
  let verb = VERBS[method] ?? ''
  if (rest[0] === 'watch' || rest[0] === 'proxy') {
    if (rest.length === 1) return plainRequest(method, path)
    verb = rest[0]
    rest = rest.slice(1)
  }
  let namespace = ''
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1]!
    if (rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2]!)) rest = rest.slice(2)
  }
  const [resource = '', named = '', subresource = ''] = rest
  const selected = named === '' ? nameOfSelector(query.fieldSelector) : ''
  if (named === '') verb = collectionVerb(verb, query)
  const name = named !== '' ? named : COLLECTION_VERBS.has(verb) ? selected : ''
  return {
    isResource: true,
    verb,
    prefix: prefix!,
    group,
    version,
    namespace,
    resource,
    subresource,
    name,
    rest: rest.length > 3 ? rest.slice(3).join('/') : '',
    path,
  }
}

function segments(path: string): string[] {
  const found: string[] = []
  for (let from = 0; from < path.length; ) {
    let to = path.indexOf('/', from)
    if (to < 0) to = path.length
    if (to > from) found.push(path.slice(from, to))
    from = to + 1
  }
  return found
}

function plainRequest(method: string, path: string): RequestInfo {
  return {
    isResource: false,
    verb: method.toLowerCase(),
    prefix: '',
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    rest: '',
    path,
  }
}

function collectionVerb(verb: string, query: Query): string {
  if (verb === 'get') return isTrue(query.watch) ? 'watch' : 'list'
  return verb === 'delete' ? 'deletecollection' : verb
}

/** A query parameter as Go's conversion of booleans reads it: absent, `0` and `false` are false. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== '0' && value.toLowerCase() !== 'false'
}

function nameOfSelector(selector: string | undefined): string {
  if (!selector) return ''
  const match = /(?:^|,)metadata\.name==?([^,=!]+)(?:,|$)/.exec(selector)
  return match?.[1] ?? ''
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
