import type { KubeObject } from '../api/object'

/** Between the version that is stored and another one in which it is served. */
export interface Conversion {
  /** Group of the stored version. */
  readonly storedGroup: string
  fromStored(object: KubeObject): KubeObject
  toStored(object: KubeObject): KubeObject
}

type Plain = { readonly [key: string]: unknown }

/** Field names of `v1` Events and what they are called in `events.k8s.io/v1`. */
const eventFields: readonly (readonly [core: string, events: string])[] = [
  ['message', 'note'],
  ['involvedObject', 'regarding'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
]
const toEvents = new Map(eventFields)
const toCore = new Map(eventFields.map(([core, events]) => [events, core] as const))

function renamed(object: KubeObject, names: ReadonlyMap<string, string>, apiVersion: string) {
  const out: { [key: string]: unknown } = {}
  for (const [key, value] of Object.entries(object)) out[names.get(key) ?? key] = value
  out.apiVersion = apiVersion
  return out as unknown as KubeObject
}

const events: Conversion = {
  storedGroup: '',
  fromStored: (object) => renamed(object, toEvents, 'events.k8s.io/v1'),
  toStored: (object) => renamed(object, toCore, 'v1'),
}

/**
 * `autoscaling/v1`, stored as v2. Only the CPU utilization exists in v1; other metrics stay out of
 * sight and are lost when the object is written through v1.
 */
const autoscaler: Conversion = {
  storedGroup: 'autoscaling',
  fromStored(object) {
    const { spec, status } = object as KubeObject & { spec?: Plain; status?: Plain }
    const { metrics, behavior: _, ...rest } = spec ?? {}
    const target = utilization(metrics, 'target')
    const { currentMetrics, conditions: __, ...oldStatus } = status ?? {}
    const current = utilization(currentMetrics, 'current')
    return {
      ...object,
      apiVersion: 'autoscaling/v1',
      spec: { ...rest, ...(target !== undefined && { targetCPUUtilizationPercentage: target }) },
      status: {
        ...oldStatus,
        ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
      },
    } as KubeObject
  },
  toStored(object) {
    const { spec, status } = object as KubeObject & { spec?: Plain; status?: Plain }
    const { targetCPUUtilizationPercentage: target, ...rest } = spec ?? {}
    const { currentCPUUtilizationPercentage: current, ...oldStatus } = status ?? {}
    const metric = (key: string, averageUtilization: unknown) => [
      {
        type: 'Resource',
        resource: { name: 'cpu', [key]: { type: 'Utilization', averageUtilization } },
      },
    ]
    return {
      ...object,
      apiVersion: 'autoscaling/v2',
      spec: { ...rest, ...(target !== undefined && { metrics: metric('target', target) }) },
      status: {
        ...oldStatus,
        ...(current !== undefined && { currentMetrics: metric('current', current) }),
      },
    } as KubeObject
  },
}

function utilization(metrics: unknown, key: 'target' | 'current'): unknown {
  for (const metric of Array.isArray(metrics) ? (metrics as Plain[]) : []) {
    const resource = metric.resource as Plain | undefined
    if (metric.type !== 'Resource' || resource?.name !== 'cpu') continue
    return (resource[key] as Plain | undefined)?.averageUtilization
  }
  return undefined
}

const conversions: ReadonlyMap<string, Conversion> = new Map([
  ['events.k8s.io/v1/events', events],
  ['autoscaling/v1/horizontalpodautoscalers', autoscaler],
])

/** Undefined for resources served as they are stored: all but two. */
export function conversionOf(
  group: string,
  version: string,
  resource: string,
): Conversion | undefined {
  return conversions.get(`${group}/${version}/${resource}`)
}
