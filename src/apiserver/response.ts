import type { ListMeta } from '../api/generated/meta-v1'
import {
  type IncludeObject,
  negotiateTransform,
  partial,
  type Transform,
  tableOf,
} from '../api/machinery/table'
import type { KubeObject } from '../api/object'
import type { ApiResponse, WatchEvent } from '../client/request'
import type { ResourceRequest } from './handlers/backend'

const transforms = new Map<string, Transform | undefined>()
const transformsMax = 64

/** What the Accept header turns an answer into; few different headers come again and again. */
function transformOf(request: ResourceRequest): Transform | undefined {
  const { accept } = request.request
  if (!accept) return undefined
  if (transforms.has(accept)) return transforms.get(accept)
  const transform = negotiateTransform(accept)
  if (transforms.size < transformsMax) transforms.set(accept, transform)
  return transform
}

/** One object in the form asked for. */
export function objectBody(
  request: ResourceRequest,
  object: KubeObject,
  status = 200,
): ApiResponse {
  const transform = transformOf(request)
  if (transform === undefined) return { status, body: object }
  if (transform !== 'Table') return { status, body: partial(object) }
  const { resourceVersion } = object.metadata
  return { status, body: table(request, [object], { resourceVersion }) }
}

/** A list in the form asked for. Items carry apiVersion and kind, unlike the real server's lists. */
export function listBody(
  request: ResourceRequest,
  items: readonly KubeObject[],
  metadata: ListMeta,
): ApiResponse {
  const transform = transformOf(request)
  if (transform === 'Table') return { status: 200, body: table(request, items, metadata) }
  const { kind, apiVersion } = request.resource
  const body =
    transform === undefined
      ? { kind: `${kind}List`, apiVersion, metadata, items }
      : {
          kind: 'PartialObjectMetadataList',
          apiVersion: 'meta.k8s.io/v1',
          metadata,
          items: items.map(partial),
        }
  return { status: 200, body }
}

/** How a watch's events must be changed on their way out; undefined: not at all. */
export function eventForm(
  request: ResourceRequest,
): ((event: WatchEvent<KubeObject>) => WatchEvent) | undefined {
  const transform = transformOf(request)
  const { conversion } = request.resource
  if (conversion && transform !== 'Table') {
    return ({ type, object }) => {
      const converted = type === 'BOOKMARK' ? object : conversion.fromStored(object)
      return { type, object: transform === undefined ? converted : partial(converted) }
    }
  }
  if (transform === undefined) return undefined
  if (transform !== 'Table') {
    return ({ type, object }) => ({ type, object: partial(object) })
  }
  let omitColumns = false
  return ({ type, object }) => {
    const { resourceVersion } = object.metadata
    const rows = type === 'BOOKMARK' ? [] : [conversion?.fromStored(object) ?? object]
    const body = table(request, rows, { resourceVersion }, omitColumns)
    omitColumns = true
    return { type, object: body }
  }
}

function table(
  request: ResourceRequest,
  objects: readonly KubeObject[],
  metadata: ListMeta,
  omitColumns = false,
): object {
  const { resource, now } = request
  const { kind, conversion } = resource
  const includeObject = request.query.includeObject as IncludeObject | undefined
  // Columns are those of the stored version.
  const group = conversion?.storedGroup ?? resource.group
  const printed = conversion ? objects.map(conversion.toStored) : objects
  return tableOf({ group, kind, objects: printed, metadata, now, includeObject, omitColumns })
}
