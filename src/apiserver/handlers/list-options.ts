import type { Status } from '../../api/generated/meta-v1'
import { type FieldError, forbidden, invalidStatus, notSupported } from '../../api/machinery/field'
import { isTrue } from '../../api/machinery/request-info'
import { matchesFields, unsupportedField } from '../../api/machinery/selectable-fields'
import {
  type FieldTerm,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  type Requirements,
} from '../../api/machinery/selectors'
import { badRequestStatus } from '../../api/machinery/status'
import type { KubeObject } from '../../api/object'
import type { ObjectFilter } from '../cache/watcher'
import type { ResourceRequest } from './backend'

export interface ListOptions {
  readonly filter: ObjectFilter
  /** Undefined: the latest. */
  readonly resourceVersion: number | undefined
  readonly match: 'Exact' | 'NotOlderThan' | undefined
  readonly limit: number
  readonly continue: string | undefined
  readonly allowBookmarks: boolean
  readonly sendInitialEvents: boolean | undefined
  /** 0: the server chooses. */
  readonly timeoutSeconds: number
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status: Status }

/** The query of a list, watch or deletecollection, checked as the real server does. */
export function listOptions(request: ResourceRequest, isWatch: boolean): Parsed<ListOptions> {
  const { query } = request
  const filter = objectFilter(request)
  if (!filter.ok) return filter
  const version = parseRevision(query.resourceVersion)
  if (!version.ok) return version
  const numbers = [query.limit, query.timeoutSeconds].map((text) => Number(text || 0))
  const [limit = 0, timeoutSeconds = 0] = numbers
  if (numbers.some((n) => !Number.isInteger(n))) {
    const text = [query.limit, query.timeoutSeconds].find((t) => !Number.isInteger(Number(t || 0)))
    return refuse(`strconv.ParseInt: parsing "${text}": invalid syntax`)
  }
  const errors = optionErrors(query, isWatch)
  if (errors.length > 0) {
    const kind = { group: 'meta.k8s.io', kind: 'ListOptions' }
    return { ok: false, status: invalidStatus(kind, '', errors) }
  }
  if (query.continue && query.resourceVersion && query.resourceVersion !== '0') {
    return refuse('specifying resource version is not allowed when using continue')
  }
  return {
    ok: true,
    value: {
      filter: filter.value,
      resourceVersion: version.value,
      match: query.resourceVersionMatch as ListOptions['match'],
      limit: Math.max(limit, 0),
      continue: query.continue || undefined,
      allowBookmarks: isTrue(query.allowWatchBookmarks),
      sendInitialEvents:
        query.sendInitialEvents === undefined ? undefined : isTrue(query.sendInitialEvents),
      timeoutSeconds: Math.max(timeoutSeconds, 0),
    },
  }
}

/** `undefined` when there is none; the text is a decimal number. */
export function parseRevision(text: string | undefined): Parsed<number | undefined> {
  if (!text) return { ok: true, value: undefined }
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return { ok: true, value }
  const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`
  return refuse(`resourceVersion: Invalid value: ${JSON.stringify(text)}: ${why}`)
}

function refuse(message: string): { readonly ok: false; readonly status: Status } {
  return { ok: false, status: badRequestStatus(message) }
}

function optionErrors(query: ResourceRequest['query'], isWatch: boolean): FieldError[] {
  const { resourceVersion = '', resourceVersionMatch: match, continue: token } = query
  const errors: FieldError[] = []
  const deny = (field: string, why: string) => errors.push(forbidden(field, why))
  const initial = query.sendInitialEvents
  if (isWatch) {
    if (initial !== undefined && match !== 'NotOlderThan') {
      const why = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
      deny('resourceVersionMatch', why)
    } else if (initial === undefined && match) {
      const why = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'
      deny('resourceVersionMatch', why)
    }
    if (initial !== undefined && token) {
      deny('continue', 'continue is forbidden for watch when sendInitialEvents is provided')
    }
    return errors
  }
  if (initial !== undefined) {
    deny('sendInitialEvents', 'sendInitialEvents is forbidden for list')
  }
  if (!match) return errors
  if (resourceVersion === '') {
    const why = 'resourceVersionMatch is forbidden unless resourceVersion is provided'
    deny('resourceVersionMatch', why)
  }
  if (token) {
    deny('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided')
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']))
  }
  if (match === 'Exact' && resourceVersion === '0') {
    const why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
    deny('resourceVersionMatch', why)
  }
  return errors
}

/** Selectors, namespace and name of a request as one filter. */
function objectFilter(request: ResourceRequest): Parsed<ObjectFilter> {
  const { info, query, resource } = request
  let labels: Requirements = []
  if (query.labelSelector) {
    const parsed = parseLabelSelector(query.labelSelector)
    if (!parsed.ok) return refuse(parsed.error)
    labels = parsed.selector
  }
  let fields: readonly FieldTerm[] = []
  if (query.fieldSelector) {
    const parsed = parseFieldSelector(query.fieldSelector)
    if (!parsed.ok) return refuse(parsed.error)
    const unsupported = unsupportedField(resource.group, resource.kind, parsed.selector)
    if (unsupported !== undefined) return refuse(unsupported)
    fields = parsed.selector
  }
  const isPods = resource.group === '' && resource.resource === 'pods'
  let name = info.verb === 'watch' || info.verb === 'list' ? info.name || undefined : undefined
  let nodeName: string | undefined
  const rest: FieldTerm[] = []
  for (const term of fields) {
    const equal = term.operator === '='
    if (equal && term.field === 'metadata.name') {
      if (name !== undefined && name !== term.value) rest.push(term)
      name = name ?? term.value
    } else if (equal && isPods && term.field === 'spec.nodeName') {
      if (nodeName !== undefined) rest.push(term)
      else nodeName = term.value
    } else rest.push(term)
  }
  const namespace = resource.namespaced && info.namespace ? info.namespace : undefined
  return { ok: true, value: { namespace, name, nodeName, matches: matcher(labels, rest) } }
}

function matcher(
  labels: Requirements,
  fields: readonly FieldTerm[],
): ((object: KubeObject) => boolean) | undefined {
  if (fields.length > 0) {
    return (object) =>
      matchesLabels(labels, object.metadata.labels) && matchesFields(fields, object)
  }
  if (labels.length === 0) return undefined
  return (object) => matchesLabels(labels, object.metadata.labels)
}
