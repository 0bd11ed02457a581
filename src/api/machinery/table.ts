import type { ObjectMeta } from '../generated/meta-v1'
import type { KubeObject } from '../object'
import { type Cell, type Column, NAME, type Printer } from './table-column'
import { CORE_PRINTERS } from './table-core'
import { POD_PRINTER } from './table-pod'
import { POLICY_PRINTERS } from './table-policy'
import { STORAGE_PRINTERS } from './table-storage'
import { WORKLOAD_PRINTERS } from './table-workloads'

/** What stands in a row besides its cells; the server's default is Metadata. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

export interface TableRow {
  readonly cells: readonly Cell[]
  readonly conditions?: readonly {
    readonly type: string
    readonly status: string
    readonly reason?: string
    readonly message?: string
  }[]
  readonly object?: unknown
}

/** A `meta.k8s.io/v1` Table. */
export interface Table {
  readonly kind: 'Table'
  readonly apiVersion: 'meta.k8s.io/v1'
  readonly metadata: {
    readonly resourceVersion?: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
  readonly columnDefinitions: readonly Column[] | null
  readonly rows: readonly TableRow[] | null
}

/** `group/Kind`. */
const PRINTERS: { readonly [kind: string]: Printer } = {
  '/Pod': POD_PRINTER,
  ...CORE_PRINTERS,
  ...WORKLOAD_PRINTERS,
  ...POLICY_PRINTERS,
  ...STORAGE_PRINTERS,
}

/** Kinds without columns of their own: name and time of creation. */
const DEFAULT_PRINTER: Printer = {
  columns: [
    NAME,
    {
      name: 'Created At',
      type: 'date',
      format: '',
      description: 'When the object was created, by the clock of the server.',
      priority: 0,
    },
  ],
  cells: (object) => [object.metadata.name, object.metadata.creationTimestamp ?? null],
}

export interface TableRequest {
  readonly group: string
  readonly kind: string
  readonly objects: readonly KubeObject[]
  /** Of the list, or of the one object. */
  readonly metadata: Table['metadata']
  /** Microseconds since 1970: ages count up to here. */
  readonly now: number
  readonly includeObject?: IncludeObject
  /** For the second and later events of a watch. */
  readonly omitColumns?: boolean
}

/** Prints objects as the server does for `kubectl get`: wide columns have priority 1. */
export function tableOf(request: TableRequest): Table {
  const printer = PRINTERS[`${request.group}/${request.kind}`] ?? DEFAULT_PRINTER
  const { objects, now } = request
  const include = request.includeObject ?? 'Metadata'
  const rows = objects.map((object): TableRow => {
    const conditions = printer.conditions?.(object)
    return {
      cells: printer.cells(object, now),
      ...(conditions === undefined ? undefined : { conditions }),
      ...(include === 'None'
        ? undefined
        : { object: include === 'Object' ? object : partial(object) }),
    }
  })
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: request.metadata,
    columnDefinitions: request.omitColumns === true ? null : printer.columns,
    rows: rows.length === 0 && printer === DEFAULT_PRINTER ? null : rows,
  }
}

/** An object's metadata alone, as a PartialObjectMetadata. */
export function partial(object: KubeObject): {
  readonly kind: 'PartialObjectMetadata'
  readonly apiVersion: 'meta.k8s.io/v1'
  readonly metadata: ObjectMeta
} {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: object.metadata,
  }
}

/** What the Accept header wants an answer turned into. */
export type Transform = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'

/** The first acceptable clause's transformation; undefined for the object as it is. */
export function negotiateTransform(accept: string | undefined): Transform | undefined {
  for (const clause of (accept ?? '').split(',')) {
    const [type, ...parameters] = clause.split(';').map((part) => part.trim())
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue
    const values = new Map(parameters.map((part) => part.split('=', 2) as [string, string]))
    const as = values.get('as')
    if (as === undefined) return undefined
    if (values.get('g') !== 'meta.k8s.io' || values.get('v') !== 'v1') continue
    if (as === 'Table' || as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') {
      return as
    }
  }
  return undefined
}
