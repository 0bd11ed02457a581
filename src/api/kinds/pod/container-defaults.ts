import type {
  Container,
  ContainerPort,
  EnvVar,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  ObjectFieldSelector,
  Probe,
  ResourceRequirements,
} from '../../generated/core-v1'
import { compareQuantity, formatQuantity, mustQuantity } from '../../machinery/quantity'
import { each, fill, put, within } from '../sharing'
import { defaultPullPolicy } from './image'

type ResourceList = Readonly<Record<string, string | number>>

const CONTAINER: Partial<Container> = {
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
}
const PORT: Partial<ContainerPort> = { protocol: 'TCP' }
const HTTP_GET: Partial<HTTPGetAction> = { path: '/', scheme: 'HTTP' }
const FIELD_REF: Partial<ObjectFieldSelector> = { apiVersion: 'v1' }

/** What every container gets, in a pod as in a template. */
export function containerDefaults(container: Container): Container {
  let next = fill(container, CONTAINER)
  if (!next.imagePullPolicy) {
    next = { ...next, imagePullPolicy: defaultPullPolicy(next.image ?? '') }
  }
  if (next.ports) next = within(next, 'ports', portsDefaults)
  if (next.env) next = within(next, 'env', envDefaults)
  if (next.resources) next = within(next, 'resources', resourcesDefaults)
  if (next.livenessProbe) next = within(next, 'livenessProbe', probeDefaults)
  if (next.readinessProbe) next = within(next, 'readinessProbe', probeDefaults)
  if (next.startupProbe) next = within(next, 'startupProbe', probeDefaults)
  if (next.lifecycle) next = within(next, 'lifecycle', lifecycleDefaults)
  return next
}

/** In a pod, a container's limits stand in for the requests that it does not name. */
export function requestsFromLimits(container: Container): Container {
  const { limits, requests } = container.resources ?? {}
  if (!limits || Object.keys(limits).every((name) => requests && Object.hasOwn(requests, name))) {
    return container
  }
  return {
    ...container,
    resources: { ...container.resources, requests: { ...limits, ...requests } },
  }
}

/** With the host's network a container's port is the host's port. */
export function hostPorts(container: Container): Container {
  return within(container, 'ports', (ports) =>
    each(ports, (port) => (port.hostPort ? port : { ...port, hostPort: port.containerPort })),
  )
}

/** `apiVersion: v1` for a downward-API field. */
export function fieldRefDefaults<T extends { readonly fieldRef?: ObjectFieldSelector }>(
  item: T,
): T {
  if (!item.fieldRef || item.fieldRef.apiVersion) return item
  return { ...item, fieldRef: fill(item.fieldRef, FIELD_REF) }
}

/** Quantities finer than a thousandth are rounded up. */
export function resourceListDefaults(list: ResourceList): ResourceList {
  let out: Record<string, string | number> | undefined
  for (const name of Object.keys(list)) {
    const value = list[name]!
    if (!/[nu.]|e-/i.test(String(value))) continue
    const quantity = mustQuantity(value)
    if (quantity.exponent10 >= -3) continue
    const by = 10n ** BigInt(-3 - quantity.exponent10)
    const down = quantity.mantissa / by
    const mantissa = down * by < quantity.mantissa ? down + 1n : down
    const rounded = { mantissa, exponent10: -3, format: quantity.format }
    if (compareQuantity(rounded, quantity) === 0) continue
    out ??= { ...list }
    out[name] = formatQuantity(rounded)
  }
  return out ?? list
}

/** Rounds both lists of a container's resources. */
export function resourcesDefaults(resources: ResourceRequirements): ResourceRequirements {
  let next = resources
  if (next.limits) next = within(next, 'limits', resourceListDefaults)
  if (next.requests) next = within(next, 'requests', resourceListDefaults)
  return next
}

function portsDefaults(ports: readonly ContainerPort[]): readonly ContainerPort[] {
  return each(ports, (port) => fill(port, PORT))
}

function envDefaults(env: readonly EnvVar[]): readonly EnvVar[] {
  return each(env, envVarDefaults)
}

function envVarDefaults(variable: EnvVar): EnvVar {
  const from = variable.valueFrom
  if (!from) return variable
  let next = fieldRefDefaults(from)
  if (next.fileKeyRef && next.fileKeyRef.optional === undefined) {
    next = { ...next, fileKeyRef: { ...next.fileKeyRef, optional: false } }
  }
  return put(variable, 'valueFrom', next)
}

function probeDefaults(probe: Probe): Probe {
  let next = probe
  if (!next.timeoutSeconds) next = put(next, 'timeoutSeconds', 1)
  if (!next.periodSeconds) next = put(next, 'periodSeconds', 10)
  if (!next.successThreshold) next = put(next, 'successThreshold', 1)
  if (!next.failureThreshold) next = put(next, 'failureThreshold', 3)
  if (next.httpGet) next = within(next, 'httpGet', httpGetDefaults)
  if (next.grpc && next.grpc.service === undefined) {
    next = { ...next, grpc: { ...next.grpc, service: '' } }
  }
  return next
}

function httpGetDefaults(action: HTTPGetAction): HTTPGetAction {
  return fill(action, HTTP_GET)
}

function lifecycleDefaults(lifecycle: Lifecycle): Lifecycle {
  let next = within(lifecycle, 'postStart', handlerDefaults)
  next = within(next, 'preStop', handlerDefaults)
  return next
}

function handlerDefaults(handler: LifecycleHandler): LifecycleHandler {
  return handler.httpGet ? within(handler, 'httpGet', httpGetDefaults) : handler
}
